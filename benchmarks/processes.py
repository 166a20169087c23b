"""What benchmarks beside other tools share: the time of whole commands, and programs of ROOT's."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

_LIBRARIES = "ROOTDataFrame ROOTVecOps ROOTNTuple Tree TreePlayer Hist RIO Core MathCore Imt"


def measured(
    command: list[str], folder: str | None = None, out: Path | None = None
) -> tuple[float, float, float]:
    """Run a command; return wall and processor seconds, and MB of memory at most.

    It runs in ``folder``, and what it says goes to the file ``out``.
    """
    with open(out or os.devnull, "w") as said, tempfile.TemporaryFile("w+") as errors:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdout=said, stderr=errors, text=True, cwd=folder)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise SystemExit(f"{' '.join(command)} failed:\n{errors.read()}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def compile_with_root(python: str, source: Path, program: Path, *flags: str) -> None:
    """Compile a program against the libraries of the root wheel that an interpreter has."""
    find = "import importlib.util as u; print(u.find_spec('ROOT').submodule_search_locations[0])"
    found = subprocess.run([python, "-c", find], capture_output=True, text=True, check=True)
    root = Path(found.stdout.strip())
    command = ["g++", *flags, "-std=c++17", str(source), "-o", str(program)]
    command += [f"-I{root}/include", f"-L{root}/lib", *(f"-l{n}" for n in _LIBRARIES.split())]
    command += [f"-Wl,-rpath,{root}/lib", f"-Wl,-rpath,{root.parent}/root.libs"]
    subprocess.run([*command, f"-Wl,-rpath-link,{root.parent}/root.libs"], check=True)
