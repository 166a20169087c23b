"""What several kinds of blocks have: axes and histograms."""

from __future__ import annotations

from tests.adltext.writer import Writer


def axis(w: Writer) -> str:
    """Return the bins of one axis, uniform or between edges."""
    return w.among("4, -2, 2", "10, 0, 50", "3, 0, 3", "-1 0 0.5 1 20", "0 2 50", "5, -50, 50")
