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
from adl.runtime.execute.local import Kernel
from adl.runtime.overlap.program import Part, Probe, Side, together
from adl.runtime.prepare import Preparation
from adl.stdlib.models import Formula, Schema, find_scalar

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
    regions: dict[Side, list[str]] = field(default_factory=lambda: {"A": [], "B": []})
    probes: dict[str, Probe] = field(default_factory=dict)

    def program(self, schema: Schema, dataset: Dataset) -> Program:
        """Return what both analyses count for a dataset."""
        assert self.other is not None
        first, second = self.checked(schema, dataset), self.other.checked(schema, dataset)
        parts = self._part("A", first), self._part("B", second)
        program, probes = together(*parts, self.moved(schema, first, second))
        self.probes |= probes
        return program

    def _part(self, side: Side, analysis: Analysis) -> Part:
        known = self.regions[side]
        regions = {r.name: r for r in analysis.regions}
        known += [name for name in regions if name not in known]
        return Part(side, analysis.source, regions, lowered(analysis, self.seed))

    def kernel(self, compiled: Compiled, schema: Schema) -> Kernel:
        """Have a compiled program ready, and what tells events apart among what it reads."""
        kernel = super().kernel(compiled, schema)
        if not self.identity:
            return kernel
        matches = (find_scalar(schema, name) for name in EVENT_COLUMNS)
        found = [m.item for m in matches if m is not None and not isinstance(m.item, Formula)]
        reads = kernel.inputs
        named = {c.name: c for c in reads.columns}
        named |= {b.name: Column(b.name, b.dtype) for b in found if b.name not in named}
        return kernel._replace(reads=reads._replace(columns=tuple(named[n] for n in sorted(named))))
