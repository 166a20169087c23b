"""CutLang beside us, where somebody has built it: a search of 50 regions in its dialect.

How it was built for the figures in README.md: its repository, g++, make, flex and bison, and a
``root-config`` and a ``root`` on the path that answer for the root wheel (``ROOT/bin/root-config``
names a folder that only exists where the wheel was made: replace ROOT/mock_site_packages/ROOT by
ROOT), then ``make`` in CLA.

Thresholds lie between the numbers that the sample has: CutLang computes pt and eta anew from px, py
and pz, and what was on an edge would not be any more.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.processes import measured

_REGION = re.compile(r"^\s+(\S+)\s+Based on", re.MULTILINE)
_PASSED = re.compile(r"evt:\s+(\d+)")


def search() -> str:
    """Return a search of 50 regions by jets, central jets and leptons, with 100 histograms."""
    lines = [
        "object good\n  take JET\n  select pT(JET) > 30.001\n  select abs(eta(JET)) < 2.4001",
        "object central\n  take good\n  select abs(eta(good)) < 1.0001",
        "object e20\n  take ELE\n  select pT(ELE) > 20.001",
        "object mu20\n  take MUO\n  select pT(MUO) > 20.001",
        "region base\n  select size(good) >= 1",
    ]
    for jets in range(1, 6):
        for central in range(5):
            for leptons in range(2):
                name = f"j{jets}c{central}l{leptons}"
                lines.append(
                    f"region {name}\n  base\n"
                    f"  select size(good) {'==' if jets < 5 else '>='} {jets}\n"
                    f"  select size(central) {'==' if central < 4 else '>='} {central}\n"
                    f"  select size(e20) + size(mu20) {'>= 1' if leptons else '== 0'}\n"
                    f'  histo {name}ht, "ht", 8, 0, 800, fHT(good)\n'
                    f'  histo {name}met, "met", 100, 0, 200, MET'
                )
    return "\n".join(lines) + "\n"


def beside(
    script: Path, file: Path, events: int, sizes: Sequence[int], threads: int, runs: int
) -> list[str]:
    """Return the lines of a table, once every region has as many events in both.

    Args:
        script: CutLang's ``runs/CLA.sh``.
        file: NanoAOD.
        events: How many it has. The slope of our time is between a fifth of them and all.
        sizes: Two numbers of events, far smaller: the slope of CutLang's time is between them.
        threads: Ours; CutLang has one.
        runs: How many of each count, after a first.
    """
    theirs, ours = sorted(sizes), [events // 5, events]
    times: dict[tuple[str, int], list[tuple[float, float, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        text, out, own = (Path(folder) / name for name in ("search.adl", "cutlang.txt", "adl"))
        text.write_text(search())
        cutlang = [str(script.resolve()), str(file.resolve()), "CMSNANO", "-i", str(text), "-e"]
        adl = [str(Path(sys.executable).with_name("adl")), "run", str(text), str(file)]
        adl += ["--dialect", "cutlang", "-q", "-j", str(threads), "-o", str(own), "-n"]
        for run in range(runs + 1):
            for size in theirs:
                found = measured([*cutlang, str(size)], folder, out)
                times.setdefault(("CutLang", size), []).extend([found] if run else [])
                if not run:
                    measured([*adl, str(size)])
                    compare(own, out, size)
            for size in ours:
                found = measured([*adl, str(size)])
                times.setdefault(("adl", size), []).extend([found] if run else [])
    lines = ["| | events a second of processor time | of wall time |", "|---|---|---|"]
    for who, (few, many) in (("CutLang", theirs), ("adl", ours)):
        cells = [speed([times[who, n] for n in (few, many)], many - few, k) for k in (1, 0)]
        lines.append(f"| {who} | {' | '.join(f'{s:,.0f}' if s else 'noise' for s in cells)} |")
    return lines


def speed(runs: Sequence[Sequence[tuple[float, float, float]]], more: int, which: int) -> float:
    """Return events a second, by the medians with and without ``more``; 0 if they do not tell."""
    one, two = (statistics.median(run[which] for run in of) for of in runs)
    return more / (two - one) if two > one else 0


def compare(ours: Path, theirs: Path, size: int) -> None:
    """Check that as many events pass each region."""
    flows = json.loads((ours / "results.json").read_text())["cutflows"]
    own = {flow["region"]: flow["steps"][-1]["raw"] for flow in flows}
    blocks = theirs.read_text(errors="replace").split("Efficiencies for analysis")[1:]
    found = {}
    for block in blocks:
        region, passed = _REGION.search(block), _PASSED.findall(block)
        if region and passed:
            found[region[1]] = int(passed[-1])
    if found != own:
        other = sorted(n for n in own.keys() | found.keys() if own.get(n) != found.get(n))
        raise SystemExit(f"CutLang, {size} events: other numbers in {', '.join(other)}")
    print(f"CutLang: the same numbers in {len(own)} regions, {size} events", file=sys.stderr)
