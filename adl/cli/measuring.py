"""Runs two analyses over files or a dataset list, in one pass, and compares them as they are read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from adl.cli.common import UserError, show_note, show_warning
from adl.cli.options import Places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adl.check.analysis import Analysis
    from adl.check.dataset import Dataset
    from adl.diff.changes import Difference
    from adl.runtime.datasets.lists import DatasetList, Listed
    from adl.runtime.datasets.running import Ran
    from adl.runtime.execute.outcome import Outcome
    from adl.runtime.friends import Friend
    from adl.runtime.overlap.keeper import OverlapKeeper
    from adl.runtime.overlap.measured import Measured, Source
    from adl.runtime.overlap.preparing import PairPreparation
    from adl.runtime.prepare import Preparation
    from adl.stdlib.models import Schema


@dataclass(frozen=True)
class Asked:
    """What the options of a comparison on data ask for."""

    jobs: int
    events: int | None
    tree: str | None
    places: Places
    quiet: bool
    listing: bool  # the events that moved, one by one
    friends: tuple[Friend, ...] = ()
    luminosity: str | None = None
    bins: bool = False  # each bin of a region is a region, too


@dataclass
class Comparing:
    """Compares two analyses on the branches of the first file that both can be run on."""

    first: Preparation
    second: Preparation
    difference: Difference | None = None
    analyses: tuple[Analysis, Analysis] | None = None
    _pairs: list[tuple[str, str]] = field(default_factory=list)

    def moved(self, schema: Schema, a: Analysis, b: Analysis) -> Sequence[tuple[str, str]]:
        """Return the pairs of regions that do not count the same."""
        if self.difference is None:
            from adl.diff.canonical import Canonical
            from adl.diff.compare import compare
            from adl.diff.sides import Side

            canonical = Canonical()
            whole = self._whole(self.first, schema, a), self._whole(self.second, schema, b)
            files = self.first.file, self.second.file
            sides = [Side(f, x, canonical) for f, x in zip(files, whole, strict=True)]
            self.analyses = whole
            self.difference = compare(*sides)
            self._pairs = [
                (pair.a, pair.b)
                for pair in self.difference.regions
                if pair.a is not None and pair.b is not None and pair.status != "equal"
            ]
        return self._pairs

    @staticmethod
    def _whole(preparation: Preparation, schema: Schema, known: Analysis) -> Analysis:
        """Return an analysis with what it does for data and for simulation, if the file has both."""
        from adl.check.checker import check
        from adl.syntax.diagnostics import AnalysisError

        asked = preparation
        try:
            analysis, _ = check(
                *(asked.file, asked.source, schema, asked.dialect, None),
                *(asked.lenient, asked.model_path),
            )
        except AnalysisError:
            return known
        return analysis


def measure(
    first: Preparation, second: Preparation, inputs: tuple[str, ...], asked: Asked, dataset: Dataset
) -> tuple[Measured | None, Comparing, Outcome]:
    """Run both analyses over the inputs; what was odd of them is said later."""
    from adl.cli.lists import is_list

    comparing = Comparing(first, second)
    pair = _pair(comparing, asked)
    if any(map(is_list, inputs)):
        found, outcome = _list(pair, inputs, asked)
    else:
        if asked.luminosity is not None:
            raise UserError("--luminosity scales a dataset list, and the inputs are files")
        found, outcome = _files(pair, inputs, asked, dataset)
    from adl.runtime.overlap.measured import measured

    if comparing.difference is None:
        return None, comparing, outcome
    return measured(pair.pair.names, found), comparing, outcome


def _pair(comparing: Comparing, asked: Asked) -> PairPreparation:
    from dataclasses import fields

    from adl.runtime.overlap.preparing import PairPreparation

    own = {f.name: getattr(comparing.first, f.name) for f in fields(comparing.first)}
    pair = PairPreparation(**own)
    pair.other, pair.moved, pair.identity = comparing.second, comparing.moved, asked.listing
    pair.bins = asked.bins
    return pair


def _files(
    pair: PairPreparation, inputs: tuple[str, ...], asked: Asked, dataset: Dataset
) -> tuple[list[Source], Outcome]:
    from adl.cli.executing import execute_inputs
    from adl.runtime.overlap.measured import Source

    keeper = _keeper(pair, asked)
    settings = asked.jobs, asked.events, asked.places, asked.quiet
    outcome = execute_inputs(pair, inputs, asked.friends, asked.tree, settings, keeper)
    process = dataset.process or outcome.name
    return [Source(keeper, [(process, dataset.kind == "data", 1.0)])], outcome


def _keeper(pair: PairPreparation, asked: Asked) -> OverlapKeeper:
    from adl.runtime.overlap.keeper import OverlapKeeper

    return OverlapKeeper(pair.pair, listing=asked.listing)


def _list(
    pair: PairPreparation, inputs: tuple[str, ...], asked: Asked
) -> tuple[list[Source], Outcome]:
    from adl.cli import lists
    from adl.runtime.datasets.coverage import complaints
    from adl.runtime.datasets.running import run_list
    from adl.runtime.networks import NetworkError

    if len(inputs) > 1:
        raise UserError("a dataset list stands alone\n  help: name the other files in it")
    known: DatasetList = lists.read(inputs[0], asked.luminosity)
    keepers: dict[str, OverlapKeeper] = {}

    def keeper(listed: Listed) -> OverlapKeeper:
        keepers[listed.name] = _keeper(pair, asked)
        return keepers[listed.name]

    request = lists.Request(
        *(asked.jobs, asked.events, asked.tree, asked.quiet, None, 0, asked.places)
    )
    options = replace(lists.options_of(known, request, []), keeper=keeper)
    nominal = replace(known, datasets=tuple(d for d in known.datasets if not d.variation))
    try:
        found = run_list(nominal, pair, options)
    except NetworkError as error:
        raise UserError(str(error)) from None
    # Where nothing ran, the analyses' mistakes or the files' are the whole story.
    for ran in found if any(r.outcome.kernel is not None for r in found) else ():
        for complaint in complaints(ran, asked.events):
            show_warning(complaint)
    if not known.normalise:
        show_note("the list is not normalised: an event counts 1, as in a run over its files")
    every = [_source(ran, keepers[ran.listed.name]) for ran in found]
    return every, lists.merged(found, known.source)


def _source(ran: Ran, keeper: OverlapKeeper) -> Source:
    from adl.runtime.overlap.measured import Source

    data = ran.listed.kind == "data"
    parts = [
        (counted.part.process or ran.listed.name, data, ran.scales.get(counted.part))
        for counted in ran.every_part
    ]
    return Source(keeper, parts)
