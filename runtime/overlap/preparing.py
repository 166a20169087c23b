"""Two analyses made ready for a file: checked against its branches, lowered into one program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from adl.check.analysis import Analysis
from adl.check.dataset import Dataset
from adl.check.draws import EVENT_COLUMNS
from adl.compiler.ir import Column
from adl.compiler.pipeline import Compiled, lowered
from adl.compiler.program import Program
from adl.runtime.execute.kernel import Kernel
from adl.runtime.overlap.following import Following, split
from adl.runtime.overlap.program import Pair, Part, Side, together
from adl.runtime.overlap.tracing import FLAGS
from adl.runtime.prepare import Preparation
from adl.stdlib.models import Formula, Schema
from adl.stdlib.models.finding import find_scalar
from adl.syntax.diagnostics import AnalysisError

# Says of which regions events are followed, by what the first file offers.
Moved = Callable[[Schema, Analysis, Analysis], Sequence[tuple[str, str]]]


@dataclass
class PairPreparation(Preparation):
    """Prepares two analyses for each file that they meet; the first one is ``file``.

    ``moved`` says of which regions events are followed; ``other`` prepares the second analysis.
    """

    other: Preparation | None = None
    moved: Moved = lambda schema, a, b: ()
    identity: bool = False  # what tells events apart is read, too
    bins: bool = False  # each bin of a region is a region, too
    pair: Pair = field(default_factory=Pair)

    def program(self, schema: Schema, dataset: Dataset) -> Program:
        """Return what both analyses count for a dataset."""
        assert self.other is not None
        first, second = self._both(self.other, schema, dataset)
        parts = self._part("A", first), self._part("B", second)
        return together(*parts, self.moved(schema, first, second), self.pair)

    def _both(
        self, other: Preparation, schema: Schema, dataset: Dataset
    ) -> tuple[Analysis, Analysis]:
        """Return what both analyses mean for a dataset.

        Raises:
            AnalysisError: With the mistakes of both.
        """
        try:
            first = self.checked(schema, dataset)
        except AnalysisError as mistakes:
            if other.source != self.source:
                try:
                    other.checked(schema, dataset)
                except AnalysisError as more:
                    raise AnalysisError(mistakes.source, mistakes.diagnostics, more) from None
            raise
        return first, other.checked(schema, dataset)

    def _part(self, side: Side, analysis: Analysis) -> Part:
        regions = {r.name: r for r in analysis.regions}
        return Part(side, analysis.source, regions, lowered(analysis, self.seed), self.bins)

    def kernel(self, compiled: Compiled, schema: Schema) -> Kernel:
        """Have a compiled program ready; what follows moved events is compiled when one has."""
        deciding, following = split(compiled, self.pair)
        kernel = super().kernel(deciding, schema)
        run = kernel.run
        if following.program.records:
            run = Following(compiled.program, run, deciding.program, following, self.pair)
        named = {c.name: c for c in (*compiled.columns, *self._identity(schema))}
        columns = tuple(named[n] for n in sorted(named) if not n.startswith(FLAGS))
        reads = kernel.inputs._replace(columns=columns, collections=compiled.collections)
        return kernel._replace(program=compiled.program, run=run, reads=reads)

    def _identity(self, schema: Schema) -> list[Column]:
        """Return the columns that tell events apart, where they are wanted."""
        found = []
        for name in EVENT_COLUMNS if self.identity else ():
            match = find_scalar(schema, name)
            if match is None or isinstance(match.item, Formula) or "int" not in match.item.dtype:
                continue
            self.pair.identity[match.item.name] = name
            found.append(Column(match.item.name, match.item.dtype))
        return found
