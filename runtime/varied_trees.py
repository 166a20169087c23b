"""Variations in trees of their own: the nominal analysis, run over other trees of the same files.

A file is looked at whole before anything of it counts: one that lacks a tree of a variation, or
whose tree does not fit the analysis, is refused, so that nominal and variations cover the same files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, Protocol, Self, TypeVar

from adl.check.variations import OwnTree, SystematicDef
from adl.compiler.changes import nominal_only
from adl.compiler.program import Program
from adl.runtime.collect import collect
from adl.runtime.derived import Item, derived
from adl.runtime.execute.kernel import Kernel
from adl.runtime.execute.outcome import Outcome
from adl.runtime.inputs import InputError
from adl.runtime.inputs.opening import open_input
from adl.runtime.inputs.trees import Input
from adl.runtime.replicas import refuse_absent
from adl.runtime.results import NOMINAL, Histogram, Process
from adl.stdlib.models import Model
from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.source import Source


class Prepares(Protocol):
    """What makes an analysis ready for a file."""

    @property
    def model(self) -> Model | None:
        """The object model that was asked for."""

    def __call__(self, file: Input, /) -> Kernel:
        """Return the kernel for a file."""

    def without_systematics(self) -> Self:
        """Return what prepares the nominal analysis for other trees."""

    def read_as(self, file: Input, asked: Model | None) -> None:
        """Read all trees of a file with the model of this one."""


def trees(systematics: Iterable[SystematicDef]) -> tuple[OwnTree, ...]:
    """Return the trees of variations, each once."""
    every = (v.tree for s in systematics for v in s.variations)
    return tuple({tree.name: tree for tree in every if tree is not None}.values())


P = TypeVar("P", bound=Prepares)


@dataclass
class WithTrees(Generic[P]):
    """Prepares an analysis for a file, and its nominal part for each tree of a variation."""

    prepare: P
    source: Source  # of the analysis
    places: Callable[[str], Sequence[str]] = lambda path: (path,)  # where a file may be
    join: Callable[[Input], Input] = lambda file: file  # with its friends
    of_tree: dict[str, P] = field(default_factory=dict)  # by the tree's name

    def __call__(self, file: Input) -> Kernel:
        """Return the kernel for a file's nominal tree.

        Raises:
            AnalysisError: The analysis does not fit one of the trees, or the file lacks it, or no
                event has a replica.
            InputError: The file cannot be used.
        """
        kernel = self.prepare(file)
        for tree in trees(kernel.program.systematics):
            self.check(file, tree)
        refuse_absent(file, kernel.program.systematics, self.source)
        return kernel

    def check(self, file: Input, tree: OwnTree) -> None:
        """Refuse a file that lacks a tree of a variation, or whose tree the analysis does not fit.

        Raises:
            AnalysisError: With the line of the systematic.
        """
        if tree.name.strip("/").partition(";")[0] == file.tree:
            help = "the nominal events and a variation are two trees: --tree names the nominal one"
            raise self._refused(tree, f"{tree.name} is the tree of the nominal events", help)
        prepare = self.of_tree.setdefault(tree.name, self.prepare.without_systematics())
        prepare.read_as(file, self.prepare.model)
        try:
            with open_input(file.path, tree.name, self.places(file.path)) as opened:
                prepare(self.join(opened))
        except InputError as error:
            help = error.help or "only simulation, where data have no such tree"
            if file.skimmed:
                help = "adl skim --any-variation keeps the trees of variations"
            raise self._refused(tree, error.reason, help) from None
        except AnalysisError as error:
            first = next(d for d in error.diagnostics if d.severity == "error")
            line, _ = self.source.position(first.span.start)
            message = f"the tree {tree.name} does not fit the analysis: {first.message}"
            help = f"line {line} asks for it; the nominal tree {file.tree} has it"
            raise self._refused(tree, message, help) from None

    def _refused(self, tree: OwnTree, message: str, help: str) -> AnalysisError:
        return AnalysisError(self.source, (Diagnostic("E269", "error", message, tree.span, help),))


def run_trees(
    found: Outcome, prepare: WithTrees[P], run: Callable[[Sequence[str], P, str], Outcome]
) -> None:
    """Run over the trees of variations, of the files that the nominal results cover.

    ``run`` is given files, what prepares them and the tree's name.
    """
    good = [file["path"] for file in found.files if not file["error"]]
    if found.kernel is None or not good:
        return
    for tree in trees(found.kernel.program.systematics):
        found.trees[tree.name] = run(good, prepare.of_tree[tree.name], tree.name)


def items_of_trees(
    program: Program, nominal: Sequence[Item], by_tree: Mapping[str, Sequence[Item]]
) -> list[Item]:
    """Return the cutflows and histograms of the variations in trees, with what is derived of them.

    A tree that ``by_tree`` lacks could not be read: its variations are left out.
    """
    before = [item for item in nominal if item.variation == NOMINAL]
    out: list[Item] = []
    for systematic in program.systematics:
        members = dict(_members(systematic, program, by_tree))
        if members:
            out += derived(systematic, before, members)
    return out


def members_of(program: Program, by_tree: Mapping[str, Sequence[Item]]) -> dict[str, list[Item]]:
    """Return what was counted for each variation in a tree, from nominal items of that tree."""
    found = (_members(s, program, by_tree) for s in program.systematics)
    return {label: items for pairs in found for label, items in pairs}


def _members(
    systematic: SystematicDef, program: Program, by_tree: Mapping[str, Sequence[Item]]
) -> Iterator[tuple[str, list[Item]]]:
    for variation in systematic.variations:
        if variation.tree is not None and variation.tree.name in by_tree:
            found = varied_items(program, by_tree[variation.tree.name])
            yield variation.label, [replace(item, variation=variation.label) for item in found]


def varied_items(program: Program, items: Iterable[Item]) -> list[Item]:
    """Return what other events than the nominal ones counted, less histograms that are nominal only."""
    alone = nominal_only(program)
    return [i for i in items if not (isinstance(i, Histogram) and f"{i.region}/{i.name}" in alone)]


def collected(outcome: Outcome, process: Process) -> tuple[Item, ...]:
    """Return the cutflows and histograms of an outcome, those of its trees among them."""
    kernel, partial = outcome.kernel, outcome.partial
    if kernel is None or partial is None:
        return ()
    cutflows, histograms = collect(kernel.program, kernel.layout, partial, process)
    by_tree = {name: collected(own, process) for name, own in complete(outcome).items()}
    own = cutflows + histograms
    return (*own, *items_of_trees(kernel.program, own, by_tree))


def complete(outcome: Outcome) -> dict[str, Outcome]:
    """Return what was counted in the trees that could be read in all files."""
    return {name: own for name, own in outcome.trees.items() if not own.failures}
