"""What it costs to measure the overlaps of two analyses, against running one of them alone.

    python benchmarks/sample.py events.root --events 200000 --codec lzma
    python benchmarks/overlap.py events.root

Two analyses of 20 regions and 40 histograms read the same columns. CPU seconds are those of the
events, of one thread, the best of three runs: reading, computing and, of both, the matrices.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from adl.check.dataset import Dataset
from adl.cli.measuring import Asked, measure
from adl.cli.preparing import prepare
from adl.runtime.execute.local import execute
from adl.runtime.prepare import Preparation

OBJECTS = """object leptons
  take Muon
  take Electron
  select pT > 10 and abs(eta) < 2.4
object jets
  take Jet
  select pT > {pt} and abs(eta) < 2.4
define ht = sum(pT(jets))
define mindphi = min(jets j, dPhi(j, MET))
define mjj = m(jets[0] + jets[1])
"""
REGION = """
region r{i}
  select size(leptons) >= {leptons}
  select size(jets) >= {jets}
  select ht > {ht}
  select mindphi > {dphi}
  select MET > {met}
  select mjj > {mass}
  histo met{i}, "t", 40, 0, 400, MET
  histo ht{i}, "t", 40, 0, 1000, ht
"""
# what another analysis has: thresholds of jets and of the sum of momenta, regions that differ
OTHERS = {"one cut of one region": (30, 5, 1), "other cuts": (30, 5, 20), "other jets": (25, 5, 20)}


def analysis(pt: float = 30, shift: float = 0, regions: int = 20) -> str:
    """Return a search, of which some regions have another cut."""
    return OBJECTS.format(pt=pt) + "".join(
        REGION.format(
            i=i,
            leptons=i % 2,
            jets=2 + i % 4,
            ht=100 + 20 * (i % 5) + (shift if i < regions else 0),
            dphi=0.1 * (i % 4),
            met=20 + 10 * (i % 3),
            mass=50 + 5 * i,
        )
        for i in range(20)
    )


def prepared(path: Path) -> Preparation:
    """Return an analysis, ready for files."""
    found = prepare(str(path), "auto", "auto", "host", 1, Dataset(), False)
    found.systematics = lambda name: False
    return found


def best(run: Callable[[], Any], compiled: Callable[[], Any]) -> float:
    """Return the least CPU time of three runs, without what comes before the first event."""
    times = []
    for _ in range(3):
        compiled()
        begin = time.process_time()
        run()
        times.append(time.process_time() - begin)
    return min(times)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("events", type=Path)
    file = str(arguments.parse_args().events)
    asked = Asked(1, None, None, lambda name: (name,), True, False)
    nothing = Asked(1, 0, None, lambda name: (name,), True, False)
    with TemporaryDirectory() as folder:
        first = Path(folder, "a.adl")
        first.write_text(analysis())
        for name, (pt, shift, regions) in OTHERS.items():
            second = Path(folder, "b.adl")
            second.write_text(analysis(pt, shift, regions))
            alone = []
            for path in (first, second):
                one = prepared(path)
                alone.append(
                    best(
                        lambda one=one: execute([file], one, threads=1),  # type: ignore[misc]
                        lambda one=one: execute([file], one, threads=1, limit=0),  # type: ignore[misc]
                    )
                )
            both = [measured(first, second, file, how) for how in (asked, nothing)]
            whole = both[0] - both[1]
            ratio = whole / max(alone)
            print(
                f"{name}: alone {alone[0]:.2f} and {alone[1]:.2f} s, both {whole:.2f} s, {ratio:.2f}"
            )


def measured(first: Path, second: Path, file: str, asked: Asked) -> float:
    """Return the CPU time of both analyses together, what comes before the events included."""
    times = []
    for _ in range(3):
        pair = prepared(first), prepared(second)
        begin = time.process_time()
        measure(*pair, (file,), asked, Dataset())
        times.append(time.process_time() - begin)
    return min(times)


if __name__ == "__main__":
    main()
