"""What compresses a file: all that ROOT knows, of TTrees and RNTuples; damage is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from adl.compiler.ir import Axis, Column, Index
from adl.runtime.inputs import DataError
from adl.runtime.inputs.chunks import read
from adl.runtime.inputs.opening import open_input

EVENTS = 4_000
CODECS = {
    "zstd": uproot.ZSTD(5),
    "lz4": uproot.LZ4(4),
    "zlib": uproot.ZLIB(1),
    "lzma": uproot.LZMA(1),
}
AXIS = Index(Axis(("X",), 0))
COLUMNS = [
    Column("x", "float32"),
    Column("X_pt", "float32", "X", AXIS),
    Column("X_q", "int16", "X", AXIS),
]


def written(path: Path, codec: str, form: str) -> dict[str, Any]:
    random = np.random.default_rng(3)
    counts = random.integers(0, 4, EVENTS)
    number = random.integers(0, 50, EVENTS).astype(np.float32)
    lists = ak.unflatten(random.integers(0, 50, counts.sum()).astype(np.float32), counts)
    data = {"x": number, "X_pt": lists, "X_q": ak.values_astype(-lists, np.int16)}
    with uproot.recreate(path, compression=CODECS[codec]) as file:
        make = file.mktree if form == "ttree" else file.mkrntuple
        make(
            "Events", {n: v.dtype if n == "x" else v.type.content for n, v in data.items()}
        ).extend(data)
    return data


@pytest.mark.parametrize("form", ["ttree", "rntuple"])
@pytest.mark.parametrize("codec", CODECS)
def test_every_codec_is_read(tmp_path: Path, codec: str, form: str) -> None:
    path = tmp_path / "events.root"
    data = written(path, codec, form)
    whole = path.read_bytes()
    with open_input(str(path)) as source:
        pieces = [(0, 1_500), (1_500, 1_501), (1_501, EVENTS)]
        chunks = [read(source, COLUMNS, (), *piece) for piece in pieces]
        for name, values in data.items():
            found = np.concatenate([chunk.columns[name] for chunk in chunks])
            np.testing.assert_array_equal(found, ak.flatten(values, axis=None))
        lengths = np.concatenate([np.diff(chunk.offsets["X"]) for chunk in chunks])
        np.testing.assert_array_equal(lengths, ak.num(data["X_pt"]))
    first = whole.index({"zstd": b"ZS", "lz4": b"L4", "zlib": b"ZL", "lzma": b"XZ"}[codec])
    path.write_bytes(whole[: first + 40] + bytes(60) + whole[first + 100 :])
    with open_input(str(path)) as source, pytest.raises(DataError, match="cannot be read"):
        read(source, COLUMNS, (), 0, EVENTS)


def test_a_page_is_unpacked_once_for_all_units(tmp_path: Path) -> None:
    path = tmp_path / "events.root"
    written(path, "zstd", "rntuple")
    with open_input(str(path)) as source:
        before = source.source.num_requests
        for start in range(0, EVENTS, 500):
            read(source, COLUMNS, (), start, start + 500)
        columns = 2 + 2 * 2  # of uproot's RNTuple: a list has its ends beside its numbers
        assert source.source.num_requests - before <= columns
