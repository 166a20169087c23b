"""How long each stage takes for a large analysis that this script writes.

    python benchmarks/compile_time.py --regions 40
    python benchmarks/compile_time.py --search

The default has 20 objects, 40 regions of 10 cuts and 120 histograms. Nothing is read from the
cache of compiled kernels; the cached table of the grammar is used as in any run. The last
line has the processor's time of the whole, which other programs on the machine disturb less.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

CUTS, OBJECTS, HISTOGRAMS = 10, 20, 3

# Two W bosons and two top quarks among six jets.
SEARCH = """object jets
  take Jet
  select pT > 25
define W1 : jets[-1] jets[-2]
define W2 : jets[-4] jets[-5]
define top1 : W1 jets[-3]
define top2 : W2 jets[-6]
define chi2 = ((m(W1) - 80.4) / 10)^2 + ((m(W2) - 80.4) / 10)^2 + ((m(top1) - m(top2)) / 20)^2
region r
  select size(jets) >= 6
  select chi2 ~= 0
  select chi2 < 20
  histo h, "top", 50, 0, 500, m(top1)
"""


def analysis(regions: int, histograms: int = HISTOGRAMS) -> str:
    """Return an analysis with ``regions`` regions."""
    blocks = [_object(i) for i in range(OBJECTS)]
    return "".join([*blocks, *(_region(r, histograms) for r in range(regions))])


def _object(i: int) -> str:
    source = ("Jet", "Muon", "Electron")[i % 3]
    lines = [
        f"object obj{i}",
        f"  take {source}",
        f"  select pT > {10 + i} and abs(eta) < {2 + i * 0.02:.2f}",
    ]
    if i % 4 == 3:
        lines.append(f"  reject dR(this, obj{i - 1}) < 0.4")
    return "\n".join([*lines, f"define ht{i} = sum(pT(obj{i}))", ""])


def _region(r: int, histograms: int) -> str:
    lines = [f"region r{r}"]
    for c in range(CUTS):
        k = (r * 7 + c * 3) % OBJECTS
        cuts = (
            f"size(obj{k}) >= {c % 2}",
            f"ht{k} > {c * (r % 5)}",
            f"MET > {c + r % 7}",
            f"default(pT(obj{k}[0]), 99) > {10 + c}",
            f"min(obj{k} x, dPhi(x, MET)) > 0.{c}",
        )
        lines.append(f"  select {cuts[(r + c) % 5]}")
    for h in range(histograms):
        value = (f"ht{r % OBJECTS}", f"pT(obj{(r + 1) % OBJECTS})", "MET")[h]
        lines.append(f'  histo h{h}, "t", 50, 0, 500, {value}')
    return "\n".join([*lines, ""])


def stages(text: str) -> dict[str, float]:
    """Return the seconds that each stage took in this process, imports not counted."""
    from llvmlite import binding as llvm

    from adl.check.checker import check
    from adl.compiler.lower.regions import lower
    from adl.compiler.passes import run_passes
    from adl.compiler.pipeline import Compiled
    from adl.compiler.targets import host
    from adl.stdlib.models import load_model
    from adl.syntax.parse import parse
    from adl.syntax.source import Source

    taken: dict[str, float] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = work()
        taken[name] = time.perf_counter() - start
        return result

    source = Source("generated.adl", text)
    schema = load_model("nanoaod").schema()
    llvm.initialize_native_target()
    file = timed("parse", lambda: parse(source))
    checked, _ = timed("check", lambda: check(file, source, schema))
    program = timed("lower", lambda: lower(checked))
    program = timed("passes", lambda: run_passes(program))
    compiled = Compiled(program)
    timed("schedule", lambda: compiled.kernel)
    timed("emit", lambda: compiled.modules)
    optimised = timed(
        "LLVM: read and optimise",
        lambda: [host.optimise(module.text, module.level) for module in compiled.modules],
    )
    timed("LLVM: machine code", lambda: [host._machine().emit_object(m) for m in optimised])
    return taken


def grammar_table() -> tuple[float, float]:
    """Return the seconds to import the parser and parse a line, without and with cached table."""
    import tempfile

    code = (
        "import time; t=time.perf_counter()\n"
        "from adl.syntax.parse import parse\nfrom adl.syntax.source import Source\n"
        "parse(Source('x', 'define a = 1'))\nprint(time.perf_counter() - t)"
    )
    with tempfile.TemporaryDirectory() as folder:
        import os

        run = [
            subprocess.run(
                [sys.executable, "-c", code],
                capture_output=True,
                text=True,
                check=True,
                env={**os.environ, "ADL_CACHE_DIR": folder},
            )
            for _ in range(2)
        ]
    first, second = (float(r.stdout) for r in run)
    return first, second


def main() -> None:
    """Print the medians of some runs."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--regions", type=int, default=40)
    arguments.add_argument("--histograms", type=int, default=HISTOGRAMS, help="in a region")
    arguments.add_argument("--search", action="store_true", help="of six jets, and nothing else")
    arguments.add_argument("--runs", type=int, default=5)
    arguments.add_argument("--print", action="store_true", help="print the analysis and stop")
    options = arguments.parse_args()
    text = SEARCH if options.search else analysis(options.regions, options.histograms)
    what = (
        "a search over six jets"
        if options.search
        else f"{OBJECTS} objects, {options.regions} regions of {CUTS} cuts, "
        f"{options.histograms * options.regions} histograms"
    )
    if options.print:
        print(text, end="")
        return
    stages(analysis(1))  # imports, LLVM's first use
    runs, processor = [], []
    for _ in range(options.runs):
        start = time.process_time()
        runs.append(stages(text))
        processor.append(time.process_time() - start)
    print(f"{what}; medians of {options.runs} runs, seconds")
    for name in runs[0]:
        print(f"{name:26s} {statistics.median(r[name] for r in runs):7.3f}")
    totals = [sum(r.values()) for r in runs]
    print(
        f"{'total':26s} {statistics.median(totals):7.3f}  ({min(totals):.3f} .. {max(totals):.3f})"
    )
    print(f"{'of the processor':26s} {statistics.median(processor):7.3f}")
    first, second = grammar_table()
    print(
        f"parser from import to a first line: {first:.3f} s, with the cached table {second:.3f} s"
    )


if __name__ == "__main__":
    main()
