"""The steps of a region in several datasets or processes, matched by their text.

A step that `only` excludes in some of them lets their events pass, so there they count what the
step before it did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from adl.runtime.results import Step


def aligned(found: Sequence[Sequence[Step]]) -> list[list[Step]]:
    """Return the steps of each with those that others have, all in one order."""
    keys = _order([_keys(steps) for steps in found])
    return [_filled(steps, keys) for steps in found]


Place = tuple[str, int]


def _keys(steps: Sequence[Step]) -> list[Place]:
    """Return a step's text and how many of the same came before."""
    labels = [step.label for step in steps]
    return [(label, labels[:i].count(label)) for i, label in enumerate(labels)]


def _order(found: Sequence[list[Place]]) -> list[Place]:
    """Return all steps once, each behind those that stand before it."""
    order = list(found[0])
    for keys in found[1:]:
        place = 0
        for key in keys:
            if key in order:
                place = order.index(key) + 1
            else:
                order.insert(place, key)
                place += 1
    return order


def _filled(steps: Sequence[Step], keys: Sequence[Place]) -> list[Step]:
    """Return a step for each key; where there is none, the events pass."""
    own = dict(zip(_keys(steps), steps, strict=True))
    out: list[Step] = []
    for key in keys:
        if key in own:
            out.append(own[key])
        else:
            out.append(replace(out[-1], label=key[0], missing=0, skipped=0, published=()))
    weights = {key for key in keys if key in own and own[key].weight}
    return [replace(s, weight=k in weights) for k, s in zip(keys, out, strict=True)]
