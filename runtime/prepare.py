"""Make an analysis ready for a file: check it against the file's branches, lower, compile.

Files of one kind share everything: what was found for one set of branches is used again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Self

from adl.check.analysis import Analysis, AskedDialect
from adl.check.checker import check
from adl.check.dataset import Dataset
from adl.compiler.ir import Node
from adl.compiler.layout import Chunk, Partial
from adl.compiler.pipeline import Compiled, lowered, of_program
from adl.compiler.program import Program
from adl.runtime.execute.kernel import Kernel, Reads
from adl.runtime.inputs import InputError
from adl.runtime.inputs.trees import Input
from adl.runtime.networks import Networks
from adl.runtime.profile.meter import stage
from adl.runtime.recognise import model_for, unfit
from adl.runtime.units import momenta
from adl.stdlib.models import Branch, Model, ModelError, Schema
from adl.stdlib.models.recognition import OTHERWISE
from adl.syntax.diagnostics import Diagnostic
from adl.syntax.source import Source
from adl.syntax.tree import File

if TYPE_CHECKING:
    from adl.runtime.execute.device.choosing import Devices


@dataclass
class Preparation:
    """Prepares one analysis for each file that it meets."""

    file: File
    source: Source
    model: Model | None  # None: the one that each file shows
    dialect: AskedDialect
    target: str  # "host", "reference", "cuda" or "auto"
    found: Callable[[tuple[Diagnostic, ...]], None]  # told warnings and notes, once a kind of file
    seed: int = 1  # of random numbers
    dataset: Dataset = field(default_factory=Dataset)
    lenient: bool = False  # reads mistakes that have one possible reading
    model_path: tuple[str, ...] = ()  # folders of networks
    systematics: Callable[[str], bool] = lambda name: True  # which are wanted, by name
    analysis: Analysis | None = None
    networks: Networks = field(default_factory=Networks)
    noted: Callable[[str], None] = lambda text: None  # told what a file was taken for
    warned: Callable[[str], None] = lambda text: None  # told what makes results wrong
    kernels: dict[frozenset[Branch], Kernel] = field(default_factory=dict)
    devices: Devices | None = None  # where the target is a GPU
    models: dict[str, Model] = field(default_factory=dict)  # of files that were seen, by their path

    def __call__(self, file: Input) -> Kernel:
        """Return the kernel for a file.

        Raises:
            AnalysisError: The analysis has mistakes, or does not fit this file.
            NetworkError: A network cannot be run.
        """
        branches = file.branches()
        key = frozenset(branches.values())
        if key not in self.kernels:
            self.kernels[key] = self.make(file)
        self.warn_of_skim(file, self.kernels[key])
        self.warn_of_shapes(file, self.kernels[key])
        return self.kernels[key]

    def warn_of_skim(self, file: Input, kernel: Kernel) -> None:
        """Say of a skim under which variations of a kernel it lacks events."""
        if file.skimmed and kernel.program.variations:
            from adl.runtime.skims.later import lacking, moving, said

            lost = lacking(file, moving(kernel.program))
            if lost:
                self.warned(said(file, lost))

    def warn_of_shapes(self, file: Input, kernel: Kernel) -> None:
        """Say of a skim that variations keep the sum of weights of its events only."""
        shapes = [s.name for s in kernel.program.systematics if s.normalise]
        if shapes:
            from adl.runtime.skims.counters import carried

            sums = carried(file, self.schema(file)).sums
            if sums is not None and sums.events > file.entries:
                self.warned(
                    f"{file.path} is a skim of {sums.events:,} events: {', '.join(shapes)} with "
                    f"`normalise` keeps the sum of weights of the {file.entries:,} that it has\n"
                    "  help: a dataset list divides by the sums that the file has counted"
                )

    def make(self, file: Input) -> Kernel:
        """Check, lower and compile for a file's branches."""
        schema = self.schema(file)
        program = self.program(schema, self.dataset)
        return self.kernel(self.compiled(program), schema)

    def compiled(self, program: Program) -> Compiled:
        """Return a program taken apart at its networks, with its passes run."""
        return of_program(program, self.networks.evaluate)

    def program(self, schema: Schema, dataset: Dataset) -> Program:
        """Return what the analysis counts for a dataset."""
        return lowered(self.checked(schema, dataset), self.seed)

    def schema(self, file: Input) -> Schema:
        """Return what a file offers.

        Raises:
            InputError: The file fits two models equally well.
        """
        known = self.model or self.models.get(file.path)
        try:
            recognised = model_for(file, known)
        except ModelError as error:
            raise InputError(file.path, str(error)) from None
        if known is None and recognised.model.name == OTHERWISE:
            self.noted(f"{file.path}: {recognised.reason}")
        # Other trees of a file have the model of the first one, whatever they look like.
        for text in unfit(file, recognised.model) if known is self.model else ():
            self.noted(text)
        return recognised.model.schema(file.branches())

    def checked(self, schema: Schema, dataset: Dataset) -> Analysis:
        """Return what the analysis means for a dataset; warnings are told."""
        analysis, findings = check(
            self.file,
            self.source,
            schema,
            self.dialect,
            dataset,
            self.lenient,
            self.model_path,
            self.systematics,
        )
        self.found(findings)
        if self.analysis is None:
            self.analysis = analysis
        return analysis

    def without_systematics(self) -> Self:
        """Return what prepares the nominal analysis for other trees of the same files."""
        return replace(self, systematics=lambda name: False, kernels={}, models={})

    def read_as(self, file: Input, asked: Model | None) -> None:
        """Read all trees of a file with the model of this one, whatever their names are."""
        self.models[file.path] = model_for(file, asked).model

    def kernel(self, compiled: Compiled, schema: Schema) -> Kernel:
        """Have a compiled program ready to run."""
        self.networks.load(compiled.networks)
        with stage("compile"):  # now, in this thread
            place = partial(self.place, compiled.program)
            whole = None if self.devices is None else self.devices.kernel(compiled, place)
            if whole is None and self.target != "reference":
                compiled.load()
        reads = Reads(compiled.columns, compiled.collections, counted_by(schema), momenta(schema))
        run = _runner(compiled, self.target)
        straight = self.devices.straight.read if self.devices and whole is not None else None
        return Kernel(compiled.program, compiled.layout, run, reads, whole, straight)

    def place(self, program: Program, node: Node) -> str:
        """Name the statement of the analysis that needs a node of a program."""
        from adl.runtime.statements import statement

        assert self.analysis is not None
        return statement(node, program, self.analysis, self.source)


def counted_by(schema: Schema) -> dict[str, str]:
    """Return the column that says how many elements each collection has, where that is known."""
    single = (s.element for s in schema.singletons.values() if s.element is not None)
    every = (*schema.collections.values(), *single)
    return {c.name: c.counted_by for c in every if c.counted_by}


def _runner(compiled: Compiled, target: str) -> Callable[[Chunk], Partial]:
    return compiled.interpret if target == "reference" else compiled.run
