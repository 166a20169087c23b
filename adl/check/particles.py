"""Attributes of particles: stored columns first, then formulas of the library.

A sum of particles stores nothing: it has what follows from its four-vector, and the plain sums of
charge and pdgId.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from adl.check.analysis import (
    Apply,
    AttributeDef,
    AttributeOf,
    BySource,
    Choice,
    Collection,
    Literal_,
    Loop,
    ObjectDef,
    OwnAttribute,
    Singleton,
    Sum,
    Tuple,
    Type,
    Value,
    Variable,
)
from adl.check.attribute_names import (
    input_hint,
    known_attributes,
    names_of_formulas,
    now_called,
    owners,
    read_in_other_case,
)
from adl.check.choices import of_branches
from adl.check.collections import FROM_PT, is_corrected, lineage
from adl.check.context import Context, Found
from adl.check.elements import branch_type, linked_as, sources_of
from adl.check.habits import with_zeros
from adl.check.offers import attributes_offered
from adl.check.scope import Scope
from adl.check.types import unify
from adl.check.uses import chosen_attribute, unchosen
from adl.check.values import used_at
from adl.stdlib.library import find_function
from adl.stdlib.models import Branch
from adl.stdlib.models.finding import Match, find_attribute
from adl.stdlib.registry import Function
from adl.syntax.diagnostics import Mistake, did_you_mean
from adl.syntax.source import Span
from adl.syntax.tree import Name

# Stored for each element, summed plainly over a sum of particles.
_SUMMED = frozenset(("charge", "q", "pdgid"))
# Library functions that read a pseudorapidity or a pz, which missing momentum does not have.
_LONGITUDINAL = frozenset(
    [
        "eta",
        "abseta",
        "rapidity",
        "theta",
        "pz",
        "deta",
        "sdeta",
        "dr",
        "dry",
        "cross",
        "dot",
        "razor_mr",
    ]
)


def attribute(scope: Scope, particle: Value, name: Name, span: Span) -> Value | None:
    """Return an attribute of a particle; without such an attribute a mistake at its name."""
    found = find(scope.context, particle, name, span)
    if found is None:
        found = with_zeros_of(scope.context, particle, name, span)
    if found is None:
        _unknown_attribute(scope.context, particle, name)
        return None
    return found.meaning


def with_zeros_of(context: Context, particle: Value, name: Name, span: Span) -> Found[Value] | None:
    """Return an attribute whose name has the letter O where a zero belongs: ``dO``."""
    zeros = Name(with_zeros(name.name), span=name.span)
    found = find(context, particle, zeros, span) if zeros.name else None
    if found is None:
        return None
    message = f"{context.words(particle.span)} has no attribute {name.name}"
    help = f"did you mean {zeros.name}, with a zero?"
    mistake = Mistake("E202", message, name.span, zeros.name, help)
    return found if context.findings.repaired(mistake) else Found(None)


def find(context: Context, particle: Value, name: Name, span: Span) -> Found[Value] | None:
    """Return an attribute of a particle, or what a relation leads to; None if it has none."""
    context.asked.add(name.name)
    match particle:
        case Tuple(parts=parts) if name.name in dict(parts):
            return Found(used_at(dict(parts)[name.name], span))
        case Choice():
            return of_branches(particle, lambda branch: find(context, branch, name, span))
        case OwnAttribute(definition=definition):
            inside = find(context, definition.value, name, span)
            if inside is None or inside.meaning is None:
                return inside
            longer = replace(
                definition, name=f"{definition.name}.{name.name}", value=inside.meaning
            )
            return Found(_own_attribute(particle.particle, longer, span))
    own = _own(context, particle, name)
    if own is not None:
        defined = own.meaning
        return Found(None if defined is None else _own_attribute(particle, defined, span))
    united = _of_union(context, particle, name, span)
    if united is not None:
        return united
    related = linked_as(context, particle, name.name)
    if related is not None:
        return Found(used_at(related, span))
    chosen = chosen_attribute(context, particle, owners(context, particle), name, span)
    if chosen is not None:
        return chosen
    stored = _stored(context, particle, name, span)
    if stored is not None:
        return stored
    function = find_function(name.name)
    if function is None or function.arguments != ("particle",):
        return None
    if isinstance(particle, Singleton):
        return Found(_of_singleton(context, particle, function, name.name, span))
    if _has_no_momentum(context, function, particle, name.name):
        return Found(None)
    return Found(Apply(function, (particle,), type=result_type(function), span=span))


def _own(context: Context, particle: Value, name: Name) -> Found[AttributeDef] | None:
    """Return the attribute that the object of an element defines, or one that it filters."""
    collections = sources_of(context, particle)
    defined: Mapping[str, AttributeDef | None] = {}
    if isinstance(particle, Variable):
        defined = context.own.get(particle.loop, {})
    if name.name in defined:
        return Found(defined[name.name])
    if len(collections) != 1:  # a union's elements have what all its sources store
        return None
    objects = (c for c in lineage(collections[0]) if isinstance(c, ObjectDef))
    found = (o.attributes[name.name] for o in objects if name.name in o.attributes)
    return next((Found(attribute) for attribute in found), None)


def _of_union(context: Context, particle: Value, name: Name, span: Span) -> Found[Value] | None:
    """Return a number that every source of a union has, and one of them defines; else None."""
    sources = _united(context, particle)
    if len(sources) < 2 or not any(defines(source, name.name) for source in sources):
        return None
    loops = [Loop(source, "this") for source in sources]
    found = [
        find(context, Variable(loop, type="particle", span=span), name, span) for loop in loops
    ]
    known = [f.meaning for f in found if f is not None and f.meaning is not None]
    if len(known) < len(found) or any(v.type not in ("bool", "int", "real") for v in known):
        return None
    this = Loop(None, "this")
    context.sources[this] = sources
    values = unify(*known, least="bool")
    each = tuple(zip(loops, values, strict=True))
    by_source = BySource(this, each, type=values[0].type, span=span)
    return Found(_own_attribute(particle, AttributeDef(name.name, by_source, this, sources), span))


def _united(context: Context, particle: Value) -> tuple[Collection, ...]:
    """Return the sources of the union that an element is of; none for other values."""
    collections = sources_of(context, particle)
    if len(collections) > 1:
        return collections if isinstance(particle, Variable) else ()
    for collection in collections:
        *_, last = lineage(collection)
        return last.sources if isinstance(last, ObjectDef) else ()
    return ()


def defines(collection: Collection, name: str) -> bool:
    """Whether a collection, or one that it comes from, defines an attribute of its elements."""
    *_, last = steps = list(lineage(collection))
    if any(isinstance(step, ObjectDef) and name in step.attributes for step in steps):
        return True
    return isinstance(last, ObjectDef) and any(defines(source, name) for source in last.sources)


def _own_attribute(particle: Value, definition: AttributeDef, span: Span) -> Value:
    return OwnAttribute(particle, definition, type=definition.value.type, span=span)


def result_type(function: Function) -> Type:
    """Return the type of a library function's result."""
    match function.result:
        case "bool" | "int" as type:
            return type
        case _:
            return "real"


def has_no_eta(context: Context, function: Function, particle: Value, called: str = "") -> bool:
    """Report a singleton as the argument of a function that needs a pseudorapidity.

    ``called`` is the function's name as it was written.
    """
    if isinstance(particle, Choice):
        branches = (particle.then, particle.otherwise)
        return any(has_no_eta(context, function, branch, called) for branch in branches)
    if _has_no_momentum(context, function, particle, called):
        return True
    if not isinstance(particle, Singleton) or function.name.lower() not in _LONGITUDINAL:
        return False
    text = context.words(particle.span)
    message = f"{text} is transverse: it has no pseudorapidity for {called or function.name}"
    help = f"pT({text}), phi({text}) and dPhi(…, {text}) need none"
    if function.name in ("dr", "dry"):
        help = f"did you mean dPhi(…, {text})?"
    context.findings.error("E221", message, particle.span, help)
    return True


def _has_no_momentum(context: Context, function: Function, particle: Value, called: str) -> bool:
    """Report a particle of which the input does not store what a function needs."""
    longitudinal = function.name.lower() in _LONGITUDINAL and not isinstance(particle, Singleton)
    return lacks(
        context, particle, ("pt", "phi", "eta")[: 2 + longitudinal], called or function.name
    )


def lacks(context: Context, particle: Value, needs: Sequence[str], called: str) -> bool:
    """Report a particle of which the input does not store what something needs."""
    for owner in owners(context, particle):
        lacking = [name for name in needs if name not in owner.attributes]
        if lacking:
            message = f"{owner.name} has no {' and no '.join(lacking)}"
            message += f", which {called} needs"
            context.findings.error("E202", message, particle.span, input_hint(context))
            return True
    return False


def _of_singleton(
    context: Context, particle: Singleton, function: Function, called: str, span: Span
) -> Value | None:
    if has_no_eta(context, function, particle, called):
        return None
    if function.name in ("m", "mass"):
        return Literal_(0.0, type="real", span=span)
    return Apply(function, (particle,), type=result_type(function), span=span)


def _stored(context: Context, particle: Value, name: Name, span: Span) -> Found[Value] | None:
    """Return the stored attribute if all sources of the particle have it under one name."""
    stored = owners(context, particle)
    if isinstance(particle, Sum) and name.name.lower() not in _SUMMED:
        return None
    if name.name.lower() in FROM_PT and any(
        is_corrected(source, "pt") for source in sources_of(context, particle)
    ):
        return None  # what is stored follows from the pt before
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


def _two_names(context: Context, particle: Value, name: Name, found: list[Match[Branch]]) -> None:
    context.findings.error(
        "E202",
        f"{name.name} is another attribute in each source of {context.words(particle.span)}: "
        f"{' and '.join(m.item.name for m in found)}",
        name.span,
        "use it in the blocks of the sources, before their union",
    )


def _unknown_attribute(context: Context, particle: Value, name: Name) -> None:
    if name.name in context.mistaken:
        return
    while isinstance(particle, Choice):
        lacks = find(context, particle.then, name, name.span) is None
        particle = particle.then if lacks else particle.otherwise
    text = context.words(particle.span)
    stored = owners(context, particle)
    if unchosen(context, name.name, name.span):
        return
    lacking = [o.name for o in stored if find_attribute(context.schema, o, name.name) is None]
    if isinstance(particle, Sum) and name.name.lower() not in _SUMMED:
        message = f"{text} is a sum of particles: it has no attribute {name.name}"
        help = did_you_mean(name.name, names_of_formulas())
    else:
        union = len(lacking) < len(stored) and f", and {text} can come from it"
        have = "have" if len(lacking) > 1 else "has"
        message = f"{' and '.join(lacking)} {have} no attribute {name.name}{union or ''}"
        hint = did_you_mean(name.name, [*known_attributes(stored), *names_of_formulas()])
        now = now_called(context, name.name)
        if not hint and not now and context.schema.complete and len(lacking) == 1:
            hint = attributes_offered([o for o in stored if o.name == lacking[0]])
        help = "\n".join(filter(None, (now, hint, input_hint(context))))
    context.findings.error("E202", message, name.span, help)


def attributes_of(scope: Scope, particle: Value) -> list[str]:
    """Return the names of what a particle stores."""
    return known_attributes(owners(scope.context, particle))
