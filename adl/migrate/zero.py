"""Elements that may not be there: in cutlang four-vectors of zeros, in adl missing.

An attribute of such an element is 0, which ``default`` can say; nothing can say the distance to it.
"""

from __future__ import annotations

from collections.abc import Iterator

from adl.check.analysis import (
    Analysis,
    AttributeOf,
    CompositeDef,
    Cut,
    Element,
    Member,
    ObjectDef,
    Operation,
    RegionDef,
    Value,
    Variable,
)
from adl.check.dominance import Use, absent, zeros
from adl.check.guarantees import NOTHING, Facts, both, passed
from adl.check.values import walk
from adl.check.zeros import fails_for_zero
from adl.migrate.report import Report
from adl.migrate.values import object_values, parents, statement_values
from adl.syntax.source import Span

_CONVERSIONS = frozenset(("abs", "real", "int"))


def absent_attributes(analysis: Analysis, report: Report) -> dict[Span, str]:
    """Return where an attribute of an element that is not there matters -> its value, 0 or false.

    Other uses of such elements are reported: adl has no four-vector of zeros.
    """
    found: dict[Span, str] = {}
    for value, facts in _with_facts(analysis):
        above = parents(value)
        for use in _uses(value, facts):
            for parent in above.get(id(use.element), [use.element]):
                if isinstance(parent, AttributeOf):
                    if not _settled(parent, above):
                        found[parent.span] = "false" if parent.type == "bool" else "0"
                elif not _compares(parent):
                    _not_expressible(report, use)
    return found


def _compares(value: Value) -> bool:
    """Whether a value asks if an element is the current one of a loop: nothing and zeros are not."""
    return (
        isinstance(value, Operation)
        and value.name == "same"
        and any(isinstance(a, Variable) for a in value.arguments)
    )


def _with_facts(analysis: Analysis) -> Iterator[tuple[Value, Facts]]:
    """Yield the values of all blocks, each with the sizes that are known where it stands."""
    for found in analysis.declared:
        if isinstance(found, (ObjectDef, CompositeDef)):
            yield from ((value, NOTHING) for value in object_values(found))
        if not isinstance(found, RegionDef):
            continue
        facts: Facts = NOTHING
        for statement in found.statements:
            yield from ((value, facts) for value in statement_values(statement))
            if isinstance(statement, Cut):
                facts = both(facts, passed(statement.condition))
        yield from ((bin.condition, facts) for bin in found.bins)


def _uses(value: Value, facts: Facts) -> Iterator[Use]:
    yield from zeros(value, facts)
    for part in walk(value):
        if isinstance(part, Member) and part.picked.key is not None:  # what a search compared
            yield from zeros(part.picked.key, facts)


def _settled(value: Value, above: dict[int, list[Value]]) -> bool:
    """Whether all conditions on a value are false of 0 as they are of nothing."""
    return bool(above.get(id(value))) and all(
        fails_for_zero(parent)
        or (
            isinstance(parent, Operation)
            and parent.name in _CONVERSIONS
            and _settled(parent, above)
        )
        for parent in above[id(value)]
    )


def _not_expressible(report: Report, use: Use) -> None:
    if isinstance(use.element, Element):
        _, _, help = absent(use)
        name, help = report.source.words(use.element.span), f"{help}: then both agree"
    else:
        name, help = "what this leads to", "compare an attribute of it before: then both agree"
    message = f"where {name} is not there, a four-vector of zeros is in its place"
    report.impossible(use.element.span, message, help)
