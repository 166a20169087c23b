"""Tables and corrections, and values that are looked up in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from adl.check.analysis.typed import Typed
from adl.stdlib.corrections.files import Correction
from adl.syntax.source import Span

if TYPE_CHECKING:
    from adl.check.analysis.values import Value


class TableRow(NamedTuple):
    """A value, its errors (downwards, upwards) where there are any, and a range a variable."""

    value: float
    errors: tuple[float, float] | None
    ranges: tuple[tuple[float, float], ...]


@dataclass(frozen=True, eq=False)
class TableDef:
    """A table; ``closed`` are its ranges with the dialect's ends: lower <= x < upper.

    ``place`` is the file and the line in which it is declared.
    """

    name: str
    variables: int
    rows: tuple[TableRow, ...]
    closed: tuple[tuple[tuple[float, float], ...], ...]
    outside: Literal["", "nearest", "zero"]
    place: tuple[str, int]
    span: Span

    @property
    def hull(self) -> tuple[tuple[float, float], ...]:
        """The least and the largest edge of each variable."""
        every = zip(*(row.ranges for row in self.rows), strict=True)
        return tuple((min(a for a, _ in own), max(b for _, b in own)) for own in every)


@dataclass(frozen=True)
class TableAt(Typed):
    """``eff(pT(j), abs(eta(j)))``: the value of the row that holds the arguments, all real.

    In no row it is NaN, which is said after the run; ``nearest`` moves the arguments to the table's
    edge first. ``zero`` is 0 instead, and ``counted`` if it is an oddity. ``words`` are the
    arguments as they are written.
    """

    table: TableDef
    arguments: tuple[Value, ...]
    outside: Literal["", "nearest", "zero"]
    counted: bool = False
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class CorrectionAt(Typed):
    """``correction("file.json.gz", "name", …)``: a number of a correction of correctionlib.

    ``given`` has the texts and whole numbers that are known, each at its input's place, and None
    for every input that is one of ``arguments``, which are int or real as the correction says.
    """

    correction: Correction
    given: tuple[str | int | None, ...]
    arguments: tuple[Value, ...]
    block: str = ""  # the correction block of which variations put a text at ``place``
    place: int = -1
