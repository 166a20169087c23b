"""Networks over a chunk: recorded inputs in, columns of what the models give out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from adl.compiler.ir import Record
from adl.compiler.layout import Chunk, Rows
from adl.compiler.networks import Batch, Stage

# The file of a model, and inputs (rows, inputs) -> its first output (rows, numbers), all float64.
RunNetwork = Callable[[str, npt.NDArray[np.float64]], npt.NDArray[np.float64]]


def with_networks(
    chunk: Chunk, stage: Stage, rows: Mapping[Record, Rows], evaluate: RunNetwork
) -> Chunk:
    """Return the chunk with a column for each output of a stage's networks, NaN where it has none."""
    columns: dict[str, npt.NDArray[Any]] = dict(chunk.columns)
    offsets = dict(chunk.offsets)
    for batch in stage.batches:
        own = rows[batch.record]
        entries, size = own.events, chunk.events
        if batch.collection is not None:
            begins = offsets[batch.collection] = _offsets(batch, chunk)
            entries, size = begins[own.events] + own.values[-1], int(begins[-1])
        given = own.values[:-1] if batch.collection is not None else own.values
        found = evaluate(batch.network, np.stack(given, axis=1))
        for place, name in batch.columns.items():
            columns[name] = np.full(size, np.nan)
            columns[name][entries] = found[:, place] if len(found) else ()
    return replace(chunk, columns=columns, offsets=offsets)


def _offsets(batch: Batch, chunk: Chunk) -> npt.NDArray[np.int64]:
    """Return where the tuples of each event begin."""
    counts = prod(sum(chunk.sizes(s) for s in source) for source in batch.sources)
    offsets = np.zeros(chunk.events + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets
