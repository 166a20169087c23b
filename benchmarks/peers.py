"""Our speed beside what users would take instead: RDataFrame, coffea, CutLang, and uproot that reads.

    python -m benchmarks.peers --work DIR

makes the data in DIR (once), installs ROOT and coffea into environments of their own there (unless
--root and --coffea name interpreters that have them), compiles RDataFrame's side, checks that every
histogram is the same, runs each pair alternately, and writes peers.json, peers.md, peers.png (by the
clock) and peers_cpu.png (by the processor). With --codecs it does so, too, for files of every codec as
TTree and RNTuple; with --cutlang, for a search of 50 regions beside a built CutLang.

The slope is what a million events more cost, between the sizes: start-up is not in it. A tool that is
absent is left out, and said. Times are of whole processes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from benchmarks import cutlang
from benchmarks.peer_data import HERE, compiled, environment, make_samples
from benchmarks.peer_results import difference, histograms, skimmed
from benchmarks.peer_tables import Measured, write
from benchmarks.peer_tasks import CODECS, COLUMNS, FORMS, TASKS, Case, analysis, write_analyses
from benchmarks.processes import measured

PEERS = {"rdf": "RDataFrame, C++", "rdfpy": "RDataFrame, Python", "coffea": "coffea"}
# uproot only reads: it is a limit, not a peer.
NAMES = {"adl": "adl", **PEERS, "uproot": "uproot, reading only"}


@dataclass
class Bench:
    """Where everything is, and what is measured."""

    work: Path
    threads: int
    root: str | None
    coffea: str | None
    asked: frozenset[str]
    program: Path | None = None
    times: dict[tuple[str, Case, int], list[tuple[float, float, float]]] = field(
        default_factory=dict
    )

    def out(self, who: str, case: Case, size: int) -> Path:
        """Return where a tool writes its histograms, or the folder where we do."""
        return self.work / "out" / case.out(who, size)

    def tools(self) -> list[str]:
        """Return the tools that are there."""
        there = {"adl": True, "rdf": self.program, "rdfpy": self.root, "coffea": self.coffea}
        there |= {"uproot": True}
        return [who for who, found in there.items() if found and who in self.asked]

    @property
    def measured(self) -> Measured:
        """What was measured so far."""
        return Measured(self.times, {who: NAMES[who] for who in self.tools()})

    def command(self, who: str, case: Case, size: int) -> list[str] | None:
        """Return the command of a tool, None for what it does not do."""
        task, file, out = case.task, str(self.work / case.file(size)), self.out(who, case, size)
        tail = [file, "Events", task, str(self.threads), str(out)]
        if who == "adl":
            return self._ours(task, file, out)
        if who == "rdf":
            return [str(self.program), *tail]
        if who == "rdfpy" and self.root and case.task in TASKS:
            return [self.root, str(HERE / "peers" / "rdf_strings.py"), *tail]
        if who == "coffea" and self.coffea and task != "skim" and case.form == "ttree":
            return [self.coffea, str(HERE / "peers" / "coffea_tasks.py"), *tail]
        if who == "uproot":
            script = str(HERE / "peers" / "uproot_read.py")
            columns = COLUMNS[task].split()
            return [sys.executable, script, file, "Events", str(self.threads), *columns]
        return None

    def _ours(self, task: str, file: str, out: Path) -> list[str]:
        adl = str(Path(sys.executable).with_name("adl"))
        tail = [str(analysis(self.work, task)), file, "-q", "-j", str(self.threads), "-o"]
        if task == "skim":
            keep = [a for name in COLUMNS[task].split() for a in ("--columns", name)]
            return [adl, "skim", *keep, *tail, f"{out}.root"]
        return [adl, "run", *tail, str(out)]


def measure(bench: Bench, case: Case, sizes: Sequence[int], runs: int) -> None:
    """Run all tools alternately, and compare their results."""
    for run in range(runs + 1):  # the first fills caches and is not counted
        for size in sizes:
            for who in bench.tools():
                command = bench.command(who, case, size)
                if command is not None:
                    found = measured(command)
                    bench.times.setdefault((who, case, size), []).extend([found] if run else [])
        if not run and "adl" in bench.asked:
            for size in sizes:
                check(bench, case, size)
    write(bench.measured, bench.work)


def check(bench: Bench, case: Case, size: int) -> None:
    """Compare all tools' results with ours."""
    if case.task == "skim":
        who = [who for who in bench.tools() if who in ("adl", "rdf")]
        found, where = skimmed([Path(f"{bench.out(w, case, size)}.root") for w in who])
        if where:
            raise SystemExit(f"skim, {size} events: {where} is not the same")
        print(f"skim: the same {found} events, of {size}", file=sys.stderr)
        return
    own = histograms(bench.out("adl", case, size))
    for who in bench.tools():
        if who in PEERS and bench.command(who, case, size):
            peers = histograms(bench.out(who, case, size))
            where = difference(own, peers, who.startswith("rdf"))
            if where:
                words = f"{case.name}, {size} events: {NAMES[who]} has other results: {where}"
                raise SystemExit(words)
    print(f"{case.name}: the same {len(own)} histograms, {size} events", file=sys.stderr)


def parsed() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]  # above
    parser.add_argument("--work", type=Path, required=True, help="for data, programs, results")
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 5_000_000])
    parser.add_argument("--tasks", nargs="*", choices=[*COLUMNS], default=[*COLUMNS])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--tools", nargs="+", choices=[*NAMES], default=[*NAMES])
    parser.add_argument("--root", help="a Python that has the root wheel")
    parser.add_argument("--coffea", help="a Python that has coffea")
    parser.add_argument("--codecs", action="store_true", help="every codec, TTree and RNTuple")
    parser.add_argument("--codec-events", type=int, nargs="+", default=[200_000, 1_000_000])
    parser.add_argument("--codec-tasks", nargs="+", choices=[*COLUMNS], default=["q1", "q6"])
    parser.add_argument("--cutlang", type=Path, help="CutLang's runs/CLA.sh, built")
    parser.add_argument("--cutlang-events", type=int, nargs=2, default=[20_000, 100_000])
    return parser.parse_args()


def main() -> None:
    """Measure what the command line asks for."""
    asked = parsed()
    work = asked.work
    (work / "out").mkdir(parents=True, exist_ok=True)
    root = asked.root or environment(work, "root")
    coffea = asked.coffea or environment(work, "coffea")
    bench = Bench(work, asked.threads, root, coffea, frozenset(asked.tools))
    write_analyses(work)
    cases = [(Case(task), sorted(asked.events)) for task in asked.tasks]
    if asked.codecs:
        every = product(asked.codec_tasks, CODECS, FORMS if root else FORMS[:1])
        cases += [
            (case, sorted(asked.codec_events))
            for case in (Case(*one) for one in every)
            if case.name != case.task or case.task not in asked.tasks
        ]
    make_samples(work, [(case, size) for case, sizes in cases for size in sizes], root)
    if root:
        bench.program = compiled(root, work)
    for case, sizes in cases:
        measure(bench, case, sizes, asked.runs)
    if cases:
        print((work / "peers.md").read_text())
    if asked.cutlang:
        many = max(asked.events)
        make_samples(work, [(Case("search"), many)], root)
        file = work / Case("search").file(many)
        sizes = asked.cutlang_events
        lines = cutlang.beside(asked.cutlang, file, many, sizes, asked.threads, asked.runs)
        (work / "cutlang.md").write_text("\n".join(lines) + "\n")
        print((work / "cutlang.md").read_text())


if __name__ == "__main__":
    main()
