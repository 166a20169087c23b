"""What a region counts and writes: its histograms, its prints and saves, its bins."""

from __future__ import annotations

from dataclasses import replace

from adl.check.analysis import Histogram, HistoListDef, Rows
from adl.check.bins import edge_bins, one_bin
from adl.check.dominance import unguarded
from adl.check.histograms import histogram
from adl.check.own_names import OWN_HISTOGRAMS
from adl.check.records import printed, saved
from adl.check.region_draft import RegionDraft, warn_lost_weights, warn_unguarded
from adl.syntax.source import Span
from adl.syntax.tree import Bin, Edges, Histo, Name, Print, Save


def add_histogram(region: RegionDraft, written: Histo) -> None:
    """Add a histogram."""
    found = histogram(region.scope, written)
    _check_name(region, written.name.name, written.span, written.name.span)
    if found is not None:
        _add(region, replace(found, nominal_only="nominal" in written.only))


def add_list_of_histograms(region: RegionDraft, name: Name) -> None:
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
        _check_name(region, numbered, histogram_.span, name.span)
        _add(region, replace(histogram_, name=numbered))


def _check_name(region: RegionDraft, name: str, span: Span, at: Span) -> None:
    """Report a name that another histogram of the region has, be either of them mistaken."""
    if name in OWN_HISTOGRAMS:
        message = f"{name} is a histogram that every region has in results.root"
        region.context.findings.error("E223", message, at, "give it another name")
    earlier = region.histograms.setdefault(name, span)
    if earlier is not span:
        message = f"histogram {name} stands on line {region.context.line(earlier)} too"
        help = "each histogram of a region needs its own name"
        region.context.findings.error("E219", message, at, help)


def _add(region: RegionDraft, found: Histogram) -> None:
    fills = [[region.resolved(v) for v in values] for values in found.fills]
    known = tuple(tuple(v for v in values if v is not None) for values in fills)
    if list(map(len, known)) != list(map(len, fills)):
        return
    found = replace(found, fills=known)
    for values in found.fills:
        for filled in values:
            warn_unguarded(region, unguarded(filled, region.facts))
    region.add(found)


def add_rows(region: RegionDraft, written: Print | Save) -> None:
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
            warn_unguarded(region, unguarded(item.value, region.facts))
    region.add(replace(found, items=items))


def add_bins(region: RegionDraft, written: Bin | Edges) -> None:
    """Add a bin, or those between edges."""
    if isinstance(written, Bin):
        new = one_bin(region.scope, written)
    else:
        new = edge_bins(region.scope, written)
    conditions = [region.resolved(bin.condition) for bin in new]
    new = [replace(b, condition=c) for b, c in zip(new, conditions, strict=True) if c is not None]
    for bin in new:
        warn_unguarded(region, unguarded(bin.condition, region.facts))
        warn_lost_weights(region.context, bin.condition)
    region.bins += new
