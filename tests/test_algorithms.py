"""Algorithms: called with whole collections, compiled, and the collections that they make."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest

from adl.compiler.ir import Evaluate
from adl.compiler.targets.python import load
from adl.runtime.collect import collect
from adl.runtime.results import Process
from adl.stdlib.library import find_function
from tests.algorithms import (
    OBJECTS,
    Array,
    chunk,
    compiled,
    histogram,
    jets_of,
    momenta,
    run,
)
from tests.checking import findings
from tests.test_differential import differences

# ------------------------------------------------------------------------------- separated


def greedy(rows: Array, distance: float) -> list[int]:
    kept: list[int] = []
    for i, (_, eta, phi, _) in enumerate(rows):
        away = [
            math.hypot(eta - rows[j][1], (phi - rows[j][2] + math.pi) % (2 * math.pi) - math.pi)
            for j in kept
        ]
        if all(d >= distance for d in away):
            kept.append(i)
    return kept


@pytest.mark.parametrize("seed", range(3))
def test_separated_keeps_the_elements_that_a_greedy_loop_keeps(seed: int) -> None:
    text = 'region r\n  histo h, "h", 20, 0, 400, sum(pT(apart) * apart.mass)\n'
    program = compiled(text)
    events = chunk(program, seed=seed)
    partial = program.run(events)
    assert not differences(program.interpret(events), partial)
    expected = [
        float(sum(rows[i][0] * rows[i][3] for i in greedy(rows, 0.8))) for rows in jets_of(events)
    ]
    _, (found,) = collect(program.program, program.layout, partial, Process("p", "p"))
    np.testing.assert_array_equal(found.hist.values(), np.histogram(expected, 20, (0, 400))[0])
    dropped = sum(len(rows) - len(greedy(rows, 0.8)) for rows in jets_of(events))
    assert dropped > 20  # or the test says nothing


def test_what_is_separated_keeps_its_attributes_and_is_a_filter_of_its_source() -> None:
    text = """
region r
  select size(apart) <= size(jets)
  select all(apart a, any(jets j, j == a))
  select size(separated(jets, 0)) == size(jets)
  select size(separated(jets, 100)) <= 1
"""
    program, events, partial = run(text)
    (flow,), _ = collect(program.program, program.layout, partial, Process("p", "p"))
    assert {step.raw for step in flow.steps} == {events.events}


def test_a_union_is_given_in_descending_pt() -> None:
    text = """
object away
  take separated(leptons, 0.8)
region r
  select size(leptons) > 0
  select size(away) > 0
  select away[0] == leptons[0]
"""
    program, _, partial = run(text)
    (flow,), _ = collect(program.program, program.layout, partial, Process("p", "p"))
    _, some, _, same = (step.raw for step in flow.steps)
    assert some == same > 100


# ----------------------------------------------------------------------------------- antikT


def clustered(rows: Array, radius: float) -> list[list[float]]:
    """Cluster four-vectors as the definition says, from a fresh table of distances each time."""
    left = [list(map(float, row)) for row in rows]
    jets = []
    while left:
        pt = [math.hypot(p[0], p[1]) for p in left]
        y = [0.5 * math.log((p[3] + p[2]) / (p[3] - p[2])) for p in left]
        phi = [math.atan2(p[1], p[0]) for p in left]
        candidates = [(pt[i] ** -2, i, -1) for i in range(len(left))]
        for i in range(len(left)):
            for j in range(i):
                dphi = abs((phi[i] - phi[j] + math.pi) % (2 * math.pi) - math.pi)
                d2 = ((y[i] - y[j]) ** 2 + dphi**2) / radius**2
                candidates.append((max(pt[i], pt[j]) ** -2 * d2, i, j))
        _, i, j = min(candidates)
        one = left.pop(i)
        if j < 0:
            jets.append(one)
        else:
            left[j] = [a + b for a, b in zip(left[j], one, strict=True)]
    return sorted(jets, key=lambda p: -math.hypot(p[0], p[1]))


@pytest.mark.parametrize("radius", [0.4, 1.2])
def test_anti_kt_jets_are_those_of_the_definition(radius: float) -> None:
    draw = np.random.default_rng(5)
    function = find_function("antikT")
    assert function is not None
    call, fault, merged = load(function), np.zeros(3, np.int64), 0
    for _ in range(80):
        size = int(draw.integers(0, 9))
        rows = np.stack(
            [
                draw.uniform(5, 200, size),
                draw.uniform(-2, 2, size),
                draw.uniform(-math.pi, math.pi, size),
                draw.uniform(0, 20, size),
            ],
            axis=1,
        )
        momentum = momenta(rows)
        number, jets = call([*momentum.T.tolist(), size, radius], 0, fault)
        expected = clustered(momentum, radius)
        assert number == len(expected)
        np.testing.assert_allclose(
            np.array(jets)[:, :number].T, np.array(expected).reshape(-1, 4), rtol=1e-9, atol=1e-9
        )
        merged += size - number
    assert merged > 10  # or the test says nothing


# ------------------------------------------------------------------------ made collections


def test_a_made_collection_has_the_elements_of_the_algorithm() -> None:
    text = 'region r\n  select size(mega) == 2\n  histo h, "h", 40, 0, 2000, m(mega[0] + mega[1])\n'
    found, events = histogram(text)
    expected = []
    for rows in jets_of(events):
        if len(rows) >= 2:
            px, py, pz, e = momenta(rows).sum(axis=0)
            expected.append(math.sqrt(e**2 - px**2 - py**2 - pz**2))
    np.testing.assert_array_equal(found, np.histogram(expected, 40, (0, 2000))[0])
    assert sum(found) > 100


def test_a_made_collection_can_be_cut_united_sliced_and_reduced() -> None:
    text = """
object hard
  take mega
  select pT(this) > 50
object all
  take union(hard, leptons)
region r
  select size(hard) >= 1
  select pT(all[0]) >= max(pT(hard))
  select any(dR(mega, jets) < 2)
  histo a, "a", 10, 0, 200, pT(mega)
  histo b, "b", 10, 0, 200, sum(pT(all[0:2]))
  histo c, "c", 10, -3, 3, max(eta(fmegajets(leptons)))
"""
    program, _, partial = run(text)
    flows, _ = collect(program.program, program.layout, partial, Process("p", "p"))
    _, hard, leading, near = (step.raw for step in flows[0].steps)
    assert hard == leading >= near > 50


def test_the_same_call_is_one_collection_and_is_computed_once() -> None:
    text = """
region r
  select size(fmegajets(jets)) == 2
  select pT(mega[0]) > 40
region s
  select size(apart) > 1 and size(separated(jets, 0.8)) > 1
"""
    program = compiled(text)
    calls = [n for n in program.program.nodes if isinstance(n, Evaluate)]
    assert sorted(n.function.name for n in calls) == ["fmegajets", "separated"]
    for name in ("evaluate", "fmegajets", "separated"):
        assert program.kernel.render().count(f"{name}(") == (0 if name == "evaluate" else 1)


def test_an_algorithm_waits_for_the_cuts_before_it() -> None:
    text = """
region r
  select MET > 50
  select size(apart) > 1
region s
  select MET > 80
  select size(apart) > 2
"""
    rendered = compiled(text).kernel.render()
    body, memoised = rendered.split("memoised", 1)
    assert "separated(" not in body  # only on demand, in the regions that get so far
    assert memoised.count("separated(") == 1
    run(text)


# ---------------------------------------------------------------------------------- scalars


def test_a_number_of_a_collection_is_the_same_everywhere() -> None:
    text = """
region r
  select size(jets) > 1
  select fSphericity(jets) >= 0
  select fAplanarity(jets[0:2]) [] -0.0000001 0.0000001
  select fSphericity(jets, 2) == fSphericity(jets)
  reject fTransverseThrust(leptons) > 1.0001
"""
    program, _, partial = run(text)
    (flow,), _ = collect(program.program, program.layout, partial, Process("p", "p"))
    assert len({step.raw for step in flow.steps[1:4]}) == 1


def test_an_algorithm_in_a_reducer_runs_for_each_element() -> None:
    found, _ = histogram(
        "region r\n  select size(jets) > 0\n"
        '  histo h, "h", 20, 0, 400, max(mt2xy(jets.mass, 10, 0, 0, pT(jets), 5, 3, MET, 0, 0))\n'
    )
    assert sum(found) > 50


def test_a_missing_argument_makes_the_number_missing() -> None:
    text = """
region r
  select default(mt2xy(m(jets[3]), 1, 2, 3, 4, 5, 6, 7, 8, 9), -1) == -1
  reject size(jets) > 3
"""
    program, events, partial = run(text)
    (flow,), _ = collect(program.program, program.layout, partial, Process("p", "p"))
    pt, offsets = events.columns["Jet_pt"], events.offsets["Jet"]
    few = sum(np.sum(pt[a:b] > 30) <= 3 for a, b in pairwise(offsets))
    assert [step.raw for step in flow.steps] == [events.events, few, few]


# --------------------------------------------------------------------------- a vector sum


def test_the_sum_idiom_leaves_one_element_with_the_sum_or_the_opposite_momentum() -> None:
    text = """
object recoil
  take jets
  select sum(-jets) > 0
object both
  take jets
  select sum(jets) > 0
  select pT > 10
region r
  histo a, "sum", 40, 0, 400, pT(add(jets))
  histo b, "its element", 40, 0, 400, pT(both[0])
  histo c, "opposite", 40, 0, 400, pT(recoil[0])
  histo d, "angle", 4, 0, 3.15, dPhi(recoil[0], add(jets))
  histo e, "mass", 40, 0, 400, m(add(jets))
  histo f, "its mass", 40, 0, 400, m(recoil[0])
"""
    assert [d.code for d in findings(OBJECTS + text) if d.code == "W313"] == ["W313", "W313"]
    program, events, partial = run(text)
    _, found = collect(program.program, program.layout, partial, Process("p", "p"))
    a, b, c, d, e, f = ([float(v) for v in h.hist.values()] for h in found)
    pt, eta, phi, _ = (events.columns[f"Jet_{x}"] for x in ("pt", "eta", "phi", "mass"))
    jets = np.repeat(np.arange(200), np.diff(events.offsets["Jet"]))
    hard = (pt > 30) & np.isfinite(eta)
    x, y = (np.bincount(jets[hard], (pt * f(phi))[hard], 200) for f in (np.cos, np.sin))
    some = np.bincount(jets[hard], minlength=200) > 0
    expected = np.histogram(np.hypot(x, y)[some], 40, (0, 400))[0].tolist()
    assert c == expected
    assert a[1:] == c[1:]
    assert a[0] == c[0] + np.sum(~some)
    assert b == [0, *expected[1:]]
    assert d == [0.0, 0.0, 0.0, float(np.sum(some))]
    assert e[1:] == f[1:]


def test_behind_cuts_a_collection_is_made_of_what_they_leave() -> None:
    text = """
object hard
  take jets
  select pT > 50
object both
  take union(hard, Muon)
object made
  take jets
  select pT > 50
  histo hp, "pT", 40, 0, 200, pT(this)
  select fmegajets(jets) == 2
  select m(this) > 50
  select sum(jets) > 0
object wanted
  take fmegajets(hard)
  select m(this) > 50
object kept
  take jets
  select pT > 50
  select separated(jets, 1) > 0
object apart_hard
  take separated(hard, 1)
object joined
  take hard
  take Muon
  select fmegajets(hard) == 2
object joined_wanted
  take fmegajets(both)
region r
  histo a, "pt", 40, 0, 400, pT(made)
  histo b, "pt", 40, 0, 400, pT(fVectorSum(wanted))
  histo c, "pt", 40, 0, 400, pT(kept)
  histo d, "pt", 40, 0, 400, pT(apart_hard)
  histo e, "mass", 40, 0, 400, m(joined)
  histo f, "mass", 40, 0, 400, m(joined_wanted)
"""
    made = [d for d in findings(OBJECTS + text) if d.code == "W313"]
    assert len(made) == 4
    program, _, partial = run(text)
    _, found = collect(program.program, program.layout, partial, Process("p", "p"))
    by_name = {h.name: h.hist.values().tolist() for h in found}
    for one, other in ("ab", "cd", "ef"):
        assert by_name[one] == by_name[other], one
        assert sum(by_name[one]) > 20, one
    assert sum(by_name["hp"]) > 20
    printing = text.replace("  histo hp", "  print pT(this)\n  histo hp")
    assert [rows.owner for rows in compiled(printing).program.own_rows] == ["made"]


def test_what_is_made_behind_cuts_is_made_of_what_is_cut() -> None:
    text = "object x\n  take jets\n  select pT > 50\n  select fmegajets(leptons) == 2\n"
    assert [d.code for d in findings(OBJECTS + text) if d.severity == "error"] == ["E206"]


def test_the_sum_idiom_is_of_what_is_taken() -> None:
    other = "object x\n  take leptons\n  select sum(-jets) > 0\n"
    assert [d.code for d in findings(OBJECTS + other) if d.severity == "error"] == ["E204"]


@pytest.mark.parametrize(
    ("source", "help"),
    [
        ("jets[0]", "take jets[0:1] has this one element"),
        ("jets[0].pT", "union"),
        ("add(jets)", "union"),
    ],
)
def test_what_is_no_collection_cannot_be_taken(source: str, help: str) -> None:
    (found,) = (d for d in findings(f"{OBJECTS}object x\n  take {source}\n") if d.code[0] == "E")
    assert found.code == "E210"
    assert help in found.help
