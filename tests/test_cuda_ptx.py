"""PTX of the examples and of random analyses is what NVIDIA's assembler takes, with IEEE's arithmetic.

``ptxas`` needs no GPU, and nothing here runs on one. Everything is assembled for all three
architectures; ``ADL_EXAMPLES=10000`` takes many more random analyses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from click.testing import CliRunner

from adl.check.analysis import AskedDialect
from adl.check.dataset import Dataset
from adl.cli import adlc
from adl.cli.front import checked
from adl.compiler.ir import Evaluate
from adl.compiler.pipeline import Compiled, build
from adl.compiler.targets import cuda
from adl.stdlib.registry import FUNCTIONS
from benchmarks.variations import blocks, write
from tests.adltext.analysis import text
from tests.adltext.comparison import compile_text
from tests.every_algorithm import EVERY_ALGORITHM
from tests.peer_events import write_atlas
from tests.strategies import EXAMPLES as MANY
from tests.test_overlap_removal import random_events

TOP = Path(__file__).parents[1]
ANALYSES = sorted((TOP / "examples").rglob("*.adl"))
ARCHITECTURES = ("sm_75", "sm_80", "sm_90")
LONG = MANY > 250
RANDOM = 3 if not LONG else MANY // 25

needs_ptxas = pytest.mark.skipif(
    cuda.find_ptxas() is None, reason="no ptxas: pip install nvidia-cuda-nvcc-cu12"
)


class Files(NamedTuple):
    nano: Path
    atlas: Path
    physlite: Path

    def of(self, analysis: Path) -> str | None:
        """Return a file with the columns that an example reads, None for the usual ones."""
        own = {"nosys_columns": self.atlas, "overlap_removal": self.physlite}
        return str(own.get(analysis.stem, self.nano))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("events")
    found = Files(*(folder / f"{name}.root" for name in Files._fields))
    write(found.nano, blocks(50, seed=2), codec="none")
    write_atlas(found.nano, found.atlas)
    random_events(found.physlite, seed=1, events=20)
    return found


def compiled_example(analysis: Path, files: Files, folder: Path) -> Compiled:
    if analysis.stem == "q6":  # it leaves to its reader which b-tag is meant
        named = folder / "q6.adl"
        named.write_text(f"use btag = btagDeepFlavB\n{analysis.read_text()}")
        analysis = named
    data = Dataset("simulation", "ttbar", "2018")
    return build(checked(str(analysis), "auto", "auto", files.of(analysis), None, data, False, ()))


@pytest.fixture(scope="module")
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as found:
        yield found


def assembled(pool: ThreadPoolExecutor, compiled: Compiled) -> list[Future[bytes]]:
    """Check the PTX of an analysis, and have it assembled meanwhile."""
    assert cuda.obstacle(compiled) == ""
    jobs = []
    for architecture in ARCHITECTURES:
        written = cuda.ptx(compiled.device, architecture)
        exact(written)
        jobs.append(pool.submit(cuda.cubin, written, architecture))
    return jobs


def exact(written: str) -> None:
    """Check that no instruction rounds otherwise than the CPU's."""
    assert not re.search(r"\bfma\.|\.approx|\.ftz|\bmad\.\w*\.?f", written)
    # Without .rn, ptxas might make one operation of a product and a sum.
    loose = re.findall(r"\b(?:add|sub|mul|div|sqrt)(?:\.\w+)*\.f(?:64|32)\b", written)
    assert {i.split(".")[1] for i in loose} <= {"rn"}, set(loose)
    # A GPU faults where a number is read at an address that is no multiple of its size; what numba
    # says of exceptions is bytes, and is read by nobody.
    for align, name in re.findall(r"^\.global \.align (\d+) \.\w+ ([\w$]+)", written, re.MULTILINE):
        assert int(align) >= 8 or "pickledata" in name, name


@needs_ptxas
def test_every_example_is_assembled(pool: ThreadPoolExecutor, files: Files, tmp_path: Path) -> None:
    jobs = {
        path.stem: assembled(pool, compiled_example(path, files, tmp_path)) for path in ANALYSES
    }
    assert len(jobs) > 30
    for name, own in jobs.items():
        for job in own:
            assert job.result().startswith(b"\x7fELF"), name


@needs_ptxas
def test_random_analyses_are_assembled(pool: ThreadPoolExecutor) -> None:
    jobs = []
    for number in range(RANDOM):
        dialect: AskedDialect = "cutlang" if number % 3 else "adl"
        # Functions of Python are compiled anew each time, which takes a second; the next test has all.
        written = text(Random(number), dialect, functions=LONG)
        jobs += assembled(pool, compile_text(written, dialect))
    assert all(job.result().startswith(b"\x7fELF") for job in jobs)
    assert len(jobs) == len(ARCHITECTURES) * RANDOM


@needs_ptxas
def test_every_algorithm_is_assembled(pool: ThreadPoolExecutor) -> None:
    compiled = compile_text(EVERY_ALGORITHM, "adl")
    called = {n.function.name for n in compiled.program.nodes if isinstance(n, Evaluate)}
    assert called == {f.name for f in FUNCTIONS.values() if f.form == "algorithm"}
    for job in assembled(pool, compiled):
        assert job.result().startswith(b"\x7fELF")


@needs_ptxas
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_code_that_says_where_it_is_is_assembled(architecture: str) -> None:
    compiled = compile_text("region r\n  select max(pT(Jet)) > 30\n", "adl")
    written = cuda.ptx(compiled.for_threads(stepping=True), architecture)
    exact(written)
    assert written.count("fence.sc") == 1
    assert cuda.cubin(written, architecture).startswith(b"\x7fELF")


USERS = """
def odd(pt: list[float], x: float, n: int) -> float:
    total = 0.0
    for p in pt:
        total += p % 3.0 + p // x + int(p * x) + n % 5
    if total < 0:
        raise ValueError("a text of any length")
    return total
"""


@needs_ptxas
def test_a_user_s_function_has_defined_remainders_and_integers(
    files: Files, tmp_path: Path
) -> None:
    """On a GPU ``frem`` is approximate, and what does not fit an integer is another one."""
    analysis = tmp_path / "a.adl"
    analysis.write_text(
        'function odd\n  code "own.py"\n'
        "define pair = argmin(disjoint(Jet a, Jet b), abs(m(a + b) - 90))\n"
        "region r\n  select size(Jet) > 1\n"
        "  select odd(pT(Jet), MET, size(Jet)) > 1\n"
        '  histo h, "h", 10, 0, 200, max(pair.a.pT, pair.b.pT)\n'
    )
    (tmp_path / "own.py").write_text(USERS)
    compiled = compiled_example(analysis, files, tmp_path)
    written = cuda.ptx(compiled.device, "sm_75")
    exact(written)
    assert "pickledata" in written
    assert "adl_nothing" in written
    assert "adl_remainder" in written
    # NaN becomes 0: the instruction alone would give the least integer.
    assert len(re.findall(r"setp\.nan", written)) >= len(re.findall(r"cvt\.rzi\.s64", written)) - 1
    assert cuda.cubin(written, "sm_75").startswith(b"\x7fELF")


def test_a_contraction_would_be_seen() -> None:
    with pytest.raises(AssertionError):
        exact("\tfma.rn.f64 \t%rd1, %rd2, %rd3, %rd4;")
    with pytest.raises(AssertionError):
        exact("\tmul.f64 \t%rd1, %rd2, %rd3;")
    with pytest.raises(AssertionError):
        exact(".global .align 1 .b8 adl_nothing[8];")


# --------------------------------------------------------------------------------- the command


def test_the_command_prints_ptx_for_an_architecture() -> None:
    arguments = ["compile", str(TOP / "examples" / "zpeak.adl"), "--emit", "ptx"]
    result = CliRunner().invoke(adlc, [*arguments, "--arch", "sm_90"])
    assert result.exit_code == 0, result.output
    assert ".target sm_90" in result.stdout
    assert ".entry adl_count_events(" in result.stdout


def test_the_command_refuses_what_no_gpu_is() -> None:
    arguments = ["compile", str(TOP / "examples" / "zpeak.adl"), "--emit", "ptx"]
    result = CliRunner().invoke(adlc, [*arguments, "--arch", "sm_1"])
    assert result.exit_code == 2
    assert "--arch sm_1: it is one of sm_75, sm_80" in result.stderr
    result = CliRunner().invoke(adlc, [*arguments, "--target", "host"])
    assert "--emit ptx is a stage of --target cuda" in result.stderr


def test_a_cubin_without_its_assembler_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cuda, "find_ptxas", lambda: None)
    path = str(TOP / "examples" / "zpeak.adl")
    result = CliRunner().invoke(
        adlc, ["compile", path, "--emit", "cubin", "-o", str(tmp_path / "z.cubin")]
    )
    assert result.exit_code == 2
    assert "pip install nvidia-cuda-nvcc-cu12" in result.stderr
