"""What a list says of each dataset, and what its files are when they are opened."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from adl.check.dataset import Dataset
from adl.runtime.datasets.lists import DatasetList, Listed, places_of
from adl.runtime.datasets.quantities import in_words
from adl.runtime.datasets.sums import check_counters, counted
from adl.runtime.friends import Joining
from adl.runtime.inputs import InputError
from adl.runtime.inputs.opening import open_input
from adl.runtime.inputs.trees import Input
from adl.runtime.recognise import model_for
from adl.stdlib.models import Model, ModelError, Schema


def described(listed: Listed) -> dict[str, Any]:
    """Return what a list says of a dataset, defaults filled in."""
    genw = listed.genw
    column = "none" if genw.column is None else genw.column or "that of the model"
    return {
        "name": listed.name,
        "kind": listed.kind,
        "process": list(listed.processes),
        "era": listed.era,
        "stream": listed.stream,
        "cross_section": listed.cross_section,
        "k_factor": listed.k_factor,
        "luminosity": None if listed.luminosity is None else in_words(listed.luminosity),
        "sum_of_weights": listed.sum_of_weights,
        "generator_weight": f"sign of {column}" if genw.sign else column,
        "lumi_mask": listed.lumi_mask.path if listed.lumi_mask else "",
        "variation": listed.variation,
        "tree": listed.tree,
        "model": listed.model,
        "constants": dict(listed.constants),
        "files": list(listed.files),
    }


@dataclass
class Inspected:
    """One file of a list; with an ``error`` it could not be used."""

    listed: Listed
    path: str
    error: str = ""
    entries: int = 0
    counted: float | None = None  # the sum of weights, by the file's own counters
    model: str = ""
    uuid: str = ""
    schema: Schema | None = None
    key: object = None  # what files of one kind have in common
    missing: list[str] = field(default_factory=list)  # what an analysis does not find

    @property
    def dataset(self) -> str:
        """The name of its dataset."""
        return self.listed.name

    @property
    def sums_events(self) -> bool:
        """Whether a normalised run takes the sum of weights over the events that are there."""
        of_events = self.listed.sum_of_weights in (None, "events")
        return of_events and self.counted is None and self.listed.kind == "simulation"

    def facts(self, normalise: bool) -> Dataset:
        """Return what a run would know of the dataset."""
        listed, genw = self.listed, ""
        normalises = normalise and listed.kind == "simulation"
        if normalises and self.schema is not None and listed.genw.column is not None:
            usual = [n for n in self.schema.weights if n in self.schema.scalars]
            genw = listed.genw.column or next(iter(usual), "")
        process, era = listed.processes[0], listed.era
        return Dataset(listed.kind, process, era, listed.stream, listed.constants, normalises, genw)

    def document(self) -> dict[str, Any]:
        """Return what is known, for programs."""
        return {
            "dataset": self.dataset,
            "file": self.path,
            "error": self.error,
            "events": self.entries,
            "sum_of_weights": self.counted,
            "model": self.model,
            "uuid": self.uuid,
            "missing": self.missing,
        }


@dataclass
class _Join:
    """Joins the friends of a dataset to its files, one at a time: it remembers what it has seen."""

    joining: Joining
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, source: Input) -> Input:
        with self.lock:
            return self.joining(source)


def inspect_list(
    lists: DatasetList,
    models: Mapping[str, Model | None],
    model: Model | None,
    threads: int,
    tree: str | None,
    rewritten: Callable[[str], Sequence[str]] = lambda path: (path,),
) -> list[Inspected]:
    """Open every file of a list, ``threads`` at a time; return what they are, in its order."""

    def opened(file: Inspected) -> Inspected:
        listed = file.listed
        asked = models.get(listed.model, model) if listed.model else model
        places = places_of(listed, rewritten)
        return _opened(file, asked, listed.tree or tree, places(file.path), joins[listed.name])

    joins = {
        listed.name: _Join(
            Joining(
                listed.friends,
                listed.files,
                models.get(listed.model, model) if listed.model else model,
                places_of(listed, rewritten),
            )
        )
        for listed in lists.datasets
    }
    files = [Inspected(listed, path) for listed in lists.datasets for path in listed.files]
    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(opened, files))
    first: dict[str, Inspected] = {}
    for file in found:
        if file.uuid and first.setdefault(file.uuid, file) is not file:
            other = first[file.uuid]
            file.error = f"{file.path}: is a copy of {other.path}: both have one UUID"
    if lists.normalise:
        _check_counters(found)
    return found


def _check_counters(found: Sequence[Inspected]) -> None:
    """Note what a run over the files would not take as the sum of weights of their dataset."""
    known: dict[str, list[bool]] = {}
    for file in found:
        if file.error or file.schema is None or file.listed.kind != "simulation":
            continue
        others = known.setdefault(file.dataset, [])
        try:
            check_counters(file.listed, file.path, file.schema, file.counted, others)
            others.append(file.counted is not None)
        except InputError as error:
            file.error = str(error)


def _opened(
    file: Inspected, model: Model | None, tree: str | None, places: Sequence[str], join: _Join
) -> Inspected:
    try:
        with open_input(file.path, tree, places) as source:
            file.entries, file.uuid = source.entries, source.uuid
            branches = join(source).branches()
            found = model_for(source, model).model
            file.model, file.schema = found.name, found.schema(branches)
            file.key = frozenset(branches.values())
            file.counted = counted(file.path, file.schema, places)
    except InputError as error:
        file.error = str(error)
    except ModelError as error:
        file.error = f"{file.path}: {error}"
    return file
