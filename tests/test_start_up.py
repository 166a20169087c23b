"""What a run over a file with a tree of plain branches does not import, the first time either."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).parents[1]
RUN = """
import sys
from adl.cli import main
try:
    main(["run", "-q", *sys.argv[1:]])
except SystemExit as end:
    assert not end.code, end.code
print(*sorted({name.split(".")[0] for name in sys.modules}))
"""


def test_a_run_over_a_plain_file_imports_neither_uproot_nor_awkward(tmp_path: Path) -> None:
    events = tmp_path / "events.root"
    sample = [sys.executable, str(TOP / "benchmarks" / "sample.py"), str(events)]
    subprocess.run([*sample, "--events", "200", "--codec", "zstd"], check=True, capture_output=True)
    command = [sys.executable, "-c", RUN, str(TOP / "examples/benchmarks/q1.adl"), str(events)]
    where = {**os.environ, "ADL_CACHE_DIR": str(tmp_path / "cache")}
    loaded = [
        set(
            subprocess.run(
                command, check=True, capture_output=True, text=True, env=where
            ).stdout.split()
        )
        for _ in range(2)
    ]
    heavy = {"uproot", "awkward", "pyarrow", "fsspec"}
    assert "numpy" in loaded[0]
    assert loaded[0].isdisjoint(heavy), "the first time"
    assert loaded[1].isdisjoint(heavy), "from the index"
