"""Programs taken apart at their networks mean what they meant: random ones, bit for bit.

A random program's sums and products are made networks, wherever they stand: in cuts, weights,
loops, keys of searches, inside each other. What then comes out is what the program counts itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from adl.compiler.ir import (
    ONE,
    TRUE,
    Axis,
    Call,
    Column,
    Const,
    Index,
    Infer,
    Node,
    both,
    call,
    fill,
    reduce,
    rewrite,
)
from adl.compiler.layout import Chunk
from adl.compiler.pipeline import of_program
from adl.compiler.program import OutputT, Program, RegionOutput, StepOutput
from adl.compiler.targets import reference
from adl.compiler.verify import verify
from tests.strategies import EXAMPLES, Case, batches, cases, check
from tests.test_differential import differences

Numbers = npt.NDArray[np.float64]


JET = Axis(("Jet",), 0)
MEANS = {"add": np.add, "sub": np.subtract, "mul": np.multiply}


def with_networks(program: Program) -> Program:
    """Return the program with networks that compute its sums, products and some columns."""

    def as_network(node: Node) -> Node | None:
        if isinstance(node, Call) and node.function in MEANS and node.kind == "real":
            return Infer(node.function, 0, node.arguments)
        if isinstance(node, Column) and node.name.endswith("_x"):  # one of two real ones
            return Infer("mul", 0, (node, ONE))
        return None

    memo: dict[Node, Node] = {}

    def replaced(output: OutputT) -> OutputT:
        return rewrite(output, as_network, memo=memo)

    return program.map(replaced)


def compute(network: str, rows: Numbers) -> Numbers:
    with np.errstate(all="ignore"):
        result: Numbers = MEANS[network](rows[:, :1], rows[:, 1:])
    return result


@pytest.mark.parametrize("batch", batches(EXAMPLES // 5))
def test_a_network_that_adds_or_multiplies_is_that(batch: int) -> None:
    def compare(case: Case) -> None:
        expected = reference.run(case.program, case.chunk)
        made = of_program(with_networks(case.program), compute)
        for program in made.programs:
            verify(program)
        assert not differences(expected, made.interpret(case.chunk)), "interpreted"
        assert not differences(expected, made.run(case.chunk)), "compiled"

    check(batch, compare, cases())


def test_a_guard_of_a_loop_is_none_of_a_loop_inside_that_has_its_slot() -> None:
    pt = Column("Jet_pt", "float64", "Jet", Index(JET))
    # Closed, so that both loops bind the slot -1; its jets need not pass the cut of the other's.
    best = reduce("max", (JET,), Infer("mul", 0, (pt, ONE)), TRUE)
    counted = fill((), (JET,), (), both(call("lt", pt, Const(2.0)), call("gt", best, pt)), ONE)
    program = Program((RegionOutput("r", (StepOutput("", counted),)),))
    made = of_program(program, compute)
    (networks,) = made.before
    assert networks.stage.batches[0].record.axes == counted.axes
    chunk = Chunk(1, {"Jet_pt": np.array([3.0, 1.0])}, {"Jet": np.array([0, 2], np.int64)})
    assert made.run(chunk).raw.tolist() == [1]
    assert made.interpret(chunk).raw.tolist() == [1]
