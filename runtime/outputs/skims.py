"""The file of a skim: a TTree or RNTuple beside trees of counters, or Parquet.

Columns have the names of the input. A TTree has the lengths of lists in a column of their own, as
the input has it; an RNTuple and Parquet have it only where the input has. An RNTuple cannot have dots
in names: they become colons, as ATLAS writes them. The record is the string ``adl_skim``, in Parquet
with the counters in the metadata of the file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any, Protocol

import awkward as ak
import numpy as np
import uproot

from adl.runtime.outputs import replacing
from adl.runtime.outputs.packing import Packing, of_lists, of_numbers
from adl.runtime.outputs.saved import Gathered, check_format
from adl.runtime.rows import Numbers, Part, Table

RECORD = "adl_skim"
_Trees = Mapping[str, Mapping[str, Any]]


class SkimWriter(Protocol):
    """Writes tables of one schema, one after the other, then the rest of the file."""

    def write(self, table: Table) -> None:
        """Append events."""

    def another(self, tree: str, first: Table) -> None:
        """Go on with another tree; nothing more comes into those before."""

    def finish(self, trees: _Trees, record: str) -> None:
        """Write the counters and the record."""


@contextmanager
def writing_skim(
    path: Path, form: str, tree: str, first: Table, threads: int = 1
) -> Iterator[SkimWriter]:
    """A writer of a skim, which appears when the block ends well.

    ``first`` shows the columns; ``threads`` compress those of a TTree.

    Raises:
        OutputError: The file cannot be written, or the format needs a library.
    """
    with (
        replacing(path.parent, path.name) as file,
        Packing(threads) as packing,
        _OPEN[form](file, tree, first, packing) as writer,
    ):
        yield _Steady(writer)


class _Steady:
    """Gathers events, so that many small tables make no small pieces."""

    def __init__(self, writer: SkimWriter) -> None:
        self.writer = writer
        self.gathered = Gathered(writer)

    def write(self, table: Table) -> None:
        if table.rows:
            self.gathered.write(table)

    def another(self, tree: str, first: Table) -> None:
        self.gathered.flush()
        self.writer.another(tree, first)
        self.gathered = Gathered(self.writer)

    def finish(self, trees: _Trees, record: str) -> None:
        self.gathered.flush()
        self.writer.finish(trees, record)


def _groups(table: Table) -> dict[str, list[Part]]:
    """Return the columns of lists by the column that has their lengths."""
    found: dict[str, list[Part]] = {}
    for part in table.parts:
        if part.offsets is not None:
            found.setdefault(part.group, []).append(part)
    return found


def _values(part: Part) -> Numbers:
    assert part.values is not None, part.name
    return part.values


def _lengths(part: Part) -> Numbers:
    assert part.offsets is not None, part.name
    return np.diff(part.offsets).astype(np.int32)


def _list(part: Part, content: Any) -> Any:
    assert part.offsets is not None, part.name
    return ak.Array(ak.contents.ListOffsetArray(ak.index.Index64(part.offsets), content))


# ----------------------------------------------------------------------------------- TTree


@contextmanager
def _open_ttree(file: IO[bytes], tree: str, first: Table, packing: Packing) -> Iterator[SkimWriter]:
    with uproot.recreate(file, compression=packing.codec) as root:
        yield Ttree(root, tree, first, packing)


class Ttree:
    """Writes tables as a TTree, their baskets compressed by ``packing``."""

    def __init__(self, root: Any, tree: str, first: Table, packing: Packing) -> None:
        self.root = root
        self.packing = packing
        self._begin(tree, first)

    def _begin(self, tree: str, first: Table) -> None:
        self.name = tree
        self.tree = self.root.mktree(
            tree,
            {name: _type(column) for name, column in _columns(first).items()},
            counter_name=lambda counted: counted.removeprefix(_LIST),
            field_name=lambda _, field: field,
        )

    def write(self, table: Table) -> None:
        """Append events."""
        for ready in self.packing.add(table, _baskets(self.name, table)):
            self.tree.extend(_columns(ready))

    def another(self, tree: str, first: Table) -> None:
        """Write the events that wait, and go on with another tree."""
        self._write_waiting()
        self._begin(tree, first)

    def _write_waiting(self) -> None:
        for ready in self.packing.rest():
            self.tree.extend(_columns(ready))

    def finish(self, trees: _Trees, record: str) -> None:
        """Write the events that wait, the counters and the record."""
        self._write_waiting()
        _write_rest(self.root, trees, record)


def _baskets(tree: str, table: Table) -> Iterator[Callable[[], bytes]]:
    """Yield what makes the content of each basket of a table's columns."""
    for part in table.parts:
        if part.offsets is None:
            yield partial(of_numbers, _values(part))
        else:
            yield partial(of_lists, _values(part), part.offsets, part.name, tree)
    for members in _groups(table).values():
        yield partial(of_numbers, _lengths(members[0]))


_LIST = "list "  # begins the name of a group, so that it is no column's


def _columns(table: Table) -> dict[str, Any]:
    numbers = {p.name: _values(p) for p in table.parts if p.offsets is None}
    lists = {f"{_LIST}{name}": _records(members) for name, members in _groups(table).items()}
    return {**numbers, **lists}


def _records(members: list[Part]) -> Any:
    contents = [ak.contents.NumpyArray(_values(p)) for p in members]
    return _list(members[0], ak.contents.RecordArray(contents, [p.name for p in members]))


def _type(column: Any) -> Any:
    return column.dtype if isinstance(column, np.ndarray) else column.type.content


def _write_rest(root: Any, trees: _Trees, record: str) -> None:
    for name, columns in trees.items():
        root.mktree(name, dict(columns))  # not root[name] = …, which writes an RNTuple
    root[RECORD] = record


# --------------------------------------------------------------------------------- RNTuple


@contextmanager
def _open_rntuple(
    file: IO[bytes], tree: str, first: Table, packing: Packing
) -> Iterator[SkimWriter]:
    with uproot.recreate(file, compression=packing.codec) as root:
        yield _Rntuple(root, tree, first)


class _Rntuple:
    def __init__(self, root: Any, tree: str, first: Table) -> None:
        self.root = root
        self.another(tree, first)

    def another(self, tree: str, first: Table) -> None:
        # Types and not empty arrays: those would be a cluster without events, which ROOT refuses.
        types = {name: _type(column) for name, column in _fields(first).items()}
        self.ntuple = self.root.mkrntuple(tree, types)

    def write(self, table: Table) -> None:
        self.ntuple.extend(_fields(table))

    def finish(self, trees: _Trees, record: str) -> None:
        _write_rest(self.root, trees, record)


def _fields(table: Table) -> dict[str, Any]:
    return {name.replace(".", ":"): column for name, column in _flat(table).items()}


def _flat(table: Table) -> dict[str, Any]:
    """Return columns of numbers and of lists, and the lengths that the input has."""
    out: dict[str, Any] = {}
    for part in table.parts:
        if part.offsets is None:
            out[part.name] = _values(part)
            continue
        if part.label == "stored":
            out.setdefault(part.group, _lengths(part))
        out[part.name] = _list(part, ak.contents.NumpyArray(_values(part)))
    return out


# --------------------------------------------------------------------------------- Parquet


@contextmanager
def _open_parquet(
    file: IO[bytes], tree: str, first: Table, packing: Packing
) -> Iterator[SkimWriter]:
    check_format("parquet")
    import pyarrow.parquet as pq

    with pq.ParquetWriter(file, _arrow(first).schema) as writer:
        yield _Parquet(writer)


class _Parquet:
    def __init__(self, writer: Any) -> None:
        self.writer = writer

    def write(self, table: Table) -> None:
        self.writer.write_table(_arrow(table))

    def another(self, tree: str, first: Table) -> None:
        raise AssertionError("a Parquet file is one table: refused before")

    def finish(self, trees: _Trees, record: str) -> None:
        lists = {t: {n: ak.to_list(v) for n, v in columns.items()} for t, columns in trees.items()}
        texts = {name: json.dumps(columns) for name, columns in lists.items()}
        self.writer.add_key_value_metadata({**texts, RECORD: record})


def _arrow(table: Table) -> Any:
    import pyarrow as pa

    return pa.table({name: _arrow_column(column) for name, column in _flat(table).items()})


def _arrow_column(column: Any) -> Any:
    import pyarrow as pa

    if isinstance(column, np.ndarray):
        return pa.array(column)
    layout = column.layout
    return pa.LargeListArray.from_arrays(
        pa.array(layout.offsets.data), pa.array(layout.content.data)
    )


_OPEN: dict[str, Callable[[IO[bytes], str, Table, Packing], Any]] = {
    "ttree": _open_ttree,
    "rntuple": _open_rntuple,
    "parquet": _open_parquet,
}


def is_in_parquet(path: Path) -> bool:
    """Whether a Parquet file is a skim; False of one that cannot be read."""
    check_format("parquet")
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return RECORD.encode() in (pq.read_metadata(path).metadata or {})
    except (pa.ArrowException, OSError):
        return False
