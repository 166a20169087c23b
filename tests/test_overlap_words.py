"""Regions as bits of words: what rows decide is what each region's mask says, and patterns count it."""

from __future__ import annotations

from random import Random

import numpy as np
import numpy.typing as npt
import pytest

from adl.compiler.ir import ONE, Column, Evaluate, Node, conjuncts
from adl.compiler.layout import Chunk, Rows
from adl.compiler.program import Program, RowsOutput
from adl.compiler.targets import reference
from adl.compiler.targets.reference import evaluate_each
from adl.runtime.overlap import patterns
from adl.runtime.overlap.deciding import BITS, Asked, decided
from adl.runtime.overlap.following import taken
from adl.runtime.overlap.patterns import numbered
from adl.runtime.overlap.tracing import passed
from adl.runtime.overlap.words import Words, flags, member, words_of
from tests.adltext.events import events
from tests.proofs import conditions_of
from tests.test_prove_sound import analysis
from tests.test_searches import regions

Numbers = npt.NDArray[np.int64]


def words(masks: list[Node], chunk: Chunk) -> tuple[Words, int]:
    """What the rows of some masks say of a chunk by the interpreter, and of how many kinds they are."""
    rows = [*decided(Asked(i, mask, ONE) for i, mask in enumerate(masks))]
    program = Program((), inputs=tuple(record for _, record in rows))
    recorded = reference.run(program, chunk).rows
    outputs = [RowsOutput("save", d.key, d.key, "csv", record, ()) for d, record in rows]
    known = {d.key: d for d, _ in rows}
    found = dict(zip(program.records, recorded, strict=True))
    return words_of(outputs, found, known, chunk.events), len(rows)


@pytest.mark.parametrize("seed", range(8))
def test_bits_are_what_masks_of_random_analyses_say(seed: int) -> None:
    random = Random(seed)
    _, program = analysis(random)
    while any(isinstance(node, Evaluate) for node in program.nodes):  # numba takes its time
        _, program = analysis(random)
    masks = conditions_of(program, random, 12)
    chunk = events(random, 12, most=6)
    found, _ = words(masks, chunk)
    expected = np.array([*evaluate_each(masks, chunk, range(chunk.events))], bool).T
    np.testing.assert_array_equal(member(found.words, len(masks)), expected)


def test_regions_that_need_the_same_are_decided_in_one_row() -> None:
    masks = [region.mask for region in (*regions("razor"), *regions("hadronic_susy"))] * 3
    several = [*decided(Asked(i, mask, ONE) for i, mask in enumerate(masks))]
    assert sorted(n for one, _ in several for n in one.numbers) == [*range(len(masks))]
    assert all({n // BITS for n in one.numbers} == {one.word} for one, _ in several)
    assert len(masks) > BITS  # of several words
    assert len(several) < len(masks) / 2
    for one, record in several:
        asked = {c for n in one.numbers for c in conjuncts(masks[n])}
        given = {n for c in (*conjuncts(record.mask), *record.values) for n in _below(c)}
        assert asked <= given


def _below(node: Node) -> list[Node]:
    return [node, *(below for child in node.children for below in _below(child))]


@pytest.mark.parametrize("slots", [16, 2])  # with few slots most patterns share one
def test_patterns_are_numbered_as_by_sorting(slots: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_SLOTS", slots)
    draw = np.random.default_rng(3)
    columns = draw.integers(0, 2**62, (2, 40))[:, draw.integers(0, 40, 500)]
    number, places = numbered(columns)
    assert len(places) == len({*map(tuple, columns.T.tolist())})
    np.testing.assert_array_equal(columns[:, places][:, number], columns)


def test_flags_are_the_events_that_one_region_has_and_its_counterpart_lacks() -> None:
    draw = np.random.default_rng(4)
    regions_, events_ = 2 * BITS - 5, 60
    inside = draw.random((2 * BITS + 3, events_)) < 0.5
    bits = np.zeros((3, events_), np.int64)
    for i, row in enumerate(inside):
        bits[i // BITS] |= row.astype(np.int64) << (i % BITS)
    half = regions_ // 2
    followed = {i: i + half for i in range(0, half, 2)}
    followed |= {i + half: i for i in range(0, half, 3)}
    found = member(flags(Words(bits), followed, 2), 3 * BITS)
    for i in range(2 * BITS):
        expected = inside[i] & ~inside[followed[i]] if i in followed else np.zeros(events_, bool)
        np.testing.assert_array_equal(found[i], expected)
    np.testing.assert_array_equal(found[2 * BITS : 2 * BITS + 3], inside[2 * BITS :])


def test_steps_are_passed_one_after_the_other() -> None:
    rows = Rows(np.arange(4), (np.array([0b111, 0b011, 0b001, 0b110]), np.array([1, 1, 0, 1])))
    steps = ((0b001, 0), (0b011, 0), (0b011, 1), (0b111, 1))
    assert passed(steps, rows).tolist() == [4, 3, 1, 0]


def test_chosen_events_keep_their_elements() -> None:
    offsets = {"Jet": np.array([3, 5, 5, 8]), "Muon": np.array([0, 0, 1, 1])}
    columns = {"Jet_pt": np.arange(10.0), "MET_pt": np.array([7.0, 8.0, 9.0])}
    nodes = Column("Jet_pt", "float64", "Jet", Column("i", "int64")), Column("MET_pt", "float64")
    found = taken(Chunk(3, columns, offsets), np.array([0, 2]), nodes)
    assert found.events == 2
    assert found.columns["Jet_pt"].tolist() == [3, 4, 5, 6, 7]
    assert found.columns["MET_pt"].tolist() == [7, 9]
    assert {name: own.tolist() for name, own in found.offsets.items()} == {
        "Jet": [0, 2, 5],
        "Muon": [0, 0, 0],
    }
