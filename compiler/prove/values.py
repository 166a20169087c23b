"""Sets of values: closed intervals of doubles or of integers, and whether NaN is among them.

Doubles are discrete, so ``x > 30`` is exactly ``x >= 30.000000000000004``, and every set that a
comparison with a constant can ask for is a union of closed intervals. 0.0 stands for -0.0, too.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

Number = int | float
Span = tuple[Number, Number]
Kind = Literal["bool", "int", "real"]

LEAST: dict[Kind, Number] = {"bool": 0, "int": -(2**63), "real": -math.inf}
MOST: dict[Kind, Number] = {"bool": 1, "int": 2**63 - 1, "real": math.inf}


@dataclass(frozen=True)
class Values:
    """Ascending, disjoint closed intervals of one kind, none adjacent to the next."""

    kind: Kind
    spans: tuple[Span, ...] = ()
    nan: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing is in the set."""
        return not self.spans and not self.nan

    @property
    def full(self) -> bool:
        """Whether everything of the kind is in the set."""
        return self.spans == ((LEAST[self.kind], MOST[self.kind]),) and (
            self.nan or self.kind != "real"
        )

    @property
    def low(self) -> Number:
        """The least number; of none the greatest of the kind."""
        return self.spans[0][0] if self.spans else MOST[self.kind]

    @property
    def high(self) -> Number:
        """The greatest number; of none the least of the kind."""
        return self.spans[-1][1] if self.spans else LEAST[self.kind]

    def has(self, x: Number) -> bool:
        """Whether a value is in the set."""
        if math.isnan(x):
            return self.nan
        return any(low <= x <= high for low, high in self.spans)

    def within(self, other: Values) -> bool:
        """Whether every value is in another set."""
        return (self & other) == self

    def __and__(self, other: Values) -> Values:
        """Return what is in both."""
        if self is other:
            return self
        spans = []
        mine, theirs = self.spans, other.spans
        i = j = 0
        while i < len(mine) and j < len(theirs):
            low, high = max(mine[i][0], theirs[j][0]), min(mine[i][1], theirs[j][1])
            if low <= high:
                spans.append((low, high))
            if mine[i][1] < theirs[j][1]:
                i += 1
            else:
                j += 1
        return Values(self.kind, tuple(spans), self.nan and other.nan)

    def __or__(self, other: Values) -> Values:
        """Return what is in either."""
        return of_spans(self.kind, (*self.spans, *other.spans), self.nan or other.nan)

    def __invert__(self) -> Values:
        """Return what is not in it."""
        spans = []
        start: Number | None = LEAST[self.kind]
        for low, high in self.spans:
            if start is not None and start < low:
                spans.append((start, before(low, self.kind)))
            start = after(high, self.kind) if high < MOST[self.kind] else None
        if start is not None:
            spans.append((start, MOST[self.kind]))
        return Values(self.kind, tuple(spans), self.kind == "real" and not self.nan)

    def __str__(self) -> str:
        texts = [_text(low, high, self.kind) for low, high in self.spans]
        return " or ".join([*texts, *(["NaN"] if self.nan else [])]) or "nothing"


def of_spans(kind: Kind, spans: Iterable[Span], nan: bool = False) -> Values:
    """Return the union of some intervals."""
    out: list[Span] = []
    for low, high in sorted(spans):
        if out and (low <= out[-1][1] or low == after(out[-1][1], kind)):
            out[-1] = (out[-1][0], max(high, out[-1][1]))
        else:
            out.append((low, high))
    return Values(kind, tuple(out), nan)


def everything(kind: Kind, nan: bool = True) -> Values:
    """Return all values of a kind."""
    return Values(kind, ((LEAST[kind], MOST[kind]),), nan and kind == "real")


def nothing(kind: Kind) -> Values:
    """Return the empty set."""
    return Values(kind)


def between(kind: Kind, low: Number, high: Number, nan: bool = False) -> Values:
    """Return a closed interval; empty if it is reversed."""
    low, high = max(low, LEAST[kind]), min(high, MOST[kind])
    return Values(kind, ((low, high),) if low <= high else (), nan and kind == "real")


def just(kind: Kind, x: Number) -> Values:
    """Return the set of one value."""
    if math.isnan(x):
        return Values(kind, (), True)
    return Values(kind, ((x + 0, x + 0),))


def compared(operator: str, kind: Kind, constant: Number) -> Values:
    """Return the values that compare with a constant as the operator asks.

    >>> str(compared("gt", "int", 3))
    '>= 4'
    >>> str(~compared("lt", "real", 0.5))
    '>= 0.5 or NaN'
    """
    least, most = LEAST[kind], MOST[kind]
    if math.isnan(constant):  # NaN is different from everything, and compares with nothing
        return everything(kind) if operator == "ne" else nothing(kind)
    c = constant + 0  # -0.0 is 0.0
    match operator:
        case "lt":
            return between(kind, least, before(c, kind)) if c > least else nothing(kind)
        case "le":
            return between(kind, least, c)
        case "gt":
            return between(kind, after(c, kind), most) if c < most else nothing(kind)
        case "ge":
            return between(kind, c, most)
        case "eq":
            return between(kind, c, c)
        case "ne":
            return ~just(kind, c)
    raise AssertionError(f"no comparison {operator}")


def after(x: Number, kind: Kind) -> Number:
    """Return the next greater value of a kind."""
    return math.nextafter(x, math.inf) + 0.0 if kind == "real" else int(x) + 1


def before(x: Number, kind: Kind) -> Number:
    """Return the next smaller value of a kind."""
    return math.nextafter(x, -math.inf) + 0.0 if kind == "real" else int(x) - 1


def preimage(
    of: Values, function: Callable[[Number], Number], domain: Values, rising: bool = True
) -> Values:
    """Return the values of an interval that a monotonic function takes into a set.

    ``function`` is never NaN in the domain, one interval; NaN is taken to NaN. Found by bisection,
    so the rounding of the function is that of the function itself.
    """
    (low, high), kind = domain.spans[0], domain.kind
    spans = []
    for least, most in of.spans:
        if rising:
            first = _first(lambda x, b=least: function(x) >= b, low, high, kind)  # type: ignore[misc]
            beyond = _first(lambda x, b=most: function(x) > b, low, high, kind)  # type: ignore[misc]
        else:
            first = _first(lambda x, b=most: function(x) <= b, low, high, kind)  # type: ignore[misc]
            beyond = _first(lambda x, b=least: function(x) < b, low, high, kind)  # type: ignore[misc]
        if first is None:
            continue
        last = high if beyond is None else before(beyond, kind)
        if first <= last:
            spans.append((first, last))
    return of_spans(kind, spans, domain.nan and of.nan)


def _first(holds: Callable[[Number], bool], low: Number, high: Number, kind: Kind) -> Number | None:
    """Return the least value at which something that then stays true is true."""
    if not holds(high):
        return None
    a, b = _rank(low, kind), _rank(high, kind)
    while a < b:
        middle = (a + b) // 2
        if holds(_ranked(middle, kind)):
            b = middle
        else:
            a = middle + 1
    return _ranked(a, kind)


def _rank(x: Number, kind: Kind) -> int:
    """Return the place of a value among those of its kind, 0 for 0."""
    if kind != "real":
        return int(x)
    bits: int = struct.unpack("<q", struct.pack("<d", x))[0]
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)


def _ranked(rank: int, kind: Kind) -> Number:
    if kind != "real":
        return rank
    x: float = struct.unpack("<d", struct.pack("<q", abs(rank)))[0]
    return -x if rank < 0 else x


def _text(low: Number, high: Number, kind: Kind) -> str:
    """Write an interval as a user would: a neighbour of a short number is an open end."""
    if low == high:
        return f"== {_short(low)}"
    lower = "" if low == LEAST[kind] else _end(low, kind, ">", ">=", before)
    upper = "" if high == MOST[kind] else _end(high, kind, "<", "<=", after)
    return " and ".join(filter(None, (lower, upper))) or "anything"


def _end(
    x: Number, kind: Kind, open_: str, closed: str, beside: Callable[[Number, Kind], Number]
) -> str:
    if kind == "real" and len(_short(beside(x, kind))) < len(_short(x)):
        return f"{open_} {_short(beside(x, kind))}"
    return f"{closed} {_short(x)}"


def _short(x: Number) -> str:
    text = repr(x)
    return text.removesuffix(".0")
