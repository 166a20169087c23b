"""Cutflows as tables for people: what passed each statement of a region, and its bins.

Efficiencies compare numbers of events, not sums of weights: so a weight statement changes no
efficiency, and events of negative weight cannot bring one above 100 %.
"""

from __future__ import annotations

import io
import itertools
import math
import sys
from typing import TYPE_CHECKING

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from adl.cli.comparison import compared

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from adl.runtime.results import BinCount, Cutflow, Finding, Results, Step, Systematic

NOMINAL = "nominal"
_NO_RATIO = "\N{EN DASH}"  # nothing to compare with


def print_cutflows(results: Results, console: Console | None = None) -> None:
    """Print the steps and the bins of every region, in the order of the results."""
    console = console or console_of_output()
    for cutflow in results.cutflows:
        if results.systematics and cutflow.variation != NOMINAL:
            continue
        tables = [cutflow_table(cutflow)]
        if cutflow.bins:
            tables.append(bins_table(cutflow))
        comparison = comparison_table(cutflow)
        if comparison is not None:
            tables.append(comparison)
        shifts = variations_table(cutflow, results)
        if shifts is not None:
            tables.append(shifts)
        for table in tables:
            print_whole(console, table)
            console.print()


def console_of_output() -> Console:
    """Standard output; into a file or pipe lines are as long as they are."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a locale without some character loses only it
        sys.stdout.reconfigure(errors="replace")
    return Console() if sys.stdout.isatty() else Console(width=200)


def cutflow_table(cutflow: Cutflow) -> Table:
    """The steps of a region.

    ``of previous`` compares with the step before, ``of all`` with the first; a weight's row shows
    its mean instead. ``missing`` appears where a missing value decided a condition.
    """
    steps = cutflow.steps
    columns = {
        "events": [f"{step.raw:,}" for step in steps],
        "yield": [yield_of(step) for step in steps],
    }
    columns["of previous"] = ["", *itertools.starmap(_of_previous, itertools.pairwise(steps))]
    columns["of all"] = ["" if step.weight else _percent(step, steps[0]) for step in steps]
    if any(step.missing for step in steps):
        columns["missing"] = [f"{step.missing:,}" for step in steps]
    title = _title(cutflow) + (f" · {cutflow.title}" if cutflow.title else "")
    return _table(title, "step", (step.label for step in steps), columns)


def bins_table(cutflow: Cutflow) -> Table:
    """The bins of a region."""
    bins = cutflow.bins
    columns = {
        "events": [f"{count.raw:,}" for count in bins],
        "yield": [yield_of(count) for count in bins],
    }
    return _table(f"bins of {_title(cutflow)}", "bin", (count.label for count in bins), columns)


def comparison_table(cutflow: Cutflow) -> Table | None:
    """Steps and bins beside the numbers that were published for them; None without any."""
    found = compared(cutflow, yield_of, _with_error)
    if found is None:
        return None
    labels, columns = found
    return _table(f"published numbers of {_title(cutflow)}", "step or bin", labels, columns)


def variations_table(nominal: Cutflow, results: Results) -> Table | None:
    """How far each systematic moves the yield of a region's last step; None without any.

    A dash: it cannot change the region. What does not act on the process has no row.
    """
    acting = [s for s in results.systematics if s.acts_on(nominal.process.name)]
    own = {
        c.variation: c
        for c in results.cutflows
        if c.region == nominal.region and c.process == nominal.process
    }
    rows = [(s.name, s.kind, *_shifts(s, nominal, own)) for s in acting]
    if not rows:
        return None
    names, kinds, ups, downs = zip(*rows, strict=True)
    columns: dict[str, Sequence[str]] = {"varies": kinds, "up": ups, "down": downs}
    remarks = [_remark(s, nominal) for s in acting]
    if any(remarks):
        columns["but"] = remarks
    return _table(f"systematics of {_title(nominal)}", "systematic", names, columns)


def _shifts(
    systematic: Systematic, nominal: Cutflow, own: Mapping[str, Cutflow]
) -> tuple[str, str]:
    """The relative changes of the yield, upwards and downwards; one alone without a direction."""
    if systematic.name in own:
        return _shift(nominal.steps[-1], own[systematic.name], None), ""
    labels = [f"{systematic.name}{direction}" for direction in ("Up", "Down")]
    rate = systematic.rate_of(nominal.process.name, nominal.region)
    alone = systematic.kind == "rate"  # where the yield is 0, a mean of factors has no weights
    varied = rate is not None or alone or any(label in own for label in labels)
    if not varied and len(systematic.variations) > 2:
        return f"{len(systematic.variations)} replicas", ""
    factors = (None, None) if rate is None else rate
    last = nominal.steps[-1]
    found = [_shift(last, own.get(v), f) for v, f in zip(labels, factors, strict=True)]
    return found[0], found[1]


def _remark(systematic: Systematic, nominal: Cutflow) -> str:
    """What is odd about a systematic in a region."""
    found = [
        finding
        for finding in systematic.findings
        if not finding.histogram
        and finding.process in ("", nominal.process.name)
        and finding.region in ("", nominal.region)
    ]
    return ", ".join(_REMARKS.get(finding.kind) or _odd_weights(finding) for finding in found)


def _odd_weights(finding: Finding) -> str:
    """How many weights of variations are odd."""
    counts = {"zero": finding.zero, "flipped": finding.flipped, "above 10x": finding.large}
    number = sum(counts.values())
    said = ", ".join(f"{n:,} {what}" for what, n in counts.items() if n)
    return f"weight{'s' if number > 1 else ''}: {said}"


_REMARKS = {
    "unchanged": "changes nothing anywhere",
    "one-sided": "one direction only",
    "same-side": "both to one side",
    "insignificant": "within its error",
    "absent": "a replica is in no event",
    "incomplete": "events have no weight",
}


def _shift(nominal: Step, varied: Cutflow | None, factor: float | None) -> str:
    """Return the relative change of a yield: by a variation, by a factor, or by both."""
    if varied is None:
        return _NO_RATIO if factor is None else f"{factor - 1:+.2%}"
    if not nominal.sumw:
        return _NO_RATIO
    return f"{varied.steps[-1].sumw / nominal.sumw * (factor or 1.0) - 1:+.2%}"


def print_whole(console: Console, table: Table) -> None:
    """Print a table; on a terminal narrower than its numbers its lines wrap."""
    # Left alone, rich cuts off what does not fit, whole columns first.
    unlimited = console.options.update(max_width=10_000)
    needed = Measurement.get(console, unlimited, table).minimum
    if needed > console.width:
        table.width = needed
    console.print(table, crop=False)


def yield_of(count: Step | BinCount) -> str:
    """The sum of weights and its error, to the second digit of the error."""
    if not (math.isfinite(count.sumw) and math.isfinite(count.sumw2)):
        return f"{count.sumw} ± {math.sqrt(count.sumw2)}"
    return _with_error(count.sumw, math.sqrt(count.sumw2))


def _with_error(value: float, error: float) -> str:
    decimals = 1 - math.floor(math.log10(error)) if error else 0
    if decimals > 6:
        return f"{value:.2e} ± {error:.1e}"
    decimals = max(decimals, 0)
    return f"{value:,.{decimals}f} ± {error:,.{decimals}f}"


def _of_previous(previous: Step, step: Step) -> str:
    """The fraction of events that a step kept, or the mean of a weight."""
    if not step.weight:
        return _percent(step, previous)
    return f"mean {step.sumw / previous.sumw:.4g}" if previous.sumw else f"mean {_NO_RATIO}"


def _percent(part: Step, whole: Step) -> str:
    return f"{part.raw / whole.raw:.2%}" if whole.raw else _NO_RATIO


def _title(cutflow: Cutflow) -> str:
    """The region, and which events and variation it is about as far as they have names."""
    process = cutflow.process
    variation = "" if cutflow.variation == "nominal" else cutflow.variation
    labels = dict.fromkeys((process.name, process.dataset, process.era, variation))
    return " · ".join((cutflow.region, *filter(None, labels)))


def _table(
    title: str, heading: str, labels: Iterable[str], columns: Mapping[str, Sequence[str]]
) -> Table:
    """A table whose labels fold and whose numbers are never broken or shortened."""
    # Text, not str: rich reads the index in jets[0] as markup.
    table = Table(
        title=Text(title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False
    )
    table.add_column(heading, overflow="fold", min_width=12)
    for name, cells in columns.items():
        width = max(map(cell_len, (name, *cells)))
        table.add_column(name, justify="right", no_wrap=True, min_width=width)
    for label, *cells in zip(labels, *columns.values(), strict=True):
        table.add_row(Text(" ".join(label.split())), *cells)
    return table
