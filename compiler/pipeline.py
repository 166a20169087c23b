"""The whole way from a checked analysis to something that runs, one stage after the other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from adl.check.analysis import Analysis
from adl.compiler.kernel import Kernel
from adl.compiler.layout import Chunk, Layout, Partial, layout
from adl.compiler.lower.regions import lower
from adl.compiler.passes import run_passes
from adl.compiler.program import Program
from adl.compiler.schedule import schedule

if TYPE_CHECKING:
    from adl.compiler.emit.module import Module
    from adl.compiler.targets.host import HostKernel


@dataclass(frozen=True)
class Compiled:
    """An analysis at every stage; a stage is computed when it is asked for."""

    program: Program

    @cached_property
    def layout(self) -> Layout:
        """Where the outputs lie."""
        return layout(self.program)

    @cached_property
    def kernel(self) -> Kernel:
        """Loops and guards."""
        return schedule(self.program)

    @cached_property
    def module(self) -> Module:
        """LLVM IR."""
        from adl.compiler.emit.module import emit

        return emit(self.program, self.kernel, self.layout)

    @cached_property
    def host(self) -> HostKernel:
        """Machine code."""
        from adl.compiler.targets.host import load

        return load(self.module)

    def run(self, chunk: Chunk) -> Partial:
        """Count over a chunk with the compiled kernel."""
        return self.host.run(chunk)

    def interpret(self, chunk: Chunk) -> Partial:
        """Count over a chunk with the reference interpreter."""
        from adl.compiler.targets import reference

        return reference.run(self.program, chunk)


def build(analysis: Analysis, seed: int = 1) -> Compiled:
    """Lower an analysis and run the passes; the seed chooses its random numbers."""
    return Compiled(run_passes(lower(analysis, seed)))
