"""The pipeline: each pass turns a program into an equal one; a file each, named after it."""

from __future__ import annotations

from collections.abc import Callable

from adl.compiler.passes.materialise import materialise
from adl.compiler.passes.weights import weights
from adl.compiler.program import Program
from adl.compiler.verify import verify
from adl.syntax.collecting import uncollected

PASSES: tuple[Callable[[Program], Program], ...] = (materialise, weights)


@uncollected
def run_passes(program: Program) -> Program:
    """Run every pass in order, verifying the program after each."""
    verify(program, "lower")
    for run in PASSES:
        known = set(program.nodes)
        program = run(program)
        verify(program, run.__name__, known)
    return program
