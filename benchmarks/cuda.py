"""What a GPU does: agreement with the CPU, kernels on resident events, whole runs, launch shapes.

    python -m benchmarks.cuda --out FOLDER

It needs an NVIDIA GPU with its driver, and `pip install 'adlc[cuda]'`; for a machine without a network
`benchmarks/take_along.py` packs what it needs. It ends within --minutes: every result is written to
FOLDER/cuda.jsonl at once, what matters most first, and FOLDER/cuda.md has the tables of what there
is. A stage that fails, or is too slow, costs only the task that it was at.

Events are those of ``benchmarks/sample.py``, repeated up to --events; a task for which the GPU has
too little memory gets fewer, and its row says so. ``floor`` is the time in which the GPU's memory
gives the bytes of the columns and offsets that a task reads, at the bandwidth of a copy.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adl.runtime.execute.device.driver import DeviceError
from benchmarks.cuda_stages import STAGES, Asked, connect, write_inputs

COMMAND = (sys.executable, "-m", "benchmarks.cuda")
RESULTS, TABLES, LOG = "cuda.jsonl", "cuda.md", "cuda.log"
DONE = "done"  # what a process prints after a task
_HEADING = "-----"
_SILENT = 150  # seconds without a result after which a process is ended
Result = dict[str, Any]


@dataclass
class Record:
    """The results so far, and the files that have them."""

    folder: Path
    results: dict[str, list[Result]] = field(default_factory=dict)

    def add(self, stage: str, result: Result) -> None:
        """Keep a result, on the disk as well."""
        self.results.setdefault(stage, []).append(result)
        line = json.dumps({"stage": stage, **result})
        print(line, flush=True)
        with (self.folder / RESULTS).open("a") as file:
            file.write(f"{line}\n")
        (self.folder / TABLES).write_text(tables(self.results))


def run(record: Record, asked: Asked, stages: Sequence[str], until: float) -> None:
    """Run stages one after the other, in processes, as long as there is time."""
    for stage in stages:
        left = list(STAGES[stage][1])
        while left and time.monotonic() < until:
            done = _process(record, asked, stage, left, until)
            if done < len(left):  # it ended at this task
                record.add(stage, {"task": left[done], "failed": _why(record.folder)})
            left = left[done + 1 :]
        for task in left:
            record.add(stage, {"task": task, "failed": "no time was left"})


def _process(record: Record, asked: Asked, stage: str, tasks: Sequence[str], until: float) -> int:
    """Keep the results of a process and return how many tasks it has done."""
    command = [*COMMAND, "--stage", stage, *tasks, "--inputs", str(asked.folder)]
    command += ["--events", str(asked.events), "--written", str(asked.written)]
    with (record.folder / LOG).open("ab") as log:
        log.write(f"{_HEADING} {stage} {' '.join(tasks)}\n".encode())
        log.flush()
        started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    done = 0
    with started as child:
        watch = _Watch(child, until)
        watch.start()
        assert child.stdout is not None
        for line in child.stdout:
            watch.heard = time.monotonic()
            if line == f"{DONE}\n":
                done += 1
            elif line.startswith("{"):
                record.add(stage, json.loads(line))
        watch.over.set()
    return done


def serve(asked: Asked, stage: str, tasks: Sequence[str]) -> None:
    """Print the results of tasks, in a process of their own."""
    for task in tasks:
        for result in STAGES[stage][0](asked, task):
            print(json.dumps({"task": task, **result}), flush=True)
        print(DONE, flush=True)


class _Watch(threading.Thread):
    """Ends a process that is silent for long, or still there when the time is over."""

    def __init__(self, child: subprocess.Popen[str], until: float) -> None:
        super().__init__(daemon=True)
        self.child, self.until = child, until
        self.heard, self.over = time.monotonic(), threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.2):
            now = time.monotonic()
            if now > self.until or now - self.heard > _SILENT:
                self.child.kill()
                return


def _why(folder: Path) -> str:
    """Return the last line that a process has said."""
    last = (folder / LOG).read_text(errors="replace").strip().splitlines()[-1]
    return "it was too slow" if last.startswith(_HEADING) else last


# ------------------------------------------------------------------------------------ tables


def tables(results: dict[str, list[Result]]) -> str:
    """Return the results as tables, as far as there are any."""
    parts = []
    for stage, rows in results.items():
        good = [r for r in rows if "failed" not in r]
        parts += [*_TABLES[stage](good), ""]
        parts += [f"{stage} {r['task']}: {r['failed']}" for r in rows if "failed" in r]
    return "\n".join(parts) + "\n"


def _device(rows: list[Result]) -> list[str]:
    return [
        f"{r['name']}, {r['architecture']}, driver for CUDA {r['cuda']}, {r['free'] / 1e9:.0f} GB "
        f"free; a copy moves {r['bandwidth'] / 1e9:.0f} GB/s"
        for r in rows
    ]


def _agreement(rows: list[Result]) -> list[str]:
    head = ["| host and cuda | events | by the GPU | values | counts | sums | |"]
    head += ["|---|---|---|---|---|---|---|"]
    lines = []
    for r in rows:
        kinds = (r["values"], r["counts"], r["sums"])
        cells = " | ".join(f"{k['compared']:,}, {k['different']:,} differ" for k in kinds)
        said = "agree" if r["agree"] else f"DO NOT AGREE, {r['sums']['ulp']:g} ULP"
        own = r["gpu"]
        if own["failed"]:
            said = f"THE GPU HAS FAILED: {own['failure']}"
        by = f"{r['events']:,} | {own['events']:,}"
        lines.append(f"| {r['task']} | {by} | {cells} | {said} |")
    return [*head, *lines]


def _kernel(rows: list[Result]) -> list[str]:
    head = [
        "| task | events | read | kernel | floor | of it | times one core | registers, local, shared |",
        "|---|---|---|---|---|---|---|---|",
    ]
    return [
        *head,
        *(
            f"| {r['task']} | {r['events'] / 1e6:.0f} M | {r['bytes'] / 1e9:.2f} GB "
            f"| {1e3 * r['kernel']:.2f} ms | {1e3 * r['floor']:.2f} ms "
            f"| {100 * r['floor'] / r['kernel']:.0f} % | {r['core'] / r['kernel']:.0f} "
            f"| {r['registers']}, {r['local']} B, {r['shared']} B |"
            for r in rows
        ),
    ]


def _whole(rows: list[Result]) -> list[str]:
    head = ["| task | target | events | whole | seconds of each stage |", "|---|---|---|---|---|"]
    known = ("task", "target", "whole", "events")
    return [
        *head,
        *(
            f"| {r['task']} | {r['target']} | {r['events']:,} | {r['whole']} s | "
            + ", ".join(f"{k} {v}" for k, v in r.items() if k not in known)
            + " |"
            for r in rows
        ),
    ]


def _shapes(rows: list[Result]) -> list[str]:
    lines = ["| task | groups a block | threads | kernel |", "|---|---|---|---|"]
    for task in dict.fromkeys(r["task"] for r in rows):
        own = sorted((r for r in rows if r["task"] == task), key=lambda r: float(r["kernel"]))
        lines += [
            f"| {task} | {r['groups']} | {r['threads']} | {1e3 * r['kernel']:.2f} ms |"
            for r in (*own[:3], own[-1])
        ]
    return lines


def _order(rows: list[Result]) -> list[str]:
    head = ["| task | events in the order of their tuples | kernel |", "|---|---|---|"]
    said = {False: "no", True: "yes"}
    return [
        *head,
        *(f"| {r['task']} | {said[r['ordered']]} | {1e3 * r['kernel']:.2f} ms |" for r in rows),
    ]


_TABLES = {
    "device": _device,
    "agree": _agreement,
    "kernel": _kernel,
    "whole": _whole,
    "shapes": _shapes,
    "order": _order,
    "agree_all": _agreement,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("results"), help="the results")
    parser.add_argument("--minutes", type=float, default=9, help="in which it ends")
    parser.add_argument("--events", type=int, default=50_000_000, help="on the GPU")
    parser.add_argument("--written", type=int, default=1_000_000, help="in the file")
    parser.add_argument("--only", nargs="+", choices=STAGES, default=list(STAGES), help="stages")
    parser.add_argument("--inputs", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--stage", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.stage:
        stage, *tasks = options.stage
        serve(Asked(options.inputs, options.events, options.written), stage, tasks)
        return
    until = time.monotonic() + 60 * options.minutes
    try:
        connect()
    except DeviceError as error:
        raise SystemExit(f"there is nothing to measure: {error}") from None
    options.out.mkdir(parents=True, exist_ok=True)
    for name in (RESULTS, TABLES, LOG):
        (options.out / name).unlink(missing_ok=True)
    record = Record(options.out)
    with tempfile.TemporaryDirectory() as name:
        asked = Asked(Path(name), options.events, options.written)
        begin = time.monotonic()
        write_inputs(asked)
        print(f"the inputs are written, {time.monotonic() - begin:.0f} s", flush=True)
        run(record, asked, options.only, until)
    print(tables(record.results))


if __name__ == "__main__":
    main()
