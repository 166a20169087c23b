"""A picture of how regions relate: a coloured square for each pair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from adl.cli.common import UserError

if TYPE_CHECKING:
    from adl.compiler.prove.regions import Region
    from adl.compiler.prove.verdicts import Verdict

# Colours that people with any colour vision tell apart (Okabe and Ito).
COLOURS = {
    "disjoint": "#ffffff",
    "unknown": "#cccccc",
    "overlapping": "#d55e00",
    "subset": "#e69f00",
    "superset": "#f0e442",
    "equal": "#0072b2",
}


def draw(path: str, regions: Sequence[Region], verdicts: Mapping[tuple[int, int], Verdict]) -> None:
    """Draw how the region of each row relates to that of each column."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.colors import ListedColormap
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    kinds = list(COLOURS)
    size = len(regions)
    cells = [[kinds.index("equal")] * size for _ in range(size)]
    for (i, j), verdict in verdicts.items():
        cells[i][j] = kinds.index(verdict.relation)
        cells[j][i] = kinds.index(verdict.mirrored.relation)
    inches = min(3.0 + 0.22 * size, 40.0)
    figure = Figure(figsize=(inches + 1.5, inches), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    colours = ListedColormap([COLOURS[kind] for kind in kinds])
    axes.imshow(cells, cmap=colours, vmin=-0.5, vmax=len(kinds) - 0.5, aspect="equal")
    names = [str(region) for region in regions]
    axes.set_xticks(range(size), names, rotation=90, fontsize=7)
    axes.set_yticks(range(size), names, fontsize=7)
    handles = [Patch(facecolor=c, edgecolor="black", label=k) for k, c in COLOURS.items()]
    figure.legend(handles=handles, loc="outside right upper", fontsize=7)
    try:
        figure.savefig(path)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
