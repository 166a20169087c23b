"""Names that mean nothing: what may be meant, and what the input lacks."""

from __future__ import annotations

from adl.check.analysis import Variable
from adl.check.attribute_names import input_hint, known_attributes, names_of_formulas, owners
from adl.check.habits import of_name
from adl.check.offers import attributes_offered, collections_offered, event_weights, lacking_here
from adl.check.scope import Scope
from adl.check.uses import unchosen
from adl.stdlib.models.finding import find_attribute, find_collection
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.source import NOWHERE
from adl.syntax.tree import Name, Object, Take

# How formats call the weight of an event.
_WEIGHTS = ("genweight", "mcweight", "eventweight", "mceventweight", "generator_weight")


def report_unknown(scope: Scope, name: Name) -> None:
    """Report a name that nothing has."""
    schema = scope.context.schema
    scope.context.asked.add(name.name)
    if name.name in scope.context.mistaken or unchosen(scope.context, name.name, name.span):
        return
    lacking = {folded(word): help for word, help in schema.absent.items()}
    if folded(name.name) in lacking:
        message, help = f"{schema.model} has no {name.name}", lacking[folded(name.name)]
        scope.context.findings.error("E201", message, name.span, help)
        return
    missing = lacking_here(name.name, schema)
    help = "\n".join(filter(None, (_hint(scope, name.name, missing), input_hint(scope.context))))
    report = scope.context.findings.everywhere if missing else scope.context.findings.error
    report("E201", f"nothing is called {name.name}", name.span, help)


def _hint(scope: Scope, name: str, missing: str) -> str:
    """Return what may be meant; ``missing`` says that it is a thing which this file lacks."""
    schema = scope.context.schema
    near = did_you_mean(name, _known(scope), inside=0.75)  # preselection is no electron
    hint = missing or of_name(name, schema) or _of_elements(scope, name) or near
    if scope.taking and (missing or not hint):
        hint = "\n".join(filter(None, (missing, collections_offered(schema))))
    weights = event_weights(schema)
    if weights and not missing and name.lower() in _WEIGHTS:
        hint = f"the weight of an event of this format is {' or '.join(weights)}"
    if not hint and schema.complete:
        this = _this(scope)
        own = attributes_offered(owners(scope.context, this)) if this else ""
        hint = own or f"adl inspect lists what this {schema.model} file has"
    return hint


def _of_elements(scope: Scope, name: str) -> str:
    """Say how an attribute is written where there is no current element; nothing of other names."""
    schema, blocks = scope.context.schema, scope.context.blocks
    if scope.taking or scope.current is not None:
        return ""
    objects = [n for n, block in blocks.items() if isinstance(block, Object)]
    known = sorted(schema.collections, key=lambda n: not schema.collections[n].aliases)
    for whole in (*objects, *known):
        found = find_collection(schema, _origin(scope, whole))
        item = None if found is None else found.item
        if item is not None and (name in names_of_formulas() or find_attribute(schema, item, name)):
            return (
                f"{name} is an attribute of elements: {whole}[0].{name} is that of the first, "
                f"any({name}({whole}) …) asks for one at least"
            )
    return ""


def _origin(scope: Scope, name: str) -> str:
    """Return what an object is taken from in the end, as it is written; itself if it is no object."""
    seen: set[str] = set()
    while isinstance(block := scope.context.blocks.get(name), Object) and name not in seen:
        seen.add(name)
        sources = [s.source for s in block.statements if isinstance(s, Take)]
        name = sources[0].name if sources and isinstance(sources[0], Name) else ""
    return name


def _known(scope: Scope) -> list[str]:
    """Return the names that could stand here."""
    if scope.taking:
        return _collections(scope)
    this, schema = _this(scope), scope.context.schema
    named = (binder for binder in scope.binders if not binder.implicit)
    return [
        *(loop.name for binder in named for loop in binder.loops),
        *scope.context.blocks,
        *(known_attributes(owners(scope.context, this)) if this else ()),
        *schema.collections,
        *schema.singletons,
        *schema.scalars,
    ]


def _this(scope: Scope) -> Variable | None:
    """Return the current element of an object block; its attributes have names of their own."""
    if scope.current is None:
        return None
    return Variable(scope.current.loop, type="particle", span=NOWHERE)


def _collections(scope: Scope) -> list[str]:
    """Return the names of what can be taken."""
    objects = (n for n, block in scope.context.blocks.items() if isinstance(block, Object))
    return [
        *(n for n in objects if n != scope.context.open_name()),
        *scope.context.schema.collections,
    ]


def folded(name: str) -> str:
    """Return a name without case and plural, in which people err."""
    return name.lower().removesuffix("s")
