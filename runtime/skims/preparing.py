"""Makes an analysis ready to skim a file: what passes, what is kept, what the file has counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Self

from adl.check.analysis import Analysis
from adl.check.checker import computed
from adl.compiler.lower.regions import lower
from adl.compiler.pipeline import build, of_program
from adl.compiler.program import Program
from adl.runtime.execute.kernel import Kernel
from adl.runtime.inputs.joined import Joined
from adl.runtime.inputs.trees import Input
from adl.runtime.needs import needs, varied
from adl.runtime.prepare import Preparation
from adl.runtime.recognise import model_for
from adl.runtime.skims.counters import Carried, carried
from adl.runtime.skims.later import lacking, moving
from adl.runtime.skims.plan import (
    ALL,
    NEEDED,
    chosen,
    filled_before,
    kept_columns,
    skim_program,
)
from adl.runtime.varied_trees import trees
from adl.stdlib.models import Branch


class SkimError(Exception):
    """A skim that was asked for and cannot be: a region or columns that do not exist."""


@dataclass(frozen=True)
class Opened:
    """What a skim says of an input."""

    tree: str
    uuid: str
    model: str
    version: str
    counted: Carried


@dataclass
class SkimPreparation(Preparation):
    """Prepares the skim of each file that it meets; no region means every one."""

    regions: tuple[str, ...] = ()
    columns: tuple[str, ...] = (NEEDED,)
    any_variation: bool = False  # events that pass under a variation alone are kept, too
    moving: tuple[str, ...] = ()  # variations under which other events could pass
    left_out: tuple[str, ...] = ()  # those of them of which the skim lacks events
    opened: dict[str, Opened] = field(default_factory=dict)  # by the path of the file
    early: dict[str, list[str]] = field(default_factory=dict)  # histograms, see filled_before
    trees: tuple[str, ...] = ()  # of variations
    one_table: bool = False  # the file to write holds no more
    unread: dict[str, int] = field(default_factory=dict)  # columns that cannot be copied, by path

    def __call__(self, file: Input) -> Kernel:
        """Return what skims a file.

        Raises:
            AnalysisError: The analysis has mistakes, or does not fit this file.
            InputError: The counters of the file cannot be read.
            SkimError: There is no such region, or a pattern fits no column.
        """
        kernel = super().__call__(file)
        lost = {*self.left_out, *lacking(file, self.moving)}  # the file can be a skim, too
        self.left_out = tuple(label for label in self.moving if label in lost)
        model = model_for(file, self.model).model
        version = model.version(file.branches())
        self.opened[file.path] = Opened(
            file.tree,
            file.uuid,
            model.name,
            version.name if version else "",
            carried(file, model.listed),
        )
        if ALL in self.columns:
            self.unread[file.path] = len(file.unread)
        return kernel

    def make(self, file: Input) -> Kernel:
        """Check, lower and compile the skim for a file's branches."""
        schema = self.schema(file)
        analysis = self.checked(schema, self.dataset)
        regions = _regions(analysis, self.regions)
        whole = build(analysis, self.seed)
        branches = file.branches()
        known, _ = computed(schema)
        wanted = needs(whole, known, model_for(file, self.model).model, branches)
        own = file.own.branches() if isinstance(file, Joined) else branches
        _refuse_idle(self.columns, own)
        # A friend's columns stay in it: where it lacks an event, no number could say so.
        needed = frozenset(n for n in wanted.kept | varied(analysis) if n in own)
        kept = kept_columns(chosen(self.columns, needed, own), known, own)
        program = lower(analysis, self.seed)
        self.trees = tuple(tree.name for tree in trees(program.systematics))
        if self.trees and self.one_table and self.any_variation:
            message = (
                f"a Parquet file is one table, and the variations are trees: {self.trees[0]} …"
            )
            raise SkimError(f"{message}\n  help: a ROOT file has them all, as in -o skim.root")
        self._note_early(program, regions)
        found = skim_program(program, regions, known, kept, self.any_variation)
        skim = of_program(found, self.networks.evaluate)
        self.moving = moving(program, regions)
        if not self.any_variation:
            self.left_out = self.moving
        return self.kernel(skim, known)

    def without_systematics(self) -> Self:
        """Return what prepares the skim of other trees, which keep what passes there."""
        own = super().without_systematics()
        return replace(own, opened={}, early={}, unread={}, any_variation=False, trees=())

    def _note_early(self, program: Program, regions: Sequence[str]) -> None:
        for region in program.regions:
            if region.name in regions and region.steps and (names := filled_before(region)):
                self.early[region.name] = names


def _regions(analysis: Analysis, asked: Sequence[str]) -> tuple[str, ...]:
    names = [region.name for region in analysis.regions]
    for name in asked:
        if name not in names:
            raise SkimError(f"--region {name}: the regions are {', '.join(names)}")
    return tuple(asked) or tuple(names)


def _refuse_idle(columns: Sequence[str], branches: Mapping[str, Branch]) -> None:
    """Refuse a pattern that chooses nothing."""
    for word in columns:
        if not chosen((word,), frozenset(), branches) and word != NEEDED:
            raise SkimError(f"--columns {word}: the input has no such column")
