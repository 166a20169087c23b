"""Weights of an analysis beside a dataset list that normalises: nothing is applied twice."""

from __future__ import annotations

from collections.abc import Iterator

from adl.check.analysis import DefineRef, EventValue, Literal_, Operation, Power, Value
from adl.check.context import Context
from adl.check.values import walk
from adl.syntax.source import Span

_CONSTANT = (Literal_, Operation, Power)


def check_weight(context: Context, weight: Value, span: Span) -> None:
    """Report a weight that a dataset list has applied, and one that is the same in every event."""
    dataset = context.dataset
    if dataset is None or not dataset.normalises:
        return
    parts = list(_through_defines(weight))
    columns = [part.branch for part in parts if isinstance(part, EventValue)]
    applied = context.schema.scalars.get(dataset.genw)
    if applied is not None and any(c is applied or c.name == dataset.genw for c in columns):
        message = f"the dataset list has applied the generator's weight {dataset.genw} already"
        help = "leave it out; generator_weight: none in the list leaves it to the analysis"
        context.findings.error("E511", message, span, help)
    elif all(isinstance(part, _CONSTANT) for part in parts):
        message = "a constant weight beside the normalisation of the dataset list"
        help = "cross-section, k-factor and luminosity stand in the list"
        context.findings.warning("W502", message, span, help)


def _through_defines(value: Value) -> Iterator[Value]:
    """Yield all of which a value is made, that of defines in their place."""
    for part in walk(value):
        if isinstance(part, DefineRef):
            yield from _through_defines(part.define.value)
        else:
            yield part
