"""What is declared once and used by its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adl.check.analysis.typed import Typed
from adl.syntax.source import Span

if TYPE_CHECKING:
    from adl.check.analysis.particles import Unknown
    from adl.check.analysis.regions import Histogram, RegionDef
    from adl.check.analysis.values import Value


@dataclass(frozen=True, eq=False)
class TriggerDef:
    """A trigger block: whether one of its paths fired."""

    name: str
    value: Value
    span: Span


@dataclass(frozen=True, eq=False)
class HistoListDef:
    """A list of histograms that regions use by its name."""

    name: str
    histograms: tuple[Histogram, ...]
    span: Span


@dataclass(frozen=True, eq=False)
class DefineDef:
    """A define: a named value, one for all its uses."""

    name: str
    value: Value
    span: Span
    unknowns: tuple[Unknown, ...] = ()  # each once, those of defines in it, too
    streams: frozenset[str] = frozenset()  # of data, for whose triggers it asks
    veto: DefineDef | None = None  # what it means after not: whether they fired in any stream


@dataclass(frozen=True)
class DefineRef(Typed):
    """A use of a define."""

    define: DefineDef


@dataclass(frozen=True)
class RegionRef(Typed):
    """``select P`` of a region P: its decision, without its weights."""

    region: RegionDef
