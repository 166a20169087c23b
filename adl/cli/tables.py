"""Cutflows as tables for people: what passed each statement of a region, and its bins.

Efficiencies compare numbers of events, not sums of weights: a weight statement changes no
efficiency, and negative weights give none above 100 %.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adl.runtime.results import BinCount, Cutflow, Results, Step

_NONE = "–"  # a ratio to nothing


def print_cutflows(results: Results, console: Console | None = None) -> None:
    """Print the steps and the bins of every region, in the order of the results."""
    console = console or Console()
    for cutflow in results.cutflows:
        tables = [cutflow_table(cutflow)]
        if cutflow.bins:
            tables.append(bins_table(cutflow))
        for table in tables:
            # A terminal that is narrower than the numbers wraps them; rich would cut them off.
            console.print(table, crop=False)
            console.print()


def cutflow_table(cutflow: Cutflow) -> Table:
    """The steps of a region, with the yield where an event has a weight other than 1.

    ``of previous`` compares with the step before, ``of all`` with the first; a weight's row shows
    its mean instead. ``missing`` appears where a missing value decided a condition.
    """
    steps = cutflow.steps
    table = _table(_title(cutflow), "step", [_one_line(step.label) for step in steps])
    _add_numbers(table, "events", [f"{step.raw:,}" for step in steps])
    if _weighted(cutflow):
        _add_numbers(table, "yield", [_yield(step) for step in steps])
    _add_numbers(table, "of previous", _relative(steps))
    _add_numbers(
        table, "of all", ["" if s.weight else _percent(s.raw, steps[0].raw) for s in steps]
    )
    if any(step.missing for step in steps):
        _add_numbers(table, "missing", [f"{step.missing:,}" for step in steps])
    return table


def bins_table(cutflow: Cutflow) -> Table:
    """The bins of a region, with the yield where an event has a weight other than 1."""
    title = Text.assemble("bins of ", _title(cutflow))
    table = _table(title, "bin", [_one_line(count.label) for count in cutflow.bins])
    _add_numbers(table, "events", [f"{count.raw:,}" for count in cutflow.bins])
    if _weighted(cutflow):
        _add_numbers(table, "yield", [_yield(count) for count in cutflow.bins])
    return table
