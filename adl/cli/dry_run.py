"""``adl run --dry-run``: a sample of the events is run, and what all of them would take is told."""

from __future__ import annotations

import contextlib
import json
import math
import re
import tempfile
import time
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import UserError

if TYPE_CHECKING:
    from adl.runtime.estimate import Estimate, Quantity, Size
    from adl.runtime.execute.device.choosing import Devices
    from adl.runtime.execute.sampling import Sampler
    from adl.runtime.outputs.keeper import Keeper
    from adl.runtime.profile.meter import Meter

SHARE = "1%"
_MUCH_MORE = 1.5  # times what was asked for: from there on the reason is said


@dataclass
class DryRun:
    """A run of a sample; ``folder`` takes what it writes and is gone afterwards."""

    sampler: Sampler
    meter: Meter
    folder: str


def share_of(text: str) -> float:
    """Return the share that a text like 1% or 0.5 % is."""
    found = re.fullmatch(r"\s*(\d+\.?\d*|\.\d+)\s*%\s*", text)
    share = float(found[1]) / 100 if found else 0.0
    if not 0 < share <= 1:
        raise UserError(
            f"--sample {text}: expected a percentage above 0 % and up to 100 %\n"
            f"  help: --sample {SHARE} runs one event in a hundred"
        )
    return share


def refuse(sample: str | None, dry: bool, profile: bool) -> None:
    """Refuse options that make no sense together."""
    if sample is not None and not dry:
        raise UserError("--sample says how much of the input --dry-run tries: say --dry-run, too")
    if dry and profile:
        raise UserError(
            "--dry-run and --profile exclude each other: one guesses, the other measures\n"
            "  help: adl run --profile -n N measures a run over the first N events"
        )


def refuse_gpu(dry: bool, devices: Devices | None) -> None:
    """Refuse to guess for a GPU; where there is none the CPU runs, and is what is guessed for."""
    if dry and devices is not None and devices.driver is not None:
        raise UserError(
            "--dry-run guesses for the CPU only, and there is a GPU that would count\n"
            "  help: --target host says what the CPU would take; "
            "--target cuda --profile -n N measures the GPU over the first N events"
        )


@contextlib.contextmanager
def trying(share: float | None) -> Iterator[DryRun | None]:
    """Measure a run of a share of the events, if one is given."""
    if share is None:
        yield None
        return
    from adl.runtime.execute.sampling import Sampler
    from adl.runtime.profile.meter import measuring

    with tempfile.TemporaryDirectory(prefix="adl-dry-run-") as folder, measuring() as meter:
        assert meter is not None
        yield DryRun(Sampler(share), meter, folder)


def tell_of_run(
    found: DryRun,
    run: tuple[str, int],
    keepers: Sequence[Keeper],
    output: str | None,
    form: str,
    write: Callable[[str], None],
) -> None:
    """Print what the whole run would take; ``write`` writes its results into a folder.

    ``run`` is the analysis and the number of threads; ``output`` is where results were to go.
    """
    from adl.runtime.estimate import Fixed, estimate
    from adl.runtime.profile.machine import since_start, used

    write(found.folder)
    begun, last, spent = found.sampler.started, found.sampler.ended, found.sampler.spent
    now, worked = time.perf_counter(), time.process_time()
    opened = found.meter.stages.get("open")
    looked = sum(len(group.files) for group in found.sampler.groups)
    before = (since_start() or now - found.meter.begin) - (now - begun[0]), begun[1]
    between = (last[0] - begun[0] - spent[0], last[1] - begun[1] - spent[1])
    after = writing = 0.0, 0.0
    if output is not None:
        writing = found.sampler.writing(found.meter)
        after = now - last[0] - writing[0], worked - last[1] - writing[1]
    fixed = Fixed(
        (before[0] + between[0] + after[0], before[1] + between[1] + after[1]),
        writing,
        (opened.wall / looked, opened.cpu / looked) if opened and looked else (0.0, 0.0),
        found.sampler.resident,
        used().peak,
    )
    file, threads = run
    kept = rows_of(found, keepers)
    known = estimate(found.sampler, fixed, threads)
    files = [*results_of(found, {size.name for size in kept}), *kept]
    if form == "json":
        click.echo(json.dumps(document(file, known, files), indent=1))
    else:
        print_estimate(known, files, output is not None, found.sampler.share)


def rows_of(found: DryRun, keepers: Sequence[Keeper]) -> list[Size]:
    """Return the files of rows that were written, with the sizes that those of a run would have."""
    from adl.runtime.estimate import Size, rows

    empty = {path: size for keeper in keepers for path, size in keeper.without_rows().items()}
    return [
        Size(str(path.relative_to(found.folder)), rows(found.sampler, path.stat().st_size, size))
        for path, size in sorted(empty.items())
    ]


def results_of(found: DryRun, but: Container[str]) -> list[Size]:
    """Return the other files that were written, with the sizes that those of a run would have."""
    from adl.runtime.estimate import Size, results

    paths = sorted(path for path in Path(found.folder).rglob("*") if path.is_file())
    named = ((str(path.relative_to(found.folder)), path.stat().st_size) for path in paths)
    return [Size(name, results(size)) for name, size in named if name not in but]


def document(file: str, found: Estimate, files: list[Size]) -> dict[str, Any]:
    """Return an estimate as dry_run.schema.json says."""
    from adl import __version__

    looked, every = found.files
    return {
        "version": 1,
        "adlc": __version__,
        "analysis": file,
        "sample": {
            "events": found.sampled,
            "spans": found.spans,
            "files": looked,
            "share": found.sampled / found.events.value if found.events.value else 0.0,
        },
        "run": {
            "files": every,
            "threads": found.threads,
            "events": _number(found.events),
            "read": _number(found.read),
            "cpu": _number(found.cpu),
            "time": _number(found.time),
            "memory": _number(found.memory),
            "output": [{"file": size.name, "size": _number(size.bytes)} for size in files],
        },
    }


def _number(found: Quantity) -> dict[str, Any]:
    return {"value": found.value, "uncertainty": found.error}


def print_estimate(found: Estimate, files: list[Size], wanted: bool, asked: float) -> None:
    """Print an estimate as a table; ``asked`` is the share that was to be run at least."""
    from rich import box
    from rich.table import Table

    from adl.cli.planned import in_bytes
    from adl.cli.tables import console_of_output, print_whole

    looked, every = found.files
    share = found.sampled / found.events.value if found.events.value else 0.0
    click.echo(
        f"{found.sampled:,} of {found.events.value:,.0f} events ({_percent(share)} %) were run, from "
        f"{found.spans} place{'s' if found.spans != 1 else ''} of {looked} of {every} file{'s' if every != 1 else ''}"
    )
    if share > _MUCH_MORE * asked:
        click.echo(
            f"that is more than {100 * asked:g} %: a place has a whole piece as the file is "
            "compressed, and a file three places"
        )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, left in (("the whole run", True), ("estimate", False), ("uncertainty", False)):
        table.add_column(name, justify="left" if left else "right")

    def row(name: str, quantity: Quantity, show: Callable[[float], str]) -> None:
        error = (
            "unknown" if quantity.error is None else f"\N{PLUS-MINUS SIGN} {show(quantity.error)}"
        )
        table.add_row(name, show(quantity.value), error)

    def size(number: float) -> str:
        return in_bytes(round(number))

    threads = f"{found.threads} thread{'s' if found.threads > 1 else ''}"
    if looked < every:
        row("events", found.events, lambda number: f"{number:,.0f}")
    row(f"time, {threads}", found.time, seconds)
    row("processor time", found.cpu, seconds)
    row("memory at most", found.memory, size)
    row("read of the input", found.read, size)
    for output in files:
        row(output.name if wanted else f"{output.name}, with -o", output.bytes, size)
    print_whole(console_of_output(), table)


def _percent(share: float) -> str:
    return f"{100 * share:.2g}" if share < 0.1 else f"{100 * share:.0f}"


def seconds(number: float) -> str:
    """Return seconds, of a long time minutes or hours, as people would say them."""
    if number < 100:
        return f"{number:.2f} s"
    minutes = math.floor(number / 60)
    if minutes < 100:
        return f"{minutes} min {number - 60 * minutes:.0f} s"
    return f"{number / 3600:.1f} h"
