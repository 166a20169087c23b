"""What a run would do, before it: the program for some files, how much of them it reads.

The cost model needs to know how long collections are: that is taken from the first events of a
file, as are the columns that it has. Bytes are those of the columns in the files, compressed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from adl.check.variations import SystematicDef
from adl.compiler.pipeline import Compiled, build
from adl.compiler.plan import Plan, plan
from adl.compiler.program import Program
from adl.runtime.datasets.lists import DatasetList, Listed, places_of
from adl.runtime.datasets.preparing import DatasetPreparation
from adl.runtime.datasets.running import apart
from adl.runtime.execute.local import BLOCK
from adl.runtime.friends import Joining
from adl.runtime.inputs import InputError
from adl.runtime.inputs.chunks import counter, read
from adl.runtime.inputs.opening import open_input
from adl.runtime.inputs.trees import Input
from adl.runtime.prepare import Preparation, counted_by
from adl.runtime.replicas import refuse_absent
from adl.runtime.varied_trees import WithTrees, trees
from adl.stdlib.models import Model, Schema
from adl.syntax.diagnostics import AnalysisError, Diagnostic

Places = Callable[[str], Sequence[str]]  # where a file may be, in the order in which to try
Failures = list[tuple[str, Exception]]  # why files could not be used, by their paths
Join = Callable[[Input], Input]  # a file with its friends


def _there(path: str) -> tuple[str, ...]:
    return (path,)


def _alone(file: Input) -> Input:
    return file


@dataclass
class Files:
    """Some files: their events, what they hold, and what was wrong with others."""

    paths: list[str] = field(default_factory=list)
    events: int = 0
    held: Counter[str] = field(default_factory=Counter)  # bytes of each column, compressed
    counters: dict[str, str] = field(default_factory=dict)  # of columns of lists
    failures: Failures = field(default_factory=list)
    trees: dict[str, Files] = field(default_factory=dict)  # of variations, by their names

    def add(self, source: Input) -> None:
        """Count a file, or a tree of it."""
        self.paths.append(source.path)
        self.events += source.entries
        branches = source.branches()
        self.held.update({name: source.held((name,)) for name in branches})
        self.counters |= {n: b.counter for n, b in branches.items() if b.counter is not None}


@dataclass(frozen=True)
class Planned:
    """The plan of an analysis for some events; without ``files`` for what a model lists.

    A dataset of a list has a plan for each of its processes and slices; ``variation`` is the one for
    which it stands.
    """

    plan: Plan
    files: Files | None = None
    dataset: str = ""
    process: str = ""
    slice: str = ""
    variation: str = ""

    def bytes(self, columns: Sequence[str], without: Sequence[str] = ()) -> int | None:
        """Return what is read for columns and not for others; None without files."""
        if self.files is None:
            return None
        names = self._with_counters(columns) - self._with_counters(without)
        return sum(self.files.held[name] for name in names)

    def of_tree(self, name: str) -> tuple[float, int | None]:
        """Return what a tree of variations costs as a multiple of nominal, and its bytes to read.

        The cost is that of its events, which are taken to be as those of the nominal tree; as many,
        and no bytes, without files.
        """
        if self.files is None:
            return 1.0, None
        own = self.files.trees[name]
        read = replace(self, files=own).bytes(self.plan.nominal.columns)
        return own.events / max(self.files.events, 1), read

    def _with_counters(self, columns: Sequence[str]) -> set[str]:
        assert self.files is not None
        return {*columns, *(self.files.counters[c] for c in columns if c in self.files.counters)}


def plan_of_model(preparation: Preparation, schema: Schema) -> Planned:
    """Return the plan for the columns that an object model lists.

    Raises:
        AnalysisError: The analysis has mistakes.
    """
    compiled = build(preparation.checked(schema, preparation.dataset), preparation.seed)
    counters = counted_by(schema)
    return Planned(_plan(compiled, compiled.program, _single(schema), counters))


def plan_of_files(
    preparation: Preparation,
    paths: Sequence[str],
    tree: str | None,
    places: Places = _there,
    join: Join = _alone,
) -> tuple[list[Planned], Failures]:
    """Return the plan for files, that of the first one that can be used, and what was wrong."""
    files = Files()

    def first(source: Input) -> list[Planned]:
        schema = preparation.schema(source)
        compiled = build(preparation.checked(schema, preparation.dataset), preparation.seed)
        lengths = _lengths(source, compiled, schema)
        counters = _counters(source, compiled, schema)
        return [Planned(_plan(compiled, compiled.program, lengths, counters), files)]

    whole = WithTrees(preparation, preparation.source, places, join)
    return _each(paths, tree, files, first, whole), files.failures


def plan_of_list(
    lists: DatasetList,
    base: Preparation,
    models: Mapping[str, Model],
    told: Callable[[tuple[Diagnostic, ...]], None],
    tree: str | None = None,
    rewritten: Places = _there,
    noted: Callable[[str], None] = lambda text: None,
) -> tuple[list[Planned], Failures]:
    """Return the plans for the datasets of a list, and what was wrong with their files."""
    every: list[Planned] = []
    failures: Failures = []
    for listed in lists.datasets:
        own = replace(base, model=models.get(listed.model or "", base.model), kernels={})
        group = lists.group_of(listed.name)
        places = places_of(listed, rewritten)
        prepare = DatasetPreparation(
            own,
            listed,
            group,
            lists.normalise,
            lists.source,
            told,
            {},
            {},
            places,
            lists.processes,
        )
        files = Files()
        first = partial(_of_dataset, prepare, listed, files)
        join = Joining(listed.friends, listed.files, own.model, places, noted)
        whole = WithTrees(prepare, own.source, places, join)
        every += _each(listed.files, listed.tree or tree, files, first, whole)
        failures += files.failures
    return every, failures


def _of_dataset(
    prepare: DatasetPreparation, listed: Listed, files: Files, source: Input
) -> list[Planned]:
    prepare(source)
    (compiled,) = prepare.compiled.values()
    schema = prepare.base.schema(source)
    lengths, counters = _lengths(source, compiled, schema), _counters(source, compiled, schema)
    _, *regions = compiled.program.regions
    programs = apart(replace(compiled.program, regions=tuple(regions)), prepare.extents)
    return [
        Planned(
            _plan(compiled, program, lengths, counters),
            files,
            listed.name,
            part.process,
            part.slice,
            listed.variation,
        )
        for part, program in zip(prepare.parts, programs, strict=True)
    ]


def _each(
    paths: Sequence[str],
    tree: str | None,
    files: Files,
    first: Callable[[Input], list[Planned]],
    whole: WithTrees[Any],
) -> list[Planned]:
    """Count all files, and return what ``first`` makes of the first one that can be used."""
    found: list[Planned] = []
    for path in paths:
        try:
            with open_input(path, tree, whole.places(path)) as opened:
                source = whole.join(opened)
                planned = found or first(source)
                _count(source, files, [s for p in planned for s in p.plan.systematics], whole)
                found = planned  # of a file that counts
        except (InputError, AnalysisError) as error:
            files.failures.append((path, error))
    return found


def _count(
    source: Input, files: Files, systematics: Sequence[SystematicDef], whole: WithTrees[Any]
) -> None:
    """Count a file and its trees of variations; what a run refuses is refused."""
    refuse_absent(source, systematics, whole.source)
    for tree in trees(systematics):
        whole.check(source, tree)
    files.add(source)
    for tree in trees(systematics):
        with open_input(source.path, tree.name, whole.places(source.path)) as opened:
            files.trees.setdefault(tree.name, Files()).add(whole.join(opened))


def _plan(
    compiled: Compiled,
    program: Program,
    lengths: Mapping[str, float],
    counters: Mapping[str, str],
) -> Plan:
    return plan(program, [networks.stage for networks in compiled.before], lengths, counters)


def _counters(source: Input, compiled: Compiled, schema: Schema) -> dict[str, str]:
    """Return the columns with the numbers of elements, as a run finds them."""
    known = counted_by(schema)
    others = {*_single(schema), *(column.collection for column in compiled.columns)}
    names = (name for name in compiled.collections if name not in others)
    return {name: known.get(name) or counter(source, name) for name in names}


def _lengths(source: Input, compiled: Compiled, schema: Schema) -> dict[str, float]:
    """Return how many elements collections have in the first events, on average."""
    found = _single(schema)
    events = min(source.entries, BLOCK)
    counters = counted_by(schema)
    for name in compiled.collections if events else ():
        if name in found:
            continue
        of_lists = [c for c in compiled.columns if c.collection == name]
        columns = [] if name in counters else of_lists[:1]
        offsets = read(source, columns, (name,), 0, events, counters).offsets[name]
        found[name] = float(offsets[-1] - offsets[0]) / events
    return found


def _single(schema: Schema) -> dict[str, float]:
    """Return the collections of the one element that a singleton is."""
    elements = (single.element for single in schema.singletons.values())
    return {e.name: 1.0 for e in elements if e is not None and not e.counted_by}
