"""Random events of the input: empty and huge collections, ties, NaN, infinities, unsorted."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt

from adl.compiler.layout import Chunk
from tests.adltext.kinds import COLUMNS, LISTS, MOMENTUM, SCALARS

GRID = (-50.0, -1.0, -0.5, -0.0, 0.0, 0.1, 0.5, 1.0, 2.0, 20.0, 50.0)
SPECIAL = (float("nan"), float("inf"), float("-inf"), -0.0)
LENGTHS = (0, 0, 1, 1, 2, 2, 3, 4)


def events(random: Random, number: int, most: int = 25, special: float | None = None) -> Chunk:
    """Return some events; one of them may have up to ``most`` elements of one collection.

    ``special`` is how often a number is NaN or infinite; without it that is drawn, too.
    """
    draw = np.random.default_rng(random.randrange(2**32))
    special = random.choice([0.0, 0.0, 0.05, 0.3]) if special is None else special
    continuous = random.random() < 0.6
    huge = min(random.choice([0, 0, 0, 0, 9, 25]), most)
    columns: dict[str, npt.NDArray[Any]] = {}
    offsets: dict[str, npt.NDArray[np.int64]] = {}
    for name, dtype in SCALARS.items():
        columns[name] = values(draw, dtype, number, continuous, special)
    columns["event"] = np.arange(number, dtype=np.uint64) + np.uint64(random.randrange(2**40))
    large = random.choice(list(COLUMNS))
    for collection, more in COLUMNS.items():
        lengths = draw.choice(LENGTHS, number)
        if huge and collection == large and number:
            lengths[random.randrange(number)] = huge
        offsets[collection] = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        columns[f"n{collection}"] = lengths.astype(np.uint32)
        total = int(offsets[collection][-1])
        for name, dtype in {**dict.fromkeys(MOMENTUM, "float32"), **more}.items():
            column = values(draw, dtype, total, continuous, special, name)
            columns[f"{collection}_{name}"] = column
    for collection, word in LISTS.items():
        _lists(draw, f"{collection}_{word}", offsets, columns, offsets[collection], special)
    return Chunk(number, columns, offsets)


def _lists(
    draw: np.random.Generator,
    name: str,
    offsets: dict[str, npt.NDArray[np.int64]],
    columns: dict[str, npt.NDArray[Any]],
    owners: npt.NDArray[np.int64],
    special: float,
) -> None:
    """Give each of some elements a list of numbers, which can be empty."""
    sizes = draw.choice([0, 1, 1, 2, 4], int(owners[-1])).astype(np.int64)
    ends = np.concatenate([[0], np.cumsum(sizes)])
    first = np.repeat(ends[owners[:-1]], np.diff(owners))
    columns[f"{name}_begin"] = (ends[:-1] - first).astype(np.int32)
    columns[f"{name}_end"] = (ends[1:] - first).astype(np.int32)
    offsets[f"{name}[]"] = ends[owners].astype(np.int64)
    columns[f"{name}[]"] = values(draw, "float32", int(ends[-1]), False, special)


def values(
    draw: np.random.Generator,
    dtype: str,
    size: int,
    continuous: bool,
    special: float,
    name: str = "",
) -> npt.NDArray[Any]:
    """Return a column's numbers: positions are mostly those of elements, momenta mostly sound."""
    match np.dtype(dtype).kind:
        case "f":
            found = draw.choice(GRID, size)
            if continuous:
                found = draw.normal(0, 2, size)
                if name in ("pt", "mass", "msoftdrop"):
                    found = draw.exponential(30, size)
            elif name in ("pt", "mass"):
                found = np.abs(found)
            return np.where(draw.random(size) < special, draw.choice(SPECIAL, size), found).astype(
                dtype
            )
        case "b":
            return draw.random(size) < 0.6
    if "Idx" in name:
        return draw.choice([-1, 0, 0, 1, 2, 5], size).astype(dtype)
    if name == "charge":
        return draw.choice([-1, 1, 1, 0], size).astype(dtype)
    info = np.iinfo(dtype)
    grid = [w for w in (-50, -1, 0, 1, 2, 13, 255, info.max) if info.min <= w <= info.max]
    return draw.choice(np.array(grid, np.int64 if info.max < 2**63 else np.uint64), size).astype(
        dtype
    )
