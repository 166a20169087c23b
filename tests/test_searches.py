"""Searches in the manner of public ones: how many pairs are decided, and that no event contradicts.

``ADL_PROOFS=all`` takes all of them, with many events.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from adl.check.checker import check
from adl.compiler.layout import Chunk
from adl.compiler.pipeline import lowered
from adl.compiler.prove.promises import promises_of
from adl.compiler.prove.regions import Region, regions_of
from adl.compiler.prove.study import Study
from adl.compiler.prove.verdicts import Limits
from adl.compiler.targets.reference import evaluate_each
from adl.stdlib.models import load_model
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.proofs import POSSIBLE

FOLDER = Path(__file__).parent / "searches"
ALL = sorted(path.stem for path in FOLDER.glob("*.adl"))
LONG = os.environ.get("ADL_PROOFS") == "all"
EVENTS = 400 if LONG else 25
SCHEMA = load_model("nanoaod").schema()
PROMISES = promises_of(SCHEMA)


def regions(name: str) -> list[Region]:
    source = Source(f"{name}.adl", (FOLDER / f"{name}.adl").read_text())
    analysis, _ = check(parse(source), source, SCHEMA)
    return regions_of(lowered(analysis))


def test_there_are_as_many_searches_as_claimed() -> None:
    texts = [(FOLDER / f"{name}.adl").read_text() for name in ALL]
    assert len(texts) >= 10
    assert sum(text.count("\nregion ") for text in texts) >= 150


@pytest.mark.parametrize("name", ALL if LONG else ["displaced", "razor"])
def test_pairs_of_a_search_are_decided_and_no_event_contradicts(name: str) -> None:
    study = Study(regions(name), PROMISES, Limits(solver=LONG))
    verdicts = study.run()
    counts = Counter(verdict.relation for verdict in verdicts.values())
    assert counts["unknown"] <= 0.15 * len(verdicts)
    masks = [region.mask for region in study.regions]
    for (i, j), verdict in verdicts.items():
        if verdict.witness is not None:
            (passed,) = evaluate_each(masks, verdict.witness.chunk, [0])
            assert passed[i]
            assert passed[j]
    chunk = near(study)
    for row in evaluate_each(masks, chunk, range(chunk.events)):
        for (i, j), verdict in verdicts.items():
            possible = POSSIBLE.get(verdict.relation)
            assert possible is None or (row[i], row[j]) in possible, (i, j, verdict)


def test_several_processes_prove_the_same() -> None:
    limits = Limits(solver=False, search=False)
    alone, together = (Study(regions("razor"), PROMISES, limits, jobs=n) for n in (1, 2))
    expected = {pair: v.relation for pair, v in alone.run().items()}
    assert {pair: v.relation for pair, v in together.run().items()} == expected
    assert "disjoint" in expected.values()


def near(study: Study) -> Chunk:
    """Random events, and changed ones of those that pass regions."""
    assert study.search is not None
    search, draw = study.search, np.random.default_rng(7)
    chosen = search.events.take(draw.integers(0, search.events.size, EVENTS))
    search.space.mutate(chosen, search.events, draw)
    return chosen.chunk(PROMISES.counters)
