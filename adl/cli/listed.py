"""Tables about a dataset list: what it covers, and the processes of a region side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table
from rich.text import Text

from adl.cli.tables import console_of_output, print_whole, yield_of
from adl.runtime.results import NOMINAL

if TYPE_CHECKING:
    from rich.console import Console

    from adl.runtime.results import Cutflow, Results


def print_coverage(results: Results, console: Console | None = None) -> None:
    """Print of each dataset what was read, and what an event of it counts."""
    console = console or console_of_output()
    print_whole(console, coverage_table(results.datasets))
    console.print()


def coverage_table(datasets: Sequence[Mapping[str, Any]]) -> Table:
    """Files, events, sums of weights and scales of datasets."""
    columns = ("files", "events", "sum of weights", "pb", "scaled to", "an event counts")
    table = _table("datasets", "dataset", columns)
    for dataset in datasets:
        table.add_row(dataset["name"], *_cells(dataset))
    return table


def _cells(dataset: Mapping[str, Any]) -> list[str]:
    from adl.runtime.datasets.quantities import in_words

    files = f"{dataset['read']}"
    if dataset["read"] != dataset["files"]:
        files += f" of {dataset['files']}"
    events = f"{dataset['events']:,}"
    if "certified" in dataset:
        events += f", {dataset['certified']:,} certified"
    if "sum_of_weights" not in dataset:
        return [files, events, "", "", "", "1"]
    sumw = dataset["sum_of_weights"]
    scales = list(dict.fromkeys(part["scale"] for part in dataset["parts"]))
    return [
        files,
        events,
        f"{_number(sumw)} from {_ORIGINS[dataset['sum_from']]}",
        f"{dataset['cross_section'] * dataset['k_factor']:.6g}",
        in_words(dataset["luminosity"]),
        " or ".join(f"genw · {_number(scale)}" for scale in scales),
    ]


_ORIGINS = {"given": "the list", "counters": "counters", "events": "events"}


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"


def print_processes(results: Results, console: Console | None = None) -> None:
    """Print for each region the yields of all processes, step by step."""
    console = console or console_of_output()
    regions = dict.fromkeys(c.region for c in results.cutflows)
    shown = {NOMINAL, *(dataset["variation"] for dataset in results.datasets)}
    for region in regions:
        found = [c for c in results.cutflows if c.region == region and c.variation in shown]
        if len(found) > 1:
            print_whole(console, processes_table(region, found))
            console.print()


def processes_table(region: str, cutflows: Sequence[Cutflow]) -> Table:
    """The yields of a region: a column a process, the total behind the simulated ones, then data.

    Its rows are the steps of the cutflows, weights as well; what a process has no step for counts as
    behind the step before.
    """
    from adl.runtime.datasets.steps import aligned

    ordered = sorted(cutflows, key=lambda c: c.process.is_data is True)
    table = _table(f"{region}: yields", "step", [_heading(c) for c in ordered])
    for row in zip(*aligned([c.steps for c in ordered]), strict=True):
        table.add_row(Text(" ".join(row[0].label.split())), *map(yield_of, row))
    for place, bin in enumerate(ordered[0].bins):
        table.add_row(Text(f"bin {bin.label}"), *(yield_of(c.bins[place]) for c in ordered))
    return table


def _heading(cutflow: Cutflow) -> str:
    variation = "" if cutflow.variation == NOMINAL else f" {cutflow.variation}"
    return f"{cutflow.process.name}{variation}"


def _table(title: str, heading: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(heading, overflow="fold", min_width=12)
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    return table
