"""Our speed beside what users would take instead: RDataFrame, coffea, and uproot that only reads.

    python -m benchmarks.peers --work DIR

makes the data in DIR (once), installs ROOT and coffea into environments of their own there (unless
--root and --coffea name interpreters that have them), compiles RDataFrame's side, checks that every
histogram is the same, runs each pair alternately, and writes peers.json, peers.md and peers.png.

The slope is what a million events more cost, between the sizes: start-up is not in it. A tool that is
absent is left out, and said. Times are wall time and processor time of whole processes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from benchmarks.processes import compile_with_root, measured

HERE = Path(__file__).parent
EXAMPLES = HERE.parent / "examples"
TASKS = {f"q{i}": EXAMPLES / "benchmarks" / f"q{i}.adl" for i in range(1, 9)}
OTHERS = {"agc": EXAMPLES / "ttbar_agc.adl"}
SKIM = """\
object hard
  take Jet
  select pT > 40
region three
  select size(hard) >= 3
"""
COLUMNS = {
    "q1": "MET_pt",
    "q2": "Jet_pt",
    "q3": "Jet_pt Jet_eta",
    "q4": "Jet_pt MET_pt",
    "q5": "Muon_pt Muon_eta Muon_phi Muon_mass Muon_charge MET_pt",
    "q6": "Jet_pt Jet_eta Jet_phi Jet_mass Jet_btag",
    "q7": "Jet_pt Jet_eta Jet_phi Electron_pt Electron_eta Electron_phi Muon_pt Muon_eta Muon_phi",
    "q8": (
        "Electron_pt Electron_eta Electron_phi Electron_mass Electron_charge "
        "Muon_pt Muon_eta Muon_phi Muon_mass Muon_charge MET_pt MET_phi"
    ),
    "agc": (
        "Electron_pt Electron_eta Electron_cutBased Electron_sip3d Muon_pt Muon_eta Muon_tightId "
        "Muon_sip3d Muon_pfRelIso04_all Jet_pt Jet_eta Jet_phi Jet_mass Jet_jetId Jet_btagCSVV2"
    ),
    "skim": "Jet_pt Jet_eta Jet_phi Jet_mass MET_pt MET_phi",
    "search": "Jet_pt Jet_eta Jet_btag Electron_pt Muon_pt MET_pt",
}
PEERS = {"rdf": "RDataFrame, C++", "rdfpy": "RDataFrame, Python", "coffea": "coffea"}
# uproot only reads: it is a limit, not a peer.
NAMES = {"adl": "adl", **PEERS, "uproot": "uproot, reading only"}


def search() -> str:
    """Return a search of 50 regions by jets, tags and leptons, with 400 bins of HT."""
    lines = [
        "object good\n  take Jet\n  select pT > 30 and abs(eta) < 2.4",
        "object tagged\n  take good\n  select btag > 0.7",
        "object e20\n  take Electron\n  select pT > 20",
        "object mu20\n  take Muon\n  select pT > 20",
        "define leptons = size(e20) + size(mu20)",
        "region base\n  select size(good) >= 1",
    ]
    for jets in range(1, 6):
        for tags in range(5):
            for leptons in range(2):
                name = f"j{jets}t{tags}l{leptons}"
                lines.append(
                    f"region {name}\n  take base\n"
                    f"  select size(good) {'==' if jets < 5 else '>='} {jets}\n"
                    f"  select size(tagged) {'==' if tags < 4 else '>='} {tags}\n"
                    f"  select leptons {'>= 1' if leptons else '== 0'}\n"
                    f'  histo {name}_ht, "", 8, 0, 800, sum(pT(good))\n'
                    f'  histo {name}_met, "", 100, 0, 200, MET'
                )
    return "\n".join(lines) + "\n"


# ------------------------------------------------------------------------------------- commands


@dataclass
class Bench:
    """Where everything is, and what is measured."""

    work: Path
    sizes: list[int]
    threads: int
    root: str | None
    coffea: str | None
    asked: frozenset[str]
    program: Path | None = None
    times: dict[tuple[str, str, int], list[tuple[float, float, float]]] = field(
        default_factory=dict
    )

    def file(self, size: int) -> Path:
        """Return the sample of a size."""
        return self.work / f"events_{size}.root"

    def out(self, who: str, task: str, size: int) -> Path:
        """Return where a tool writes its histograms, or the folder where we do."""
        return self.work / "out" / f"{who}_{task}_{size}"

    def tools(self) -> list[str]:
        """Return the tools that are there."""
        there = {"adl": True, "rdf": self.program, "rdfpy": self.root, "coffea": self.coffea}
        there |= {"uproot": True}
        return [who for who, found in there.items() if found and who in self.asked]

    def command(self, who: str, task: str, size: int) -> list[str] | None:
        """Return the command of a tool, None for what it does not do."""
        file, out, threads = str(self.file(size)), str(self.out(who, task, size)), str(self.threads)
        tail = [file, "Events", task, threads, out]
        if who == "adl":
            adl = str(Path(sys.executable).with_name("adl"))
            text = str((TASKS | OTHERS).get(task, self.work / f"{task}.adl"))
            if task == "skim":
                keep = [a for name in COLUMNS[task].split() for a in ("--columns", name)]
                return [adl, "skim", text, file, "-q", "-j", threads, *keep, "-o", f"{out}.root"]
            return [adl, "run", text, file, "-q", "-j", threads, "-o", out]
        if who == "rdf":
            return [str(self.program), *tail]
        if who == "rdfpy" and self.root and task in TASKS:
            return [self.root, str(HERE / "peers" / "rdf_strings.py"), *tail]
        if who == "coffea" and self.coffea and task != "skim":
            return [self.coffea, str(HERE / "peers" / "coffea_tasks.py"), *tail]
        if who == "uproot":
            script = str(HERE / "peers" / "uproot_read.py")
            return [sys.executable, script, file, "Events", threads, *COLUMNS[task].split()]
        return None


# ------------------------------------------------------------------------------------- results


def histograms(path: Path) -> dict[str, list[float]]:
    """Return the contents of histograms, flows included, of a peer's file or our folder."""
    if path.is_dir():
        found = json.loads((path / "results.json").read_text())["histograms"]
        return {h["name"]: h["hist"]["storage"]["values"] for h in found}
    rows = (line.split() for line in path.read_text().splitlines())
    return {name: list(map(float, cells)) for name, *cells in rows}


def compare(ours: dict[str, list[float]], peers: dict[str, list[float]], root: bool) -> str | None:
    """Return where two results differ.

    ROOT bins a value on an edge by another formula than boost-histogram and we do: entries may be in
    the neighbouring bin at the edges for which the two disagree, and only there.
    """
    if ours.keys() != peers.keys():
        return f"histograms {sorted(ours.keys() ^ peers.keys())}"
    for name, own in ours.items():
        theirs, above, number = peers[name], 0.0, len(own) - 2
        if sum(own) != sum(theirs):
            return f"{name}: {sum(own)} and {sum(theirs)} entries"
        width = _width(name, number)
        for edge, (x, y) in enumerate(zip(own, theirs, strict=True)):
            above += x - y  # what we have below this bin's upper edge and they have not
            apart = int(edge * width / (number * width) * number) != edge  # from the lower end
            if above and not (root and apart):
                return f"{name}, bin {edge}: {x} and {y}"
    return None


def _width(name: str, number: int) -> float:
    """Return the width of a histogram's bins."""
    if number == 25:
        return 20.0
    if name.endswith("_ht"):
        return 100.0
    return {"trijet_pt": 3.0, "leading_btag": 0.01, "ht": 5.0}.get(name, 2.0)


def check(bench: Bench, task: str, size: int) -> None:
    """Compare all tools' histograms with ours."""
    if task == "skim":
        check_skims(bench, size)
        return
    own = histograms(bench.out("adl", task, size))
    for who in bench.tools():
        if who in PEERS and bench.command(who, task, size):
            peers = histograms(bench.out(who, task, size))
            where = compare(own, peers, who.startswith("rdf"))
            if where:
                raise SystemExit(f"{task}, {size} events: {NAMES[who]} has other results: {where}")
    print(f"{task}: the same {len(own)} histograms, {size} events", file=sys.stderr)


def check_skims(bench: Bench, size: int) -> None:
    """Compare the numbers in the columns of the skims."""
    import awkward as ak
    import uproot

    first, *others = (
        uproot.open(f"{bench.out(who, 'skim', size)}.root")["Events"].arrays(
            COLUMNS["skim"].split()
        )
        for who in bench.tools()
        if who in ("adl", "rdf")
    )
    for other in others:
        for name in first.fields:
            # RDataFrame's threads write events in any order.
            if not ak.array_equal(
                *(ak.sort(ak.flatten(x[name], axis=None)) for x in (first, other))
            ):
                raise SystemExit(f"skim: {name} is not the same")
    print(f"skim: the same {len(first)} events, of {size}", file=sys.stderr)


# ------------------------------------------------------------------------------------- the data


def prepare(bench: Bench) -> None:
    """Make the samples and compile RDataFrame's side, what is there already excepted."""
    (bench.work / "out").mkdir(parents=True, exist_ok=True)
    (bench.work / "search.adl").write_text(search())
    (bench.work / "skim.adl").write_text(SKIM)
    largest = max(bench.sizes)
    made = bench.work / f"made_{largest}.root"
    if not all(bench.file(size).exists() for size in bench.sizes):
        sample = [sys.executable, str(HERE / "sample.py"), str(made), "--codec", "zstd"]
        subprocess.run([*sample, "--events", str(largest)], check=True)
        for size in bench.sizes:
            if bench.root:  # ROOT's own clusters: without them its threads have nothing to share
                rewrite = [bench.root, str(HERE / "peers" / "rewrite.py")]
                rewrite += [str(made), str(bench.file(size)), "--events", str(size)]
                subprocess.run(rewrite, check=True)
            else:
                sample[2] = str(bench.file(size))
                subprocess.run([*sample, "--events", str(size)], check=True)
        made.unlink()
    if bench.root:
        bench.program = compiled(bench.root, bench.work)


def compiled(python: str, work: Path) -> Path:
    """Compile RDataFrame's side against the libraries of the root wheel."""
    source, program = HERE / "peers" / "tasks.cpp", work / "tasks"
    if program.exists() and program.stat().st_mtime > source.stat().st_mtime:
        return program
    compile_with_root(python, source, program, "-O3", "-march=native")
    return program


def environment(work: Path, name: str) -> str | None:
    """Return the interpreter of an environment with a package, installed if it is not there."""
    python = work / "venvs" / name / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(python.parents[1])], check=True)
    installed = subprocess.run([str(python), "-m", "pip", "install", "-q", name], check=False)
    if installed.returncode:
        print(f"{name} cannot be installed: it is left out", file=sys.stderr)
        return None
    return str(python)


# ------------------------------------------------------------------------------------- the table


def slope(bench: Bench, who: str, task: str, which: int) -> float | None:
    """Return the seconds that a million events more cost; ``which``: 0 wall, 1 processor."""
    few, many = min(bench.sizes), max(bench.sizes)
    at = {n: bench.times.get((who, task, n)) for n in (few, many)}
    if few == many or not all(at.values()):
        return None
    medians = {n: statistics.median(t[which] for t in runs or ()) for n, runs in at.items()}
    return (medians[many] - medians[few]) / (many - few) * 1e6


def table(bench: Bench, tasks: list[str]) -> Iterator[str]:
    """Yield the lines of the table: slopes, and how many times ours each is."""
    tools = bench.tools()
    for which, what in enumerate(("wall", "processor")):
        yield f"Seconds of {what} time for a million events more, and as a multiple of ours:\n"
        yield f"| | {' | '.join(NAMES[who] for who in tools)} |"
        yield "|---" * (len(tools) + 1) + "|"
        ratios: dict[str, list[float]] = {}
        for task in tasks:
            own, cells = slope(bench, "adl", task, which), []
            for who in tools:
                found = slope(bench, who, task, which)
                if found is None or not own or own <= 0:
                    cells.append("-")
                    continue
                ratios.setdefault(who, []).append(max(found, 0) / own)
                cells.append(
                    f"{found:.3f}" + ("" if who == "adl" else f" ({ratios[who][-1]:.2f} x)")
                )
            yield f"| {task} | {' | '.join(cells)} |"
        means = [prod(ratios[w]) ** (1 / len(ratios[w])) if ratios.get(w) else 0 for w in tools]
        yield f"| geometric mean | {' | '.join(f'{mean:.2f} x' for mean in means)} |\n"
    yield "Whole runs, median wall seconds (range) and memory:\n"
    yield f"| | events | {' | '.join(NAMES[who] for who in tools)} |"
    yield "|---" * (len(tools) + 2) + "|"
    for task in tasks:
        for size in bench.sizes:
            cells = [_whole(bench.times.get((who, task, size))) for who in tools]
            yield f"| {task} | {size:,} | {' | '.join(cells)} |"


def _whole(runs: list[tuple[float, float, float]] | None) -> str:
    if not runs:
        return "-"
    walls = [wall for wall, _, _ in runs]
    memory = max(memory for _, _, memory in runs)
    spread = f"{min(walls):.2f} - {max(walls):.2f}"
    return f"{statistics.median(walls):.2f} ({spread}), {memory:.0f} MB"


def plot(bench: Bench, tasks: list[str], path: Path) -> None:
    """Draw events a second, by slope; without matplotlib there is no picture."""
    try:
        import matplotlib.pyplot as plt
    except ImportError:
        print("no picture: pip install matplotlib", file=sys.stderr)
        return
    tools = bench.tools()
    figure, axes = plt.subplots(figsize=(9, 4))
    for number, who in enumerate(tools):
        slopes = [slope(bench, who, task, 0) or float("nan") for task in tasks]
        places = [i + number / (len(tools) + 1) for i in range(len(tasks))]
        speeds = [1 / s if s > 0 else float("nan") for s in slopes]
        axes.bar(places, speeds, 1 / (len(tools) + 1), label=NAMES[who])
    axes.set_yscale("log")
    axes.set_xticks([i + 0.3 for i in range(len(tasks))], tasks)
    axes.set_ylabel(f"million events / s, {bench.threads} threads")
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=120)


# ------------------------------------------------------------------------------------- main


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]  # above
    parser.add_argument("--work", type=Path, required=True, help="for data, programs, results")
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 5_000_000])
    parser.add_argument("--tasks", nargs="+", choices=[*COLUMNS], default=[*COLUMNS])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--tools", nargs="+", choices=[*NAMES], default=[*NAMES])
    parser.add_argument("--root", help="a Python that has the root wheel")
    parser.add_argument("--coffea", help="a Python that has coffea")
    asked = parser.parse_args()
    asked.work.mkdir(parents=True, exist_ok=True)
    root = asked.root or environment(asked.work, "root")
    coffea = asked.coffea or environment(asked.work, "coffea")
    bench = Bench(
        asked.work, sorted(asked.events), asked.threads, root, coffea, frozenset(asked.tools)
    )
    prepare(bench)
    for task in asked.tasks:
        for run in range(asked.runs + 1):  # the first fills caches and is not counted
            for size in bench.sizes:
                for who in bench.tools():
                    command = bench.command(who, task, size)
                    if command is None:
                        continue
                    found = measured(command)
                    bench.times.setdefault((who, task, size), []).extend([found] if run else [])
        if "adl" in asked.tools:
            for size in bench.sizes:
                check(bench, task, size)
        write(bench, asked.tasks)
    print((bench.work / "peers.md").read_text())


def write(bench: Bench, tasks: list[str]) -> None:
    """Write what was measured so far."""
    rows: list[dict[str, Any]] = [
        {"tool": who, "task": task, "events": size, "wall_cpu_mb": runs}
        for (who, task, size), runs in bench.times.items()
    ]
    done = [task for task in tasks if any(task == t for _, t, _ in bench.times)]
    (bench.work / "peers.json").write_text(json.dumps(rows, indent=1))
    (bench.work / "peers.md").write_text("\n".join(table(bench, done)) + "\n")
    plot(bench, done, bench.work / "peers.png")


if __name__ == "__main__":
    main()
