"""The whole way from a checked analysis to something that runs, one stage after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from adl.check.analysis import Analysis
from adl.compiler.ir import Column
from adl.compiler.kernel import Kernel
from adl.compiler.layout import Chunk, Layout, Partial, layout
from adl.compiler.lower.regions import lower
from adl.compiler.networks import Stage, is_made, split
from adl.compiler.passes import run_passes
from adl.compiler.program import Program
from adl.compiler.schedule import MANY, schedule
from adl.compiler.targets.batches import RunNetwork, with_networks

if TYPE_CHECKING:
    from adl.compiler.emit.device import DeviceModule
    from adl.compiler.emit.module import Module
    from adl.compiler.emit.pieces import Pieces, Unit
    from adl.compiler.targets.host import HostKernel
    from adl.compiler.targets.linked import LinkedKernel


@dataclass(frozen=True)
class Compiled:
    """An analysis at every stage; a stage is computed when it is asked for.

    ``before`` are the networks that it needs: they run over each chunk first, with ``evaluate``.
    """

    program: Program
    before: tuple[Networks, ...] = ()
    evaluate: RunNetwork | None = None

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
    def pieces(self) -> Pieces:
        """LLVM IR in pieces, for a kernel of many bodies."""
        from adl.compiler.emit.pieces import emit_pieces

        return emit_pieces(self.program, self.kernel, self.layout)

    @property
    def modules(self) -> tuple[Module | Unit, ...]:
        """The modules from which machine code is made."""
        return self.pieces.modules if self.in_pieces else (self.module,)

    @property
    def in_pieces(self) -> bool:
        """Whether functions are compiled on their own: few are faster together, and soon compiled."""
        return len(self.kernel.bodies) > MANY

    @cached_property
    def host(self) -> HostKernel | LinkedKernel:
        """Machine code."""
        if self.in_pieces:
            from adl.compiler.targets import linked

            return linked.load(self.pieces)
        from adl.compiler.targets import host

        return host.load(self.module)

    @cached_property
    def device(self) -> DeviceModule:
        """LLVM IR for a device with a thread for each event."""
        return self.for_threads()

    def for_threads(
        self, *, shared: bool | None = None, stepping: bool = False, ordered: bool | None = None
    ) -> DeviceModule:
        """Write LLVM IR for threads; the options are those of ``emit_device``."""
        from adl.compiler.emit.device import emit_device

        kernel = schedule(self.program, ahead=False)
        asked: dict[str, Any] = {"shared": shared, "stepping": stepping, "ordered": ordered}
        return emit_device(self.program, kernel, self.layout, **asked)

    def load(self) -> None:
        """Have the machine code of every stage ready."""
        for part in self.parts:
            part.host  # noqa: B018  # computed by asking for it

    def run(self, chunk: Chunk) -> Partial:
        """Count over a chunk with the compiled kernel."""
        return self.host.run(self.fed(chunk, Compiled.run))

    def interpret(self, chunk: Chunk) -> Partial:
        """Count over a chunk with the reference interpreter."""
        from adl.compiler.targets import reference

        return reference.run(self.program, self.fed(chunk, Compiled.interpret))

    def fed(self, chunk: Chunk, run: Callable[[Compiled, Chunk], Partial]) -> Chunk:
        """Return the chunk with the columns of the networks."""
        for networks in self.before:
            assert self.evaluate is not None, "who runs networks says how"
            recorded = run(networks.compiled, chunk).rows
            rows = dict(zip(networks.compiled.program.records, recorded, strict=True))
            chunk = with_networks(chunk, networks.stage, rows, self.evaluate)
        return chunk

    @property
    def parts(self) -> tuple[Compiled, ...]:
        """All that runs over a chunk, what records inputs of networks first."""
        return (*(networks.compiled for networks in self.before), self)

    @property
    def programs(self) -> tuple[Program, ...]:
        """The programs of all parts."""
        return tuple(part.program for part in self.parts)

    @property
    def columns(self) -> tuple[Column, ...]:
        """One node for each input column that is read, by name."""
        found = {c.name: c for p in self.programs for c in p.columns if not is_made(c.name)}
        return tuple(found[name] for name in sorted(found))

    @property
    def collections(self) -> tuple[str, ...]:
        """The input collections of which the lengths are needed, by name."""
        return tuple(sorted({c for p in self.programs for c in p.collections if not is_made(c)}))

    @property
    def networks(self) -> tuple[str, ...]:
        """The files of the models, each once."""
        files = (b.network for n in self.before for b in n.stage.batches)
        return tuple(dict.fromkeys(files))


@dataclass(frozen=True)
class Networks:
    """A stage of networks with the program that records their inputs."""

    stage: Stage
    compiled: Compiled


def build(analysis: Analysis, seed: int = 1, evaluate: RunNetwork | None = None) -> Compiled:
    """Lower an analysis and run the passes; the seed chooses its random numbers.

    ``evaluate`` runs networks: without it a program that has some can be shown, not run.

    Raises:
        AnalysisError: a function of the user's cannot be compiled.
    """
    return of_program(lowered(analysis, seed), evaluate)


def lowered(analysis: Analysis, seed: int = 1) -> Program:
    """Lower an analysis, its Python functions compiled.

    Raises:
        AnalysisError: a function of the user's cannot be compiled.
    """
    if analysis.functions:
        from adl.compiler.python.mistakes import compile_functions

        compile_functions(analysis)
    return lower(analysis, seed)


def of_program(program: Program, evaluate: RunNetwork | None = None) -> Compiled:
    """Take a program apart at its networks and run the passes."""
    stages, last = split(program)
    before: tuple[Networks, ...] = ()
    for stage in stages:
        compiled = Compiled(run_passes(stage.program))
        # Passes may rewrite what is recorded, and keep the order of the records.
        records = zip(stage.batches, compiled.program.inputs, strict=True)
        batches = tuple(replace(batch, record=record) for batch, record in records)
        before = (*before, Networks(Stage(compiled.program, batches), compiled))
    return Compiled(run_passes(last), before, evaluate)
