"""Regions that are disjoint under every variation: the claim, and the masks that it is made of."""

from __future__ import annotations

import numpy as np
import pytest

from adl.compiler.layout import Chunk
from adl.compiler.pipeline import Compiled
from adl.compiler.prove.promises import promises_of
from adl.compiler.prove.regions import regions_of
from adl.compiler.prove.space import Space
from adl.compiler.prove.study import Study
from adl.compiler.prove.varied import changes, varied
from adl.compiler.prove.verdicts import Limits
from adl.compiler.targets.reference import evaluate_each
from adl.runtime.results import Cutflow
from adl.stdlib.models import load_model
from tests.variations import compiled, results

PROMISES = promises_of(load_model("nanoaod").schema())
# Jets stand in descending varied pT again, so that a and b are disjoint in any case; a MET that is
# negative is possible under oddUp alone; jes moves what the number of jets decides.
TEXT = """object jets
  take Jet
  select abs(eta) < 2.4 and pT > 30
systematic jes
  scale pt(Jet)  up 1 + 0.1 * abs(eta)  down 1 - 0.1 * abs(eta)
  propagate MET from Jet pt > 15
systematic odd
  set MET up -10 * MET down MET + 5
systematic pdf
  reweight LHEPdfWeight[1:5]  combine hessian
region a
  select size(jets) >= 2
  select pT(jets[0]) < 50
region b
  select size(jets) >= 2
  select pT(jets[1]) > 60
region c
  select MET < 40
  bin "deep" MET < 0
  bin "thin" MET >= 0
region d
  select MET > 40
region negative
  select MET < 0
region calm
  select MET >= 0 and MET < 1
region few
  select size(jets) < 2
"""
NAMES = ("a", "b", "c", "c: deep", "c: thin", "d", "negative", "calm", "few")
ALWAYS = {("a", "b"), ("c", "d"), ("d", "negative"), ("negative", "calm"), ("d", "calm")}
ALWAYS |= {("a", "few"), ("b", "few")}
ALWAYS |= {("c: deep", n) for n in ("c: thin", "d", "calm")} | {
    ("c: thin", n) for n in ("d", "negative")
}
NOT_ODD = {("a", "negative"), ("b", "negative"), ("c", "negative"), ("negative", "few")}
NOT_ODD |= {("a", "c: deep"), ("b", "c: deep"), ("c", "c: deep"), ("c: deep", "few")}
NOT_ODD |= {("c: deep", "negative")}


@pytest.fixture(scope="module")
def analysis() -> Compiled:
    return compiled(TEXT)


@pytest.fixture(scope="module")
def events(analysis: Compiled) -> Chunk:
    program = analysis.program
    nominal = [r.mask for r in regions_of(program)]
    masks = [mask for _, changed in varied(program) for mask in changed.values()]
    every = [*nominal, *masks, *(f.weight for f in program.fills)]
    draw = np.random.default_rng(5)
    return Space(every, PROMISES).random(400, draw).chunk(PROMISES.counters)


def test_masks_of_variations_select_what_a_run_counts(analysis: Compiled, events: Chunk) -> None:
    counted = results(analysis, events, interpreted=True).cutflows
    nominal = {r.own: r.mask for r in regions_of(analysis.program, bins=True)}
    assert tuple(nominal) == NAMES
    moving = set()
    for label, changed in varied(analysis.program):
        assert set(changed) <= set(NAMES)
        masks = [changed.get(name, nominal[name]) for name in NAMES]
        passed = np.array([*evaluate_each(masks, events, range(events.events))])
        for name, number in zip(NAMES, passed.sum(0), strict=True):
            region, _, label_of_bin = name.partition(": ")
            usual = _raw(counted["nominal", region], label_of_bin)
            own = counted.get((label, region), counted["nominal", region])
            assert _raw(own, label_of_bin) == number, (label, name)
            moving |= {label} if number != usual else set()
    assert moving == {"jesUp", "jesDown", "oddUp", "oddDown"}


def _raw(cutflow: Cutflow, label: str) -> int:
    """Return how many events a region has, or one of its bins."""
    if not label:
        return cutflow.steps[-1].raw
    return next(b.raw for b in cutflow.bins if b.label == label)


def test_what_is_disjoint_under_every_variation_is_so_in_every_event(
    analysis: Compiled, events: Chunk
) -> None:
    program = analysis.program
    regions = regions_of(program, bins=True)
    study = Study(regions, PROMISES, Limits(solver=False, search=False))
    study.run()
    unproven = {
        (NAMES[i], NAMES[j]): labels
        for (i, j), labels in study.vary(changes([("", program)], regions)).items()
    }
    assert {pair for pair, labels in unproven.items() if not labels} == ALWAYS
    assert {pair for pair, labels in unproven.items() if labels == ("oddUp",)} == NOT_ODD
    assert set(unproven) == ALWAYS | NOT_ODD
    for label, changed in varied(program):
        masks = [changed.get(region.own, region.mask) for region in regions]
        passed = np.array([*evaluate_each(masks, events, range(events.events))])
        for (a, b), labels in unproven.items():
            both = bool((passed[:, NAMES.index(a)] & passed[:, NAMES.index(b)]).any())
            assert both == (label in labels), (label, a, b)


FIRST = """systematic shift
  set MET up MET + 20 down MET - 20
systematic own
  set MET up 2 * MET down MET
region low
  select MET < 30
"""
SECOND = """systematic shift
  set MET up MET + 20 down MET - 20
region high
  select MET > 45
"""


def test_a_variation_of_two_analyses_is_asked_of_both_and_of_each() -> None:
    programs = [("x", compiled(FIRST).program), ("y", compiled(SECOND).program)]
    regions = [r for file, program in programs for r in regions_of(program, file=file)]
    study = Study(regions, PROMISES, Limits(solver=False, search=False))
    assert study.run()[0, 1].relation == "disjoint"
    # Shifted together they stay 15 apart; where only the one is shifted down, or the other up, they
    # meet. Of `own` the first has the softer MET only where it is doubled.
    found = study.vary(changes(programs, regions))
    assert found == {(0, 1): ("shiftUp of y alone", "shiftDown of x alone")}
