"""What an edit of an analysis costs: a threshold, and a cut, of the one that compile_time.py writes.

    python -m benchmarks.edits --regions 40

The cache has the machine code of the text before the edit. Seconds are those of the processor, from
the text to a kernel that is ready; modules are those that LLVM had to compile.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time

from benchmarks.compile_time import analysis

# What of the text is replaced, in its first region, and by what.
EDITS = {
    "nothing": ("", ""),
    "a threshold": ("pT > 11 and", "pT > 11.5 and"),
    "one of two equal ones": ("ht2 > 5\n", "ht2 > 6\n"),
    "a cut": ("ht3 > 0\n", "ht3 / 2 > MET\n"),
}


def compiled(text: str) -> tuple[float, float, int]:
    """Return the seconds to a kernel, those of them for machine code, and the modules compiled."""
    from adl.check.checker import check
    from adl.compiler.cache import KERNELS
    from adl.compiler.pipeline import build
    from adl.stdlib.models import load_model
    from adl.syntax.parse import parse
    from adl.syntax.source import Source

    source = Source("generated.adl", text)
    schema = load_model("nanoaod").schema()
    before, start = KERNELS.written, time.process_time()
    checked, _ = check(parse(source), source, schema)
    made = build(checked)
    made.modules  # noqa: B018  # computed by asking for it
    middle = time.process_time()
    made.load()
    end = time.process_time()
    return end - start, end - middle, KERNELS.written - before


def edited(text: str, name: str) -> str:
    """Return the text with one of ``EDITS``."""
    old, new = EDITS[name]
    assert old in text, old
    return text.replace(old, new, 1) if old else text


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--regions", type=int, default=40)
    arguments.add_argument("--runs", type=int, default=5)
    options = arguments.parse_args()
    text = analysis(options.regions)
    print(f"{options.regions} regions, medians of {options.runs} runs, seconds of the processor")
    for name in EDITS:
        runs = []
        for _ in range(options.runs):
            with tempfile.TemporaryDirectory() as folder:
                os.environ["ADL_CACHE_DIR"] = folder
                compiled(text)
                runs.append(compiled(edited(text, name)))
        whole, machine, _ = (statistics.median(run[i] for run in runs) for i in range(3))
        print(
            f"{name:14s} {whole:6.3f}, machine code {machine:6.3f}, {runs[0][2]} modules compiled"
        )


if __name__ == "__main__":
    main()
