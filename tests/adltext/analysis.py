"""Whole analyses: every kind of block, and the regions that use them."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from tests.adltext import composites, declared, objects, regions
from tests.adltext.kinds import INPUTS
from tests.adltext.writer import Writer


def text(random: Random, dialect: str, functions: bool = True, network: str = "") -> str:
    """Return a well-typed analysis in a dialect."""
    w = Writer(random, dialect, functions=functions and random.random() < 0.3)
    w.network = network if random.random() < 0.15 else ""
    w.collections = list(w.random.sample(INPUTS[:3], 2)) + (
        [w.among(*INPUTS[3:])] if w.chance(3) else []
    )
    declared.blocks(w)
    if w.tags:
        w.collections = [
            replace(c, kind=replace(c.kind, truths=("bTag",))) if c.name == "Jet" else c
            for c in w.collections
        ]
    for _ in range(w.among(0, 1, 2, 3)):
        objects.block(w)
    if w.chance(2):
        composites.block(w)
        if w.chance(4):
            composites.block(w)
        if w.chance(4):
            objects.block(w)
    declared.defines(w)
    declared.histo_lists(w)
    for _ in range(w.among(1, 1, 2, 3)):
        regions.block(w)
    for _ in range(w.among(0, 0, 0, 1, 2)):
        declared.systematic(w)
    if w.chance(3):  # declarations stand in any order
        random.shuffle(w.blocks)
    return "\n".join(w.blocks) + "\n"
