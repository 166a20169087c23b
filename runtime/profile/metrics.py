"""``metrics.json``: what a run cost and used, as plain data; ``metrics.schema.json`` describes it.

Its fields beside the stages are those that HSF's report on analysis facilities lists: workflow, CPU,
memory, swap, I/O, software, failures, time to completion, input and output.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adl import __version__
from adl.compiler import cache
from adl.compiler.networks import is_made
from adl.runtime.execute.outcome import Outcome
from adl.runtime.inputs.index import STORE
from adl.runtime.outputs import replacing
from adl.runtime.profile import machine
from adl.runtime.profile.costs import Costs, Counted, costs
from adl.runtime.profile.meter import SLOW, STAGES, Meter, Spent
from adl.runtime.profile.recompress import zstd
from adl.runtime.profile.verdict import Late, Measured, Verdict, verdict
from adl.runtime.results import NOMINAL

FILE = "metrics.json"
# Among threads. Of rows, nearly all is writing, which one thread does.
_SHARED = ("read", "decompress", "interpret", "kernel", "fill", "wait")
_PER_COLUMN = ("read", "decompress", "interpret")
_RARE = 0.5  # of the events: columns that more need are read for good reason


@dataclass(frozen=True)
class Run:
    """What was run: the analysis with its text, the inputs as they were named, how."""

    analysis: str
    text: str
    inputs: tuple[str, ...]
    threads: int
    interpreted: bool = False
    written: bool = False  # prints and saves went to files


def metrics(
    run: Run,
    meter: Meter,
    outcome: Outcome,
    end: float,
    whole: float,
    used: machine.Used,
) -> dict[str, Any]:
    """Return the document of a run.

    Args:
        run: What was run.
        meter: What its stages took.
        outcome: What became of its files.
        end: When the run ended, of ``time.perf_counter``.
        whole: Seconds from the start of the process to the end of the run.
        used: What the process had used by then: what judges the run is no part of it.
    """
    runs = [o for o in (outcome.parts or (outcome,)) if o.kernel is not None and o.partial]
    counted = [
        Counted(o.kernel.program, o.kernel.layout, o.partial, o.events)
        for o in runs
        if o.kernel is not None and o.partial is not None
    ]
    found = costs(counted, meter.elements)
    stages = {"start": Spent(max(whole - (end - meter.begin), 0.0), meter.before, 1)}
    for name, spent in meter.stages.items():
        first = stages.get(name, Spent())
        times = first.times + spent.times
        stages[name] = Spent(first.wall + spent.wall, first.cpu + spent.cpu, times)
    stages = _split(stages, found.filling)
    measured = _measured(run, meter, outcome, stages, whole, found)
    return {
        "adlc": __version__,
        "date": machine.now(),
        "workflow": {"id": _identity(run), "analysis": run.analysis, "inputs": list(run.inputs)},
        "verdict": _judged(verdict(measured)),
        "events": outcome.events,
        "time": {"completion": whole, "other": measured.seconds["other"]},
        "stages": [{"stage": name, **spent._asdict()} for name, spent in stages.items()],
        "columns": _columns(meter, outcome.events, found),
        "regions": _regions(found),
        "cpu": machine.cpu(used, whole, run.threads),
        "memory": machine.memory(used),
        "swap": machine.swap(used),
        "io": {
            "local": {"read": used.read, "written": used.written},
            "network": {"read": sum(t.remote for t in meter.taken.values())},
        },
        "software": machine.software(),
        "failures": _failures(outcome),
        "input": _input(meter, outcome),
        "output": {"columns": _written(runs) if run.written else []},
    }


def _split(stages: Mapping[str, Spent], filling: float) -> dict[str, Spent]:
    """Return stages with the fills beside the rest of the kernel.

    Both are one loop, in which a clock would cost more than what it measures: so they are told apart
    by counting.
    """
    split = dict(stages)
    if "kernel" in stages:
        wall, cpu, times = stages["kernel"]
        split["kernel"] = Spent(wall * (1 - filling), cpu * (1 - filling), times)
        split["fill"] = Spent(wall * filling, cpu * filling, times)
    return {name: split[name] for name in STAGES if name in split}


def write_metrics(document: Mapping[str, Any], directory: str | os.PathLike[str]) -> None:
    """Write ``metrics.json`` into the directory.

    Raises:
        OutputError: It cannot be written.
    """
    with replacing(directory, FILE) as file:
        file.write(json.dumps(document, indent=1, allow_nan=False).encode())


def _measured(
    run: Run,
    meter: Meter,
    outcome: Outcome,
    stages: Mapping[str, Spent],
    whole: float,
    found: Costs,
) -> Measured:
    """Return what the rules look at: the seconds of stages as parts of the time to completion."""
    files = max(len(outcome.files), 1)
    side = max(1, min(run.threads, meter.blocks))
    lanes = dict.fromkeys(_SHARED, side)
    lanes["open"] = min(2, files) if run.threads > 1 else 1  # files are opened ahead
    seconds = {name: spent.wall / lanes.get(name, 1) for name, spent in stages.items()}
    seconds["other"] = max(whole - sum(seconds.values()), 0.0)
    read = stages.get("read", Spent())
    every = sum(t.uncompressed for t in meter.taken.values()) or 1
    measured = Measured(
        whole,
        seconds,
        run.threads,
        machine.cores(),
        meter.blocks,
        files,
        {c: number / every for c, number in _codecs(meter).items()},
        slow=_slow(meter),
        remote=sum(t.remote for t in meter.taken.values())
        / max(sum(t.compressed for t in meter.taken.values()), 1),
        waited=max(read.wall - read.cpu, 0.0) / read.wall if read.wall else 0.0,
        compiled=cache.KERNELS.written - meter.kernels,
        described=min(meter.facts["described"], STORE.written),  # a cache may be closed to us
        late=_late(meter, found, outcome.events, side),
        varied=sum(c.share for c in found.statements if c.variation != NOMINAL),
        interpreted=run.interpreted,
    )
    return _compared(measured, meter)


def _compared(measured: Measured, meter: Meter) -> Measured:
    """Add how zstd compares with the slow codecs, on the columns of which there are samples."""
    before, after = [0.0, 0], [0.0, 0.0]  # seconds of CPU, bytes
    for name, samples in meter.samples.items():
        tried, taken = zstd(samples), meter.taken[name]
        if tried is None:
            continue
        before[0] += meter.columns[name].get("decompress", Spent()).cpu
        before[1] += taken.compressed
        after[0] += taken.uncompressed / tried.rate
        after[1] += taken.uncompressed * tried.size
    if not before[0] or not after[0]:
        return measured
    return replace(measured, zstd=before[0] / after[0], growth=after[1] / before[1])


def _slow(meter: Meter) -> float:
    """Return the part of the time of decompressing that slow codecs took."""
    slow = every = 0.0
    for name, taken in meter.taken.items():
        spent = meter.columns.get(name, {}).get("decompress", Spent()).wall
        part = sum(taken.codecs[c] for c in SLOW) / max(taken.uncompressed, 1)
        slow, every = slow + spent * part, every + spent
    return slow / every if every else 0.0


def _late(meter: Meter, found: Costs, events: int, side: int) -> Late:
    """Return the columns that a small part of the events needs; the most needed of them decides."""
    if not events or any(is_made(name) for name in found.needed):
        return Late()  # networks have been given columns that the kernel does not name
    parts = {name: found.needed[name] / events for name in meter.taken if name in found.needed}
    names = [name for name, part in parts.items() if part <= _RARE]
    spent = {name: _seconds(meter.columns.get(name, {}), side) for name in names}
    most = max((parts[name] for name in names), default=1.0)
    ordered = tuple(sorted(names, key=lambda name: -spent[name]))
    return Late(ordered, sum(spent.values()), most)


def _seconds(spent: Mapping[str, Spent], side: int) -> float:
    return sum(spent.get(stage, Spent()).wall for stage in _PER_COLUMN) / side


def _codecs(meter: Meter) -> dict[str, int]:
    found: dict[str, int] = {}
    for taken in meter.taken.values():
        for codec, number in taken.codecs.items():
            if codec:
                found[codec] = found.get(codec, 0) + number
    return found


def _judged(found: Verdict) -> dict[str, Any]:
    remedies = [remedy._asdict() for remedy in found.remedies]
    return {"bound": found.bound, "share": found.share, "text": found.text, "remedies": remedies}


def _columns(meter: Meter, events: int, found: Costs) -> list[dict[str, Any]]:
    """Return what was read, most bytes first."""
    taken = sorted(meter.taken.items(), key=lambda item: (-item[1].compressed, item[0]))
    return [
        {
            "name": name,
            "compressed": column.compressed,
            "uncompressed": column.uncompressed,
            "rows": column.rows,
            "pieces": column.pieces,
            "codecs": sorted(codec for codec in column.codecs if codec),
            "needed": found.needed[name] / events if events and name in found.needed else None,
            "seconds": {
                stage: meter.columns.get(name, {}).get(stage, Spent()).wall for stage in _PER_COLUMN
            },
        }
        for name, column in taken
    ]


def _regions(found: Costs) -> list[dict[str, Any]]:
    """Return the regions and their statements, with estimated shares of the kernel's work."""
    regions: dict[tuple[str, str], dict[str, Any]] = {}
    for cost in found.statements:
        region = regions.setdefault(
            (cost.region, cost.variation),
            {"region": cost.region, "variation": cost.variation, "share": 0.0, "statements": []},
        )
        region["share"] += cost.share
        region["statements"].append(
            {"kind": cost.kind, "label": cost.label, "events": cost.events, "share": cost.share}
        )
    return list(regions.values())


def _failures(outcome: Outcome) -> dict[str, Any]:
    files, failed = len(outcome.files), len(outcome.failures)
    return {"files": files, "failed": failed, "rate": failed / files if files else 0.0}


def _input(meter: Meter, outcome: Outcome) -> dict[str, Any]:
    """Return what was read; ``cached``: taken from another place, as ``--rewrite`` names them."""
    every = meter.taken.values()
    return {
        "formats": [kind for kind in ("TTree", "RNTuple") if meter.facts[kind]],
        "codecs": sorted(_codecs(meter)),
        "files": len(outcome.files),
        "indexed": meter.facts["indexed"],
        "cached": meter.facts["elsewhere"],
        "compressed": sum(t.compressed for t in every),
        "uncompressed": sum(t.uncompressed for t in every),
    }


def _written(runs: Iterable[Outcome]) -> list[str]:
    """Return the columns that prints and saves have."""
    programs = [o.kernel.program for o in runs if o.kernel is not None]
    rows: Sequence[Any] = [rows for program in programs for rows in program.rows]
    return list(dict.fromkeys(f"{r.name}/{c.name}" for r in rows for c in r.columns))


def _identity(run: Run) -> str:
    """Return a name for this work: the same analysis of the same inputs has the same."""
    words = (run.text, *(i if "://" in i else str(Path(i).absolute()) for i in run.inputs))
    digest = hashlib.sha256("\0".join(words).encode()).hexdigest()
    return f"{run.analysis}-{digest[:16]}"
