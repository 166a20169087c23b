"""A picture of which regions overlap: the only part that knows matplotlib."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adl.cli.common import UserError

if TYPE_CHECKING:
    from adl.runtime.overlap.measured import Measured

_MOST_NUMBERS = 20  # regions, up to which numbers stand in the cells


def draw(path: str, measured: Measured, title: str) -> None:
    """Write the fractions of shared events as a heat map: row i, column j is |i and j| / |i|."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib.figure import Figure

    names = ["/".join(region) for region in measured.regions]
    values = measured.sums.fractions
    side = 2.5 + 0.45 * len(names)
    figure = Figure(figsize=(side + 1, side), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(values, vmin=0, vmax=1, cmap="viridis")
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    axes.set_title(title)
    figure.colorbar(image, ax=axes, label="part of the row's events that is in the column, too")
    if len(names) <= _MOST_NUMBERS:
        for i, row in enumerate(values):
            for j, x in enumerate(row):
                shade = "black" if x > 0.5 else "white"
                axes.text(j, i, f"{x:.2f}", ha="center", va="center", color=shade, fontsize=7)
    try:
        figure.savefig(path, dpi=150)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
