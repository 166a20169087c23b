"""Regions: their own statements in the written order, after what they inherit at each place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from adl.check.analysis import (
    BinDef,
    Cut,
    Histogram,
    RegionDef,
    RegionRef,
    RegionStatement,
    Value,
    WeightBy,
)
from adl.check.bins import edge_bins, one_bin
from adl.check.context import Context
from adl.check.dialect import unsupported
from adl.check.dominance import NEVER, Facts, Use, both, passed, unguarded
from adl.check.expressions import statement, value
from adl.check.histograms import histogram
from adl.check.names import meaning
from adl.check.scope import Scope
from adl.check.types import convert, negated, number
from adl.check.values import walk
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.source import Span
from adl.syntax.tree import (
    Bin,
    Edges,
    Expr,
    Histo,
    Name,
    Region,
    Reject,
    Select,
    Statement,
    Take,
    Weight,
)
from adl.syntax.tree import (
    Use as Parent,
)


@dataclass
class _Region:
    """A region while its statements are read."""

    scope: Scope
    statements: list[RegionStatement] = field(default_factory=list)
    bins: list[BinDef] = field(default_factory=list)
    facts: Facts = field(default_factory=dict)

    @property
    def context(self) -> Context:
        return self.scope.context

    def add(self, new: RegionStatement) -> None:
        """Append a statement; a cut adds to what is known from here on."""
        self.statements.append(new)
        if isinstance(new, Cut):
            self.facts = both(self.facts, passed(new.condition))


def check_region(context: Context, block: Region) -> RegionDef:
    """Return a region's meaning; statements with mistakes are left out."""
    region = _Region(Scope(context))
    late = [s for s in block.statements if isinstance(s, (Bin, Edges))]
    for written in block.statements:
        if not isinstance(written, (Bin, Edges)):
            _read(region, written)
    # Bins come last: what any statement guarantees holds for them.
    for bins in late:
        _bins(region, bins)
    return RegionDef(block.name.name, tuple(region.statements), tuple(region.bins), block.name.span)


def _read(region: _Region, written: Statement) -> None:
    match written:
        case Take():
            _inherit(region, written.source)
        case Parent():
            _inherit(region, written.name)
        case Select() | Reject():
            _cut(region, written)
        case Weight():
            _weight(region, written)
        case Histo():
            _histogram(region, written)
        case _:
            message = "a define stands outside the regions, in the list of objects and defines"
            region.context.findings.error("E214", message, written.span)


# ------------------------------------------------------------------------------ inheritance


def _inherit(region: _Region, parent: Expr) -> None:
    """Insert what a parent region hands down; what is there already counts once."""
    found = _parent(region.scope, parent)
    if found is None:
        region.facts = NEVER  # what the parent may guarantee is no second mistake
        return
    everything = region.context.dialect == "cutlang"
    for inherited in found.statements:
        handed_down = everything or isinstance(inherited, (Cut, WeightBy))
        if handed_down and inherited not in region.statements:
            region.add(inherited)
    if everything:
        region.bins += [b for b in found.bins if b not in region.bins]


def _parent(scope: Scope, parent: Expr) -> RegionDef | None:
    context = scope.context
    if isinstance(parent, Name) and parent.name not in context.blocks:
        regions = [name for name, block in context.blocks.items() if isinstance(block, Region)]
        if parent.name.lower() not in (name.lower() for name in regions):
            message = f"no region is called {parent.name}"
            help = did_you_mean(parent.name, regions)
            context.findings.error("E213", message, parent.span, help)
            return None
    found = meaning(scope, parent) if isinstance(parent, Name) else None
    if isinstance(found, RegionRef):
        return found.region
    if found is not None or not isinstance(parent, Name):
        message = f"a region inherits from a region, {context.words(parent.span)} is none"
        context.findings.error("E213", message, parent.span)
    return None


# ------------------------------------------------------------------------- cuts and weights


def _cut(region: _Region, written: Select | Reject) -> None:
    select = isinstance(written, Select)
    found = statement(region.scope, written.condition, without_else=select)
    if found is None:
        region.facts = NEVER
        return
    _warn_unguarded(region, unguarded(found, region.facts))
    _warn_lost_weights(region.context, found)
    text = region.context.words(written.condition.span)
    label = text if select else f"reject {text}"
    region.add(Cut(label, found if select else negated(found), written.span))


def _weight(region: _Region, written: Weight) -> None:
    found = number(region.scope, value(region.scope, written.value))
    if found is None:
        return
    uses = list(unguarded(found, region.facts))
    _refuse_missing(region, [use for use in uses if use.decides])
    _warn_unguarded(region, [use for use in uses if not use.decides])
    name = f"{written.name.name} " if written.name else ""
    label = f"weight {name}{region.context.words(written.value.span)}"
    region.add(WeightBy(label, convert(found, "real"), written.span))


def _warn_lost_weights(context: Context, condition: Value) -> None:
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


# --------------------------------------------------------------------- histograms and bins

# What runtime/outputs/root.py writes for every region.
OWN_HISTOGRAMS = frozenset(("cutflow", "cutflow_raw", "bins", "bins_raw"))


def _histogram(region: _Region, written: Histo) -> None:
    found = histogram(region.scope, written)
    if found is None:
        return
    if found.name in OWN_HISTOGRAMS:
        message = f"{found.name} is a histogram that every region has in results.root"
        region.context.findings.error("E223", message, written.name.span, "give it another name")
    for earlier in region.statements:
        if isinstance(earlier, Histogram) and earlier.name == found.name:
            message = (
                f"histogram {found.name} stands on line {region.context.line(earlier.span)} too"
            )
            help = "each histogram of a region needs its own name"
            region.context.findings.error("E219", message, written.name.span, help)
    for values in found.fills:
        for filled in values:
            _warn_unguarded(region, unguarded(filled, region.facts))
    region.add(found)


def _bins(region: _Region, written: Bin | Edges) -> None:
    if isinstance(written, Bin):
        new = one_bin(region.scope, written)
    else:
        new = edge_bins(region.scope, written)
    for bin in new:
        _warn_unguarded(region, unguarded(bin.condition, region.facts))
        _warn_lost_weights(region.context, bin.condition)
    region.bins += new


# ---------------------------------------------------------------------- elements that may lack


def _warn_unguarded(region: _Region, uses: Iterable[Use]) -> None:
    for use in uses:
        if unsupported(region.context, "missing", use.span):
            continue
        region.context.findings.warning("W301", *_absent(use))


def _refuse_missing(region: _Region, uses: Iterable[Use]) -> None:
    for use in uses:
        if unsupported(region.context, "missing", use.span):
            continue
        message, span, help = _absent(use)
        help = f"{help}, or give the value for its absence: default(…, 1)"
        region.context.findings.error("E218", f"a weight needs a value, {message}", span, help)


def _absent(use: Use) -> tuple[str, Span, str]:
    name, index = use.element.collection.name, use.element.index
    message = f"{name}[{index}] may be missing: no cut before guarantees it"
    return message, use.span, f"select size({name}) > {index} before"
