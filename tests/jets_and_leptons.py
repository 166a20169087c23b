"""A few nodes over jets and leptons, for tests of the IR."""

from __future__ import annotations

from adl.compiler.ir import ONE, Axis, Column, Fill, Node, fill
from adl.compiler.program import Program, RegionOutput, StepOutput

JET, LEP = ("Jet",), ("Lep",)
J0, J1, J2, L0 = Axis(JET, 0), Axis(JET, 1), Axis(JET, 2), Axis(LEP, 3)
MET = Column("MET", "float32", None, None)


def pt(at: Node) -> Node:
    return Column("Jet_pt", "float32", "Jet", at)


def lepton_pt(at: Node) -> Node:
    return Column("Lep_pt", "float64", "Lep", at)


def program(*fills: Fill) -> Program:
    return Program((RegionOutput("SR", tuple(StepOutput("step", f) for f in fills)),))


def counter(mask: Node) -> Fill:
    return fill((), (), (), mask, ONE)


def chain(length: int) -> Node:
    node: Node = MET
    for _ in range(length):
        node = node + 1.0
    return node
