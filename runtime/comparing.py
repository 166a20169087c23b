"""Runs an analysis on two targets over files or the datasets of a list, and compares what they give.

A file that cannot be used is named in the outcome; what was compared of the others stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from adl.compiler.layout import Chunk, Partial
from adl.compiler.pipeline import Compiled
from adl.compiler.program import Program
from adl.runtime.agreement import Agreement, Pair, compare_sums, compare_values, recording
from adl.runtime.datasets.lists import DatasetList
from adl.runtime.datasets.running import Options, preparations
from adl.runtime.execute.kernel import Kernel
from adl.runtime.execute.outcome import Outcome
from adl.runtime.friends import Friend, Joining
from adl.runtime.inputs import InputError
from adl.runtime.inputs.joined_columns import read
from adl.runtime.inputs.opening import open_input
from adl.runtime.inputs.trees import Input
from adl.runtime.prepare import Preparation
from adl.runtime.varied_trees import Prepares, WithTrees, trees
from adl.stdlib.models import Schema
from adl.syntax.diagnostics import AnalysisError
from adl.syntax.source import Source

BLOCK = 8192  # events that are compared at a time: every value of them is kept

Run = Callable[[Chunk], Partial]


@dataclass
class Recording(Preparation):
    """Prepares programs that record what their fills are given, for two targets at once.

    ``runners`` makes the targets of a program; ``ran`` is the last program that ran over a chunk,
    with what each target gave.
    """

    runners: Callable[[Compiled], tuple[Run, Run]] | None = None
    ran: list[tuple[Compiled, Pair]] = field(default_factory=list)

    def compiled(self, program: Program) -> Compiled:
        """Return a program that records what its fills are given, with its passes run."""
        return super().compiled(recording(program))

    def kernel(self, compiled: Compiled, schema: Schema) -> Kernel:
        """Return a kernel that runs on both targets, and gives what the first does."""
        assert self.runners is not None
        one, other = self.runners(compiled)

        def run(chunk: Chunk) -> Partial:
            first = one(chunk)
            self.ran[:] = [(compiled, (first, other(chunk)))]
            return first

        return super().kernel(compiled, schema)._replace(run=run)


@dataclass
class Comparing:
    """Compares two targets over files, and keeps what became of these."""

    prepare: Recording
    found: Agreement
    limit: int | None = None  # events of all files, of a list of each dataset
    tree: str | None = None
    places: Callable[[str], tuple[str, ...]] = lambda path: (path,)
    outcome: Outcome = field(default_factory=Outcome)

    def files(
        self, paths: Sequence[str], friends: tuple[Friend, ...], noted: Callable[[str], None]
    ) -> None:
        """Compare over files, which have the same friends."""
        join = Joining(friends, paths, self.prepare.model, self.places, noted)
        self._files(paths, self.prepare, self.prepare.source, self.tree, self.places, join)

    def datasets(self, lists: DatasetList, options: Options) -> None:
        """Compare over each dataset of a list."""
        for dataset in preparations(lists, self.prepare, options):
            listed = dataset.listed
            join = Joining(
                listed.friends, listed.files, dataset.model, dataset.places, options.noted
            )
            tree = listed.tree or self.tree
            self._files(listed.files, dataset, self.prepare.source, tree, dataset.places, join)

    def _files(
        self,
        paths: Sequence[str],
        prepare: Prepares,
        source: Source,
        tree: str | None,
        places: Callable[[str], Sequence[str]],
        join: Callable[[Input], Input],
    ) -> None:
        whole = WithTrees(prepare, source, places, join)
        left = self.limit
        for path in paths:
            if left == 0:
                break
            try:
                with open_input(path, tree, places(path)) as opened:
                    kernel = whole(file := join(opened))
                    events = self._events(file, kernel, left)
                # Trees of variations: the nominal analysis, once more.
                for own in trees(kernel.program.systematics):
                    with open_input(path, own.name, places(path)) as opened:
                        file = join(opened)
                        self._events(file, whole.of_tree[own.name](file), left)
            except (InputError, AnalysisError) as error:
                self._failed(path, error)
                continue
            left = None if left is None else left - events
            self.outcome.events += events
            self.outcome.files.append({"path": path, "events": events, "error": ""})

    def _events(self, file: Input, kernel: Kernel, limit: int | None) -> int:
        """Compare over the events of a file, block by block; return how many they are."""
        events = file.entries if limit is None else min(limit, file.entries)
        totals = Partial.zeros(kernel.layout), Partial.zeros(kernel.layout)
        reads, compiled = kernel.inputs, None
        for start in range(0, events, BLOCK):
            stop = min(start + BLOCK, events)
            kernel.run(read(file, reads.columns, reads.collections, start, stop, reads.counters))
            ((compiled, pair),) = self.prepare.ran
            compare_values(self.found, compiled, pair, file.path, start)
            for total, partial in zip(totals, pair, strict=True):
                partial.rows = ()
                partial.locate_faults(file.path, start)
                total.add(partial)
        if compiled is not None:
            compare_sums(self.found, compiled, totals, file.path)
        self.found.events += events
        return events

    def _failed(self, path: str, error: InputError | AnalysisError) -> None:
        # Without the frames of its traceback, which hold arrays.
        self.outcome.failures.append((path, error.with_traceback(None)))
        self.outcome.files.append({"path": path, "events": 0, "error": str(error)})
