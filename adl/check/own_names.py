"""Names that results use themselves, so that nothing of an analysis is called so."""

from __future__ import annotations

NOMINAL = "nominal"  # what everything without a variation is called
# Histograms of every region in results.root; the last two of those with bins.
OWN_HISTOGRAMS = frozenset(("cutflow", "cutflow_raw", "bins", "bins_raw"))
# Texts, beside the regions: labels of systematics, factors of rates.
SYSTEMATICS, RATES = "systematics", "rates"
OWN_TEXTS = frozenset((SYSTEMATICS, RATES))
