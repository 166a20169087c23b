"""Working points that differ: what each era gains or loses between their thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from adl.check import analysis as core
from adl.check.uses import named_point
from adl.diff.atoms import MIRRORED, constant
from adl.diff.intervals import Range, compared
from adl.diff.signs import sides

Points = Mapping[str, Mapping[str, Mapping[str, float]]]  # tagger, era, working point


def tagger(value: core.Value) -> core.Value | None:
    """Return what a comparison with a working point, or with a number, is about."""
    found = sides(value)
    if found is None:
        return None
    _, x, y = found
    return x if _is_threshold(y) else y if _is_threshold(x) else None


def by_era(a: core.Value, b: core.Value, points: Points) -> Iterator[tuple[str, Range, Range]]:
    """Yield each era, with what two comparisons let through in it.

    Args:
        a: A comparison of a tagger with a working point, or with a number.
        b: Another one of the same tagger.
        points: The thresholds that the object model knows.
    """
    for era in dict.fromkeys(era for eras in points.values() for era in eras):
        before, after = _range(a, era, points), _range(b, era, points)
        if before is not None and after is not None:
            yield era, before, after


def _is_threshold(value: core.Value) -> bool:
    if isinstance(value, core.Open):
        return named_point(value) is not None
    return constant(value) is not None


def _range(value: core.Value, era: str, points: Points) -> Range | None:
    found = sides(value)
    assert found is not None
    sign, x, y = found
    if _is_threshold(x):
        sign, y = MIRRORED[sign], x
    limit = constant(y)
    if isinstance(y, core.Open):
        name, point = named_point(y) or ("", "")
        limit = points.get(name, {}).get(era, {}).get(point)
    return None if limit is None else compared(sign, limit, False)
