"""Names of what ``results.root`` holds beside the histograms of an analysis, which has none of them."""

from __future__ import annotations

# Of every region; the last two of those with bins.
OWN_HISTOGRAMS = frozenset(("cutflow", "cutflow_raw", "bins", "bins_raw"))
# Texts, beside the regions: labels of systematics, factors of rates.
SYSTEMATICS, RATES = "systematics", "rates"
OWN_TEXTS = frozenset((SYSTEMATICS, RATES))
