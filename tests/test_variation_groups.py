"""A group of variations counts what each of them does, written out as a program of its own."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import strategies as st

from adl.compiler.emit.module import emit
from adl.compiler.ir import (
    ONE,
    TRUE,
    Axis,
    Cell,
    Choice,
    Column,
    Const,
    Element,
    Fill,
    Index,
    Lookup,
    Node,
    Part,
    Table,
    Uniform,
    call,
    fill,
    pick,
    postorder,
    reduce,
    rewrite,
    store,
)
from adl.compiler.kernel import Force, Let
from adl.compiler.layout import Chunk, Partial, layout, variations
from adl.compiler.passes import run_passes
from adl.compiler.program import Change, OutputT, Program, RegionOutput, StepOutput
from adl.compiler.schedule import schedule
from adl.compiler.targets import reference
from adl.compiler.targets.host import HostKernel, load
from adl.compiler.variations import alike, for_each, group, group_of
from adl.stdlib.registry import FUNCTIONS
from tests.strategies import Case, batches, cases, check

# From a column and the number of a variation to what the variation reads in its place.
Variation = Callable[[Column, int], Node]
EXAMPLES = 30


def factor(column: Column, number: int) -> Node:
    return call("mul", column, Const(1.0 + 0.25 * number, True))


def shift(column: Column, number: int) -> Node:
    return call("add", column, Const(0.5 * number - 1.0))


def other(column: Column, number: int) -> Node:
    return Column(f"{column.name}:{number}", column.dtype, column.collection, *column.children)


def table(column: Column, number: int) -> Node:
    rows = ((1.0 + number, -60.0, 0.5), (0.5, 0.5, 1.0 + number), (2.0, 1.0, 90.0))
    return call("mul", column, Lookup(Table(rows), (column,)))


def replica(column: Column, number: int) -> Node:
    """Multiply by the element in a place of the same input, which not all events have."""
    if column.collection is None:
        return factor(column, number)
    here = Axis((column.collection,), 90)
    at = Part(pick((here,), TRUE, None, number), 0)
    return call("mul", column, Column(column.name, column.dtype, column.collection, at))


def signs(column: Column, number: int) -> Node:
    """Add on one side, take away on the other: what is added differs, too."""
    moved = call("mul", column, Const(0.25 * number))
    return call("sub" if number % 2 else "add", call("neg", column) if number else column, moved)


VARIATIONS: dict[str, Variation] = {
    "factor": factor,
    "shift": shift,
    "other": other,
    "table": table,
    "replica": replica,
    "signs": signs,
}


def written_out(output: OutputT, names: frozenset[str], vary: Variation, number: int) -> OutputT:
    def rule(node: Node) -> Node | None:
        return vary(node, number) if isinstance(node, Column) and node.name in names else None

    return rewrite(output, rule)


def grouped(
    output: OutputT, names: frozenset[str], vary: Variation, axis: Axis, many: int
) -> OutputT:
    def rule(node: Node) -> Node | None:
        if not isinstance(node, Column) or node.name not in names:
            return None
        found = alike([vary(node, number) for number in range(many)], axis)
        assert found is not None
        return found

    assert isinstance(output, Fill)
    return for_each(axis, rewrite(output, rule))


def with_columns(chunk: Chunk, many: int) -> Chunk:
    """Add columns in another order of elements, one a variation."""
    random = np.random.default_rng(1)
    more = {
        f"{name}:{number}": random.permuted(values)
        for number in range(many)
        for name, values in chunk.columns.items()
    }
    return Chunk(chunk.events, {**chunk.columns, **more}, chunk.offsets)


def kernel(program: Program) -> HostKernel:
    return load(emit(program, schedule(program), layout(program)))


def counts(partial: Partial, program: Program, fill: Fill, number: int = 0) -> list[bytes]:
    """Return what a fill counts in one variation."""
    place, many = layout(program).places[fill], variations(fill)
    cells = slice(place.cells + number, place.cells + place.size, many)
    found = [partial.raw[cells], partial.skipped[place.skipped + number]]
    if place.sums >= 0:
        sums = slice(place.sums + number, place.sums + place.size, many)
        found += [partial.sumw[sums], partial.sumw2[sums]]
    return [np.asarray(numbers).tobytes() for numbers in found]


def of_fills(program: Program) -> Program:
    regions = tuple(replace(region, rows=()) for region in program.regions)
    return replace(program, regions=regions, own_rows=())


def all_fills(program: Program) -> list[Fill]:
    return [fill for region in program.regions for fill in region.fills]


def runs(program: Program, chunk: Chunk) -> list[tuple[Program, Partial]]:
    """Count before and after the passes, interpreted and compiled."""
    passed = run_passes(program)
    return [
        (p, count(chunk))
        for p in (program, passed)
        for count in (lambda c, p=p: reference.run(p, c), kernel(p).run)
    ]


@pytest.mark.parametrize("batch", batches(EXAMPLES))
def test_a_group_counts_what_each_of_its_variations_does(batch: int) -> None:
    def compare(case: Case, data: st.DataObject) -> None:
        nominal, many = of_fills(case.program), data.draw(st.sampled_from([1, 2, 5]))
        chunk = with_columns(case.chunk, many)
        reals = sorted({c.name for c in nominal.columns if c.kind == "real"})
        kinds = st.lists(st.sampled_from(sorted(VARIATIONS)), min_size=1, max_size=2, unique=True)
        parts, expected = [nominal], [[counts_of(nominal, chunk)]]
        for kind in data.draw(kinds):
            names = frozenset(name for name in reals if data.draw(st.booleans()))
            vary, axis = VARIATIONS[kind], group(kind, many)
            parts.append(nominal.map(vary_all(names, vary, axis, many)))
            expected.append(
                [counts_of(nominal.map(one(names, vary, number)), chunk) for number in range(many)]
            )
        whole = Program(tuple(region for part in parts for region in part.regions))
        for stage, (program, partial) in enumerate(runs(whole, chunk)):
            found = iter(all_fills(program))
            for wanted in expected:
                for place in range(len(all_fills(nominal))):
                    fill = next(found)
                    for number, each in enumerate(wanted):
                        own = number if group_of(fill) else 0
                        assert counts(partial, program, fill, own) == each[place], stage

    check(batch, compare, cases(), st.data())


def counts_of(program: Program, chunk: Chunk) -> list[list[bytes]]:
    partial = reference.run(program, chunk)
    return [counts(partial, program, fill) for fill in all_fills(program)]


def one(names: frozenset[str], vary: Variation, number: int) -> Change:
    return lambda output: written_out(output, names, vary, number)


def vary_all(names: frozenset[str], vary: Variation, axis: Axis, many: int) -> Change:
    return lambda output: grouped(output, names, vary, axis, many)


# --------------------------------------------------------------------------- what can be grouped

JET = Axis(("Jet",), 0)
REPLICA = Axis(("w",), 0)
V = group("v", 3)


def pt(name: str = "Jet_pt") -> Node:
    return Column(name, "float32", "Jet", Index(JET))


def met(name: str) -> Node:
    return Column(f"MET_{name}", "float32")


def test_values_that_differ_in_numbers_are_alike() -> None:
    found = alike([call("mul", pt(), Const(x)) for x in (0.9, 1.0, 1.1)], V)
    assert found is call("mul", pt(), Choice(Index(V), (0.9, 1.0, 1.1), ()))


def test_values_that_differ_in_columns_are_alike() -> None:
    found = alike([pt(f"Jet_pt_{n}") for n in "abc"], V)
    assert isinstance(found, Choice)
    assert [c.name for c in found.columns] == ["Jet_pt_a", "Jet_pt_b", "Jet_pt_c"]


def test_equal_values_stay_the_value() -> None:
    assert alike([pt()] * 3, V) is pt()


def test_places_of_an_input_are_alike_and_missing_where_it_is_shorter() -> None:
    places = [Part(pick((JET,), TRUE, None, k), 0) for k in (4, 0, 2)]
    wanted, length = Choice(Index(V), (4, 0, 2), ()), reduce("count", (JET,), Const(1), TRUE)
    assert alike(places, V) is call("where", call("lt", wanted, length), wanted, Const(-1))


def test_places_among_what_passes_a_cut_are_not_alike() -> None:
    passing = call("gt", pt(), Const(30.0))
    places = [Part(pick((JET,), passing, None, k), 0) for k in (0, 1, 2)]
    assert alike(places, V) is None


def test_a_sum_and_a_difference_are_alike() -> None:
    up, down = (call(name, Const(1.0), pt("Jet_unc")) for name in ("add", "sub"))
    signed = call("mul", pt("Jet_unc"), Choice(Index(V), (1.0, -1.0, 1.0), ()))
    assert alike([up, down, up], V) is call("add", Const(1.0), signed)


def test_a_number_and_its_negative_are_alike() -> None:
    signed = call("mul", pt(), Choice(Index(V), (1.0, -1.0, -1.0), ()))
    assert alike([pt(), call("neg", pt()), call("neg", pt())], V) is signed


def test_a_sum_over_jets_is_alike_inside() -> None:
    sums = [reduce("sum", (JET,), call("mul", pt(), Const(x)), TRUE) for x in (1.0, 2.0, 3.0)]
    inside = call("mul", pt(), Choice(Index(V), (1.0, 2.0, 3.0), ()))
    assert alike(sums, V) is reduce("sum", (JET,), inside, TRUE)


@pytest.mark.parametrize(
    "others",
    [
        (call("add", pt(), Const(1.0)), call("mul", pt(), Const(1.0))),
        (pt(), Column("Jet_pt", "float64", "Jet", Index(JET))),
        (Const(1), Const(2.0)),
        (Const(True), Const(False)),
        (Part(pick((JET,), call("gt", pt(), Const(9.0)), None, 0), 0), Index(JET)),
        (call("add", pt(), Const(1.0)), call("neg", pt())),
        (Const(1.0), pt()),
    ],
)
def test_other_shapes_are_not_alike(others: tuple[Node, ...]) -> None:
    assert alike(others, group("v", 2)) is None


def test_a_long_chain_of_cuts_is_joined_without_recursion() -> None:
    def chain(first: float) -> Node:
        mask = call("gt", pt(), Const(first))
        for i in range(3000):
            mask = call("and", mask, call("lt", pt(), Const(float(i))))
        return mask

    joined = alike([chain(1.0), chain(2.0), chain(2.0)], V)
    assert joined is not None
    assert V in joined.free


def test_parts_that_many_use_are_joined_once() -> None:
    def doubled(first: float) -> Node:
        value: Node = call("mul", pt(), Const(first))
        for _ in range(60):
            value = call("add", value, value)
        return value

    joined = alike([doubled(1.0), doubled(2.0)], group("v", 2))
    assert joined is not None
    assert len(postorder([joined])) < 100


def test_what_does_not_depend_on_a_group_is_the_nominal_fill() -> None:
    nominal = fill((Uniform(3, 0.0, 3.0),), (JET,), (pt(),), TRUE, ONE)
    assert for_each(V, nominal) is nominal


def test_the_code_does_not_grow_with_the_number_of_variations() -> None:
    def code(number: int) -> str:
        axis = group("v", number)
        factors = Choice(Index(axis), tuple(1.0 + 0.01 * i for i in range(number)), ())
        varied = call("mul", pt(), factors)
        passing = reduce("count", (JET,), Const(1), call("gt", varied, Const(30.0, True)))
        bins = (Uniform(10, 0.0, 300.0),)
        places = [Part(pick((REPLICA,), TRUE, None, k), 0) for k in range(number)]
        replicas = alike([Column("w", "float32", "w", at) for at in places], axis)
        sides = [call(("add", "sub")[k % 2], Const(1.0), met(f"{k}")) for k in range(number)]
        signed = alike(sides, axis)
        assert replicas is not None
        assert signed is not None
        outputs = [
            fill(bins, (JET,), (varied,), call("gt", passing, Const(2)), ONE),
            fill(bins, (), (call("real", passing),), TRUE, factors),
            fill(bins, (), (met("nominal"),), TRUE, replicas),
            fill(bins, (), (met("nominal"),), TRUE, signed),
        ]
        program = steps(*(for_each(axis, output) for output in outputs))
        passed = run_passes(program)
        return emit(passed, schedule(passed), layout(passed)).text

    assert len(code(2).splitlines()) == len(code(200).splitlines())


def test_weights_are_filled_at_once() -> None:
    weights = Choice(Index(V), (0.5, 1.0, 2.0), ())
    value = reduce("sum", (JET,), pt(), TRUE)
    fills = [for_each(V, fill((Uniform(5, 0.0, 9.0),), (), (value,), TRUE, weights))]
    text = schedule(run_passes(steps(*fills))).render()
    assert "fill all" in text
    assert "each" not in text


def test_weights_of_all_variations_are_computed_in_vectors_and_their_sums_are_not() -> None:
    factors = Choice(Index(V), (0.5, 1.0, 2.0), ())
    weights = store((V,), (call("mul", met("pt"), factors),))
    one = Element(weights, Index(V))
    odd = reduce("any", (V,), call("lt", one, Const(0.0)), TRUE)
    total = call("gt", reduce("sum", (V,), one, TRUE), Const(0.0))
    for passing, vectors in ((odd, 2), (total, 1)):
        program = run_passes(steps(fill((), (), (), passing, ONE)))
        text = emit(program, schedule(program), layout(program)).text
        loops = [line for line in text.splitlines() if "br label" in line and "!llvm.loop" in line]
        assert len(loops) == vectors


def test_a_cut_that_no_variation_changes_is_tested_once() -> None:
    calm = call("lt", Column("MET_pt", "float32"), Const(100.0, True))
    varied = call("mul", pt(), Choice(Index(V), (0.9, 1.0, 1.1), ()))
    some = reduce("any", (JET,), call("gt", varied, Const(30.0, True)), TRUE)
    kernel_ = schedule(
        run_passes(steps(for_each(V, fill((), (), (), call("and", calm, some), ONE))))
    )
    (turns,) = kernel_.turns
    assert turns.marks == (calm,)
    assert not turns.always


def test_what_no_variation_changes_is_looked_up_once_an_event() -> None:
    most = reduce("max", (JET,), pt(), TRUE)
    nominal = Cell((Uniform(5, 0.0, 9.0),), (call("cosh", most),))
    scaled = call("mul", most, Choice(Index(V), (0.9, 1.0, 1.1), ()))
    moved = call("eq", nominal, Cell((Uniform(5, 0.0, 9.0),), (scaled,)))
    program = run_passes(steps(for_each(V, fill((), (), (), moved, ONE))))
    kernel_ = schedule(program)
    assert (nominal,) in kernel_.memoised
    (turns,) = kernel_.turns
    assert Force(nominal) in turns.bodies[0].items
    assert not any(isinstance(i, Let) and i.node is nominal for i in turns.bodies[0].items)


def test_a_function_of_what_the_variation_before_has_asked_for_is_computed_once() -> None:
    """Results of interpreter and kernel are equal, whatever the order of what is asked for."""
    numbers = (0.5, 0.5, -0.5, 0.5, float("nan"), float("nan"), 0.0, -0.0)
    axis = group("again", len(numbers))
    varied = call("mul", call("abs", met("pt")), Choice(Index(axis), numbers, ()))
    bins = (Uniform(50, -2.0, 2.0),)
    values = [call("sinh", varied), call("atan2", varied, call("add", varied, ONE))]
    program = run_passes(
        steps(*(for_each(axis, fill(bins, (), (value,), TRUE, ONE)) for value in values))
    )
    assert "adl_again_sinh" in emit(program, schedule(program), layout(program)).text
    pointer = np.array([0.0, 1.0, 1.0, -3.0, np.nan, np.inf, 0.0], np.float32)
    chunk = Chunk(len(pointer), {"MET_pt": pointer}, {})
    ours, meant = kernel(program).run(chunk), reference.run(program, chunk)
    for part in ("raw", "sumw", "skipped"):
        np.testing.assert_array_equal(getattr(ours, part), getattr(meant, part))


def test_functions_of_what_is_no_number_are_none() -> None:
    """Memory that nobody has written yet says so of one: see ``emit_again``."""
    for function in FUNCTIONS.values():
        if function.form == "elementary":
            assert math.isnan(function.body(*(math.nan for _ in function.arguments)))


def steps(*fills: Fill) -> Program:
    return Program((RegionOutput("r", tuple(StepOutput("", f) for f in fills)),))
