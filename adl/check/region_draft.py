"""A region while its statements are read, and what is said of elements that it may lack."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from adl.check.analysis import (
    BinDef,
    Cut,
    Histogram,
    RegionRef,
    RegionStatement,
    Solutions,
    Value,
    WeightBy,
)
from adl.check.context import Context
from adl.check.dominance import Use, absent
from adl.check.guarantees import Facts, both, passed
from adl.check.published import Published
from adl.check.scope import Scope
from adl.check.searches import resolved
from adl.check.tables import refuse_in_table
from adl.check.values import walk
from adl.syntax.source import Span


@dataclass
class RegionDraft:
    """A region while its statements are read."""

    scope: Scope
    statements: list[RegionStatement] = field(default_factory=list)
    bins: list[BinDef] = field(default_factory=list)
    histograms: dict[str, Span] = field(default_factory=dict)  # where each name stands first
    facts: Facts = field(default_factory=dict)
    found: Solutions = field(default_factory=dict)  # by the searches so far
    title: str = ""
    misread: int = 0  # the line of the last word that was nearly a keyword
    counts: list[tuple[Cut | BinDef, Published]] = field(default_factory=list)  # inherited ones
    # What published numbers below a statement are about, by the statement's place.
    targets: dict[int, list[Cut | BinDef]] = field(default_factory=dict)

    @property
    def context(self) -> Context:
        """What all blocks know of the analysis."""
        return self.scope.context

    def add(self, new: RegionStatement) -> None:
        """Append a statement; a cut adds to what is known from here on."""
        self.statements.append(new)
        if isinstance(new, Cut):
            self.facts = both(self.facts, passed(new.condition))
        if isinstance(new, Histogram):
            self.histograms.setdefault(new.name, new.span)

    def resolved(self, found: Value | None) -> Value | None:
        """Return a value with what searches found in the place of unknowns."""
        return resolved(self.context, found, self.found)


def warn_lost_weights(context: Context, condition: Value) -> None:
    """Warn of regions in a condition that have weights: as conditions they have none."""
    for part in walk(condition):
        if isinstance(part, RegionRef) and any(
            isinstance(s, WeightBy) for s in part.region.statements
        ):
            name = part.region.name
            context.findings.warning(
                "W305",
                f"{name} is a condition here: its weights do not count",
                part.span,
                f"a line {name}, without select, inherits its cuts and weights",
            )


def warn_unguarded(region: RegionDraft, uses: Iterable[Use]) -> None:
    """Warn of elements that may be missing; tables, networks and corrections refuse them."""
    for use in uses:
        if use.table or use.network:
            refuse_in_table(region.context, use)
        elif use.oversight:
            region.context.findings.warning("W301", *absent(use))


def refuse_missing(region: RegionDraft, uses: Iterable[Use]) -> None:
    """Refuse elements that may be missing where a weight needs its value."""
    for use in uses:
        if use.table or use.network:
            refuse_in_table(region.context, use)
            continue
        message, span, help = absent(use)
        help = f"{help}, or give the value for its absence: default(…, 1)"
        region.context.findings.error("E218", f"a weight needs a value, {message}", span, help)
