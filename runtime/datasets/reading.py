"""From the text of a dataset list to a ``DatasetList``; every mistake with its place, all at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path as FilePath
from typing import Any

from adl.check.dataset import Constant
from adl.check.own_names import OWN_TEXTS
from adl.runtime.datasets.accepting import Accepted, accepted
from adl.runtime.datasets.entries import OTHERWISE, DatasetEntry, ListEntry
from adl.runtime.datasets.finding import Claims, below, find_files
from adl.runtime.datasets.foreign import foreign, text_list
from adl.runtime.datasets.lists import (
    TOTAL,
    Condition,
    DatasetList,
    GenWeight,
    Group,
    Listed,
    SliceOf,
    variation_label,
)
from adl.runtime.datasets.masks import LumiMask, read_mask
from adl.runtime.datasets.normalising import check_normalisation
from adl.runtime.datasets.texts import Document, Path, read_json, read_yaml
from adl.runtime.datasets.two_point import check_variations
from adl.runtime.friends import Friend
from adl.runtime.inputs import InputError
from adl.runtime.inputs.paths import near
from adl.syntax.diagnostics import AnalysisError, Diagnostic, Findings, did_you_mean, in_order
from adl.syntax.parse import parse
from adl.syntax.source import Source, Span


def read_list(
    path: str, luminosity: float | None = None
) -> tuple[DatasetList, tuple[Diagnostic, ...]]:
    """Read a dataset list and find its files; also return warnings.

    Args:
        path: A YAML or JSON file, or a text with a file a line; the ending says which.
        luminosity: In 1/pb, for all datasets, in the place of what the list says.

    Raises:
        AnalysisError: The list has mistakes; it holds all findings.
        InputError: The file cannot be read.
    """
    source = read_text(path)
    ending = FilePath(path).suffix.lower()
    if ending == ".txt":
        document: Document = text_list(source, FilePath(path).stem)
    else:
        document = read_json(source) if ending == ".json" else read_yaml(source)
        document = (foreign(document) if ending == ".json" else None) or document
    return of_document(document, FilePath(path).parent, luminosity)


def read_text(path: str) -> Source:
    """Read a text.

    Raises:
        InputError: It is not there, or no UTF-8.
    """
    try:
        return Source(path, FilePath(path).read_bytes().decode("utf-8-sig"))
    except OSError as error:
        help = near(path) if isinstance(error, FileNotFoundError) else ""
        raise InputError(path, (error.strerror or str(error)).lower(), help) from None
    except UnicodeDecodeError:
        other = path.lower().endswith(".root")
        help = f"of a ROOT file, `adl inspect {path}` says what it offers" if other else ""
        raise InputError(path, "is not UTF-8 text", help) from None


def of_document(
    document: Document, folder: FilePath, luminosity: float | None
) -> tuple[DatasetList, tuple[Diagnostic, ...]]:
    """Check the values of a list; ``folder`` is where its paths begin."""
    found = accepted(document)
    if found.entry is None:
        raise AnalysisError(document.source, found.mistakes)
    return _Reading(document, found, found.entry, folder, luminosity).read()


# -------------------------------------------------------------------------------- resolving


class _Reading:
    def __init__(
        self,
        document: Document,
        accepted: Accepted,
        entry: ListEntry,
        folder: FilePath,
        luminosity: float | None,
    ) -> None:
        self.document = document
        self.accepted = accepted
        self.entry = entry
        self.folder = folder
        self.luminosity = luminosity
        self.findings = Findings()
        self.claims = Claims(self.findings, document.source)
        self.masks: dict[str, LumiMask | None] = {}
        self.others: list[tuple[Path, AnalysisError]] = []  # mistakes in other texts

    def read(self) -> tuple[DatasetList, tuple[Diagnostic, ...]]:
        datasets = tuple(self.dataset(n, e) for n, e in self.entry.datasets.items())
        groups = tuple(self.groups())
        normalise = self.entry.normalise or self.luminosity is not None
        found = DatasetList(self.document.source, datasets, groups, normalise)
        if self.accepted.related:
            self.processes(found)
            check_variations(found, self.findings)
        check_normalisation(found, self.entry, self.document, self.findings, self.accepted.related)
        if self.accepted.mistakes or self.findings.failed:
            raise self.mistakes(found)
        if self.others:
            raise self.others[0][1]
        return found, self.findings.ordered()

    def mistakes(self, found: DatasetList) -> AnalysisError:
        """Return all mistakes, but those that may only follow from others."""
        for place, error in self.others:  # an error is about one text
            message = f"{error.source.name} has mistakes: {error.diagnostics[0].message}"
            self.error("E507", message, place)
        unknown = {d.span for d in found.datasets if not self.accepted.is_whole(d.name)}
        own = [finding for finding in self.findings.ordered() if finding.span not in unknown]
        return AnalysisError(self.document.source, in_order(self.accepted.mistakes, own))

    def dataset(self, name: str, entry: DatasetEntry) -> Listed:
        place: Path = ("datasets", name)
        every, kind = self.entry, entry.kind or self.entry.kind
        era = entry.era or every.era
        if kind is None and every.normalise:
            message = f"{name} does not say whether it is data or simulation"
            self.error("E503", message, place, "kind: data, or kind: simulation", named=True)
        names = [f if isinstance(f, str) else f.file for f in entry.files]
        files = find_files(names, self.folder, self.document, (*place, "files"), self)
        self.claims.add(name, files)
        k_factor = entry.k_factor if entry.k_factor is not None else every.k_factor
        return Listed(
            name,
            tuple(path for path, _ in files),
            self.document.place(place) if place not in self.document.names
            else self.document.names[place],
            kind or "",
            entry.process or name,
            era,
            entry.stream,
            entry.tree or every.tree,
            entry.model or every.model,
            entry.cross_section,
            1.0 if k_factor is None else k_factor,
            self.luminosity_of(entry, era),
            entry.sum_of_weights,
            self.genw(entry, place),
            entry.events,
            self.mask(entry, place) if kind == "data" else None,
            variation_label(entry.variation or ""),
            self.split(entry, place),
            tuple(self.friends(entry, place)),
            dict(self.replicas(entry, place)),
            self.constants(entry, place),
            dict(files),
        )  # fmt: skip

    def luminosity_of(self, entry: DatasetEntry, era: str) -> float | None:
        if self.luminosity is not None:
            return self.luminosity
        said = entry.luminosity if entry.luminosity is not None else self.entry.luminosity
        return said.get(era) if isinstance(said, dict) else said

    def friends(self, entry: DatasetEntry, place: Path) -> Iterator[Friend]:
        names: set[str] = set()
        for number, friend in enumerate(entry.friends):
            at = (*place, "friends", number, "files")
            found = find_files(friend.files, self.folder, self.document, at, self)
            files = tuple(path for path, _ in found)
            new = Friend(files, friend.tree, friend.by, friend.prefix)
            if new.name in names:
                self.error("E506", f"{new.name} is a friend already", (*place, "friends", number))
            names.add(new.name)
            yield new

    def replicas(self, entry: DatasetEntry, place: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield the files that are at several places, with the others."""
        for number, file in enumerate(entry.files):
            if isinstance(file, str):
                continue
            at = (*place, "files", number, "file")
            found = find_files([file.file], self.folder, self.document, at, self)
            if len(found) == 1 and not file.file.lower().endswith(".txt"):
                yield found[0][0], tuple(below(name, self.folder) for name in file.places)
            elif found:
                self.error("E504", "one file has places, and this names several", at)

    def genw(self, entry: DatasetEntry, place: Path) -> GenWeight:
        said = entry.generator_weight or self.entry.generator_weight
        match said:
            case None:
                return GenWeight()
            case "none":
                return GenWeight(None)
            case str():
                return GenWeight(said)
        return GenWeight(said.column, said.use == "sign")

    def mask(self, entry: DatasetEntry, place: Path) -> LumiMask | None:
        own = entry.lumi_mask is not None
        name = entry.lumi_mask if own else self.entry.lumi_mask
        if name is None or name == "none":
            return None
        if name not in self.masks:
            self.masks[name] = None
            where: Path = (*place, "lumi_mask") if own else ("lumi_mask",)
            try:
                self.masks[name] = read_mask(read_text(str(self.folder / name)))
            except InputError as error:
                self.error("E507", f"the lumi mask {error.path}: {error.reason}", where)
            except AnalysisError as error:
                self.others.append((where, error))
        return self.masks[name]

    def split(self, entry: DatasetEntry, place: Path) -> tuple[Condition, ...]:
        place = (*place, "split")
        found = tuple(self.condition((*place, name), name) for name in entry.split)
        if found and [c.text is None for c in found] != [False] * (len(found) - 1) + [True]:
            help = "the process of all other events, as in ttlf: otherwise"
            self.error("E510", f"the last process of a split is `{OTHERWISE}`", place, help, True)
        if entry.split and entry.process:
            message = "a dataset with split has no process of its own"
            self.error("E510", message, (*place[:-1], "process"), named=True)
        return found

    def condition(self, place: Path, name: str) -> Condition:
        """Return a condition; one that is no expression is reported."""
        value: Any = self.document.data
        for part in place:
            value = value[part]
        text, span = str(value), self.inside(place, str(value))
        if text.strip() == OTHERWISE:
            return Condition(name, None, span)
        try:
            parse(Source(self.document.source.name, f"{CONDITION}{text}\n"))
        except AnalysisError as error:
            for wrong in error.diagnostics:
                self.findings.error(wrong.code, wrong.message, moved(wrong.span, span), wrong.help)
        return Condition(name, text, span)

    def inside(self, place: Path, text: str) -> Span:
        """Return where a text stands, without its quotes; all of it if it is written otherwise."""
        span = self.document.place(place)
        written = self.document.source.text[span.start : span.end]
        at = written.find(text)
        return Span(span.start + at, span.start + at + len(text)) if at >= 0 else span

    def constants(self, entry: DatasetEntry, place: Path) -> Mapping[str, Constant]:
        """Return the fields of the user's own that an analysis can ask for."""
        every = {**self.entry.own, **entry.own}
        return {
            name.replace("-", "_"): value
            for name, value in every.items()
            if isinstance(value, (bool, int, float, str))
        }

    def groups(self) -> Iterator[Group]:
        owners: dict[str, str] = {}
        for name, entry in self.entry.stitch.items():
            place: Path = ("stitch", name)
            self.members(name, entry.inclusive, (*place, "inclusive"), owners)
            slices = []
            for label, part in entry.slices.items():
                at = (*place, "slices", label)
                self.members(name, part.datasets, (*at, "datasets"), owners)
                condition = self.condition((*at, "when"), label)
                if condition.text is None:
                    message = "a slice has a condition; the inclusive datasets have all others"
                    self.error("E510", message, (*at, "when"))
                slices.append(SliceOf(condition, tuple(part.datasets)))
            yield Group(name, tuple(entry.inclusive), tuple(slices))

    def members(
        self, group: str, names: Iterable[str], place: Path, owners: dict[str, str]
    ) -> None:
        for i, name in enumerate(names):
            known = self.document.data["datasets"]
            if name not in known:
                help = did_you_mean(name, list(known)) or f"there are {', '.join(known)}"
                self.error("E509", f"no dataset is called {name}", (*place, i), help)
            elif owners.setdefault(name, group) != group:
                message = f"{name} is stitched in {owners[name]} already"
                self.error("E509", message, (*place, i))
            elif place[-1] == "datasets" and name in self.entry.stitch[group].inclusive:
                self.error("E509", f"{name} is inclusive, so it is of no slice", (*place, i))

    def processes(self, found: DatasetList) -> None:
        """Report a process that is data and simulation, or a name that results have already."""
        first: dict[str, Listed] = {}
        for listed in found.datasets:
            for name in {listed.name, listed.era, *listed.processes} & OWN_TEXTS:
                message = f"{name} is a text of results.root, where {name} would be a folder"
                self.findings.error("E504", message, listed.span, "give it another name")
            for process in listed.processes:
                if process == TOTAL:
                    message = f"{TOTAL} is the sum of the simulated processes"
                    self.findings.error("E504", message, listed.span, "give it another process")
                known = first.setdefault(process, listed)
                if known.kind != listed.kind:
                    message = (
                        f"the process {process} is {known.kind or 'not known'} in {known.name}"
                    )
                    help = f"give {listed.name} another process"
                    self.findings.error("E504", message, listed.span, help)

    def error(
        self, code: str, message: str, place: Path, help: str = "", named: bool = False
    ) -> None:
        """Record a mistake at a value, or at its name."""
        span = (
            self.document.names.get(place) if named or place not in self.document.places else None
        )
        self.findings.error(code, message, span or self.document.place(place), help)


# A condition as an analysis, for who parses and checks it.
CONDITION = "region condition\n  select "


def moved(span: Span, inside: Span) -> Span:
    """Return where a place in a condition's analysis lies in the list."""
    start = inside.start + max(span.start - len(CONDITION), 0)
    start = min(start, max(inside.end - 1, inside.start))
    return Span(start, max(start + 1, min(start + span.end - span.start, inside.end)))
