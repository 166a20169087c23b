"""Histograms that results.root would write under the name of another one's variation."""

from __future__ import annotations

from collections.abc import Iterable

from adl.check.analysis import Histogram, RegionDef
from adl.check.context import Context
from adl.check.region_outputs import OWN_HISTOGRAMS
from adl.check.variations import SystematicDef


def refuse_taken_names(
    context: Context, regions: Iterable[RegionDef], systematics: Iterable[SystematicDef]
) -> None:
    """Report a histogram ``ht__jesUp`` beside ``ht``: both would have one place in the file."""
    labels: dict[str, None] = {}
    for systematic in systematics:
        labels |= dict.fromkeys(v.label for v in systematic.variations)
        if systematic.mirror or systematic.combine:
            labels |= dict.fromkeys((f"{systematic.name}Up", f"{systematic.name}Down"))
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
