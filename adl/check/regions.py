"""Regions: their own statements in the written order, after what they inherit at each place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from adl.check.analysis import (
    BinDef,
    Cut,
    Histogram,
    HistoListDef,
    RegionDef,
    RegionRef,
    RegionStatement,
    Rows,
    Solutions,
    Value,
    WeightBy,
)
from adl.check.bins import edge_bins, one_bin
from adl.check.constants import belonging, exclude, included
from adl.check.context import Context
from adl.check.counts import attached
from adl.check.dominance import Use, absent, unguarded
from adl.check.expressions import statement, value
from adl.check.guarantees import NEVER, Facts, both, passed
from adl.check.histograms import histogram
from adl.check.names import meaning
from adl.check.normalised import check_weight
from adl.check.published import Published
from adl.check.records import printed, saved
from adl.check.scope import Scope
from adl.check.searches import is_search, resolved, search
from adl.check.sorts import inherit_orders, sort_region
from adl.check.streams import asked_streams, in_streams, vetoed, warn_of_other_streams
from adl.check.tables import refuse_in_table
from adl.check.types import convert, negated, number
from adl.check.values import walk
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.source import Span
from adl.syntax.tree import (
    Bin,
    Counts,
    Edges,
    Expr,
    Histo,
    HistoList,
    Name,
    Print,
    Region,
    Reject,
    Save,
    Select,
    Sort,
    Statement,
    Take,
    Title,
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
    histograms: dict[str, Histogram] = field(default_factory=dict)
    facts: Facts = field(default_factory=dict)
    found: Solutions = field(default_factory=dict)  # by the searches so far
    title: str = ""
    counts: list[tuple[Cut | BinDef, Published]] = field(default_factory=list)  # inherited ones
    # What published numbers below a statement are about, by the statement's place.
    targets: dict[int, list[Cut | BinDef]] = field(default_factory=dict)

    @property
    def context(self) -> Context:
        return self.scope.context

    def add(self, new: RegionStatement) -> None:
        """Append a statement; a cut adds to what is known from here on."""
        self.statements.append(new)
        if isinstance(new, Cut):
            self.facts = both(self.facts, passed(new.condition))
        if isinstance(new, Histogram):
            self.histograms.setdefault(new.name, new)

    def resolved(self, found: Value | None) -> Value | None:
        """Return a value with what searches found in the place of unknowns."""
        return resolved(self.context, found, self.found)


def check_region(context: Context, block: Region) -> RegionDef:
    """Return a region's meaning; statements with mistakes are left out."""
    region = _Region(Scope(context))
    for place, written in enumerate(block.statements):
        if not isinstance(written, (Bin, Edges)):
            before = len(region.statements)
            _read(region, written)
            new = [s for s in region.statements[before:] if isinstance(s, Cut)]
            if new or isinstance(written, (Select, Reject)):
                region.targets[place] = list(new[-1:])
    # Bins come last: what any statement guarantees holds for them.
    for place, written in enumerate(block.statements):
        if isinstance(written, (Bin, Edges)):
            known = len(region.bins)
            _bins(region, written)
            region.targets[place] = list(region.bins[known:])
    return RegionDef(
        block.name.name,
        tuple(region.statements),
        tuple(region.bins),
        block.name.span,
        found=region.found,
        orders=dict(context.orders),
        title=region.title,
        counts=(*region.counts, *_published(region, block)),
    )


def _published(region: _Region, block: Region) -> tuple[tuple[Cut | BinDef, Published], ...]:
    """Return the published numbers with the cut or bin that stands before each."""
    lines = []
    before: list[Cut | BinDef] | None = None
    for place, written in enumerate(block.statements):
        if isinstance(written, Counts):
            lines.append((written, before))
        before = region.targets.get(place, before)
    return attached(region.context, lines)


def _read(region: _Region, written: Statement) -> None:
    only = getattr(written, "only", ())
    if only and not included(region.context, only, type(written).__name__.lower(), written.span):
        exclude(region.context, written)
        return
    match written:
        case Take():
            _inherit(region, written.source)
        case Parent() if isinstance(region.context.blocks.get(written.name.name), HistoList):
            _list_of_histograms(region, written.name)
        case Parent():
            _inherit(region, written.name)
        case Select() | Reject():
            _cut(region, written)
        case Weight():
            _weight(region, written)
        case Histo():
            _histogram(region, written)
        case Title():
            region.title = written.text
        case Counts():
            pass  # they are about what stands before them, bins too
        case Print() | Save():
            _rows(region, written)
        case Sort():
            sort_region(region.scope, written, region.found)
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
    inherit_orders(region.context, found)
    everything = region.context.dialect == "cutlang"
    here: set[object] = {*region.statements}
    for inherited in found.statements:
        if isinstance(inherited, Rows):
            # The parent's own file has these rows. Pasted, as cutlang has all else, a save would
            # write each event twice into one file, and a print the same rows into a second one.
            continue
        handed_down = everything or isinstance(inherited, (Cut, WeightBy))
        if handed_down and inherited not in here:
            region.add(inherited)
    _inherit_found(region, found, parent.span)
    if everything:
        known = set(region.bins)
        region.bins += [b for b in found.bins if b not in known]
    here = {*region.statements, *region.bins}
    region.counts += [c for c in found.counts if c[0] in here and c not in region.counts]


def _inherit_found(region: _Region, parent: RegionDef, span: Span) -> None:
    """Take over what a parent's searches found."""
    for key, solution in parent.found.items():
        if region.found.get(key, solution) is not solution:
            name = f"{key[0].split()[-1]}[{key[1]}]"
            message = f"{name} is found by two searches, one before and one of {parent.name}"
            region.context.findings.error("E235", message, span, "give one another index")
            return
    region.found = {**region.found, **parent.found}


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
    if select and is_search(written.condition):
        _search(region, written)
        return

    def asked() -> Value | None:
        return statement(region.scope, written.condition, without_else=select)

    if select:
        streamed = in_streams(region.context, written.condition, asked)
    else:
        streamed = vetoed(region.context, asked)
    found = region.resolved(streamed)
    if found is None:
        region.facts = NEVER
        return
    _warn_unguarded(region, unguarded(found, region.facts))
    _warn_lost_weights(region.context, found)
    text = region.context.words(written.condition.span)
    label = text if select else f"reject {text}"
    streams = asked_streams(region.context, written.condition) if select else frozenset[str]()
    only = belonging(region.context, written.only, written.span)
    cut = Cut(label, found if select else negated(found), written.span, streams, only)
    dataset = region.context.dataset
    if not written.only and (dataset is None or dataset.kind != "simulation"):
        warn_of_other_streams(region.context, cut, region.statements)
    region.add(cut)


def _search(region: _Region, written: Select | Reject) -> None:
    """Add the step of a search, which everything passes, and what it finds."""
    found = search(region.scope, written.condition, region.found)
    if found is None:
        region.facts = NEVER
        return
    _warn_unguarded(region, unguarded(found.condition, region.facts))
    label = region.context.words(written.condition.span)
    region.add(Cut(label, found.condition, written.span))
    region.found = {**region.found, **found.solutions}


def _weight(region: _Region, written: Weight) -> None:
    found = region.resolved(number(region.scope, value(region.scope, written.value)))
    if found is None:
        return
    uses = list(unguarded(found, region.facts))
    _refuse_missing(region, [use for use in uses if use.decides])
    _warn_unguarded(region, [use for use in uses if not use.decides])
    check_weight(region.context, found, written.value.span)
    name = written.name.name if written.name else ""
    label = f"weight {name}{' ' * bool(name)}{region.context.words(written.value.span)}"
    only = belonging(region.context, written.only, written.span)
    region.add(WeightBy(label, convert(found, "real"), written.span, name, only))


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
    if found is not None:
        found = replace(found, nominal_only="nominal" in written.only)
        _add_histogram(region, found, written.name.span)


def _list_of_histograms(region: _Region, name: Name) -> None:
    """Insert the histograms of a list; a later use in the region adds _1, _2, … to their names."""
    found = region.context.definition(name.name, name.span)
    if not isinstance(found, HistoListDef):
        return
    first = found.histograms[:1]
    uses = sum(
        isinstance(s, Histogram) and s.span in [h.span for h in first] for s in region.statements
    )
    for histogram_ in found.histograms:
        numbered = f"{histogram_.name}_{uses}" if uses else histogram_.name
        _add_histogram(region, replace(histogram_, name=numbered), name.span)


def _add_histogram(region: _Region, found: Histogram, at: Span) -> None:
    if found.name in OWN_HISTOGRAMS:
        message = f"{found.name} is a histogram that every region has in results.root"
        region.context.findings.error("E223", message, at, "give it another name")
    earlier = region.histograms.get(found.name)
    if earlier is not None:
        message = f"histogram {found.name} stands on line {region.context.line(earlier.span)} too"
        help = "each histogram of a region needs its own name"
        region.context.findings.error("E219", message, at, help)
    fills = [[region.resolved(v) for v in values] for values in found.fills]
    known = tuple(tuple(v for v in values if v is not None) for values in fills)
    if list(map(len, known)) != list(map(len, fills)):
        return
    found = replace(found, fills=known)
    for values in found.fills:
        for filled in values:
            _warn_unguarded(region, unguarded(filled, region.facts))
    region.add(found)


# ------------------------------------------------------------------------- prints and saves


def _rows(region: _Region, written: Print | Save) -> None:
    """Add the rows of events that come so far; children of the region do not repeat them."""
    if isinstance(written, Save):
        found = saved(region.scope, written)
    else:
        number = 1 + sum(isinstance(s, Rows) and s.kind == "print" for s in region.statements)
        found = printed(region.scope, written, f"{region.context.open_name()}_{number}")
    if found is None:
        return
    values = [None if i.value is None else region.resolved(i.value) for i in found.items]
    lost = any(v is None and i.value is not None for i, v in zip(found.items, values, strict=True))
    if lost:
        return
    items = tuple(replace(i, value=v) for i, v in zip(found.items, values, strict=True))
    for item in items:
        if item.value is not None:
            _warn_unguarded(region, unguarded(item.value, region.facts))
    region.add(replace(found, items=items))


def _bins(region: _Region, written: Bin | Edges) -> None:
    if isinstance(written, Bin):
        new = one_bin(region.scope, written)
    else:
        new = edge_bins(region.scope, written)
    conditions = [region.resolved(bin.condition) for bin in new]
    new = [replace(b, condition=c) for b, c in zip(new, conditions, strict=True) if c is not None]
    for bin in new:
        _warn_unguarded(region, unguarded(bin.condition, region.facts))
        _warn_lost_weights(region.context, bin.condition)
    region.bins += new


# ---------------------------------------------------------------------- elements that may lack


def _warn_unguarded(region: _Region, uses: Iterable[Use]) -> None:
    for use in uses:
        if use.table or use.network:
            refuse_in_table(region.context, use)
        elif use.oversight:
            region.context.findings.warning("W301", *absent(use))


def _refuse_missing(region: _Region, uses: Iterable[Use]) -> None:
    for use in uses:
        if use.table or use.network:
            refuse_in_table(region.context, use)
            continue
        message, span, help = absent(use)
        help = f"{help}, or give the value for its absence: default(…, 1)"
        region.context.findings.error("E218", f"a weight needs a value, {message}", span, help)
