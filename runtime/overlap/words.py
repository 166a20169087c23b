"""Words of bits of a block's events, of rows that decide masks: which regions each event is in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from adl.compiler.ir import Node, Record
from adl.compiler.layout import Rows
from adl.compiler.program import RowsOutput
from adl.runtime.overlap.deciding import BITS, Decided

Bits = npt.NDArray[np.int64]


@dataclass
class Words:
    """Of each event a bit for each mask, ``BITS`` in a word; and weights that are not all 1.

    ``words`` has a row a word and a column an event; ``kinds`` says of each mask which weight an
    event counts with. Where no mask of a kind lets an event pass, its weight is 1.
    """

    words: Bits
    weights: dict[Node, npt.NDArray[np.float64]] = field(default_factory=dict)
    kinds: dict[int, Node] = field(default_factory=dict)

    def inside(self, masks: int, events: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Return masks x events: which of the first masks some events pass."""
        return member(self.words[:, events], masks)

    def weight(self, mask: int, events: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """Return what some events that pass a mask count."""
        own = self.weights.get(self.kinds[mask])
        return np.ones(len(events)) if own is None else own[events]


def member(words: Bits, masks: int) -> npt.NDArray[np.bool_]:
    """Return masks x columns: the bits of the first masks."""
    every = np.arange(masks)
    found: npt.NDArray[np.bool_] = (words[every // BITS] >> (every % BITS)[:, None]) & 1 != 0
    return found


def words_of(
    outputs: Iterable[RowsOutput],
    rows_of: Mapping[Record, Rows],
    known: Mapping[str, Decided],
    events: int,
) -> Words:
    """Return the words of a block's events, of the rows of one part of a dataset."""
    rows = [(known[o.owner], o.rows, rows_of[o.rows]) for o in outputs if o.owner in known]
    number = 1 + max((decided.word for decided, _, _ in rows), default=-1)
    out = Words(np.zeros((number, events), np.int64))
    for decided, record, found in rows:
        weight = record.values[0]
        out.kinds.update((n, weight) for n in decided.numbers)
        values, bits = found.values
        if len(bits) == events:  # each has a row
            out.words[decided.word] |= bits
        else:
            out.words[decided.word, found.events] |= bits
        if weight not in out.weights and (values == 1.0).all():
            continue
        own = out.weights.setdefault(weight, np.ones(events))
        # A weight that is no number counts as an event, and not in the yields.
        own[found.events] = np.where(np.isfinite(values), values, 0.0)
    return out


def flags(words: Words, followed: Mapping[int, int], regions: int) -> Bits:
    """Return the bits of masks that pass where their counterparts do not.

    Args:
        words: Of some events.
        followed: Of each mask that is followed, its counterpart.
        regions: Words of masks that can be followed; of those behind all bits are flags.
    """
    out = words.words.copy()
    out[:regions] = 0
    for (first, second, shift), bits in _alike(followed).items():
        one, other = words.words[first], words.words[second]
        other = other >> shift if shift >= 0 else other << -shift
        out[first] |= one & ~other & bits
    return out


def _alike(followed: Mapping[int, int]) -> dict[tuple[int, int, int], int]:
    """Return masks whose counterparts one shift of a word lays upon them, as bits."""
    found: dict[tuple[int, int, int], int] = {}
    for one, other in followed.items():
        key = one // BITS, other // BITS, other % BITS - one % BITS
        found[key] = found.get(key, 0) | 1 << one % BITS
    return found
