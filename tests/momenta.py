"""Random momenta, sums of them, and the functions of collections in both of their forms."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from adl.compiler.targets.python import load
from adl.stdlib.kinematics import Polar
from adl.stdlib.registry import FUNCTIONS

NAN, INF, PI = math.nan, math.inf, math.pi
Momentum = tuple[float, float, float, float]


def close(ours: float, theirs: float, relative: float = 1e-12, size: float = 0.0) -> bool:
    return abs(ours - theirs) <= relative * max(abs(theirs), size)


def momenta(draw: random.Random, number: int, mass: float = 20.0) -> list[Momentum]:
    found = []
    for _ in range(number):
        pt, eta = draw.expovariate(1 / 60) + 5.0, draw.uniform(-2.5, 2.5)
        a = Polar(pt, eta, draw.uniform(-PI, PI), draw.uniform(0.0, mass))
        found.append((a.px, a.py, a.pz, a.energy))
    return found


def events(number: int, most: int, seed: int = 1, least: int = 0) -> Iterator[list[Momentum]]:
    draw = random.Random(seed)
    for i in range(number):
        yield momenta(draw, least + i % (most + 1 - least))


def columns(jets: Sequence[Momentum]) -> list[list[float]]:
    return [[jet[k] for jet in jets] for k in range(4)]


def run(name: str, jets: Sequence[Momentum], *numbers: float) -> Any:
    """Return what the Python text of an algorithm gives: a number, or the elements it fills."""
    function = FUNCTIONS[name]
    given = [*columns(jets), *numbers, *function.defaults][: 4 + len(function.arguments) - 1]
    out = [[NAN] * len(jets) for _ in range(4 if function.result == "collection" else 0)]
    work = [[NAN] * (len(jets) + 1) for _ in range(function.scratch)]
    value = function.body(*given, *out, *work)
    return value if not out else [tuple(o[k] for o in out) for k in range(value)]


@cache
def compiled(name: str) -> Any:
    return load(FUNCTIONS[name])


def run_compiled(name: str, jets: Sequence[Momentum], *numbers: float) -> Any:
    """Return what the machine code of an algorithm gives."""
    function = FUNCTIONS[name]
    given = [*columns(jets), len(jets), *numbers, *function.defaults]
    given = given[: 5 + len(function.arguments) - 1]
    value, out = compiled(name)(given, 0, np.zeros(3, np.int64))
    return value if not out else [tuple(o[k] for o in out) for k in range(value)]


def total(jets: Sequence[Momentum]) -> Momentum:
    return tuple(sum(jet[k] for jet in jets) for k in range(4))  # type: ignore[return-value]


def mass_squared(p: Momentum) -> float:
    return p[3] ** 2 - p[0] ** 2 - p[1] ** 2 - p[2] ** 2


def halves(n: int) -> Iterator[tuple[list[int], list[int]]]:
    for size in range(1, n):
        for chosen in itertools.combinations(range(n), size):
            yield list(chosen), [i for i in range(n) if i not in chosen]
