"""What variations cost, beside RDataFrame's ``Vary`` and beside running the analysis once for each.

    python -m benchmarks.systematics --events 1000000 --root PYTHON

``PYTHON`` is the interpreter of an environment with the ``root`` wheel; without it only ours runs.
A selection of four jets, which a third of the events pass, with four histograms; 30 variations of the
jets' momenta, and 100 of a weight. Every histogram of every variation is compared with RDataFrame's,
bin by bin, before a time is shown. Times are processor seconds of whole processes with one thread,
since the machine is shared: medians of runs that alternate.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from benchmarks.processes import compile_with_root, measured

HERE = Path(__file__).parent
KINDS = {"nominal": 0, "energy": 30, "weights": 100}
# ROOT rounds a value on an edge otherwise: no value of the sample is on one of these.
LOW = 0.00137
TEXT = """\
object jets
  take Jet
  select pT > 30 and abs(eta) < 2.4

define a = jets[0]
define b = jets[1]
define cosines = cosh(eta(a) - eta(b)) - cos(phi(a) - phi(b))

region four
  select size(jets) >= 4
  weight w  1.0 + 0.001*MET
  histo ht, "", 50, {low}, 1000, sum(pT(jets))
  histo first, "", 50, {low}, 500, pT(a)
  histo met, "", 50, {low}, 200, MET
  histo mass, "", 50, {low}, 500, sqrt(2*pT(a)*pT(b)*cosines)
"""


def analysis(kind: str, number: int) -> str:
    """Return the analysis with pairs of variations ``v0 v1``, ``v2 v3`` and so on."""
    text = TEXT.format(low=LOW)
    for i in range(0, number, 2):
        up, down = (_VARIED[kind].format(0.0001 * (k + 1), 0.001 * (k + 1)) for k in (i, i + 1))
        what, keep = _WHAT[kind]
        text += f"\nsystematic s{i}\n  {what} up {up} down {down}\n{keep}"
    return text


_WHAT = {"energy": ("scale pt(Jet)", "  keep MET\n"), "weights": ("weight w", "")}
_VARIED = {
    "energy": "1.0 + {0!r} + {1!r}",  # keeps the order of the jets, as RDataFrame does
    "weights": "(1.0 + 0.001*MET)*(1.0 + {0!r}*MET)",
}


def main() -> None:
    """Print the table."""
    parser = ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]  # above
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--root", help="a Python that has the root wheel")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        events = work / "events.root"
        sample = [sys.executable, str(HERE / "sample.py"), str(events), "--codec", "zstd"]
        subprocess.run([*sample, "--events", str(asked.events)], check=True)
        peer = compile_peer(asked.root, work) if asked.root else None
        for kind, number in KINDS.items():
            (work / f"{kind}.adl").write_text(analysis(kind, number))
        times: dict[tuple[str, str], list[float]] = {}
        for run in range(asked.runs + 1):  # the first fills caches and is not counted
            for kind, number in KINDS.items():
                commands = {"ours": ours(work, kind)}
                if peer:
                    out = work / f"{kind}.txt"
                    commands["RDataFrame"] = [str(peer), str(events), kind, str(number), str(out)]
                for who, command in commands.items():
                    _, seconds, _ = measured(command)
                    times.setdefault((who, kind), []).extend([seconds] if run else [])
                if peer and not run:
                    compare(work, kind)
        print_table(times)


def ours(work: Path, kind: str) -> list[str]:
    """Return the command that runs our analysis."""
    adl = [
        str(Path(sys.executable).with_name("adl")),
        "run",
        str(work / f"{kind}.adl"),
        str(work / "events.root"),
    ]
    return [*adl, "-j", "1", "-o", str(work / kind)]


def compile_peer(python: str, work: Path) -> Path:
    """Compile the same selection in RDataFrame against the libraries of the root wheel."""
    program = work / "peer"
    compile_with_root(python, HERE / "peers" / "systematics.cpp", program, "-O2")
    return program


def compare(work: Path, kind: str) -> None:
    """Check that every histogram of every variation is RDataFrame's, within 1e-12."""
    own = {(h["name"], h["variation"]): h for h in _results(work / kind)}
    rows = (line.split() for line in (work / f"{kind}.txt").read_text().splitlines())
    checked = 0
    for name, variation, *contents in rows:
        label = "nominal" if variation == "nominal" else _label(int(variation.rpartition("v")[2]))
        # What a variation leaves as it is stands once, as nominal.
        histogram = own.get((name, label)) or own[name, "nominal"]
        values = histogram["hist"]["storage"]["values"]
        for x, y in zip(values, map(float, contents), strict=True):
            assert abs(x - y) <= 1e-12 * max(abs(x), abs(y)), (kind, name, variation, x, y)
        checked += 1
    print(f"{kind}: {checked} histograms are equal", file=sys.stderr)


def _label(number: int) -> str:
    return f"s{number - number % 2}{'Down' if number % 2 else 'Up'}"


def _results(folder: Path) -> list[dict[str, Any]]:
    return json.loads((folder / "results.json").read_text())["histograms"]  # type: ignore[no-any-return]


def print_table(times: dict[tuple[str, str], list[float]]) -> None:
    """Print medians, and each kind as a multiple of nominal."""
    print(f"{'':12}{'':10}{'median s':>10}{'range':>18}{'x nominal':>12}")
    for (who, kind), seconds in times.items():
        median = statistics.median(seconds)
        multiple = median / statistics.median(times[who, "nominal"])
        spread = f"{min(seconds):.2f} - {max(seconds):.2f}"
        print(f"{who:12}{kind:10}{median:10.2f}{spread:>18}{multiple:12.2f}")


if __name__ == "__main__":
    main()
