"""Regions that are disjoint under every variation: the claim, and the masks that it is made of."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from adl.compiler.layout import Chunk
from adl.compiler.pipeline import Compiled
from adl.compiler.prove.decide import Prover
from adl.compiler.prove.findings import under_variations
from adl.compiler.prove.promises import promises_of
from adl.compiler.prove.regions import regions_of, varied
from adl.compiler.prove.space import Space
from adl.compiler.prove.verdicts import Limits
from adl.compiler.targets.reference import evaluate_each
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
region d
  select MET > 40
region negative
  select MET < 0
region calm
  select MET >= 0 and MET < 1
region few
  select size(jets) < 2
"""
NAMES = ("a", "b", "c", "d", "negative", "calm", "few")
ALWAYS = {("a", "b"), ("c", "d"), ("d", "negative"), ("negative", "calm"), ("d", "calm")}
ALWAYS |= {("a", "few"), ("b", "few")}
NOT_ODD = {("a", "negative"), ("b", "negative"), ("c", "negative"), ("negative", "few")}


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
    nominal = {r.name: r.mask for r in regions_of(analysis.program)}
    seen = set()
    for label, changed in varied(analysis.program):
        masks = [changed.get(name, nominal[name]) for name in NAMES]
        passed = np.array([*evaluate_each(masks, events, range(events.events))])
        for name, number in zip(NAMES, passed.sum(0), strict=True):
            cutflow = counted.get((label, name)) or counted["nominal", name]
            assert cutflow.steps[-1].raw == number, (label, name)
            seen.add((label, number != counted["nominal", name].steps[-1].raw))
    moving = {label for label, differs in seen if differs}
    assert moving == {"jesUp", "jesDown", "oddUp", "oddDown"}


def test_what_is_disjoint_under_every_variation_is_so_in_every_event(
    analysis: Compiled, events: Chunk
) -> None:
    program = analysis.program
    prover = Prover(PROMISES, Limits(solver=False, search=False))
    nominal = {r.name: r.mask for r in regions_of(program)}
    pairs = [
        (a, b)
        for a, b in combinations(NAMES, 2)
        if prover.prove(nominal[a], nominal[b]).relation == "disjoint"
    ]
    assert set(pairs) == ALWAYS | NOT_ODD
    found = under_variations(prover, program, pairs)
    assert {pair for pair, known in found.items() if not known.unproven} == ALWAYS
    assert {found[pair].unproven for pair in NOT_ODD} == {("oddUp",)}
    for label, changed in varied(program):
        masks = [changed.get(name, nominal[name]) for name in NAMES]
        passed = np.array([*evaluate_each(masks, events, range(events.events))])
        for a, b in pairs:
            both = bool((passed[:, NAMES.index(a)] & passed[:, NAMES.index(b)]).any())
            assert both == (label in found[a, b].unproven), (label, a, b)
