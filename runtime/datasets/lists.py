"""A dataset list as plain data: paths found, defaults applied, conditions with their places."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from adl.check.dataset import Constant, Kind
from adl.runtime.datasets.masks import LumiMask
from adl.runtime.friends import Friend
from adl.runtime.results import NOMINAL
from adl.syntax.source import NOWHERE, Source, Span

TOTAL = "total"  # the sum of the simulated processes; no process is called so


# How the direction of a variation stands behind the name of its systematic.
_DIRECTED = re.compile(r"(?P<name>.+?)[_ ]?(?P<direction>[uU]p|UP|[dD]own|DOWN)")


def variation_label(text: str) -> str:
    """Return the label of a variation: hdampUp of ``hdamp_up``, ``hdamp up`` and ``hdampUp``."""
    match = _DIRECTED.fullmatch(text.strip())
    return f"{match['name']}{match['direction'].capitalize()}" if match else text.strip()


def is_nominal(text: str) -> bool:
    """Whether a name is that of no variation, in any capitals: it would hide the nominal results."""
    return text.strip().lower() in (NOMINAL, "")


def named(label: str) -> tuple[str, str]:
    """Return the systematic of a variation's label and its direction, empty if it has none."""
    match = _DIRECTED.fullmatch(label)
    return (match["name"], match["direction"].lower()) if match else (label, "")


def doubled(label: str, names: Iterable[str]) -> str | None:
    """Return a systematic of which results would be called as those of a variation are."""
    own, _ = named(label)
    double = (n for n in sorted(names) if n in (own, label) or own in (f"{n}Up", f"{n}Down"))
    return next(double, None)


ANOTHER_NAME = "give the variation of the dataset another name"


@dataclass(frozen=True)
class Condition:
    """A condition in ADL and its place in the list; None is what no other condition takes."""

    name: str
    text: str | None
    span: Span = NOWHERE


@dataclass(frozen=True)
class GenWeight:
    """The generator's weight: a column, "" for that of the object model, None for none."""

    column: str | None = ""
    sign: bool = False  # only its sign counts


@dataclass(frozen=True)
class Listed:
    """One dataset of a list. Cross-sections are in pb, luminosities in 1/pb."""

    name: str
    files: tuple[str, ...]
    span: Span  # its name in the list
    kind: Kind = ""
    process: str = ""
    era: str = ""
    stream: str = ""
    tree: str | None = None
    model: str | None = None
    cross_section: float | None = None
    k_factor: float = 1.0
    luminosity: float | None = None
    sum_of_weights: float | Literal["counters", "events"] | None = None
    genw: GenWeight = GenWeight()
    events: int | None = None
    lumi_mask: LumiMask | None = None
    variation: str = ""
    split: tuple[Condition, ...] = ()
    friends: tuple[Friend, ...] = ()
    replicas: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # other places of files
    constants: Mapping[str, Constant] = field(default_factory=dict)
    named: Mapping[str, Span] = field(default_factory=dict)  # where the list names each file

    def double_of(self, other: str) -> str:
        """Return that its variation is a systematic of the analysis, too, in words."""
        what = f"{self.name} stands for {self.variation}, and {other}"
        return f"{what} is a systematic of the analysis"

    @property
    def processes(self) -> tuple[str, ...]:
        """What its events are counted as."""
        return tuple(c.name for c in self.split) or (self.process,)


def places_of(
    listed: Listed, rewritten: Callable[[str], Sequence[str]]
) -> Callable[[str], Sequence[str]]:
    """Return where a dataset's files may be: as ``rewritten`` says, then where the list says."""
    return lambda path: (*rewritten(path), *listed.replicas.get(path, ()))


@dataclass(frozen=True)
class SliceOf:
    """A part of phase space with the datasets that were made for it."""

    condition: Condition
    datasets: tuple[str, ...]


@dataclass(frozen=True)
class Group:
    """Datasets that describe one process together."""

    name: str
    inclusive: tuple[str, ...]
    slices: tuple[SliceOf, ...]

    @property
    def members(self) -> tuple[str, ...]:
        """All its datasets, each once."""
        every = (*self.inclusive, *(name for s in self.slices for name in s.datasets))
        return tuple(dict.fromkeys(every))


@dataclass(frozen=True)
class DatasetList:
    """All datasets of a list in its order."""

    source: Source
    datasets: tuple[Listed, ...]
    groups: tuple[Group, ...] = ()
    normalise: bool = True

    @property
    def processes(self) -> tuple[str, ...]:
        """The processes of all datasets, each once."""
        every = (name for listed in self.datasets for name in listed.processes)
        return tuple(dict.fromkeys(filter(None, every)))

    def group_of(self, name: str) -> Group | None:
        """Return the group that a dataset is stitched in."""
        return next((g for g in self.groups if name in g.members), None)
