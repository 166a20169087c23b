"""Which regions may be combined, and which of them together are worth most.

Two regions may be combined if they are proven disjoint, or if the correlation of their yields, with
its uncertainty, is below a threshold. The best set is the clique of greatest weight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

_STEPS = 10**6  # weights become whole numbers of this fraction of the largest, as networkx asks
_MOST_SETS = 100_000  # that are looked at
_SHOWN = 10


class NoLibrary(Exception):
    """The library of graphs is not installed."""


@dataclass(frozen=True)
class Combination:
    """``allowed[i][j]`` says whether two regions may be combined, and ``why`` how that is known.

    ``sets`` are sets that cannot be made larger, the one of greatest weight first, each with its
    weight; ``complete`` says whether all were looked at.
    """

    threshold: float
    allowed: npt.NDArray[np.bool_]
    why: tuple[tuple[str, ...], ...]
    weights: tuple[float, ...]
    measure: str  # what the weights are
    best: tuple[int, ...]
    sets: tuple[tuple[tuple[int, ...], float], ...]
    complete: bool

    @property
    def total(self) -> float:
        """The weight of the best set."""
        return math.fsum(self.weights[i] for i in self.best)


def combine(
    disjoint: npt.NDArray[np.bool_],
    correlation: npt.NDArray[np.float64] | None,
    uncertainty: npt.NDArray[np.float64] | None,
    weights: Sequence[float],
    measure: str,
    threshold: float,
) -> Combination:
    """Return which regions may be combined, and the best set.

    Args:
        disjoint: Which pairs are proven to share no event.
        correlation: Of the yields; None where nothing was measured.
        uncertainty: Of the correlation.
        weights: What each region is worth; one of 0 is in no set.
        measure: What the weights are, in words.
        threshold: The greatest correlation of regions that may be combined.

    Raises:
        NoLibrary: networkx is not installed.
    """
    try:
        import networkx as nx
    except ImportError:
        raise NoLibrary from None
    allowed = disjoint.copy()
    if correlation is not None and uncertainty is not None:
        with np.errstate(invalid="ignore"):
            allowed |= np.abs(correlation) + uncertainty <= threshold
    np.fill_diagonal(allowed, False)
    why = tuple(
        tuple(
            "proven" if disjoint[i, j] else "measured" if allowed[i, j] else ""
            for j in range(len(weights))
        )
        for i in range(len(weights))
    )
    useful = [i for i, weight in enumerate(weights) if weight > 0 and math.isfinite(weight)]
    greatest = max((weights[i] for i in useful), default=1.0)
    graph = nx.Graph()
    for i in useful:
        graph.add_node(i, weight=max(1, round(weights[i] / greatest * _STEPS)))
    graph.add_edges_from((i, j) for i in useful for j in useful if i < j and allowed[i, j])
    best, _ = nx.max_weight_clique(graph, weight="weight") if useful else ([], 0)
    cliques = [tuple(sorted(c)) for c in islice(nx.find_cliques(graph), _MOST_SETS)]
    sets = sorted(((c, math.fsum(weights[i] for i in c)) for c in cliques), key=lambda p: -p[1])
    return Combination(
        threshold,
        allowed,
        why,
        tuple(weights),
        measure,
        tuple(sorted(best)),
        tuple(sets[:_SHOWN]),
        len(cliques) < _MOST_SETS,
    )


def expected(signal: float, background: float) -> float:
    """Return the squared expected significance of a signal; NaN without any background.

    It adds up over regions that share no event. Cowan et al., arXiv:1007.1727, equation 97.
    """
    if signal <= 0:
        return 0.0
    if background <= 0:
        return math.nan
    return 2 * ((signal + background) * math.log1p(signal / background) - signal)
