"""What stands in an object block: its cuts, its attributes and its histograms."""

from __future__ import annotations

from dataclasses import replace

from adl.check.analysis import (
    AttributeDef,
    Collection,
    Histogram,
    Literal_,
    Logic,
    Loop,
    Operation,
    Size,
    Value,
    Variable,
)
from adl.check.constants import exclude, included
from adl.check.context import Context
from adl.check.expressions import statement, value
from adl.check.filtering import filtering
from adl.check.histograms import histogram
from adl.check.quantify import quantify
from adl.check.readings import Reading
from adl.check.scope import Binder, Current, Scope
from adl.check.searches import resolved
from adl.check.tables import refuse_missing
from adl.check.trees import mentioned
from adl.check.types import negated
from adl.check.values import free_loops, walk
from adl.check.withheld import withholding
from adl.syntax.tree import Define, Expr, Histo, Region, Reject, Select, Take


def current_element(
    this: Loop, sources: tuple[Collection, ...], takes: list[Take], condition: Expr
) -> Current:
    """Return the current element with the words that one condition has for it."""
    names = frozenset(("this", *(take.instance.name for take in takes if take.instance)))
    taken = frozenset(name.name for take in takes for name in mentioned(take.source))
    explicit = any(name.name in names for name in mentioned(condition))
    return Current(this, sources, names, taken, explicit)


def define_attribute(scope: Scope, written: Define, this: Loop) -> None:
    """Check a new attribute; later lines of the block know it."""

    def checked() -> Value | None:
        found = resolved(scope.context, value(scope, written.value), {})
        if found is not None:
            refuse_missing(scope.context, found)
        return found

    found = withholding(scope.context, written, checked)
    name = written.name.name
    if found is None:
        scope.context.mistaken.add(name)
    if name in scope.context.own[this]:
        message = f"{name} is defined twice in this block"
        scope.context.findings.error("E207", message, written.name.span)
    else:
        definition = (
            None if found is None else AttributeDef(name, found, this, scope.context.sources[this])
        )
        scope.context.own[this][name] = definition


def histogram_of_elements(scope: Scope, written: Histo, names: set[str]) -> Histogram | None:
    """Return a histogram of the elements that pass the cuts before it."""
    if written.only and not included(scope.context, written.only, "histo", written.span):
        exclude(scope.context, written)
        return None
    name = written.name
    if name.name in names:
        message = f"histogram {name.name} stands in this block twice"
        scope.context.findings.error("E219", message, name.span, "give one another name")
    names.add(name.name)
    found = histogram(scope, written)
    if found is None:
        return None
    if found.loops:
        message = "a histogram of an object block is filled once an element"
        help = "sum, min, any, … make one value of other collections"
        scope.context.findings.error("E215", message, written.values[0].span, help)
        return None
    values = [[resolved(scope.context, v, {}) for v in fill] for fill in found.fills]
    known = tuple(tuple(v for v in fill if v is not None) for fill in values)
    if list(map(len, known)) != list(map(len, values)):
        return None
    for fill in known:
        for filled in fill:
            refuse_missing(scope.context, filled)
    return replace(found, fills=known)


def cut_on_elements(scope: Scope, written: Select | Reject) -> Value | None:
    """Return what an element must fulfil; foreign collections are quantified."""
    binder = Binder(implicit=True)
    select = isinstance(written, Select)
    found = statement(scope.inside(binder), written.condition, without_else=select)
    found = resolved(scope.context, found, {})
    if found is None:
        return None
    refuse_missing(scope.context, found)
    belonging = {loop for _, element in binder.nested for loop in free_loops(element)}
    filtered = belonging - binder.quantifiers.keys()
    if binder.loops:
        default = "all" if select else "any"
        for operation in ("any", "all"):
            own = [l for l in binder.loops if binder.quantifiers.get(l, default) == operation]
            if scope.context.dialect == "cutlang":
                own = [loop for loop in own if loop not in filtered]
            found = quantify(scope.context, found, own, operation, binder.where)
    if scope.context.dialect == "cutlang" and filtered:
        return filtering(scope, binder, found if select else negated(found), written.condition)
    this = scope.current.loop if scope.current else None
    uses_element = any(isinstance(v, Variable) and v.loop is this for v in walk(found))
    if not uses_element and not isinstance(found, Literal_):  # select ALL is an idiom
        message = f"{scope.context.words(written.condition.span)} does not depend on the element"
        help = "it keeps all elements of an event or none; cuts on events stand in a region"
        help += _swallowed(scope.context)
        scope.context.findings.warning("W307", message, written.condition.span, help)
    kept = found if select else negated(found)
    others = [loop for loop in binder.loops if loop not in belonging]
    if scope.context.dialect == "cutlang" and others:
        partners = tuple(_written(loop) for loop in others)
        scope.context.readings.append(Reading("partner", written.span, partners))
        kept = _with_partners(kept, others)
    return kept


def _written(loop: Loop) -> str:
    """Return the name under which a condition knows the collection of a loop."""
    assert loop.collection is not None, "a partner is of a collection"
    return loop.name if loop.group is None else loop.collection.name


def _swallowed(context: Context) -> str:
    """Return a second help for an object that stands in the midst of a region."""
    names = list(context.blocks)
    at = names.index(context.open_name())
    block, before = context.blocks[names[at]], context.blocks[names[at - 1]] if at else None
    if not isinstance(before, Region):
        return ""
    line = context.line(block.span)
    name = before.name.name
    return f"\nthe object on line {line} ended region {name}: move it above, if {name} goes on here"


def _with_partners(kept: Value, partners: list[Loop]) -> Value:
    """In cutlang an element without a partner to compare with is dropped."""
    for loop in partners:
        assert loop.collection is not None, "a partner is of a collection"
        size = Size(loop.collection, type="int", span=kept.span)
        zero = Literal_(0, type="int", span=kept.span)
        there = Operation("gt", (size, zero), type="bool", span=kept.span)
        kept = Logic("and", (there, kept), type="bool", span=kept.span)
    return kept
