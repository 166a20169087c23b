"""``scale`` and ``set``: other values in the place of columns, nominal, up and down."""

from __future__ import annotations

from adl.check.analysis import Choice, Literal_, Logic, Operation, Value
from adl.check.lints.stored_units import columns_of, warn_of_units
from adl.check.scope import Scope
from adl.check.systematics.draft import (
    Draft,
    allowed,
    always,
    behind_comma,
    directions,
    opposite,
    real_value,
    settings,
)
from adl.check.systematics.targets import (
    Target,
    belongs_to,
    element_scope,
    owner_named,
    present,
    scope_of,
    target,
    whole_and_part,
)
from adl.check.types import condition, convert, number, widest
from adl.check.uses import available
from adl.check.values import walk
from adl.check.variations import NewValue, Propagation
from adl.stdlib.models import CollectionSchema, SingletonSchema
from adl.stdlib.models.choices import find_choice
from adl.stdlib.models.finding import find_singleton
from adl.syntax.tree import Clause, Expr, Name


def scale(draft: Draft, clause: Clause) -> None:
    """Read ``scale pt(Jet), mass(Jet) up 1.1 down 0.9``: factors."""
    _columns(draft, clause, factors=True)


def set_(draft: Draft, clause: Clause) -> None:
    """Read ``set pt(Jet) up pt_up down pt_down``: values."""
    _columns(draft, clause, factors=False)


def _columns(draft: Draft, clause: Clause, factors: bool) -> None:
    if not allowed(draft, clause, ("nominal", "up", "down", "mirror")):
        return
    if behind_comma(draft, clause):
        return
    given = directions(draft, clause)
    found = settings(clause)
    targets = [target(draft.context, written) for written in found.get("", ())]
    known = [t for t in targets if t is not None]
    if given is None or len(known) < len(targets):
        return
    if not known or not (given or "nominal" in found):
        message = f"{clause.word} says which columns change, and to what"
        draft.mistake("E262", message, clause.span, f"{clause.word} pt(Jet) up … down …")
        return
    line: dict[str, tuple[NewValue, ...]] = {}
    for word in ("nominal", *given):
        if word in found:
            new = _new_values(draft, clause, known, found[word], factors)
            if new is None:
                return
            line["" if word == "nominal" else word] = new
    if "mirror" in found:
        draft.mirror = opposite(given[0])
    if given:
        draft.kind = "shape"
    draft.lines.append(line)


def _new_values(
    draft: Draft, clause: Clause, targets: list[Target], values: tuple[Expr, ...], factors: bool
) -> tuple[NewValue, ...] | None:
    """Return each target's new value; one expression can stand for all targets."""
    if len(values) not in (1, len(targets)):
        message = f"{len(targets)} columns change, here are {len(values)} values"
        draft.mistake(
            "E262", message, values[0].span.to(values[-1].span), "one each, or one for all"
        )
        return None
    written = values if len(values) == len(targets) else values * len(targets)
    new = [_new_value(draft, t, v, factors) for t, v in zip(targets, written, strict=True)]
    found = tuple(n for n in new if n is not None)
    return found if len(found) == len(new) else None


def _new_value(draft: Draft, found: Target, written: Expr, factor: bool) -> NewValue | None:
    scope, this = scope_of(draft.context, found)
    words = draft.context.words(found.span)
    value: Value | None
    if factor:
        if found.type != "real":
            message = f"{words} is no real number: it has no scale"
            draft.mistake("E261", message, found.span, "set gives it another value")
            return None
        by = real_value(draft, scope, written)
        if by is None:
            return None
        warn_of_units(draft.context, walk(by))
        before = present(found, this, written.span)
        value = Operation("mul", (before, by), type="real", span=written.span)
    else:
        value = always(draft, number(scope, scope.context.value(scope, written)))
        if value is None:
            return None
        value = _in_units_of(draft, found, value)
        if widest((value,), found.type) != found.type:
            message = f"{words} cannot hold {draft.context.words(written.span)}"
            kind = "a truth value" if found.type == "bool" else "a whole number"
            draft.mistake("E261", message, written.span, f"it is {kind}")
            return None
        value = convert(value, found.type)
    if found.part is not None and this is not None:
        chosen = belongs_to(draft.context, found.part, this, found.span)
        before = present(found, this, written.span)
        value = Choice(chosen, value, before, type=found.type, span=written.span)
    return NewValue(found.branch, found.attribute, found.collection, this, value)


def _in_units_of(draft: Draft, found: Target, value: Value) -> Value:
    """Return a value in ADL's units: a column alone that no model knows is stored as the target is."""
    stored = [branch for _, branch in columns_of(draft.context, value)]
    if found.branch.per == 1 or len(stored) != 1 or stored[0].unit_said:
        warn_of_units(draft.context, walk(value))
        return value
    units = Literal_(found.branch.per / stored[0].per, type="real", span=value.span)
    return Operation("div", (convert(value, "real"), units), type="real", span=value.span)


def propagate(draft: Draft, clause: Clause) -> None:
    """Read ``propagate MET from Jet pt > 15``."""
    found = settings(clause)
    match found.get("", ()), found.get("from", ()):
        case ((Name() as met,), (Name() as source, *rest)) if len(rest) < 2:
            pass
        case _:
            message = "propagate says what follows, and which elements it follows"
            draft.mistake("E262", message, clause.span, "propagate MET from Jet pt > 15")
            return
    if _is_left_out(draft, met):
        return
    single = owner_named(draft.context, met, "propagate")
    owner, part = whole_and_part(draft.context, source, "propagate")
    if single is None or owner is None:
        return
    if not isinstance(single, SingletonSchema) or not {"pt", "phi"} <= single.attributes.keys():
        message = f"{met.name} is no missing momentum with pt and phi"
        draft.mistake("E261", message, met.span)
        return
    if not isinstance(owner, CollectionSchema) or not {"pt", "phi"} <= owner.attributes.keys():
        message = f"{source.name} is no collection of elements with pt and phi"
        draft.mistake("E261", message, source.span)
        return
    scope, this = element_scope(draft.context, owner, source.name)
    where = None
    if rest:
        where = _condition(draft, scope, rest[0])
        if where is None:
            return
    if part is not None:
        chosen = belongs_to(draft.context, part, this, source.span)
        if where is not None:
            chosen = Logic("and", (chosen, where), type="bool", span=source.span)
        where = chosen
    draft.propagations.append(Propagation(single, owner, this, where, clause.span))


def _is_left_out(draft: Draft, met: Name) -> bool:
    """Whether the input is a skim that lacks a missing momentum, since nothing uses it."""
    schema = draft.context.schema
    lacks = met.name in schema.lacks and find_singleton(schema, met.name) is None
    choice = find_choice(schema.choices, met.name)
    return lacks and not (choice and available(schema, choice))


def _condition(draft: Draft, scope: Scope, written: Expr) -> Value | None:
    return condition(scope, scope.context.value(scope, written))


def keep(draft: Draft, clause: Clause) -> None:
    """Read ``keep MET``: it stays as it is, on purpose."""
    for value in settings(clause).get("", ()):
        if not isinstance(value, Name):
            draft.mistake("E262", "keep names a missing momentum", value.span, "keep MET")
            continue
        if _is_left_out(draft, value):
            continue
        found = owner_named(draft.context, value, "keep")
        if found is not None:
            draft.kept.add(found.name)
