"""Whether tools agree: nobody's time counts before all have the same numbers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.peer_tasks import COLUMNS

_CLOSE = 1e-9  # of all entries: sums of weights are rounded in another order


def histograms(path: Path) -> dict[str, list[float]]:
    """Return the contents of histograms, flows included, of a peer's file or our folder."""
    if path.is_dir():
        found = json.loads((path / "results.json").read_text())["histograms"]
        return {
            h["name"] + ("" if h["variation"] == "nominal" else f":{h['variation']}"): h["hist"][
                "storage"
            ]["values"]
            for h in found
        }
    rows = (line.split() for line in path.read_text().splitlines())
    return {name: list(map(float, cells)) for name, *cells in rows}


def difference(
    ours: dict[str, list[float]], peers: dict[str, list[float]], root: bool
) -> str | None:
    """Return where two results differ.

    ROOT bins a value on an edge by another formula than boost-histogram and we do: entries may be in
    the neighbouring bin at the edges for which the two disagree, and only there.
    """
    if ours.keys() != peers.keys():
        return f"histograms {sorted(ours.keys() ^ peers.keys())}"
    for name, own in ours.items():
        theirs, above, number = peers[name], 0.0, len(own) - 2
        close = _CLOSE * sum(own) if ":" in name else 0
        if abs(sum(own) - sum(theirs)) > close:
            return f"{name}: {sum(own)} and {sum(theirs)} entries"
        width = _width(name, number)
        for edge, (x, y) in enumerate(zip(own, theirs, strict=True)):
            above += x - y  # what we have below this bin's upper edge and they have not
            apart = int(edge * width / (number * width) * number) != edge  # from the lower end
            if abs(above) > close and not (root and apart):
                return f"{name}, bin {edge}: {x} and {y}"
    return None


def _width(name: str, number: int) -> float:
    """Return the width of a histogram's bins."""
    if number == 25:
        return 20.0
    if name.endswith("_ht"):
        return 100.0
    return {"trijet_pt": 3.0, "leading_btag": 0.01, "ht": 5.0}.get(name, 2.0)


def skimmed(files: Sequence[Path]) -> tuple[int, str | None]:
    """Return how many events skims have, and the column whose numbers differ.

    In a process of its own: the memory at most of a program counts that of whoever started it.
    """
    command = [sys.executable, "-m", "benchmarks.peer_results", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    events, where = json.loads(done.stdout)
    return events, where


def _compared(files: Sequence[str]) -> tuple[int, str | None]:
    import awkward as ak
    import uproot

    columns = COLUMNS["skim"].split()
    first, *others = (uproot.open(file)["Events"].arrays(columns) for file in files)
    for other in others:
        for name in columns:
            # RDataFrame's threads write events in any order.
            one, two = (ak.sort(ak.flatten(x[name], axis=None)) for x in (first, other))
            if not ak.array_equal(one, two):
                return len(first), name
    return len(first), None


if __name__ == "__main__":
    print(json.dumps(_compared(sys.argv[1:])))
