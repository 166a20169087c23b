"""Lumi masks: the certified blocks of data, as CMS publishes them (golden JSON).

``{"297050": [[12, 137], [193, 776]]}`` certifies the blocks 12 to 137 and 193 to 776 of a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from adl.runtime.datasets.texts import Document, Path, mistake, read_json
from adl.syntax.source import Source

Numbers = npt.NDArray[np.uint64]
_LARGEST = 2**32 - 1  # runs and blocks are numbers of 32 bits


@dataclass(frozen=True, eq=False)
class LumiMask:
    """Intervals of certified blocks, both ends in, ascending; a block is run · 2³² + number."""

    path: str
    first: Numbers
    last: Numbers

    def holds(self, run: npt.NDArray[Any], block: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Return which events lie in a certified block."""
        key = _blocks(run, block)
        if not len(self.first):
            return np.zeros(len(key), np.bool_)
        place = np.searchsorted(self.first, key, side="right").astype(np.int64) - 1
        inside: npt.NDArray[np.bool_] = (place >= 0) & (key <= self.last[place])
        return inside


def read_mask(source: Source) -> LumiMask:
    """Read a golden JSON.

    Raises:
        AnalysisError: It is not JSON (E501), or no lumi mask (E507); with the place.
    """
    document = read_json(source)
    if not isinstance(document.data, dict):
        _refuse(document, (), "a lumi mask is a mapping from runs to lists of blocks")
    found = [
        (_number(document, (run,), run) << 32, interval)
        for run, intervals in document.data.items()
        for interval in _intervals(document, run, intervals)
    ]
    first, last = _joined(sorted((run + low, run + high) for run, (low, high) in found))
    return LumiMask(source.name, np.array(first, np.uint64), np.array(last, np.uint64))


def _intervals(document: Document, run: str, intervals: Any) -> list[tuple[int, int]]:
    if not isinstance(intervals, list):
        _refuse(document, (run,), f"run {run}: a list of [first, last] is expected")
    found = []
    for i, interval in enumerate(intervals):
        place = (run, i)
        if not isinstance(interval, list) or len(interval) != 2:
            _refuse(document, place, f"run {run}: [first, last] is expected")
        low, high = (_number(document, (*place, k), value) for k, value in enumerate(interval))
        if high < low:
            _refuse(document, place, f"run {run}: the last block {high} is before the first {low}")
        found.append((low, high))
    return found


def _number(document: Document, path: Path, value: Any) -> int:
    number = int(value) if str(value).isdecimal() else -1
    if isinstance(value, (bool, float)) or not 0 <= number <= _LARGEST:
        _refuse(document, path, f"{value!r} is no number of a run or block")
    return number


def _refuse(document: Document, path: Path, message: str) -> NoReturn:
    span = document.names.get(path) or document.place(path)
    raise mistake(document.source, "E507", message, span, '{"297050": [[12, 137], [193, 776]]}')


def _joined(intervals: list[tuple[int, int]]) -> tuple[list[int], list[int]]:
    """Return the firsts and lasts of ascending intervals, those that overlap made one."""
    first: list[int] = []
    last: list[int] = []
    for low, high in intervals:
        if last and low <= last[-1]:
            last[-1] = max(last[-1], high)
        else:
            first.append(low)
            last.append(high)
    return first, last


def _blocks(run: npt.NDArray[Any], block: npt.NDArray[Any]) -> Numbers:
    return (run.astype(np.uint64) << np.uint64(32)) + block.astype(np.uint64)
