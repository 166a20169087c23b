"""The physics library as a whole: names, examples, machine code, one analysis in numpy.

Each subject has a file of its own: test_mt2, test_transverse, test_shapes, test_partitions.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import uproot
from click.testing import CliRunner

from adl.cli.run import command
from adl.stdlib.algorithms import hemispheres, mt2, partitions, shapes
from adl.stdlib.kinematics import Polar
from adl.stdlib.library import find_function
from adl.stdlib.prelude import definitions
from adl.stdlib.registry import FUNCTIONS, Function
from tests.momenta import (
    INF,
    NAN,
    compiled,
    events,
    halves,
    mass_squared,
    run,
    run_compiled,
)
from tests.one_event import OBJECTS, write_event

MODULES = (hemispheres, mt2, partitions, shapes)
ALGORITHMS = [f for f in FUNCTIONS.values() if f.body.__module__ in {m.__name__ for m in MODULES}]


def test_the_examples_of_the_prelude_are_true(tmp_path: Path) -> None:
    event = write_event(tmp_path / "event.root")
    examples = [pair for d in definitions() for pair in d.examples]
    examples += [("fAplanarity(electrons)", "0"), ("fSphericity(electrons)", "0")]
    assert len(examples) > 20
    cuts = []
    for expression, value in examples:
        expected = float(value)
        limit = 1e-6 * max(abs(expected), 1.0)  # the event is stored in float32
        near = f"abs({expression} - {value}) < {limit:.9f}"
        cuts.append(f"  select {near if math.isfinite(expected) else f'{expression} > 1e300'}\n")
    analysis = tmp_path / "prelude.adl"
    analysis.write_text(f"{OBJECTS}region r\n{''.join(cuts)}")
    for target in ("host", "reference"):
        arguments = [str(analysis), str(event), "--target", target, "-q", "-o", str(tmp_path)]
        result = CliRunner().invoke(command, arguments)
        assert result.exit_code == 0, result.output
        steps = json.loads((tmp_path / "results.json").read_text())["cutflows"][0]["steps"]
        assert len(steps) == len(cuts) + 1
        lost = [step["label"] for step in steps if not step["raw"]]
        assert lost == []


def test_the_prelude_and_the_functions_share_no_name() -> None:
    functions = {n.casefold(): f for f in FUNCTIONS.values() for n in (f.name, *f.aliases)}
    for d in definitions():
        other = functions.get(d.name.casefold())
        # fMT is a formula of two particles and a definition with a mass.
        assert other is None or not d.takes(len(other.arguments)), d.heading
    counts = [(d.name, n) for d in definitions() for n in range(9) if d.takes(n)]
    assert len(counts) == len(set(counts))


def test_what_the_reference_lists_has_its_name() -> None:
    defined = {d.name for d in definitions()}
    for name in ("fMT", "fMll", "fMTauTau", "fMtautau", "fmegajets", "fhemisphere", "fSphericity"):
        assert find_function(name) is not None, name
    assert {"fHT", "fMR", "fMTR", "fMT2", "hardMET", "hardMETphi", "vertexTR"} <= defined


@pytest.mark.parametrize("function", ALGORITHMS, ids=lambda f: f.name)
def test_machine_code_gives_the_bits_of_the_python_text(function: Function) -> None:
    numbers = {"fFoxWolfram": (3.0,)}.get(function.name, ())
    if "collection" not in function.arguments:
        draw = random.Random(5)
        for _ in range(50):
            given = [draw.choice((0.0, draw.uniform(-90.0, 90.0))) for _ in function.arguments]
            value, _ = compiled(function.name)(given, 0, np.zeros(3, np.int64))
            assert value == function.body(*given)
        return
    for jets in [*events(40, 8, seed=5), *[[jet, jet] for (jet,) in events(3, 1, least=1)]]:
        ours, theirs = (
            run(function.name, jets, *numbers),
            run_compiled(function.name, jets, *numbers),
        )
        assert np.array_equal(ours, theirs, equal_nan=True), function.name


@pytest.mark.parametrize("function", ALGORITHMS, ids=lambda f: f.name)
def test_an_algorithm_ends_whatever_the_numbers_are(function: Function) -> None:
    odd = (0.0, -0.0, 1.0, 1e-320, 1e300, -1e300, INF, -INF)
    draw = random.Random(7)
    numbers = {"fFoxWolfram": (3.0,)}.get(function.name, ())
    for _ in range(200):
        if "collection" not in function.arguments:
            given = [draw.choice(odd) for _ in function.arguments]
            compiled(function.name)(given, 0, np.zeros(3, np.int64))
            continue
        jets = [
            tuple(draw.choice((*odd, NAN)) for _ in range(4)) for _ in range(draw.randint(0, 6))
        ]
        run_compiled(function.name, jets, *numbers)  # type: ignore[arg-type] # four floats each


WHOLE = """
object jets
  take Jet
  select pT(Jet) > 30 and abs(eta(Jet)) < 2.4

object halves
  take fmegajets(jets)

region r
  select size(jets) [] 4 6
  select fHT(jets) > 200
  select fMT2(jets[0], jets[1], MET, 10) > 100
  select fMR(halves) > 300
  select fMTR(halves, MET) > 90
  select fSphericity(jets) > 0.1
  select fMT(jets[0], MET) > 60
"""


def test_a_whole_analysis_equals_one_in_numpy(examples: Path, tmp_path: Path) -> None:
    """What reaches a function is what its name says: momenta, masses, and the jets that pass."""
    sample, analysis = examples / "sample" / "ttbar.root", tmp_path / "physics.adl"
    analysis.write_text(WHOLE)
    result = CliRunner().invoke(command, [str(analysis), str(sample), "-q", "-o", str(tmp_path)])
    assert result.exit_code == 0, result.output
    steps = json.loads((tmp_path / "results.json").read_text())["cutflows"][0]["steps"]
    counts = [0] * 7
    names = [f"Jet_{a}" for a in ("pt", "eta", "phi", "mass")]
    with uproot.open(sample) as file:
        columns = file["Events"].arrays([*names, "MET_pt", "MET_phi"], library="np")
    for *attributes, met, direction in zip(*columns.values(), strict=True):
        stored = [Polar(*map(float, jet)) for jet in zip(*attributes, strict=True)]
        passed = [j for j in stored if j.pt > 30.0 and abs(j.eta) < 2.4]
        for i, decision in enumerate(decisions(passed, float(met), float(direction))):
            if not decision:
                break
            counts[i] += 1
    assert counts[-1] > 20
    assert [step["raw"] for step in steps[1:]] == counts


def decisions(jets: list[Polar], met: float, direction: float) -> Iterator[bool]:
    """Yield what each cut says of one event."""
    x, y = met * math.cos(direction), met * math.sin(direction)
    p = np.array([(j.px, j.py, j.pz, j.energy) for j in jets])
    yield 4 <= len(jets) <= 6
    yield sum(j.pt for j in jets) > 200.0
    a, b = jets[:2]
    yield mt2.mt2xy(a.mass, *p[0][:2], b.mass, *p[1][:2], x, y, 10.0, 10.0) > 100.0
    groups = [(p[list(one)].sum(0), p[list(other)].sum(0)) for one, other in halves(len(jets))]
    one, other = min(groups, key=lambda g: sum(map(mass_squared, g)))
    sizes = [float(np.linalg.norm(q[:3])) for q in (one, other)]
    yield sum(sizes) ** 2 - (one[2] + other[2]) ** 2 > 300.0**2
    pts = [float(np.linalg.norm(q[:2])) for q in (one, other)]
    yield (met * sum(pts) - (one + other)[:2] @ (x, y)) / 2.0 > 90.0**2
    values = np.linalg.eigvalsh(p[:, :3].T @ p[:, :3])
    yield 1.5 * (values[0] + values[1]) / values.sum() > 0.1
    yield 2.0 * a.pt * met * (1.0 - math.cos(a.phi - direction)) > 60.0**2
