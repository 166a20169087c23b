"""Functions that an analysis takes from Python files: types, values, mistakes, exceptions."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt
import pytest
import uproot
from click.testing import CliRunner, Result

from adl.check.analysis import Analysis
from adl.check.checker import check
from adl.cli import main
from adl.compiler.layout import Chunk, Partial
from adl.compiler.pipeline import Compiled, build
from adl.stdlib import elementary
from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.checking import NANOAOD
from tests.commands import adl
from tests.test_differential import differences

TOP = Path(__file__).parents[1]

PYTHON = """
import math
import numpy as np

HALF = 0.5


def _scaled(x):
    return x * HALF


def wave(x: float, n: int = 2) -> float:
    return _scaled(x) * n + math.sin(x) + np.exp(-x / 100) + x**2.5 + math.erf(x / 90)


def spread(pt: list[float], least: float) -> float:
    total = 0.0
    for x in pt:
        if x > least:
            total += 1 / x
    return total


def first(pt: np.ndarray) -> float:
    return pt[0] if len(pt) > 0 else math.nan


def number(pt: np.ndarray) -> int:
    return len(pt)


def central(eta: float, strict: bool) -> bool:
    return abs(eta) < (1.0 if strict else 2.0)


def domain(x: float) -> float:
    return math.log(x - x) + 1 / (x - x) + math.sqrt(x)


def picky(x: float) -> float:
    if x > 60:
        raise ValueError("too large")
    return x
"""
NAMES = ("wave", "spread", "first", "number", "central", "domain", "picky")

Analyse = Callable[[str], Analysis]


@pytest.fixture
def analyse(tmp_path: Path) -> Analyse:
    """Return a checker of analyses beside mine.py, with all its functions declared."""
    (tmp_path / "mine.py").write_text(PYTHON, encoding="utf-8")
    declared = "".join(f'function {n}\n  code "mine.py"\n' for n in NAMES)

    def analyse(text: str) -> Analysis:
        head = f"info adl\n  dialect adl\n{declared}"
        source = Source(str(tmp_path / "a.adl"), f"{head}{text}")
        return check(parse(source), source, NANOAOD)[0]

    return analyse


def chunk(pts: list[list[float]], etas: list[list[float]] | None = None) -> Chunk:
    """Return events with jets of these pt and eta; MET is 100 times the event's number."""
    flat = np.array([pt for event in pts for pt in event], np.float64)
    eta = np.array([x for event in etas or pts for x in event])
    offsets = np.concatenate([[0], np.cumsum([len(e) for e in pts])]).astype(np.int64)
    columns: dict[str, npt.NDArray[Any]] = {
        "Jet_pt": flat.astype(np.float32),
        "Jet_eta": eta.astype(np.float32),
        "MET_pt": np.arange(len(pts), dtype=np.float32) * 100,
    }
    return Chunk(len(pts), columns, {"Jet": offsets})


def run(compiled: Compiled, events: Chunk) -> Partial:
    """Count with the kernel, which has to agree with the interpreter."""
    partial = compiled.run(events)
    interpreted = compiled.interpret(events)
    assert not differences(interpreted, partial)
    assert interpreted.faults == partial.faults
    return partial


def weights(analyse: Analyse, expression: str, events: Chunk) -> list[float]:
    """Return the value of an expression in each event, NaN where it is none."""
    out = []
    for event in range(events.events):
        one = Chunk(1, _columns(events, event), {"Jet": _own(events, event)})
        compiled = build(analyse(f"region r\n  select ALL\n  weight w {expression}\n"))
        partial = run(compiled, one)
        out.append(float(partial.sumw[-1]) if not partial.skipped.any() else math.nan)
    return out


def _own(events: Chunk, event: int) -> npt.NDArray[np.int64]:
    first, after = events.offsets["Jet"][event : event + 2]
    return np.array([0, after - first], np.int64)


def _columns(events: Chunk, event: int) -> dict[str, npt.NDArray[Any]]:
    first, after = events.offsets["Jet"][event : event + 2]
    return {
        name: column[event : event + 1] if name.startswith("MET") else column[first:after]
        for name, column in events.columns.items()
    }


PTS = [[50.0, 40.0, 20.0], [], [30.0], [70.0, 10.0]]


# ----------------------------------------------------------------------------------- values


def test_a_function_of_numbers_has_our_elementary_functions(analyse: Analyse) -> None:
    def wave(x: float, n: int) -> float:
        power = elementary.pow(x, 2.5)
        before = x * 0.5 * n + elementary.sin(x) + elementary.exp(-x / 100)
        return float(before + power + elementary.erf(x / 90))

    events = chunk([[1.0], [30.0], [77.25]])
    expected = [wave(x, 3) for x in (1.0, 30.0, 77.25)]
    assert weights(analyse, "default(wave(pT(Jet[0]), 3), 0)", events) == expected
    expected = [wave(x, 2) for x in (1.0, 30.0, 77.25)]
    assert weights(analyse, "default(wave(pT(Jet[0])), 0)", events) == expected


@pytest.mark.parametrize("array", ["pT(Jet)", "Jet.pT", "1 * pT(Jet)"])
def test_an_array_has_the_values_of_a_collection(analyse: Analyse, array: str) -> None:
    expected = [1 / 50 + 1 / 40, 0.0, 1 / 30, 1 / 70]
    assert weights(analyse, f"spread({array}, 25)", chunk(PTS)) == expected


def test_an_array_is_that_of_the_elements_that_pass_in_their_order(analyse: Analyse) -> None:
    text = """
object hard
  take Jet
  select pT(this) > 15
object soft
  take Jet
  select pT(this) < 45
  select pT(this) > 15
region r
  select number(pT(hard)) == size(hard)
  select size(soft) > 0
  select first(pT(soft)) == pT(soft[0])
"""
    partial = run(build(analyse(text)), chunk(PTS))
    assert partial.raw.tolist()[:4] == [4, 4, 2, 2]


def test_an_array_of_a_union_is_in_descending_pt(analyse: Analyse) -> None:
    text = """
object all
  take union(Jet, FatJet)
region r
  select number(pT(all)) > 0
  select first(pT(all)) == max(pT(all))
  select first(pT(all)) == pT(all[0])
"""
    compiled = build(analyse(text))
    events = chunk(PTS)
    fat = np.array([60.0, 90.0, 15.0], np.float32)
    columns = {**events.columns, "FatJet_pt": fat}
    offsets = {**events.offsets, "FatJet": np.array([0, 1, 2, 2, 3])}
    partial = run(compiled, Chunk(4, columns, offsets))
    assert partial.raw.tolist()[:4] == [4, 4, 4, 4]


def test_missing_values_are_left_out_of_an_array(analyse: Analyse) -> None:
    text = """
region r
  select number(pT(Jet) / pT(Jet[2])) == 0
"""
    partial = run(build(analyse(text)), chunk(PTS))
    assert partial.raw.tolist() == [4, 3]  # only the first event has three jets


def test_a_condition_and_an_integer_are_what_they_are(analyse: Analyse) -> None:
    text = """
object jets
  take Jet
  select central(eta(this), MET > 50)
region r
  select number(pT(jets)) + 1 > 1 and not central(3, true)
"""
    etas = [[0.5, 1.5, 3.0], [], [1.5], [1.5, 0.2]]
    partial = run(build(analyse(text)), chunk(PTS, etas))
    assert partial.raw.tolist() == [4, 2]


def test_a_mistake_of_the_domain_is_ieee(analyse: Analyse) -> None:
    text = "region r\n  select domain(MET) < 0\n  select domain(MET) > 0\n"
    partial = run(build(analyse(text)), chunk(PTS))
    assert partial.raw.tolist() == [4, 0, 0]  # -inf + inf is NaN
    assert not partial.faults


def test_a_function_is_not_called_where_an_argument_is_missing(analyse: Analyse) -> None:
    text = "region r\n  select default(picky(pT(Jet[2])), -1) == -1\n"
    partial = run(build(analyse(text)), chunk([[70.0], [70.0, 65.0, 20.0], []]))
    assert partial.raw.tolist() == [3, 2]
    assert not partial.faults


# ------------------------------------------------------------------------------- exceptions


def test_an_exception_is_a_nan_with_its_line(analyse: Analyse) -> None:
    text = 'region r\n  select size(Jet) > 0\n  histo h, "h", 10, 0, 100, picky(pT(Jet[0]))\n'
    partial = run(build(analyse(text)), chunk([[10.0], [70.0], [80.0], []]))
    (fault,) = partial.faults
    line = PYTHON.splitlines().index('        raise ValueError("too large")') + 1
    assert (fault.kind, fault.message, fault.line) == ("ValueError", "too large", line)
    assert (fault.function, fault.number, fault.event) == ("picky", 2, 1)
    assert fault.file.endswith("mine.py")
    assert partial.skipped.sum() == 2


@pytest.mark.parametrize(
    "text",
    [
        "  select pT(Jet[0]) <= 60 ? picky(pT(Jet[0])) > 3 : MET > 0\n",
        "  select pT(Jet[0]) > 60 or picky(pT(Jet[0])) > 3\n",
        "  select pT(Jet[0]) < 60 and picky(pT(Jet[0])) > 3\n",
        "  select pT(Jet[0]) < 60\n  select picky(pT(Jet[0])) > 3\n",
        '  histo h, "h", 4, 0, 100, sum(picky(pT(soft)))\n',
        "  select count(pT(Jet) < 60 and picky(pT(Jet)) > 0) + size(soft) > 0\n",
    ],
)
def test_what_nothing_looks_at_raises_nothing(analyse: Analyse, text: str) -> None:
    soft = "object soft\n  take Jet\n  select pT(this) < 60\n  select picky(pT(this)) > 0\n"
    other = "region s\n  select size(Jet) > 0\n  select pT(Jet[0]) < 55\n"
    other += "  select picky(pT(Jet[0])) > 20\n"
    whole = f"{soft}region r\n  select size(Jet) > 0\n{text}{other}"
    partial = run(build(analyse(whole)), chunk([[10.0], [70.0, 50.0], [], [59.0, 65.0]]))
    assert not partial.faults


def test_a_run_with_an_exception_keeps_its_results_and_ends_with_code_2(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PYTHON, encoding="utf-8")
    file = tmp_path / "a.adl"
    text = 'function picky\n  code "mine.py"\nregion r\n  select picky(pT(Jet[0])) > 0\n'
    file.write_text(f"{text}  # adl: ignore[W301]\n", encoding="utf-8")
    sample = TOP / "examples" / "sample" / "ttbar.root"
    output = CliRunner().invoke(main, ["run", str(file), str(sample), "-o", str(tmp_path), "-q"])
    assert output.exit_code == 2
    assert re.search(
        r"mine\.py:\d+: picky raised ValueError: too large, in [\d,]+ events", output.output
    )
    assert f"of {sample}" in output.output
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    steps = results["cutflows"][0]["steps"]
    assert steps[0]["raw"] == 6000 > steps[1]["raw"] > 0
    with uproot.open(sample) as tree:
        leading = ak.firsts(tree["Events/Jet_pt"].array())
    raising = np.asarray(ak.fill_none(leading > 60, False))
    (fault,) = results["faults"]
    assert (fault["function"], fault["error"], fault["message"]) == (
        "picky",
        "ValueError",
        "too large",
    )
    assert fault["events"] == raising.sum()
    assert fault["first"] == {"path": str(sample), "entry": int(raising.argmax())}
    assert Path(fault["file"]).name == "mine.py"
    assert "raise" in PYTHON.splitlines()[fault["line"] - 1]


def test_an_event_counts_once_however_often_a_function_raises_in_it(analyse: Analyse) -> None:
    text = "region r\n  select sum(picky(pT(Jet))) > 0\n  select max(picky(pT(Jet))) > 5\n"
    program = build(analyse(text))
    events = chunk([[10.0], [70.0, 80.0], [], [59.0, 65.0], [61.0]])
    (fault,) = run(program, events).faults
    assert (fault.event, fault.events) == (1, 3)


# ---------------------------------------------------------------------------------- mistakes


def said(tmp_path: Path, python: str, text: str) -> list[Diagnostic]:
    (tmp_path / "mine.py").write_text(python, encoding="utf-8")
    source = Source(str(tmp_path / "a.adl"), text)
    try:
        analysis, found = check(parse(source), source, NANOAOD)
        build(analysis)
    except AnalysisError as error:
        found = error.diagnostics
    return [d for d in found if d.severity != "note"]


USED = 'function f\n  code "mine.py"\nregion r\n  select f(MET) > 0\n'


@pytest.mark.parametrize(
    ("python", "code", "words"),
    [
        ("def g(x: float) -> float:\n    return x\n", "E270", "mine.py has no function f"),
        ("def f(x: float -> float:\n    return x\n", "E270", "mine.py:1: "),
        (
            "import not_there\ndef f(x: float) -> float:\n    return x\n",
            "E270",
            "mine.py:1: Module",
        ),
        ("def f(x) -> float:\n    return x\n", "E271", "mine.py:1: the type of x"),
        ("def f(x: float):\n    return x\n", "E271", "the type of what it returns"),
        ("def f(x: str) -> float:\n    return 1.0\n", "E271", "the type of x"),
        ("def f(*x: float) -> float:\n    return 1.0\n", "E271", "with a star"),
        ("def f(x: float, y: float = None) -> float:\n    return x\n", "E271", "no number"),
        ("def f(x: float) -> float:\n    return x + zzz\n", "E272", "mine.py:2: nothing is called"),
        ("def f(x: float) -> float:\n    return 'a'\n", "E272", "mine.py:2: "),
        ("def f(x: float) -> float:\n    return sum([x for _ in range(3)])\n", "E272", "mine.py:2"),
        ("import math\ndef f(x: float) -> float:\n    return math.gamma(x)\n", "E272", "gamma"),
        ("def f(x: float) -> float:\n    import math\n    return x\n", "E272", "mine.py:2: it has"),
        ("def f(x: float, y: float) -> float:\n    return x\n", "E206", "f takes 2, f(x, y)"),
        ("def f(x: list[float]) -> float:\n    return 1.0\n", "E206", "values of one collection"),
        ("def f(x: bool) -> float:\n    return 1.0\n", "E206", "f needs one condition"),
        ("def f(x: int) -> float:\n    return 1.0\n", "E206", "f needs one integer"),
    ],
)
def test_a_mistake_is_shown_at_its_line(tmp_path: Path, python: str, code: str, words: str) -> None:
    (finding,) = said(tmp_path, python, USED)
    assert finding.code == code
    assert words in finding.message
    line = finding.render(Source("a.adl", USED)).splitlines()[0]
    assert line.startswith("a.adl:4:" if code == "E206" else "a.adl:1:10:")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('function f\n  code "nothing.py"\n', "E270"),
        ("function f\n  arg x\n", "E270"),
        ('function f\n  arg x y\n  code "mine.py"\n', "E271"),
        ('function f\n  code "mine.py"\nfunction f\n  code "mine.py"\n', "E207"),
        ('function f\n  code "mine.py"\ndefine f = 3\n', "E207"),
        ('function f\n  code "mine.py"\nregion r\n  select f > 3\n', "E201"),
    ],
)
def test_a_wrong_block_has_one_message(tmp_path: Path, text: str, code: str) -> None:
    python = "def f(x: float) -> float:\n    return x\n"
    errors = [d.code for d in said(tmp_path, python, text) if d.severity == "error"]
    assert errors == [code]


def test_a_function_may_hide_one_of_the_library(tmp_path: Path) -> None:
    python = "def dphi(x: float) -> float:\n    return x\n"
    text = 'function dphi\n  code "mine.py"\nregion r\n  select dphi(MET) > 1\n'
    assert [d.code for d in said(tmp_path, python, text)] == ["W303"]


def test_two_files_have_functions_of_one_name(tmp_path: Path) -> None:
    """What is compiled belongs to its text, and a changed file is compiled anew."""
    values = []
    for factor in (1, 2):
        (tmp_path / "mine.py").write_text(
            f"def f(x: float) -> float:\n    return {factor} * x\n", encoding="utf-8"
        )
        source = Source(str(tmp_path / "a.adl"), USED.replace("> 0", "> 150"))
        partial = run(build(check(parse(source), source, NANOAOD)[0]), chunk(PTS))
        values.append(partial.raw.tolist())
    assert values == [[4, 2], [4, 3]]


# ---------------------------------------------------------------------------------- commands


def test_adl_check_compiles_the_functions(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def f(x: float) -> float:\n    return [x]\n")
    (tmp_path / "a.adl").write_text(USED)
    output = CliRunner().invoke(main, ["check", str(tmp_path / "a.adl")])
    assert output.exit_code == 2
    assert "E272" in output.output


def test_what_is_cached_needs_no_numba(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(PYTHON, encoding="utf-8")
    (tmp_path / "a.adl").write_text(USED.replace(" f", " wave"), encoding="utf-8")
    sample = TOP / "examples" / "sample" / "ttbar.root"
    arguments = ["run", str(tmp_path / "a.adl"), str(sample), "-q", "-j", "1"]
    script = f"import sys\nfrom adl.cli import main\ntry:\n    main({arguments!r})\n"
    script += "except SystemExit as e:\n    print(e.code, 'numba' in sys.modules)\n"
    environment = {"ADL_CACHE_DIR": str(tmp_path / "cache"), "PATH": "/usr/bin:/bin"}
    for expected in ("0 True", "0 False"):
        done = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        )
        assert done.stdout.strip() == expected, done.stderr


def test_the_function_of_the_manual_is_the_one_of_the_examples() -> None:
    manual = (TOP / "grammar" / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```text\n(import math\n.*?)```", manual, re.DOTALL)
    assert (TOP / "examples" / "functions.py").read_text(encoding="utf-8").endswith(shown)


def listed(*arguments: str) -> Result:
    return adl("functions", *arguments)


def test_adl_functions_lists_the_library_by_subject() -> None:
    text = listed().output
    for line in ("Functions of particles", "  dr(a, b) ", "(also dR)", "separated(collection, "):
        assert line in text


def test_adl_functions_prints_all_about_one() -> None:
    text = listed("DR").output
    assert "sqrt(deta^2 + dphi^2)" in text
    assert "of particle, particle; gives real" in text
    assert "In an analysis: dr(jets[0], jets[1])" in text
    assert "In an analysis: fSphericity(jets)\n" in listed("fSphericity").output
    assert "sin(1.0) is 0.84" in listed("sin").output
    assert ">>>" not in listed("--format", "json").output
    assert listed("nothing").exit_code == 2


def test_adl_functions_is_data_for_programs() -> None:
    from adl.stdlib.registry import FUNCTIONS

    entries = json.loads(listed("--format", "json").output)
    assert set(FUNCTIONS) <= {e["name"] for e in entries}
    assert all(e["summary"] and e["subject"] and e["usage"] for e in entries)
