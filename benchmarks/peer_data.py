"""What ``benchmarks.peers`` runs on and with: samples, RDataFrame's program, environments."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from benchmarks.peer_tasks import Case
from benchmarks.processes import compile_with_root

HERE = Path(__file__).parent


def make_samples(work: Path, wanted: Iterable[tuple[Case, int]], root: str | None) -> None:
    """Make the samples that are not there.

    ROOT writes them: its clusters are what its own threads share, and it writes every codec. Without
    it, uproot does, as TTrees alone.
    """
    asked = {work / case.file(size): (case, size) for case, size in wanted}
    absent = {file: what for file, what in asked.items() if not file.exists()}
    if not absent:
        return
    largest = max(size for _, size in absent.values())
    usable = [(n, file) for file, (_, n) in asked.items() if file.exists() and n >= largest]
    source = min(usable)[1] if usable else work / f"made_{largest}.root"
    if root and not usable:
        _sample(source, largest, "zstd")
    for file, (case, size) in absent.items():
        if root is None:
            _sample(file, size, case.codec)
            continue
        rewrite = [root, str(HERE / "peers" / "rewrite.py"), str(source), str(file)]
        rewrite += ["--events", str(size), "--codec", case.codec, "--format", case.form]
        subprocess.run(rewrite, check=True)
    if root and not usable:
        source.unlink()


def _sample(file: Path, size: int, codec: str) -> None:
    sample = [sys.executable, str(HERE / "sample.py"), str(file), "--codec", codec]
    subprocess.run([*sample, "--events", str(size)], check=True)


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
