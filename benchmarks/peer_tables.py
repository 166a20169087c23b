"""The table and the plot of ``benchmarks.peers``, made of its times."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan, nan, prod
from pathlib import Path
from typing import Any

from benchmarks.peer_tasks import TASKS, Case

Times = Mapping[tuple[str, Case, int], Sequence[tuple[float, float, float]]]
WALL, PROCESSOR = 0, 1
_WHAT = ("wall", "processor")


@dataclass(frozen=True)
class Measured:
    """Seconds by the clock and of the processor, and MB, of every run: by tool, case and events."""

    times: Times
    names: Mapping[str, str]  # of the tools, in their order; ours is the first

    @property
    def cases(self) -> list[Case]:
        """The cases, in their order."""
        return list(dict.fromkeys(case for _, case, _ in self.times))

    def sizes(self, case: Case) -> list[int]:
        """Return the numbers of events of a case."""
        return sorted({size for _, of, size in self.times if of == case})

    def slopes(self, who: str, case: Case, which: int) -> tuple[float, float, float] | None:
        """Return what a million events more cost, in seconds: median, least and most."""
        few, *_, many = self.sizes(case) if len(self.sizes(case)) > 1 else (0, 0)
        one, two = (self.times.get((who, case, n), ()) for n in (few, many))
        if not one or not two:
            return None
        a, b = ([run[which] for run in runs] for runs in (one, two))
        per = 1e6 / (many - few)
        middle = statistics.median(b) - statistics.median(a)
        return middle * per, (min(b) - max(a)) * per, (max(b) - min(a)) * per


def table(found: Measured) -> Iterator[str]:
    """Yield the lines of the table: slopes, and how many times ours each is."""
    for which, what in enumerate(_WHAT):
        yield f"Seconds of {what} time for a million events more (median, least and most), and as a"
        yield "multiple of ours:\n"
        yield f"| | {' | '.join(found.names.values())} |"
        yield "|---" * (len(found.names) + 1) + "|"
        ratios: dict[str, dict[Case, float]] = {}
        for case in found.cases:
            own, cells = found.slopes("adl", case, which), []
            for who in found.names:
                slope = found.slopes(who, case, which)
                if slope is None:
                    cells.append("-")
                    continue
                middle, least, most = slope
                cell = f"{middle:.3f} ({least:.3f} - {most:.3f})"
                if own and who != "adl":
                    ratio = middle / own[0] if middle > 0 and own[0] > 0 else nan  # noise
                    ratios.setdefault(who, {})[case] = ratio
                    cell += "" if isnan(ratio) else f", {ratio:.2f} x"
                cells.append(cell)
            yield f"| {case.name} | {' | '.join(cells)} |"
        for label, tasks in (("the eight benchmarks", set(TASKS)), ("all", None)):
            means = [_mean(ratios.get(who, {}), tasks) for who in found.names]
            yield f"| geometric mean, {label} | {' | '.join(means)} |"
        yield ""
    yield "Whole runs, median seconds by the clock and of the processor (ranges), and memory:\n"
    yield f"| | events | {' | '.join(found.names.values())} |"
    yield "|---" * (len(found.names) + 2) + "|"
    for case in found.cases:
        for size in found.sizes(case):
            cells = [_whole(found.times.get((who, case, size), ())) for who in found.names]
            yield f"| {case.name} | {size:,} | {' | '.join(cells)} |"


def _mean(ratios: Mapping[Case, float], tasks: set[str] | None) -> str:
    """Return the geometric mean, of files as they are usually or of all; of noise there is none."""
    chosen = [
        r for c, r in ratios.items() if tasks is None or (c == Case(c.task) and c.task in tasks)
    ]
    if not chosen or any(map(isnan, chosen)):
        return "-"
    return f"{prod(chosen) ** (1 / len(chosen)):.2f} x"


def _whole(runs: Sequence[tuple[float, float, float]]) -> str:
    if not runs:
        return "-"
    cells = []
    for which in (WALL, PROCESSOR):
        seconds = [run[which] for run in runs]
        cells.append(f"{statistics.median(seconds):.2f} ({min(seconds):.2f} - {max(seconds):.2f})")
    return f"{', '.join(cells)}, {max(run[2] for run in runs):.0f} MB"


def plot(found: Measured, path: Path, which: int) -> None:
    """Draw events a second, by slopes, with their spreads; nothing without matplotlib."""
    try:
        import matplotlib as mpl
    except ImportError:
        print("no picture: pip install matplotlib", file=sys.stderr)
        return
    mpl.use("Agg")
    import matplotlib.pyplot as plt

    cases = [case for case in found.cases if found.slopes("adl", case, which)]
    if not cases:
        return
    width = 1 / (len(found.names) + 1)
    figure, axes = plt.subplots(figsize=(max(9, len(cases) * 0.8), 4.5))
    for number, (who, name) in enumerate(found.names.items()):
        bars = [_bar(found.slopes(who, case, which)) for case in cases]
        places = [i + number * width for i in range(len(cases))]
        spreads = [[low for _, low, _ in bars], [high for _, _, high in bars]]
        axes.bar(places, [speed for speed, _, _ in bars], width, label=name)
        axes.errorbar(places, [speed for speed, _, _ in bars], spreads, fmt="none", ecolor="0.3")
    axes.set_yscale("log")
    axes.set_xticks(
        [i + 0.4 for i in range(len(cases))], [c.name for c in cases], rotation=30, ha="right"
    )
    axes.set_ylabel(f"million events / s of {_WHAT[which]} time")
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _bar(slope: tuple[float, float, float] | None) -> tuple[float, float, float]:
    """Return events a second, and how far below and above it they were; of noise no bar."""
    if slope is None or slope[0] <= 0:
        return nan, 0, 0
    middle, least, most = slope
    above = 1 / least - 1 / middle if least > 0 else 0
    return 1 / middle, 1 / middle - 1 / most, above


def write(found: Measured, work: Path) -> None:
    """Write what was measured so far: peers.json, peers.md, peers.png and peers_cpu.png."""
    rows: list[dict[str, Any]] = [
        {
            "tool": who,
            "task": case.task,
            "codec": case.codec,
            "form": case.form,
            "events": size,
            "wall_cpu_mb": list(runs),
        }
        for (who, case, size), runs in found.times.items()
    ]
    (work / "peers.json").write_text(json.dumps(rows, indent=1))
    (work / "peers.md").write_text("\n".join(table(found)) + "\n")
    plot(found, work / "peers.png", WALL)
    plot(found, work / "peers_cpu.png", PROCESSOR)
