"""Attributes of particles: stored columns first, then formulas of the library.

A sum of particles stores nothing: it has what follows from its four-vector, and the plain sums of
charge and pdgId.
"""

from __future__ import annotations

from collections.abc import Mapping

from adl.check.analysis import (
    Apply,
    AttributeDef,
    AttributeOf,
    Element,
    Literal_,
    Member,
    ObjectDef,
    OwnAttribute,
    Singleton,
    Sum,
    Type,
    Unknown,
    Value,
    Variable,
)
from adl.check.collections import inputs, lineage
from adl.check.context import Context, Found
from adl.check.scope import Scope
from adl.stdlib.library import find_function
from adl.stdlib.models import (
    Branch,
    CollectionSchema,
    Match,
    Schema,
    SingletonSchema,
    find_attribute,
)
from adl.stdlib.registry import FUNCTIONS, Function
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.source import Span
from adl.syntax.tree import Name

Owner = CollectionSchema | SingletonSchema

# Stored for each element, summed plainly over a sum of particles.
_SUMMED = frozenset(("charge", "q", "pdgid"))
# Library functions that read a pseudorapidity or a pz, which missing momentum does not have.
_LONGITUDINAL = frozenset(
    ("eta", "abseta", "rapidity", "theta", "pz", "deta", "sdeta", "dr", "dry", "cross", "dot")
)


def branch_type(branch: Branch) -> Type:
    """Return the type of a column's values."""
    if branch.dtype == "bool":
        return "bool"
    return "real" if branch.dtype.startswith("float") else "int"


def owners(context: Context, particle: Value) -> tuple[Owner, ...]:
    """Return the input collections, or the singleton, that store a particle's attributes."""
    match particle:
        case Element():
            return inputs((particle.collection,))
        case Member() | Unknown() if particle.loop is not None:
            return inputs(context.sources_of(particle.loop))
        case Unknown(collection=ObjectDef() | CollectionSchema() as collection):
            return inputs((collection,))
        case Variable():
            return inputs(context.sources_of(particle.loop))
        case Singleton():
            return (particle.schema,)
        case Sum():
            items = (o for _, item in particle.items for o in owners(context, item))
            return tuple({o.name: o for o in items}.values())
        case _:
            return ()


def attribute(scope: Scope, particle: Value, name: Name, span: Span) -> Value | None:
    """Return an attribute of a particle; without such an attribute a mistake at its name."""
    found = find(scope.context, particle, name, span)
    if found is None:
        _unknown_attribute(scope.context, particle, name)
        return None
    return found.meaning


def find(context: Context, particle: Value, name: Name, span: Span) -> Found[Value] | None:
    """Return an attribute of a particle, None if it has none."""
    own = _own(context, particle, name)
    if own is not None:
        definition = own.meaning
        if definition is None:
            return Found(None)
        return Found(OwnAttribute(particle, definition, type=definition.value.type, span=span))
    stored = _stored(context, particle, name, span)
    if stored is not None:
        return stored
    function = find_function(name.name)
    if function is None or function.arguments != ("particle",):
        return None
    if isinstance(particle, Singleton):
        return Found(_of_singleton(context, particle, function, span))
    return Found(Apply(function, (particle,), type=result_type(function), span=span))


def _own(context: Context, particle: Value, name: Name) -> Found[AttributeDef] | None:
    """Return the attribute that the object of an element defines, or one that it filters."""
    match particle:
        case Variable(loop=loop):
            collections = context.sources_of(loop)
            defined: Mapping[str, AttributeDef | None] = context.own.get(loop, {})
        case Element(collection=collection):
            collections, defined = (collection,), {}
        case Member(loop=loop):
            collections, defined = context.sources_of(loop), {}
        case Unknown(collection=ObjectDef() as collection):
            collections, defined = (collection,), {}
        case _:
            return None
    if name.name in defined:
        return Found(defined[name.name])
    if len(collections) != 1:  # a union's elements have what all its sources store
        return None
    objects = (c for c in lineage(collections[0]) if isinstance(c, ObjectDef))
    found = (o.attributes[name.name] for o in objects if name.name in o.attributes)
    return next((Found(attribute) for attribute in found), None)


def result_type(function: Function) -> Type:
    """Return the type of a library function's result."""
    match function.result:
        case "bool" | "int" as type:
            return type
        case _:
            return "real"


def has_no_eta(context: Context, function: Function, particle: Value) -> bool:
    """Report a singleton as the argument of a function that needs a pseudorapidity."""
    if not isinstance(particle, Singleton) or function.name.lower() not in _LONGITUDINAL:
        return False
    text = context.words(particle.span)
    context.findings.error(
        "E221",
        f"{text} is transverse: it has no pseudorapidity for {function.name}",
        particle.span,
        f"pT({text}), phi({text}) and dphi(…, {text}) need none",
    )
    return True


def _of_singleton(
    context: Context, particle: Singleton, function: Function, span: Span
) -> Value | None:
    if has_no_eta(context, function, particle):
        return None
    if function.name in ("m", "mass"):
        return Literal_(0.0, type="real", span=span)
    return Apply(function, (particle,), type=result_type(function), span=span)


def _stored(context: Context, particle: Value, name: Name, span: Span) -> Found[Value] | None:
    """Return the stored attribute if all sources of the particle have it under one name."""
    stored = owners(context, particle)
    if isinstance(particle, Sum) and name.name.lower() not in _SUMMED:
        return None
    matches = [find_attribute(context.schema, owner, name.name) for owner in stored]
    found = [m for m in matches if m is not None and m.name]
    if not found or len(found) < len(matches):
        return None
    if len({m.name for m in found}) > 1:
        _two_names(context, particle, name, found)
        return Found(None)
    if not all(m.exact for m in found):
        read_in_other_case(context, name, f"the attribute {found[0].name}", found[0].name)
    types = {branch_type(m.item) for m in found}
    type: Type = types.pop() if len(types) == 1 else "real" if "real" in types else "int"
    return Found(AttributeOf(particle, found[0].name, type=type, span=span))


def read_in_other_case(context: Context, name: Name, meaning: str, spelling: str) -> None:
    """Warn that a name was found only without regard to case."""
    message = f"{name.name} is read as {meaning}"
    context.findings.warning("W302", message, name.span, f"write {spelling}")


def _two_names(context: Context, particle: Value, name: Name, found: list[Match[Branch]]) -> None:
    context.findings.error(
        "E202",
        f"{name.name} is another attribute in each source of {context.words(particle.span)}: "
        f"{' and '.join(m.item.name for m in found)}",
        name.span,
        "use it in the blocks of the sources, before their union",
    )


def _unknown_attribute(context: Context, particle: Value, name: Name) -> None:
    text = context.words(particle.span)
    stored = owners(context, particle)
    lacking = [o.name for o in stored if find_attribute(context.schema, o, name.name) is None]
    if isinstance(particle, Sum) and name.name.lower() not in _SUMMED:
        message = f"{text} is a sum of particles: it has no attribute {name.name}"
        help = did_you_mean(name.name, _formulas())
    else:
        union = len(lacking) < len(stored) and f", and {text} can come from it"
        message = f"{' and '.join(lacking)} has no attribute {name.name}{union or ''}"
        hint = did_you_mean(name.name, [*known_attributes(stored), *_formulas()])
        help = "\n".join(filter(None, (hint, input_hint(context))))
    context.findings.error("E202", message, name.span, help)


def is_attribute(schema: Schema, name: str) -> bool:
    """Whether any collection or singleton has an attribute of this name."""
    known: list[Owner] = [*schema.collections.values(), *schema.singletons.values()]
    return any(find_attribute(schema, owner, name) for owner in known)


def known_attributes(stored: tuple[Owner, ...]) -> list[str]:
    """Return the attributes that all the collections have."""
    if not stored:
        return []
    return [a for a in stored[0].attributes if a and all(a in o.attributes for o in stored)]


def _formulas() -> list[str]:
    return [f.name for f in FUNCTIONS.values() if f.arguments == ("particle",)]


def input_hint(context: Context) -> str:
    """Return a help line if the names of no input file are known."""
    if context.schema.complete:
        return ""
    return "these are the usual columns; --input FILE checks against the file's own"
