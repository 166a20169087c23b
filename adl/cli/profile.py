"""``adl run --profile``: what a run cost, as tables for people or as metrics.json has it."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.table import Table

    from adl.runtime.execute.outcome import Outcome
    from adl.runtime.profile.machine import Used
    from adl.runtime.profile.meter import Meter
    from adl.syntax.source import Source

METRICS = "metrics.json"
_MOST = 10  # columns, and statements, that a table has
_LEAST = 0.01  # of the kernel's work: statements below are not shown


@dataclass
class Profiled:
    """The meter of a run; the rest is known when it has ended."""

    meter: Meter
    end: float = 0.0  # of time.perf_counter
    whole: float = 0.0  # seconds since the process began
    used: Used | None = None


@contextlib.contextmanager
def profiling(wanted: bool) -> Iterator[Profiled | None]:
    """Measure a block, if that is wanted."""
    if not wanted:
        yield None
        return
    from adl.runtime.profile.machine import since_start, used
    from adl.runtime.profile.meter import measuring, stage

    with measuring() as meter:
        assert meter is not None
        with stage("start"):  # else the first who needs them seems slow
            import adl.check.checker
            import adl.runtime.collect
            import adl.runtime.execute.local
            import adl.runtime.outputs.keeper
            import adl.runtime.prepare  # noqa: F401
        found = Profiled(meter)
        yield found
        found.end = time.perf_counter()
        found.whole = since_start() or found.end - meter.begin
        found.used = used()


def show_profile(
    profiled: Profiled,
    run: tuple[Source, Sequence[str], int, bool],
    outcome: Outcome,
    output: str | None,
    form: str,
    quiet: bool,
) -> None:
    """Write metrics.json into the folder, if there is one, and print what it says.

    ``run`` is the analysis, the inputs, the number of threads and whether it was interpreted.
    """
    from adl.runtime.outputs import OutputError
    from adl.runtime.profile.metrics import Run, metrics, write_metrics

    source, inputs, threads, interpreted = run
    done = Run(
        Path(source.name).stem, source.text, tuple(inputs), threads, interpreted, output is not None
    )
    assert profiled.used is not None, "the run has not ended"
    measured = profiled.end, profiled.whole, profiled.used
    document = metrics(done, profiled.meter, outcome, *measured)
    if output is not None:
        try:
            write_metrics(document, output)
        except OutputError as error:
            raise UserError(str(error)) from None
    if form == "json":
        click.echo(json.dumps(document, indent=1))
        return
    if not quiet:
        print_tables(document)
    print_verdict(document)
    if output is not None and not quiet:
        click.echo(f"wrote {output}/{METRICS}")


def print_tables(document: dict[str, Any]) -> None:
    """Print the tables of a document, those that have rows."""
    from adl.cli.tables import console_of_output, print_whole

    console = console_of_output()
    for table in (stages_table(document), columns_table(document), statements_table(document)):
        if table.row_count:
            print_whole(console, table)
            console.print()


def print_verdict(document: dict[str, Any]) -> None:
    """Print what a document comes to."""
    judged = document["verdict"]
    click.echo(judged["text"])
    for number, remedy in enumerate(judged["remedies"], 1):
        click.echo(f"  {number}. {remedy['text']}")


def stages_table(document: dict[str, Any]) -> Table:
    """The stages in the order of the work; seconds are those of all threads together."""
    from adl.runtime.profile.meter import STAGES

    whole, threads = document["time"]["completion"], document["cpu"]["threads"]
    cpu = document["cpu"]["user"] + document["cpu"]["system"]
    words = f"{whole:.2f} s to completion, {cpu:.2f} s of CPU, {threads} thread"
    table = _table(f"{words}{'s' if threads > 1 else ''}", "stage", "wall s", "CPU s", "times", "")
    for row in document["stages"]:
        name, wall, used, times = row["stage"], row["wall"], row["cpu"], row["times"]
        table.add_row(name, f"{wall:.3f}", f"{used:.3f}", f"{times:,}", STAGES[name])
    table.add_row("other", f"{document['time']['other']:.3f}", "", "", "what is in no stage")
    return table


def columns_table(document: dict[str, Any]) -> Table:
    """The columns with most bytes, then the sums of all."""
    columns = document["columns"]
    title = f"{len(columns)} columns are read" + (
        f", the largest {_MOST}" if len(columns) > _MOST else ""
    )
    heads = ("compressed", "bytes", "events", "codec", "read s", "decompress s", "interpret s")
    table = _table(title, "column", *heads, "needed by")
    for column in columns[:_MOST]:
        needed = "" if column["needed"] is None else f"{column['needed']:.1%}"
        table.add_row(
            column["name"],
            f"{column['compressed']:,}",
            f"{column['uncompressed']:,}",
            f"{column['rows']:,}",
            "+".join(column["codecs"]) or "none",
            *(f"{column['seconds'][s]:.3f}" for s in ("read", "decompress", "interpret")),
            needed,
        )
    if not columns:
        return table
    sums = [sum(c[key] for c in columns) for key in ("compressed", "uncompressed")]
    seconds = [sum(c["seconds"][s] for c in columns) for s in ("read", "decompress", "interpret")]
    table.add_row(
        "all",
        *(f"{s:,}" for s in sums),
        "",
        "",
        *(f"{s:.3f}" for s in seconds),
        "",
        end_section=True,
    )
    return table


def statements_table(document: dict[str, Any]) -> Table:
    """The dearest statements of the regions."""
    every = [
        (statement["share"], region, statement)
        for region in document["regions"]
        for statement in region["statements"]
        if statement["share"] >= _LEAST
    ]
    every.sort(key=lambda item: -item[0])
    title = "work of the kernel, estimated by counting"
    table = _table(title, "region", "variation", "statement", "events", "share", left=2)
    for share, region, statement in every[:_MOST]:
        label = statement["label"]
        if statement["kind"] in ("histogram", "weight"):
            label = f"{statement['kind']} {label}" if not label.startswith("weight") else label
        reached = f"{statement['events']:,}"
        table.add_row(region["region"], region["variation"], label, reached, f"{share:.1%}")
    return table


def _table(title: str, first: str, *columns: str, left: int = 0) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, overflow="fold", min_width=8)
    for number, name in enumerate(columns):
        side = number < left or not name
        table.add_column(name, justify="left" if side else "right", no_wrap=not side)
    return table
