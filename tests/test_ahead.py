"""Values of elements that are computed for many events at once are those of each event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from adl.compiler.ahead import MOST, runs_ahead
from adl.compiler.chosen import chosen_element
from adl.compiler.emit.function import following
from adl.compiler.emit.module import emit
from adl.compiler.ir import (
    ONE,
    TRUE,
    Axis,
    Column,
    Const,
    Element,
    Index,
    Node,
    Part,
    Store,
    Uniform,
    call,
    fill,
    pick,
    reduce,
)
from adl.compiler.kernel import Block, Bounded, Guard, Loop
from adl.compiler.layout import Chunk, Partial, layout
from adl.compiler.passes import run_passes
from adl.compiler.program import Program, RegionOutput, StepOutput
from adl.compiler.schedule import schedule
from adl.compiler.targets import reference
from adl.compiler.targets.host import assembly, load
from tests.test_differential import differences

A, B = Axis(("Jet",), 0), Axis(("Jet",), 1)
WANTED = Column("wanted", "float64")


def column(name: str, at: Node) -> Column:
    return Column(name, "float32", "Jet", at)


def px(at: Node) -> Node:
    return call("mul", column("Jet_pt", at), call("cos", column("Jet_phi", at)))


def pair(first: Node, second: Node) -> Node:
    return call("abs", call("add", px(first), px(second)))


def program() -> Program:
    """The least |px| of a pair of jets, and px of the jet that it begins with, in chosen events."""
    ordered = call("lt", Index(A), Index(B))
    best = pick((A, B), ordered, pair(Index(A), Index(B)), 0)
    found = call("ge", Part(best, 0), Const(0))
    chosen = call("gt", WANTED, Const(0.0))
    mask = call("and", chosen, found)
    bins = (Uniform(50, -100.0, 100.0),)
    least = reduce("min", (A, B), pair(Index(A), Index(B)), ordered)
    fills = (
        fill(bins, (), (px(Part(best, 0)),), mask, ONE),
        fill(bins, (), (least,), mask, ONE),
        fill(bins, (A,), (px(Index(A)),), chosen, ONE),
    )
    return Program((RegionOutput("r", tuple(StepOutput("", f) for f in fills)),))


def events(wanted: list[bool], sizes: list[int], first: int = 0) -> Chunk:
    random = np.random.default_rng(5)
    many = first + sum(sizes)
    columns: dict[str, Any] = {
        "Jet_pt": random.uniform(20, 90, many).astype(np.float32),
        "Jet_phi": random.uniform(-3, 3, many).astype(np.float32),
        "wanted": np.array(wanted, np.float64),
    }
    offsets = first + np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    return Chunk(len(sizes), columns, {"Jet": offsets})


RANDOM = np.random.default_rng(1)
SIZES = RANDOM.poisson(4, 2000).tolist()
CHUNKS = {
    "every event": events([True] * 2000, SIZES),
    "few events": events((RANDOM.random(2000) < 0.03).tolist(), SIZES),
    "half of them": events((RANDOM.random(2000) < 0.5).tolist(), SIZES),
    "not from the first entry on": events([True] * 2000, SIZES, first=777),
    "more jets than run ahead": events([True, False, True, True], [MOST + 7, 0, 2 * MOST, 3]),
    "no jets": events([True, True], [0, 0]),
    "no events": events([], []),
}


def run(program: Program, chunk: Chunk, ahead: bool) -> Partial:
    kernel = schedule(program, ahead=ahead)
    assert bool(kernel.ahead) == ahead
    return load(emit(program, kernel, layout(program))).run(chunk)


@pytest.mark.parametrize("name", CHUNKS)
def test_events_count_what_they_count_one_by_one(name: str) -> None:
    passed, chunk = run_passes(program()), CHUNKS[name]
    assert any(map(runs_ahead, passed.nodes))
    if name != "more jets than run ahead":  # the interpreter takes a second for so many pairs
        assert not differences(reference.run(passed, chunk), run(passed, chunk, True))
    assert not differences(run(passed, chunk, False), run(passed, chunk, True))


def test_what_a_search_has_found_is_read_where_all_elements_have_it() -> None:
    passed = run_passes(program())
    found = [n for n in passed.nodes if isinstance(n, Element) and isinstance(n.at, Part)]
    assert found
    assert all(runs_ahead(node.store) for node in found)


def test_a_loop_over_later_elements_begins_after_the_first() -> None:
    passed = run_passes(program())
    kernel = schedule(passed)
    loops = [loop for body in kernel.bodies for loop in _loops(body)]
    starts = [following(loop.axis, loop.body) for loop in loops]
    later = {loop.axis for loop, start in zip(loops, starts, strict=True) if start is not None}
    assert later == {B}
    assert Index(A) in starts


def _loops(block: Block) -> Iterator[Loop]:
    for item in block.items:
        if isinstance(item, Loop):
            yield item
        if isinstance(item, Loop | Guard | Bounded):
            yield from _loops(item.body)


def test_the_loop_is_one_of_vectors() -> None:
    passed = run_passes(program())
    text = assembly(emit(passed, schedule(passed), layout(passed)).text)
    body = text[text.index("ahead_0:") :]
    body = body[: body.index(".cfi_endproc")] if ".cfi_endproc" in body else body
    assert any(word in body for word in ("xmm", "ymm", "zmm", ".2d", "z0.d"))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (column("Jet_pt", Index(A)), "no function is worth it"),
        (call("where", TRUE, px(Index(A)), px(Index(A))), "nothing in, but something out"),
        (call("mul", px(Const(0)), px(Const(1))), "two elements"),
        (call("mul", px(Const(0)), Column("MET_pt", "float32")), "the event's"),
        (call("sin", Const(1.0)), "of no element"),
    ],
)
def test_what_is_not_of_one_element_is_computed(value: Node, why: str) -> None:
    assert chosen_element(value) is None, why


def test_a_value_of_the_event_does_not_run_ahead() -> None:
    scaled = call("mul", px(Index(A)), WANTED)
    assert not runs_ahead(Store((A,), (scaled,)))
    assert not runs_ahead(px(Index(A)))
