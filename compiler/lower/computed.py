"""Attributes that an object model computes: the formula's value for the element at a place.

Of those that a systematic changes a column stands in the place of the value, which never is one of a
file: ``lower/stages.py`` says what it has become. Formulas of other attributes do not see it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adl.check import analysis as core
from adl.compiler.ir import FALSE, NAN, Column, Const, Node
from adl.compiler.lower.truth import Lowered, choose

if TYPE_CHECKING:
    from adl.compiler.lower.places import Place
    from adl.stdlib.models import CollectionSchema

NOTHING: dict[str, Node] = {"real": NAN, "int": Const(-1), "bool": FALSE}


def lowered(formula: core.Computed, at: Place) -> Lowered:
    """Return the value; missing where the formula needs something that is missing."""
    from adl.compiler.lower.values import Lowering  # here: values are made of places

    assert formula.this is not None, formula.text
    lowering = Lowering()  # nothing is open in a formula but its element
    with lowering.element_is(formula.this, at):
        return lowering.value(formula.value)


def attribute(formula: core.Computed, at: Place) -> Node:
    """Return the value as a stored one would be: NaN where it is missing, -1 for an integer."""
    found = lowered(formula, at)
    return choose(found.defined, found.value, NOTHING[found.value.kind])


def mark(formula: core.Computed, part: CollectionSchema, position: Node) -> Column:
    """Return what stands for a value that changes, of the element at a position of an input."""
    return Column(formula.name, formula.dtype, part.name, position)
