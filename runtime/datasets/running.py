"""Runs an analysis over every dataset of a list, in its order.

A dataset that fails costs no other one. What each has counted is kept unscaled until all are done:
what an event counts depends on the files that could be read, of stitched datasets on all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from itertools import islice
from math import isfinite
from operator import add
from typing import Any

from adl.compiler.program import Program
from adl.runtime.collect import collect, counted, systematics
from adl.runtime.datasets.keeping import keep_sums
from adl.runtime.datasets.lists import DatasetList, Group, Listed, places_of
from adl.runtime.datasets.parts import Part, covering
from adl.runtime.datasets.preparing import DatasetPreparation
from adl.runtime.datasets.sums import Facts, Weights, sum_of_weights, worth
from adl.runtime.derived import Item
from adl.runtime.execute.kernel import Kernel
from adl.runtime.execute.local import execute
from adl.runtime.execute.outcome import Outcome
from adl.runtime.execute.sampling import Sampler
from adl.runtime.friends import Joining
from adl.runtime.inputs import InputError
from adl.runtime.inputs.opening import open_input
from adl.runtime.inputs.trees import Input
from adl.runtime.outputs.keeper import Keeper
from adl.runtime.prepare import Preparation
from adl.runtime.progress import Progress
from adl.runtime.results import NOMINAL, Process, Step, Systematic
from adl.runtime.varied_trees import WithTrees, complete, members_of, run_trees
from adl.stdlib.models import Model
from adl.syntax.diagnostics import AnalysisError, Diagnostic

Showing = Callable[[], AbstractContextManager[Callable[[Progress], None] | None]]


@dataclass(frozen=True)
class Counted:
    """What a part of a dataset counted, before it is scaled."""

    part: Part
    raw: int
    sumw: float
    items: Mapping[str, Sequence[Item]]  # by variation, with each replica
    systematics: tuple[Systematic, ...]
    program: Program  # its regions


@dataclass
class Ran:
    """What became of a dataset."""

    listed: Listed
    group: Group | None
    outcome: Outcome
    facts: Mapping[str, Facts]
    normalised: bool
    entries: int = 0  # events that were read
    certified: int = 0  # of these in the lumi mask
    parts: tuple[Counted, ...] = ()
    unscaled: tuple[Counted, ...] = ()  # parts of which the sum of weights is 0: in no result
    every_part: tuple[Counted, ...] = ()  # both, in the order of the program
    weights: Weights | None = None
    scales: dict[Part, float] = field(default_factory=dict)  # what one unit of weight counts
    # Σw / Σw·factor of all generated events, by the labels of replicas whose sums were counted.
    kept: dict[str, float] = field(default_factory=dict)

    @property
    def whole(self) -> str:
        """The name of what is normalised as one: the dataset, or all that it is stitched with."""
        return self.group.name if self.group else f" {self.listed.name}"

    @property
    def outside(self) -> int:
        """Events of a stitched dataset in slices that it was not made for."""
        every = (*self.parts, *self.unscaled)
        return self.certified - sum(c.raw for c in every) if every else 0


@dataclass(frozen=True)
class Options:
    """How a list is run."""

    threads: int
    limit: int | None = None  # events of each dataset
    tree: str | None = None
    models: Mapping[str, Model] = field(default_factory=dict)  # of datasets that name one
    showing: Showing | None = None
    keeper: Callable[[Listed], Keeper] | None = None
    told: Callable[[tuple[Diagnostic, ...]], None] = lambda findings: None
    places: Callable[[str], Sequence[str]] = lambda path: (path,)  # where a file may be
    noted: Callable[[str], None] = lambda text: None  # told what is good to know of friends
    sample: Sampler | None = None  # measures some events in the place of all


def run_list(lists: DatasetList, base: Preparation, asked_for: Options) -> list[Ran]:
    """Run over all datasets and return what each counted, with what an event counts."""
    found = []
    for prepare in preparations(lists, base, asked_for):
        found.append(_run(prepare, replace(asked_for, places=prepare.places)))
        base.analysis = base.analysis or prepare.base.analysis
    _scale(found)
    for together in _stitched(found):
        keep_sums(together)
    return found


def preparations(
    lists: DatasetList, base: Preparation, asked: Options
) -> Iterator[DatasetPreparation]:
    """Yield what prepares the analysis for each dataset of a list."""
    seen: dict[str, str] = {}
    compiled: dict[object, Any] = {}
    for listed in lists.datasets:
        model = asked.models.get(listed.model or "", base.model)
        yield DatasetPreparation(
            replace(base, model=model, kernels={}),
            listed,
            lists.group_of(listed.name),
            lists.normalise,
            lists.source,
            asked.told,
            seen,
            compiled,
            places_of(listed, asked.places),
            lists.processes,
        )


def _run(prepare: DatasetPreparation, options: Options) -> Ran:
    listed = prepare.listed
    keeper = options.keeper(listed) if options.keeper else Keeper(None)

    def told(text: str) -> None:
        options.noted(f"{listed.name}: {text}")

    with (options.showing or _silent)() as progress, keeper:
        join = Joining(listed.friends, listed.files, prepare.base.model, options.places, told)
        whole = WithTrees(prepare, prepare.base.source, options.places, join)
        # What stands for a variation itself has no others: only its nominal results count.
        asked = prepare if listed.variation else whole
        outcome = _execute(
            listed.files, asked, listed.tree or options.tree, options, progress, join, keeper
        )
    if listed.variation:
        outcome.most.clear()  # nor do the replicas count that it lacks
    else:
        run_trees(outcome, whole, partial(_in_tree, options, join))
    ran = Ran(listed, prepare.group, outcome, prepare.facts, prepare.normalised)
    if outcome.kernel is None or outcome.partial is None:
        return ran
    if prepare.normalised and isinstance(listed.sum_of_weights, float) and not listed.events:
        _count_the_rest(listed, prepare.facts, options)
    ran = _counted(ran, prepare, listed)
    by_tree = {
        name: _parts(own, whole.of_tree[name], listed)[1] for name, own in complete(outcome).items()
    }
    return _with_trees(ran, by_tree)


def _execute(
    paths: Sequence[str],
    prepare: Callable[[Input], Kernel],
    tree: str | None,
    options: Options,
    progress: Callable[[Progress], None] | None,
    join: Joining,
    keeper: Keeper | None = None,
) -> Outcome:
    return execute(
        paths,
        prepare,
        threads=options.threads,
        limit=options.limit,
        tree=tree,
        progress=progress,
        refusals=(AnalysisError,),
        keeper=keeper,
        places=options.places,
        join=join,
        sample=options.sample,
    )


def _in_tree(
    options: Options,
    join: Joining,
    paths: Sequence[str],
    prepare: DatasetPreparation,
    tree: str,
) -> Outcome:
    """Run over a tree of variations, of the files of a dataset."""
    with (options.showing or _silent)() as progress:
        return _execute(paths, prepare, tree, options, progress, join)


def _silent() -> AbstractContextManager[None]:
    from contextlib import nullcontext

    return nullcontext()


def _count_the_rest(listed: Listed, facts: dict[str, Facts], options: Options) -> None:
    """Count the entries of files that were not opened: which part of a given sum was read?"""
    for path in listed.files:
        if path not in facts:
            try:
                with open_input(path, listed.tree or options.tree, options.places(path)) as source:
                    facts[path] = Facts(source.entries)
            except InputError:
                continue  # it was not asked for, or is reported already


def _counted(ran: Ran, prepare: DatasetPreparation, listed: Listed) -> Ran:
    """Take what was counted apart again, part by part."""
    (every, certified), ran.parts = _parts(ran.outcome, prepare, listed)
    ran.every_part = ran.parts
    ran.entries, ran.certified = every.raw, certified.raw
    if ran.normalised:
        ran.weights = sum_of_weights(listed, ran.outcome.files, ran.facts, every.sumw)
    return ran


def _parts(
    outcome: Outcome, prepare: DatasetPreparation, listed: Listed
) -> tuple[tuple[Step, Step], tuple[Counted, ...]]:
    """Return what all events count, and those in the lumi mask; and what each part counted."""
    kernel, sums = outcome.kernel, outcome.partial
    assert kernel is not None
    assert sums is not None
    own, *others = kernel.program.regions
    regions = tuple(others)
    nothing = Process("", "")
    (cutflow,), _ = collect(Program((own,)), kernel.layout, sums, nothing)
    every, certified, *steps = cutflow.steps
    programs = apart(replace(kernel.program, regions=regions), prepare.extents)
    parts = []
    for part, step, program in zip(prepare.parts, steps, programs, strict=True):
        is_data = listed.kind == "data" if listed.kind else None
        process = Process(part.process, listed.name, listed.era, is_data)
        items = counted(program, kernel.layout, sums, process)
        found = systematics(program)
        parts.append(Counted(part, step.raw, step.sumw, items, found, program))
    return (every, certified), tuple(parts)


def _with_trees(ran: Ran, by_tree: Mapping[str, tuple[Counted, ...]]) -> Ran:
    """Add to each part what was counted in the trees of its variations.

    An event there counts what one of the nominal tree does: what a tree lacks is part of the effect.
    """
    parts = []
    for i, found in enumerate(ran.parts):
        own = {name: others[i].items[NOMINAL] for name, others in by_tree.items()}
        parts.append(replace(found, items={**found.items, **members_of(found.program, own)}))
    ran.parts = tuple(parts)
    return ran


def apart(program: Program, extents: Sequence[tuple[int, int, int]]) -> Iterator[Program]:
    """Yield the programs of the parts, of which a program was joined.

    Its first region, which counts the parts, has to be left out.
    """
    regions, variations = iter(program.regions), iter(program.variations)
    systematics = iter(program.systematics)
    for number, varied, declared in extents:
        yield Program(
            tuple(islice(regions, number)),
            variations=tuple(islice(variations, varied)),
            systematics=tuple(islice(systematics, declared)),
        )


def _scale(found: Sequence[Ran]) -> None:
    """Say what one unit of weight of each part counts; parts that nothing can scale are left out."""
    worths = {r.listed.name: worth(r.listed, r.weights) for r in found if r.weights is not None}
    for ran in found:
        for part in ran.parts:
            names = covering(ran.group, ran.listed, part.part.slice)
            scale = _scaling(ran, [worths.get(name, 0.0) for name in names])
            if scale is not None:
                ran.scales[part.part] = scale
        ran.unscaled = tuple(c for c in ran.parts if c.part not in ran.scales)
        ran.parts = tuple(c for c in ran.parts if c.part in ran.scales)


def _stitched(found: Sequence[Ran]) -> list[list[Ran]]:
    """Return the datasets, those that are stitched together."""
    groups: dict[str, list[Ran]] = {}
    for ran in found:
        groups.setdefault(ran.whole, []).append(ran)
    return list(groups.values())


def _scaling(ran: Ran, worths: Sequence[float]) -> float | None:
    if not ran.normalised:
        return 1.0
    total = reduce(add, worths, 0.0)
    assert ran.listed.luminosity is not None
    return ran.listed.luminosity / total if total and isfinite(total) else None
