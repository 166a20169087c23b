"""Names under which results would hold two things: of systematics, histograms and regions."""

from __future__ import annotations

from collections.abc import Iterable

from adl.check.analysis import Histogram, RegionDef
from adl.check.context import Context
from adl.check.own_names import NOMINAL, OWN_HISTOGRAMS, OWN_TEXTS
from adl.check.variations import SystematicDef


def refuse_taken_names(
    context: Context, regions: Iterable[RegionDef], systematics: Iterable[SystematicDef]
) -> None:
    """Report names of systematics, histograms and regions that something else in results has."""
    labels: dict[str, SystematicDef] = {}
    for systematic in systematics:
        labels |= dict.fromkeys(_labels(systematic), systematic)
    _refuse_regions(context, regions)
    _refuse_systematics(context, systematics, labels)
    _refuse_histograms(context, regions, labels)


def _refuse_regions(context: Context, regions: Iterable[RegionDef]) -> None:
    for region in regions:
        if region.name in OWN_TEXTS:
            message = f"{region.name} is a text of results.root, where regions are folders"
            context.findings.error("E223", message, region.span, "give it another name")


def _labels(systematic: SystematicDef) -> Iterable[str]:
    yield from (v.label for v in systematic.variations)
    if systematic.mirror or systematic.combine:
        yield from (f"{systematic.name}Up", f"{systematic.name}Down")


def _refuse_systematics(
    context: Context, systematics: Iterable[SystematicDef], labels: dict[str, SystematicDef]
) -> None:
    """Report ``systematic jesUp`` beside ``systematic jes``: a shift would have two meanings."""
    for systematic in systematics:
        name, other = systematic.name, labels.get(systematic.name)
        if other is not None:
            line = context.line(other.span)
            message = f"{name} is a variation of the systematic {other.name} on line {line}"
        elif name.lower() == NOMINAL:
            message = f"{name} is what results call everything without a variation"
        else:
            continue
        context.findings.error("E274", message, systematic.span, "give it another name")


def _refuse_histograms(
    context: Context, regions: Iterable[RegionDef], labels: dict[str, SystematicDef]
) -> None:
    """Report a histogram ``ht__jesUp`` beside ``ht``: both would have one place in the file."""
    told: set[Histogram] = set()
    for region in regions if labels else ():
        found = {s.name: s for s in region.statements if isinstance(s, Histogram)}
        for name, histogram in found.items():
            first, mark, label = name.rpartition("__")
            own = first in OWN_HISTOGRAMS or (first in found and not found[first].nominal_only)
            if mark and label in labels and own and histogram not in told:
                told.add(histogram)
                message = f"{name} is what results.root calls {first} under the variation {label}"
                context.findings.error("E223", message, histogram.span, "give it another name")
