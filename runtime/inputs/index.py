"""What opening a file found out, kept for the next time.

uproot needs most of a second for a tree of 2 656 branches. An entry is found by the start of the
file (its UUID, where its records are, its end) and its size, wherever the file lies; of local files
the bytes that describe the tree must be the same, too. Anything odd about an entry, and the file is
opened as if there were none.

An entry is a line of JSON, the numbers of all branches, and the bytes of embedded baskets.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from adl import __version__
from adl.compiler import cache
from adl.runtime.inputs.ntuples import Field, NTuple
from adl.runtime.inputs.pages import Pages
from adl.runtime.inputs.paths import is_url
from adl.runtime.inputs.stored import Basket, Form, Part, Stored
from adl.runtime.inputs.trees import Compression, Input

STORE = cache.Store("index", ".idx", 20_000, 512 << 20)
_FORMAT = "6"  # of an entry
_HEAD = 100  # bytes of a ROOT file before its first record: all that is said of the file itself
_MOST = 32 << 20  # bytes of an entry


def load(source: Any, tree: str, path: str) -> Input | None:
    """Return an open file's tree, or nothing if it is not known; ``tree`` is as it was asked for."""
    payload = STORE.load(_key(source, tree))
    if payload is None:
        return None
    line, _, rest = payload.partition(b"\n")
    try:
        head = json.loads(line)
        if not is_url(path) and head["marks"] != _marks(source, head["records"]):
            return None
        facts = (
            path,
            head["tree"],
            head["entries"],
            head["uuid"],
            source,
            Compression(*head["compression"]),
            tuple(head["unread"]),
        )
        numbers = np.frombuffer(rest, np.int64, head["numbers"])
        if head["fields"] is not None:
            return NTuple(*facts, **_ntuple(head, numbers), skimmed=head["skimmed"])
        branches = _branches(head, numbers, memoryview(rest)[numbers.nbytes :])
        return Input(*facts, branches, head["skimmed"], head["most"])
    except (ValueError, KeyError, TypeError, IndexError):
        return None  # the checksum is right, so another version wrote it


def save(opened: Input, tree: str, records: Sequence[tuple[int, int]]) -> None:
    """Keep what is known of an open file; ``records`` is where the file says it."""
    head: dict[str, Any] = {
        "tree": opened.tree,
        "entries": opened.entries,
        "uuid": opened.uuid,
        "compression": opened.compression,
        "unread": opened.unread,
        "skimmed": opened.skimmed,
        "most": opened.most,
        "records": records,
        "marks": _marks(opened.source, records),
        "fields": None,
    }
    data = b""
    if isinstance(opened, NTuple):
        numbers = [opened.clusters, *(c.rows.reshape(-1) for c in opened.columns.values())]
        head["clusters"] = len(opened.clusters)
        head["fields"] = opened.fields
        head["columns"] = [(n, c.kind, len(c.rows)) for n, c in opened.columns.items()]
    else:
        numbers = [a for s in opened.stored.values() for a in (s.starts, s.seeks, s.sizes)]
        head["branches"] = [_written(*item) for item in opened.stored.items()]
        data = b"".join(_raw(b) for s in opened.stored.values() for b in s.embedded)
    block = np.concatenate([np.empty(0, np.int64), *numbers])
    head["numbers"] = len(block)
    payload = json.dumps(head).encode() + b"\n" + block.tobytes() + data
    if len(payload) <= _MOST:
        STORE.save(_key(opened.source, tree), payload)


def _key(source: Any, tree: str) -> str:
    start = bytes(source.chunk(0, _HEAD).raw_data)
    return cache.key(_FORMAT, __version__, _uproot(), start.hex(), str(source.num_bytes), tree)


@functools.cache
def _uproot() -> str:
    """Return what tells versions of uproot apart, which need not be imported for it."""
    found = find_spec("uproot")
    assert found is not None, "uproot is installed with us"
    assert found.origin is not None, found
    return Path(found.origin).with_name("version.py").read_text(encoding="utf-8")


def _marks(source: Any, records: Sequence[Sequence[int]]) -> list[str]:
    chunks = (source.chunk(start, stop) for start, stop in records)
    return [hashlib.sha256(bytes(chunk.raw_data)).hexdigest() for chunk in chunks]


def _written(name: str, branch: Stored) -> list[Any]:
    how = branch.form
    lengths = [(len(b.data), -1 if b.offsets is None else len(b.offsets)) for b in branch.embedded]
    form = (how.stored.str, how.dtype.str, how.counter, how.header, how.part)
    return [name, form, len(branch.seeks), branch.uncompressed, lengths]


def _raw(basket: Basket) -> bytes:
    offsets = b"" if basket.offsets is None else basket.offsets.astype(np.int32).tobytes()
    return basket.data.tobytes() + offsets


def _branches(
    head: Mapping[str, Any], numbers: npt.NDArray[np.int64], data: memoryview
) -> dict[str, Stored]:
    known, at, byte = {}, 0, 0
    forms: dict[str, np.dtype[Any]] = {}
    for name, (stored, dtype, counter, header, part), free, uncompressed, lengths in head[
        "branches"
    ]:
        for text in (stored, dtype):
            if text not in forms:
                forms[text] = np.dtype(text)
        how = Form(forms[stored], forms[dtype], counter, header, part and Part(*part))
        number = free + len(lengths) + 1
        starts = numbers[at : at + number]
        seeks = numbers[at + number : at + number + free]
        sizes = numbers[at + number + free : at + number + 2 * free]
        at += number + 2 * free
        embedded = tuple(_embedded(data[byte:], starts[free:], lengths)) if lengths else ()
        byte += sum(long + 4 * max(many, 0) for long, many in lengths)
        known[name] = Stored(how, starts, seeks, sizes, uncompressed, embedded)
    return known


def _embedded(
    data: memoryview, starts: npt.NDArray[np.int64], lengths: Sequence[tuple[int, int]]
) -> Iterator[Basket]:
    at = 0
    for number, (long, many) in enumerate(lengths):
        content = np.frombuffer(data, np.uint8, long, at)
        offsets = None if many < 0 else np.frombuffer(data, np.int32, many, at + long)
        yield Basket(int(starts[number]), int(starts[number + 1]), content, offsets)
        at += long + 4 * max(many, 0)


def _ntuple(head: Mapping[str, Any], numbers: npt.NDArray[np.int64]) -> dict[str, Any]:
    at = head["clusters"]
    columns = {}
    for number, kind, rows in head["columns"]:
        columns[number] = Pages(kind, numbers[at : at + 4 * rows].reshape(rows, 4))
        at += 4 * rows
    fields = {name: Field(*known) for name, known in head["fields"].items()}
    return {"fields": fields, "columns": columns, "clusters": numbers[: head["clusters"]]}
