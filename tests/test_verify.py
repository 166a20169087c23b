"""The verifier and the dump: what a program may not be, and how it is shown."""

from __future__ import annotations

import math
from typing import Any

import pytest

from adl.compiler.dump import dump, dump_nodes
from adl.compiler.ir import (
    ONE,
    TRUE,
    Axis,
    Call,
    Column,
    Const,
    Element,
    Fill,
    Index,
    Node,
    Part,
    Pick,
    Record,
    Reduce,
    Store,
    Uniform,
    Variable,
    both,
    call,
    fill,
    opened,
    pick,
    reduce,
    store,
    substitute,
)
from adl.compiler.program import (
    BinsOutput,
    HistogramOutput,
    OutputT,
    Program,
    RegionOutput,
    StepOutput,
)
from adl.compiler.verify import ARGUMENTS, verify
from adl.stdlib import ops
from adl.stdlib.elementary import sin
from tests.jets_and_leptons import J0, J1, JET, L0, LEP, MET, chain, counter, lepton_pt, program, pt

JET1 = Axis(JET, -1)
MUON1 = Axis(("Muon",), -1)
AT = Index(JET1)
VALUE = Column("Jet_pt", "float32", "Jet", AT)
COUNT = reduce("count", (J0,), Const(1), TRUE)
SEARCH = pick((J0,), TRUE, None, 0)
UNION = Axis(JET + LEP, -1)


def in_fill(node: Node) -> Fill:
    """A fill with a node of any kind inside it, well formed but for that node."""
    if node.kind == "pick":
        node = Part(node, 0)
    if isinstance(node, Store):
        node = Element(node, Const(-1))
    return counter(call("eq", node, node))


FAULTS: dict[str, tuple[Fill, str]] = {
    "mixed_arithmetic": (in_fill(Call("add", (ONE, Const(1)))), "add does not take (real, int)"),
    "arithmetic_of_bools": (in_fill(Call("mul", (TRUE, TRUE))), "mul does not take"),
    "mixed_comparison": (counter(Call("lt", (ONE, Const(1)))), "lt does not take (real, int)"),
    "logic_of_numbers": (counter(Call("and", (TRUE, ONE))), "and does not take (bool, real)"),
    "not_of_two": (counter(Call("not", (TRUE, TRUE))), "not does not take (bool, bool)"),
    "choice_by_number": (in_fill(Call("where", (ONE, ONE, ONE))), "where does not take"),
    "mixed_choice": (in_fill(Call("where", (TRUE, ONE, Const(1)))), "where does not take"),
    "division_of_ints": (
        in_fill(Call("div", (Const(1), Const(2)))),
        "div does not take (int, int)",
    ),
    "root_of_int": (in_fill(Call("sqrt", (Const(1),))), "sqrt does not take (int)"),
    "bits_of_real": (in_fill(Call("bitand", (ONE, ONE))), "bitand does not take (real, real)"),
    "real_of_real": (in_fill(Call("real", (ONE,))), "real does not take (real)"),
    "elementary_of_int": (in_fill(sin(Const(1))), "sin does not take (int)"),
    "elementary_of_two": (in_fill(sin(ONE, ONE)), "sin does not take (real, real)"),
    "unknown_function": (in_fill(Call("frobnicate", (ONE,))), "neither primitive nor elementary"),
    "arithmetic_of_picks": (in_fill(Call("neg", (SEARCH,))), "neg does not take (pick)"),
    "wide_constant": (in_fill(Const(2**63)), "does not fit 64 bits"),
    "int_in_histogram": (
        Fill((Uniform(2, 0.0, 1.0),), (), (Const(1),), TRUE, ONE),
        "values and weight must be real",
    ),
    "int_weight": (Fill((), (), (), TRUE, Const(1)), "values and weight must be real"),
    "mask_of_a_fill": (Fill((), (), (), ONE, ONE), "the mask is no bool"),
    "free_axis": (Fill((), (), (), VALUE > 1.0, ONE), "a fill has a free axis"),
    "axis_of_another_binder": (
        Fill((), (Axis(LEP, -1),), (), VALUE > 1.0, ONE),
        "a fill has a free axis",
    ),
    "values_without_bins": (Fill((), (), (ONE,), TRUE, ONE), "one value an axis"),
    "no_bins": (Fill((Uniform(0, 0.0, 1.0),), (), (ONE,), TRUE, ONE), "finite and ascending"),
    "empty_range": (Fill((Uniform(2, 1.0, 1.0),), (), (ONE,), TRUE, ONE), "finite and ascending"),
    "infinite_range": (
        Fill((Uniform(2, 0.0, math.inf),), (), (ONE,), TRUE, ONE),
        "finite and ascending",
    ),
    "unsorted_edges": (
        Fill((Variable((0.0, 2.0, 2.0)),), (), (ONE,), TRUE, ONE),
        "finite and ascending",
    ),
    "one_edge": (Fill((Variable((0.0,)),), (), (ONE,), TRUE, ONE), "finite and ascending"),
    "slot_of_a_reduction": (
        in_fill(Reduce("sum", (Axis(JET, -2),), ONE, TRUE)),
        "bound slots are not [-1]",
    ),
    "slot_taken_inside": (
        in_fill(Reduce("sum", (JET1,), Reduce("sum", (MUON1,), Index(JET1), TRUE), TRUE)),
        "bound slots are not",
    ),
    "slots_out_of_sequence": (
        in_fill(Pick((Axis(JET, -2), JET1), TRUE, None, 0)),
        "bound slots are not [-1, -2]",
    ),
    "slot_of_a_store": (
        in_fill(Store((Axis(JET, -2),), (ONE,))),
        "bound slots are not [-1]",
    ),
    "mask_of_a_reduction": (in_fill(Reduce("sum", (JET1,), ONE, ONE)), "the mask is no bool"),
    "sum_of_bools": (in_fill(Reduce("sum", (JET1,), TRUE, TRUE)), "sum does not take bool"),
    "any_of_reals": (in_fill(Reduce("any", (JET1,), ONE, TRUE)), "any does not take real"),
    "unknown_reduction": (in_fill(Reduce("mean", (JET1,), ONE, TRUE)), "mean does not take real"),
    "count_of_values": (in_fill(Reduce("count", (JET1,), AT, TRUE)), "count counts the constant"),
    "reduction_over_nothing": (in_fill(Reduce("sum", (), ONE, TRUE)), "a loop over no axis"),
    "axis_without_source": (
        in_fill(Reduce("sum", (Axis((), -1),), ONE, TRUE)),
        "an axis runs over nothing",
    ),
    "mask_of_a_pick": (in_fill(Pick((JET1,), ONE, None, 0)), "the mask is no bool"),
    "key_of_a_pick": (in_fill(Pick((JET1,), TRUE, TRUE, 0)), "the key of a pick is no real number"),
    "negative_rank": (in_fill(Pick((JET1,), TRUE, None, -1)), "k is negative"),
    "part_beyond_the_axes": (in_fill(Part(SEARCH, 1)), "a part of no axis"),
    "part_of_a_number": (in_fill(Part(ONE, 0)), "a part of no axis"),
    "mixed_store": (
        in_fill(Store((JET1, Axis(LEP, -1)), (ONE, Const(1)))),
        "stored values differ in kind",
    ),
    "store_without_a_value": (
        in_fill(Store((JET1, Axis(LEP, -1)), (ONE,))),
        "one value an axis",
    ),
    "store_across_axes": (
        in_fill(Store((JET1, Axis(LEP, -1)), (ONE, VALUE))),
        "varies along the axis of another",
    ),
    "element_at_a_real": (
        in_fill(Element(store((J0,), (ONE,)), ONE)),
        "the position is no int",
    ),
    "column_at_a_real": (in_fill(Column("x", "float32", "Jet", ONE)), "the position is no int"),
    "column_at_another_collection": (
        in_fill(reduce("sum", (L0,), pt(Index(L0)), TRUE)),
        "a column of Jet at a position of Lep",
    ),
    "column_at_a_union": (
        in_fill(Reduce("sum", (UNION,), pt(Index(UNION)), TRUE)),
        "a column of Jet at a position of Jet+Lep",
    ),
    "column_at_a_pick_of_another_collection": (
        in_fill(lepton_pt(Part(SEARCH, 0))),
        "a column of Lep at a position of Jet",
    ),
    "column_without_a_position": (
        in_fill(Column("x", "float32", "Jet", None)),
        "a collection without a position",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_verifier_finds_a_planted(name: str) -> None:
    faulty, message = FAULTS[name]
    with pytest.raises(AssertionError) as raised:
        verify(program(counter(TRUE), faulty), after="plant")
    assert str(raised.value).startswith("after plant: ")
    assert message in str(raised.value)


def test_the_verifier_shows_the_node_with_what_is_above_it() -> None:
    with pytest.raises(AssertionError) as raised:
        verify(program(counter(Call("lt", (MET, Const(1))))))
    assert str(raised.value) == (
        "lt does not take (real, int)\n%0 = column(MET float32) : real\n%1 = lt(%0, 1) : bool"
    )


def test_the_verifier_shows_no_more_than_a_screen() -> None:
    with pytest.raises(AssertionError) as raised:
        verify(program(counter(Call("lt", (chain(5000), Const(1))))))
    assert str(raised.value).count("\n") == 41


def test_the_verifier_knows_the_arguments_of_every_primitive() -> None:
    assert ARGUMENTS.keys() == ops.MEANING.keys()
    examples: dict[str, Any] = {"bool": True, "int": 3, "real": 2.5}
    types = {"bool": bool, "int": int, "real": float}
    for name, choices in ARGUMENTS.items():
        for kinds in choices:
            result = ops.apply(name, *(examples[kind] for kind in kinds))
            assert type(result) is types[ops.result_kind(name, kinds)], name


def example() -> Program:
    good = both(pt(Index(J0)) > Const(30.0, True), abs(pt(Index(J0))) < 2.5)
    number = reduce("count", (J0,), Const(1), good)
    cut = call("ge", number, Const(2, True))
    pair = pick((J0, L0), TRUE, -(pt(Index(J0)) + lepton_pt(Index(L0))), 0)
    union = store((J0, L0), (pt(Index(J0)), lepton_pt(Index(L0))))
    every = Axis(JET + LEP, 0)
    hardest = Part(pick((every,), TRUE, None, 1), 0)
    bins = (Uniform(4, 0.0, 100.0), Variable((0.0, 1.0, 5.0)))
    missing = counter(call("lt", Part(pair, 1), Const(0)))
    values = (pt(Part(pair, 0)), Element(union, hardest))
    return Program(
        (
            RegionOutput(
                "SR",
                (
                    StepOutput("two jets", counter(cut), missing),
                    StepOutput("weight MET", fill((), (), (), cut, MET), None, True),
                ),
                BinsOutput(("low", 'MET > "1"'), fill(bins[1:], (), (MET,), cut, ONE)),
                (
                    HistogramOutput(
                        "h",
                        "a title",
                        (fill(bins, (), values, cut, MET), fill(bins, (), values, TRUE, ONE)),
                    ),
                ),
            ),
        )
    )


DUMP = """\
%0 = index(Jet#-1) : int [Jet#-1]
%1 = column(Jet_pt float32, Jet[%0]) : real [Jet#-1]
%2 = gt(%1, $30.0) : bool [Jet#-1]
%3 = abs(%1) : real [Jet#-1]
%4 = lt(%3, 2.5) : bool [Jet#-1]
%5 = and(%2, %4) : bool [Jet#-1]
%6 = count[Jet#-1](1 if %5) : int
%7 = ge(%6, $2) : bool
%8 = fill(1 if %7) : fill
%9 = column(MET float32) : real
%10 = fill(1 if %7 weight %9) : fill
%11 = index(Lep#-2) : int [Lep#-2]
%12 = column(Lep_pt float64, Lep[%11]) : real [Lep#-2]
%13 = add(%1, %12) : real [Lep#-2, Jet#-1]
%14 = neg(%13) : real [Lep#-2, Jet#-1]
%15 = pick[Jet#-1, Lep#-2](0 by %14) : pick
%16 = part(%15, 1) : int
%17 = lt(%16, 0) : bool
%18 = fill(1 if %17) : fill
%19 = fill(%9 in variable(0.0, 1.0, 5.0) if %7) : fill
%20 = part(%15, 0) : int
%21 = column(Jet_pt float32, Jet[%20]) : real
%22 = index(Lep#-1) : int [Lep#-1]
%23 = column(Lep_pt float64, Lep[%22]) : real [Lep#-1]
%24 = store[Jet#-1, Lep#-1](%1, %23) : store
%25 = pick[Jet+Lep#-1](1) : pick
%26 = part(%25, 0) : int
%27 = element(%24, %26) : real
%28 = fill(%21 in uniform(4, 0.0, 100.0), %27 in variable(0.0, 1.0, 5.0) if %7 weight %9) : fill
%29 = fill(%21 in uniform(4, 0.0, 100.0), %27 in variable(0.0, 1.0, 5.0)) : fill

region SR
  step 'two jets' %8 missing %18
  weight 'weight MET' %10
  bins 'low', 'MET > "1"' %19
  histogram h 'a title' %28, %29
"""


def test_the_dump_shows_every_node_once_and_the_outputs_of_each_region() -> None:
    verify(example())
    assert dump(example()) == DUMP


def test_the_dump_does_not_depend_on_nodes_that_were_built_before() -> None:
    noise = [pt(Index(L0)), MET + 7.0, example().fills]
    assert dump(example()) == DUMP
    assert len(noise) == 3  # alive until here


def test_the_dump_of_an_open_value_names_its_free_axes() -> None:
    assert dump_nodes([pt(Index(J1)) - lepton_pt(Index(L0))]).splitlines()[-1] == (
        "%4 = sub(%1, %3) : real [Jet#1, Lep#3]"
    )


def test_a_program_is_mapped_fill_by_fill() -> None:
    def without_weights(f: OutputT) -> OutputT:
        if isinstance(f, Record):
            return f
        return Fill(f.bins, f.axes, f.values, f.mask, ONE)

    mapped = example().map(without_weights)
    assert not any(f.weighted for f in mapped.fills)
    assert [s.missing for s in mapped.regions[0].steps] == [example().fills[2], None]
    assert example().map(lambda f: f).regions == example().regions


def test_a_binder_in_an_open_body_opens_no_axis_of_that_body() -> None:
    jet = Axis(("Jet",), 0)
    (outer,), _ = opened(reduce("count", (jet,), Const(1), TRUE))
    inner = Axis(("Jet",), 1)
    mask = call("lt", Index(inner), Index(outer))  # how many come before the outer one
    count = reduce("count", (inner,), Const(1), mask)
    (own,), (_, open_mask) = opened(count)
    assert own != outer
    assert open_mask is call("lt", Index(own), Index(outer))


def test_what_is_replaced_is_no_axis_that_a_binder_inside_opens() -> None:
    jet = Axis(("Jet",), 0), Axis(("Jet",), 1), Axis(("Jet",), 2)

    def before(axis: Axis) -> Node:
        mask = call("lt", Index(jet[2]), Index(axis))
        return reduce("count", (jet[2],), Const(1), mask)

    # Each count knows one axis of the pair: its own one could be taken for the other.
    mask = both(call("eq", before(jet[0]), Const(0)), call("eq", before(jet[1]), Const(1)))
    (first, second), (_, body) = opened(reduce("count", jet[:2], Const(1), mask))
    new = Const(7), Const(8)
    found = substitute(body, {Index(first): new[0], Index(second): new[1]})

    def after(value: Const) -> Node:
        return reduce("count", (jet[2],), Const(1), call("lt", Index(jet[2]), value))

    assert found is both(call("eq", after(new[0]), Const(0)), call("eq", after(new[1]), Const(1)))
