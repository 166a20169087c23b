"""How long reading and checking takes as an analysis grows, and how much memory.

    python benchmarks/check_time.py 1000 10000 100000
    python benchmarks/check_time.py --megabytes 10

The analyses are those of compile_time.py, cut to a number of lines. Times are the processor's, which
other programs on the machine disturb less; the memory is the most that the process ever had.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import resource
import time

from adl.cli.front import examine, schema
from adl.syntax.diagnostics import AnalysisError
from adl.syntax.parse import parse
from adl.syntax.source import Source
from benchmarks.compile_time import analysis

STATEMENT = "  select pT(Jet[0]) > 100 and abs(eta(Jet[0])) < 2.5\n"
SMALL = 5000  # lines up to which the best of several runs is taken


def lines_of(number: int) -> str:
    """Return an analysis of so many lines: 20 objects, the rest regions of 14 lines."""
    head, _, regions = analysis(40).partition("region r0\n")
    regions = f"region r0\n{regions}"
    copies = number // regions.count("\n") + 1
    named = (re.sub(r"region (r\d+)", rf"region c{i}\1", regions) for i in range(copies))
    return "\n".join("".join([head, *named]).split("\n")[:number]) + "\n"


def megabytes(number: int) -> str:
    """Return one region of statements, as long as asked."""
    return "region r\n" + STATEMENT * (number * 1_000_000 // len(STATEMENT) + 1)


def measure(text: str, what: str) -> None:
    """Print the seconds to parse and to check a text, the best of five if it is short."""
    known, source = schema("nanoaod", None, None), Source("generated.adl", text)
    parsed, checked = [], []
    for _ in range(5 if text.count("\n") < SMALL else 1):
        start = time.process_time()
        with contextlib.suppress(AnalysisError):  # what is wrong is printed below
            parse(source)
        middle = time.process_time()
        _, findings = examine(source, known, "auto")
        parsed.append(middle - start)
        checked.append(time.process_time() - middle)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    errors = [finding.code for finding in findings if finding.severity == "error"]
    print(f"{what:>14s}  parse {min(parsed):7.3f}  parse and check {min(checked):7.3f}", end="")
    print(f"  {memory:6.0f} MB  {' '.join(errors) or 'no errors'}")


def main() -> None:
    """Measure the lengths that are asked for."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("lines", type=int, nargs="*")
    arguments.add_argument("--megabytes", type=int)
    options = arguments.parse_args()
    examine(Source("warm.adl", lines_of(300)), schema("nanoaod", None, None), "auto")
    for number in options.lines:
        measure(lines_of(number), f"{number} lines")
    if options.megabytes:
        measure(megabytes(options.megabytes), f"{options.megabytes} MB")


if __name__ == "__main__":
    main()
