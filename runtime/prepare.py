"""Make an analysis ready for a file: check it against the file's branches, lower, compile.

Files of one kind share everything: what was found for one set of branches is used again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from adl.check.analysis import Analysis, AskedDialect
from adl.check.checker import check
from adl.compiler.layout import Chunk, Partial
from adl.compiler.pipeline import Compiled, build
from adl.runtime.execute.local import Kernel
from adl.runtime.inputs.trees import Input
from adl.stdlib.models import Branch, Model
from adl.syntax.diagnostics import Diagnostic
from adl.syntax.source import Source
from adl.syntax.tree import File


@dataclass
class Preparation:
    """Prepares one analysis for each file that it meets."""

    file: File
    source: Source
    model: Model
    dialect: AskedDialect
    target: str  # "host" or "reference"
    found: Callable[[tuple[Diagnostic, ...]], None]  # told warnings and notes, once a kind of file
    seed: int = 1  # of random numbers
    analysis: Analysis | None = None
    kernels: dict[frozenset[Branch], Kernel] = field(default_factory=dict)

    def __call__(self, file: Input) -> Kernel:
        """Return the kernel for a file.

        Raises:
            AnalysisError: The analysis has mistakes, or does not fit this file.
        """
        branches = file.branches()
        key = frozenset(branches.values())
        if key not in self.kernels:
            self.kernels[key] = self.make(branches)
        return self.kernels[key]

    def make(self, branches: Mapping[str, Branch]) -> Kernel:
        """Check, lower and compile for some branches."""
        schema = self.model.schema(branches)
        analysis, findings = check(self.file, self.source, schema, self.dialect)
        self.found(findings)
        if self.analysis is None:
            self.analysis = analysis
        compiled = build(analysis, self.seed)
        if self.target == "host":
            compiled.host  # noqa: B018  # compile now, in this thread
        return Kernel(compiled.program, compiled.layout, _runner(compiled, self.target))


def _runner(compiled: Compiled, target: str) -> Callable[[Chunk], Partial]:
    return compiled.run if target == "host" else compiled.interpret
