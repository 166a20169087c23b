"""The layout: who may import whom, what start-up loads, and that there is one copy of a module."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
FOLDERS = (
    "adl/syntax",
    "adl/check",
    "adl/migrate",
    "adl/diff",
    "adl/cli",
    "compiler",
    "runtime",
    "stdlib",
    "grammar",
)

# package -> our packages that it may import
MAY_IMPORT = {
    "stdlib": {"stdlib"},
    "adl.syntax": {"adl.syntax"},
    "adl.check": {"adl.check", "adl.syntax", "stdlib"},
    "compiler": {"compiler", "adl.check", "adl.syntax", "stdlib"},
    "runtime": {"runtime", "compiler", "adl.check", "adl.syntax", "stdlib"},
    "adl.migrate": {"adl.migrate", "adl.check", "adl.syntax", "stdlib"},
    "adl.diff": {"adl.diff", "compiler", "adl.check", "adl.syntax", "stdlib"},
    "adl.cli": {
        "adl.cli",
        "runtime",
        "compiler",
        "adl.migrate",
        "adl.diff",
        "adl.check",
        "adl.syntax",
        "stdlib",
    },
}
# library -> the only places that import it
ONLY_IN = {
    "lark": ("adl/syntax",),
    "llvmlite": ("compiler/targets", "compiler/emit", "compiler/python"),
    "numba": ("compiler/python",),
    "uproot": ("runtime",),
    "boost_histogram": ("runtime",),
    "correctionlib": ("stdlib/corrections",),
    "onnxruntime": ("runtime/networks.py",),
    "cuda": ("runtime/execute/device/nvidia.py",),
    "z3": ("compiler/prove/smt.py",),
    "pydantic": ("runtime/datasets",),
    "pyarrow": ("runtime/outputs/saved.py", "runtime/outputs/skims.py"),
    "networkx": ("runtime/overlap/combination.py",),
    "matplotlib": ("adl/cli/heatmap.py", "adl/cli/pictures.py", "adl/cli/relations_map.py"),
    "click": ("adl/cli",),
    "rich": ("adl/cli",),
}
MODULES = [path for folder in FOLDERS for path in sorted((TOP / folder).rglob("*.py"))]


def imported(path: Path) -> set[str]:
    """Names of the modules that a file imports, lazily or not."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def package(module: str) -> str:
    """Map adl.compiler.ir to compiler, adl.check.names to adl.check."""
    parts = module.split(".")
    if parts[0] != "adl" or len(parts) == 1:
        return ""
    return parts[1] if parts[1] in ("compiler", "runtime", "stdlib") else ".".join(parts[:2])


def name_of(path: Path) -> str:
    parts = path.relative_to(TOP).with_suffix("").parts
    return ".".join(parts if parts[0] == "adl" else ("adl", *parts))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_what_its_layer_may(path: Path) -> None:
    own = package(name_of(path))
    ours = {package(m) for m in imported(path)} - {""}
    assert ours <= MAY_IMPORT[own], f"{own} may not import {ours - MAY_IMPORT[own]}"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_library_is_imported_only_by_its_owner(path: Path) -> None:
    where = path.relative_to(TOP).as_posix()
    for module in imported(path):
        owners = ONLY_IN.get(module.split(".")[0])
        assert owners is None or where.startswith(owners), f"{where} imports {module}"


def loaded_by(code: str) -> set[str]:
    """Top-level modules that are loaded after some code ran in a fresh interpreter."""
    report = "import sys; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True
    )
    return set(run.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("program", ["main", "adlc"])
def test_the_version_is_told_without_loading_anything_heavy(program: str) -> None:
    code = f"""
import adl.cli
try:
    adl.cli.{program}(["--version"])
except SystemExit:
    pass
"""
    heavy = {"numpy", "llvmlite", "numba", "uproot", "awkward", "lark", "yaml", "rich", "pydantic"}
    assert loaded_by(code).isdisjoint(heavy)


def test_importing_everything_makes_no_second_copy_of_a_folder() -> None:
    imports = "\n".join(f"import {name_of(p).removesuffix('.__init__')}" for p in MODULES)
    assert loaded_by(imports).isdisjoint({"compiler", "runtime", "stdlib", "grammar"})


def test_the_links_lead_to_the_sibling_folders() -> None:
    for folder in ("compiler", "runtime", "stdlib", "grammar"):
        link = TOP / "adl" / folder
        assert link.is_symlink()
        assert link.resolve() == TOP / folder
