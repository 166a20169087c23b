"""Time from ``adl run`` to the prompt on the bundled sample, with empty and with full caches.

python benchmarks/start_up.py --runs 7
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(cache: Path, *arguments: str) -> float:
    """Return the wall time of one ``adl`` command."""
    command = [sys.executable, "-m", "adl", *arguments]
    start = time.perf_counter()
    subprocess.run(
        command, check=True, capture_output=True, env={**os.environ, "ADL_CACHE_DIR": str(cache)}
    )
    return time.perf_counter() - start


def report(name: str, times: list[float]) -> None:
    """Print the median and the range."""
    print(f"{name:34s} {statistics.median(times):6.2f} s  ({min(times):.2f} .. {max(times):.2f})")


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--runs", type=int, default=7)
    runs = arguments.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        job = (
            "run",
            str(EXAMPLES / "zpeak.adl"),
            str(EXAMPLES / "sample" / "zmumu.root"),
            "-o",
            str(work / "results"),
        )
        run(work / "warm", *job)  # the operating system's own caches
        report("adl --version", [run(work / "warm", "--version") for _ in range(runs)])
        report("adl run, empty caches", [run(work / str(i), *job) for i in range(runs)])
        report("adl run, full caches", [run(work / "warm", *job) for _ in range(runs)])


if __name__ == "__main__":
    main()
