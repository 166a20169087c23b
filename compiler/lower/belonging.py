"""Statements that ``only`` keeps to some datasets, where it is not known which dataset there is.

A run knows: what it has no use for is gone, and nothing here does anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adl.check import analysis as core
from adl.compiler.ir import ONE, TRUE, Node, both, either, invert
from adl.compiler.lower.truth import Lowered, choose, truth

if TYPE_CHECKING:
    from adl.compiler.lower.values import Lowering


def passes(cut: core.Cut, condition: Lowered, lowering: Lowering) -> Lowered:
    """Return what a cut with that condition lets through; elsewhere everything."""
    if cut.only is None:
        return condition
    elsewhere, asked = invert(lowering.condition(cut.only).value), truth(condition)
    return Lowered(either(elsewhere, asked.value), TRUE, either(elsewhere, asked.certain))


def weighs(statement: core.WeightBy, lowering: Lowering) -> Node:
    """Return the factor of a weight; elsewhere it is 1."""
    factor = lowering.weight(statement)
    return factor if statement.only is None else choose(_here(statement, lowering), factor, ONE)


def filled(histogram: core.Histogram, mask: Node, lowering: Lowering) -> Node:
    """Return the events that fill a histogram; elsewhere there are none."""
    return mask if histogram.only is None else both(mask, _here(histogram, lowering))


def _here(statement: core.WeightBy | core.Histogram, lowering: Lowering) -> Node:
    return TRUE if statement.only is None else lowering.condition(statement.only).value
