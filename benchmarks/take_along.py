"""Pack what the compiler needs for a machine without a network: one archive, to be unpacked there.

    python -m benchmarks.take_along site.tar.xz --python 3.12 --leave numpy cuda-bindings cuda-pathfinder rich
    # there, in the repository
    mkdir site && tar xf site.tar.xz -C site && export PYTHONPATH=$PWD/site:$PWD
    python3 -m benchmarks.cuda --out results

Packages are wheels for Linux on x86-64, of the versions that pip chooses; ``--leave`` those that
are there already. Most of the archive (50 MiB) is LLVM, in llvmlite; packing takes some minutes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Sequence
from importlib.metadata import distributions
from pathlib import Path

TOP = Path(__file__).parents[1]
# pip takes a platform's name to the letter.
PLATFORMS = (
    "manylinux_2_28",
    "manylinux_2_27",
    "manylinux_2_24",
    "manylinux_2_17",
    "manylinux2014",
)
_USELESS = ("tests", "test", "testing", "bin", "__pycache__", "include")


def needed() -> list[str]:
    """Return the requirements of the compiler, and of its extra ``cuda``."""
    project = tomllib.loads((TOP / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["cuda"]]


def install(folder: Path, python: str) -> None:
    """Install wheels for another Python into a folder."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(folder)]
    command += ["--only-binary=:all:", "--python-version", python, "--implementation", "cp"]
    for platform in PLATFORMS:
        command += ["--platform", f"{platform}_x86_64"]
    subprocess.run([*command, *needed()], check=True)


def pack(folder: Path, archive: Path, leave: Sequence[str]) -> None:
    """Write an archive of the packages in a folder, without those to leave and their tests."""
    left = {_plain(name) for name in leave}
    with tarfile.open(archive, "w:xz", preset=9) as out:
        for found in sorted(distributions(path=[str(folder)]), key=lambda d: d.name):
            if _plain(found.name) in left:
                continue
            for file in found.files or ():
                path = folder / file
                if path.is_file() and not any(part in _USELESS for part in file.parts[:3]):
                    out.add(path, str(file))


def _plain(name: str) -> str:
    return name.replace("_", "-").lower()


def main(arguments: Sequence[str] | None = None) -> None:
    """Pack what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("archive", type=Path)
    parser.add_argument("--python", default="3.12", help="the version there")
    parser.add_argument("--leave", nargs="*", default=[], help="packages that are there")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        install(Path(name), options.python)
        pack(Path(name), options.archive, options.leave)
    print(f"{options.archive}: {options.archive.stat().st_size / 2**20:.1f} MiB")


if __name__ == "__main__":
    main()
