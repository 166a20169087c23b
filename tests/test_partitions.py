"""Mega-jets, alpha_T and hemispheres against all subsets and the definition's own steps."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tests.momenta import (
    INF,
    PI,
    Momentum,
    close,
    events,
    halves,
    mass_squared,
    run,
    run_compiled,
    total,
)


def test_mega_jets_have_the_least_masses_of_all_partitions() -> None:
    for jets in events(40, 9, seed=21, least=2):
        both = run("fmegajets", jets)
        found = sum(map(mass_squared, both))
        every = [
            mass_squared(total([jets[i] for i in a])) + mass_squared(total([jets[i] for i in b]))
            for a, b in halves(len(jets))
        ]
        assert close(found, min(every), 1e-9, mass_squared(total(jets)))
        assert close(sum(p[3] for p in both), total(jets)[3], 1e-12)
        assert math.hypot(*both[0][:2]) >= math.hypot(*both[1][:2])


def test_many_jets_make_mega_jets_of_the_first_twenty_then_the_rest() -> None:
    (jets,) = events(1, 24, seed=22, least=24)
    both = run_compiled("fmegajets", jets)
    groups = [list(p) for p in run_compiled("fmegajets", jets[:20])]
    for jet in jets[20:]:
        products = [g[3] * jet[3] - sum(g[k] * jet[k] for k in range(3)) for g in groups]
        nearer = groups[products.index(min(products))]
        nearer[:] = [a + b for a, b in zip(nearer, jet, strict=True)]
    groups.sort(key=lambda p: -math.hypot(p[0], p[1]))
    assert np.allclose(both, groups, rtol=1e-10)


def test_fewer_than_two_elements_make_no_groups() -> None:
    for jets in ([], [(3.0, 4.0, 0.0, 5.0)]):
        assert run("fmegajets", jets) == []
        assert run("fhemisphere", jets) == []
        assert math.isnan(run("fAlphaT", jets))


def test_alpha_t_takes_the_most_equal_groups() -> None:
    for jets in events(40, 9, seed=23, least=2):
        weights = [e * math.hypot(x, y) / math.hypot(x, y, z) for x, y, z, e in jets]
        h, whole = sum(weights), total(jets)
        gap = min(
            abs(sum(weights[i] for i in a) - sum(weights[i] for i in b))
            for a, b in halves(len(jets))
        )
        expected = (h - gap) / (2.0 * math.sqrt(h * h - whole[0] ** 2 - whole[1] ** 2))
        assert close(run("fAlphaT", jets), expected, 1e-10)


def test_alpha_t_of_two_jets_is_that_of_the_first_paper() -> None:
    """The smaller eT over the transverse mass of the pair: 1/2 if balanced, less if mismeasured."""
    balanced = [(50.0, 0.0, 0.0, 50.0), (-50.0, 0.0, 0.0, 50.0)]
    assert run("fAlphaT", balanced) == 0.5
    assert run("fAlphaT", [balanced[0], (-40.0, 0.0, 0.0, 40.0)]) < 0.5
    right = [(50.0, 0.0, 0.0, 50.0), (0.0, 40.0, 0.0, 40.0)]
    assert close(run("fAlphaT", right), 40.0 / math.sqrt(2.0 * 50.0 * 40.0))
    assert run("fAlphaT", [balanced[0], balanced[0]]) == INF


# ------------------------------------------------------------------------------- hemispheres


def peer_hemispheres(jets: Sequence[Momentum], seeding: int, association: int) -> list[Any]:
    """Return the hemispheres as CMS's text defines them, with numpy vectors."""
    p = [np.array(jet) for jet in jets]
    size = [float(np.linalg.norm(q[:3])) for q in p]
    pt = [float(np.linalg.norm(q[:2])) for q in p]
    eta = [math.atanh(q[2] / s) for q, s in zip(p, size, strict=True)]
    phi = [math.atan2(q[1], q[0]) for q in p]

    def dr(i: int, j: int) -> float:
        gap = abs(phi[i] - phi[j])
        return math.hypot(eta[i] - eta[j], min(gap, 2 * PI - gap))

    n = range(len(p))
    if seeding in (1, 4):
        measure = size if seeding == 1 else pt
        a = max(n, key=lambda i: measure[i])
        others = [i for i in n if i != a and dr(i, a) > 0.5]
        if not others:
            return []
        b = max(others, key=lambda i: measure[i] * (dr(i, a) if seeding == 1 else 1.0))
    elif seeding == 2:
        a, b = max(itertools.combinations(n, 2), key=lambda c: mass_squared(p[c[0]] + p[c[1]]))
    else:
        a, b = max(
            itertools.combinations(n, 2),
            key=lambda c: pt[c[0]] * pt[c[1]] - p[c[0]][:2] @ p[c[1]][:2],
        )
    axes = [p[a].copy(), p[b].copy()]
    group: dict[int, int] = {}
    for turn in range(100):
        before = dict(group)
        for i in n:
            if association == 1:
                along = [p[i][:3] @ axis[:3] / np.linalg.norm(axis[:3]) for axis in axes]
                group[i] = 0 if along[0] >= along[1] else 1
            elif i in (a, b):
                group[i] = 0 if i == a else 1
            else:
                cost = []
                for k in (0, 1):
                    axis = axes[k] - p[i] if before.get(i) == k else axes[k]
                    c = axis[3] - p[i][:3] @ axis[:3] / size[i]
                    cost.append(c * axis[3] / (axis[3] + p[i][3]) ** 2 if association == 3 else c)
                group[i] = 0 if cost[0] < cost[1] else 1
                if turn and group[i] != before[i]:
                    break
        axes = [sum((p[i] for i in n if group[i] == k), np.zeros(4)) for k in (0, 1)]
        if turn and group == before:
            break
    return axes


@pytest.mark.parametrize("seeding", [1, 2, 3, 4])
@pytest.mark.parametrize("association", [1, 2, 3])
def test_hemispheres_are_those_of_the_text(seeding: int, association: int) -> None:
    moved = 0
    for jets in events(60, 9, seed=10 * seeding + association, least=2):
        ours = run("fhemisphere", jets, float(seeding), float(association))
        theirs = peer_hemispheres(jets, seeding, association)
        assert len(ours) == len(theirs)
        assert np.allclose(ours, theirs, rtol=1e-9, atol=1e-6)
        moved += len(ours)
    assert moved > 80


def test_there_are_no_other_seedings_and_associations() -> None:
    (jets,) = events(1, 5, seed=31, least=5)
    for numbers in ((0.0, 3.0), (5.0, 3.0), (2.0, 0.0), (2.0, 4.0), (2.5, 3.0)):
        assert run("fhemisphere", jets, *numbers) == []


def test_jets_of_one_direction_have_no_seeds_that_are_apart() -> None:
    jets = [(10.0, 0.0, 0.0, 10.0), (20.0, 1.0, 0.0, 21.0)]
    assert run("fhemisphere", jets, 1.0, 1.0) == run("fhemisphere", jets, 4.0, 1.0) == []
    assert len(run("fhemisphere", jets, 2.0, 1.0)) == 2
