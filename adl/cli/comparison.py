"""Ours beside what was published: a table for each region that has ``counts`` lines."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adl.check.published import Published
    from adl.runtime.results import BinCount, Cutflow, Step

_NOTHING = "\N{EN DASH}"  # not published, or nothing to compare with
Row = tuple["Step | BinCount", "Published"]


def compared(
    cutflow: Cutflow,
    ours: Callable[[Step | BinCount], str],
    written: Callable[[float, float], str],
) -> tuple[list[str], dict[str, list[str]]] | None:
    """Return labels and columns of the comparison; None where nothing was published.

    ``ours`` writes what we counted, ``written`` a number with its error.
    ``difference`` is ours minus theirs in units of both errors together.
    """
    counted: list[Step | BinCount] = [*cutflow.steps, *cutflow.bins]
    rows: list[Row] = [(count, number) for count in counted for number in count.published]
    if not rows:
        return None
    several = len({number.format for _, number in rows}) > 1
    columns = {
        "process": [f"{n.format} {n.process}" if several else n.process for _, n in rows],
        "ours": [ours(count) for count, _ in rows],
        "published": [_published(number, written) for _, number in rows],
        "difference": [_difference(count, number) for count, number in rows],
    }
    return [count.label for count, _ in rows], columns


def _published(number: Published, written: Callable[[float, float], str]) -> str:
    if number.value is None:
        return _NOTHING
    up, down = (math.hypot(*(getattr(e, side) for e in number.errors)) for side in ("up", "down"))
    if up == down:
        return written(number.value, up) if up else f"{number.value:,g}"
    return f"{number.value:,g} +{up:.2g} -{down:.2g}"


def _difference(count: Step | BinCount, number: Published) -> str:
    if number.value is None or not math.isfinite(count.sumw):
        return _NOTHING
    distance = count.sumw - number.value
    side = "up" if distance > 0 else "down"
    error = math.hypot(math.sqrt(count.sumw2), *(getattr(e, side) for e in number.errors))
    return f"{distance / error:+.1f}" if error else _NOTHING
