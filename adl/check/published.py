"""Numbers that a publication gives for a cut or bin, to compare with: plain data of every layer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PublishedError:
    """One error of a published number, as sizes; ``name`` is stat, syst or the like."""

    name: str
    up: float
    down: float


@dataclass(frozen=True)
class Published:
    """A published number of one process; a value of None was not published."""

    format: str
    process: str
    title: str
    value: float | None
    errors: tuple[PublishedError, ...] = ()
