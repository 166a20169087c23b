"""Regions: their own statements in the written order, after what they inherit at each place."""

from __future__ import annotations

from adl.check.analysis import (
    BinDef,
    Cut,
    RegionDef,
    Value,
    WeightBy,
)
from adl.check.constants import belonging, exclude, included
from adl.check.context import Context
from adl.check.counts import attached
from adl.check.dominance import unguarded
from adl.check.expressions import statement, value
from adl.check.guarantees import NEVER
from adl.check.inheriting import inherit, inherit_line
from adl.check.normalised import check_weight
from adl.check.published import Published
from adl.check.region_draft import RegionDraft, refuse_missing, warn_lost_weights, warn_unguarded
from adl.check.region_outputs import add_bins, add_histogram, add_list_of_histograms, add_rows
from adl.check.scope import Scope
from adl.check.searches import is_search, search
from adl.check.sorts import sort_region
from adl.check.streams import asked_streams, in_streams, vetoed, warn_of_other_streams
from adl.check.types import convert, negated, number
from adl.syntax.tree import (
    Bin,
    Counts,
    Edges,
    Histo,
    HistoList,
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


def check_region(context: Context, block: Region) -> RegionDef:
    """Return a region's meaning; statements with mistakes are left out."""
    region = RegionDraft(Scope(context))
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
            add_bins(region, written)
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


def _published(region: RegionDraft, block: Region) -> tuple[tuple[Cut | BinDef, Published], ...]:
    """Return the published numbers with the cut or bin that stands before each."""
    lines = []
    before: list[Cut | BinDef] | None = None
    for place, written in enumerate(block.statements):
        if isinstance(written, Counts):
            lines.append((written, before))
        before = region.targets.get(place, before)
    return attached(region.context, lines)


def _read(region: RegionDraft, written: Statement) -> None:
    only = getattr(written, "only", ())
    if only and not included(region.context, only, type(written).__name__.lower(), written.span):
        exclude(region.context, written)
        return
    match written:
        case Take():
            inherit(region, written.source)
        case Parent() if isinstance(region.context.blocks.get(written.name.name), HistoList):
            add_list_of_histograms(region, written.name)
        case Parent():
            inherit_line(region, written.name)
        case Select() | Reject():
            _cut(region, written)
        case Weight():
            _weight(region, written)
        case Histo():
            add_histogram(region, written)
        case Title():
            region.title = written.text
        case Counts():
            pass  # they are about what stands before them, bins too
        case Print() | Save():
            add_rows(region, written)
        case Sort():
            sort_region(region.scope, written, region.found)
        case _:
            message = "a define stands outside the regions, in the list of objects and defines"
            region.context.findings.error("E214", message, written.span)


# ------------------------------------------------------------------------- cuts and weights


def _cut(region: RegionDraft, written: Select | Reject) -> None:
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
    warn_unguarded(region, unguarded(found, region.facts))
    warn_lost_weights(region.context, found)
    text = region.context.words(written.condition.span)
    label = text if select else f"reject {text}"
    streams = asked_streams(region.context, written.condition) if select else frozenset[str]()
    only = belonging(region.context, written.only, written.span)
    cut = Cut(label, found if select else negated(found), written.span, streams, only)
    dataset = region.context.dataset
    if not written.only and (dataset is None or dataset.kind != "simulation"):
        warn_of_other_streams(region.context, cut, region.statements)
    region.add(cut)


def _search(region: RegionDraft, written: Select | Reject) -> None:
    """Add the step of a search, which everything passes, and what it finds."""
    found = search(region.scope, written.condition, region.found)
    if found is None:
        region.facts = NEVER
        return
    warn_unguarded(region, unguarded(found.condition, region.facts))
    label = region.context.words(written.condition.span)
    region.add(Cut(label, found.condition, written.span))
    region.found = {**region.found, **found.solutions}


def _weight(region: RegionDraft, written: Weight) -> None:
    found = region.resolved(number(region.scope, value(region.scope, written.value)))
    if found is None:
        return
    uses = list(unguarded(found, region.facts))
    refuse_missing(region, [use for use in uses if use.decides])
    warn_unguarded(region, [use for use in uses if not use.decides])
    check_weight(region.context, found, written.value.span)
    name = written.name.name if written.name else ""
    label = f"weight {name}{' ' * bool(name)}{region.context.words(written.value.span)}"
    only = belonging(region.context, written.only, written.span)
    region.add(WeightBy(label, convert(found, "real"), written.span, name, only))
