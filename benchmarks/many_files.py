"""Time and memory of a run over many small files, which it writes: the first time, and known ones.

python benchmarks/many_files.py --files 100 1000
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import uproot

EVENTS = 200
ANALYSIS = 'region all\n  select MET_pt > 20\n  histo h, "MET", 10, 0, 100, MET_pt\n'


def write(folder: Path, number: int) -> list[str]:
    """Write files of 200 events and six columns, and return their names."""
    names = []
    for n in range(number):
        rng = np.random.default_rng(n)
        columns = {
            "run": np.ones(EVENTS, np.uint32),
            "luminosityBlock": np.full(EVENTS, n + 1, np.uint32),
            "event": np.arange(EVENTS, dtype=np.uint64),
            "MET_pt": rng.exponential(40, EVENTS).astype(np.float32),
            "MET_phi": rng.uniform(-3, 3, EVENTS).astype(np.float32),
            "genWeight": np.ones(EVENTS, np.float32),
        }
        names.append(str(folder / f"{n:05}.root"))
        with uproot.recreate(names[-1]) as file:
            file.mktree("Events", {k: v.dtype for k, v in columns.items()}).extend(columns)
    return names


def run(analysis: Path, files: list[str], cache: Path) -> str:
    """Run over files, with one thread, and return what it took."""
    command = [sys.executable, "-m", "adl", "run", str(analysis), *files, "-j1", "-q"]
    start = time.perf_counter()
    process = subprocess.Popen(command, env={**os.environ, "ADL_CACHE_DIR": str(cache)})
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, status
    processor = used.ru_utime + used.ru_stime
    wall = time.perf_counter() - start
    return f"{processor:6.2f} s of the processor, {wall:6.2f} s, {used.ru_maxrss >> 10} MB"


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--files", type=int, nargs="+", default=[100, 1000])
    for number in arguments.parse_args().files:
        with tempfile.TemporaryDirectory() as folder:
            analysis = Path(folder) / "a.adl"
            analysis.write_text(ANALYSIS)
            files = write(Path(folder), number)
            for which in ("first", "second", "third"):
                print(f"{number:6} files, {which}: {run(analysis, files, Path(folder) / 'cache')}")


if __name__ == "__main__":
    main()
