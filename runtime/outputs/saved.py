"""Files of prints and saves: csv, ROOT (a tree ``Events``) and Parquet, written as rows come.

A list is a column of lists in ROOT and Parquet; in csv its numbers stand in one field, with blanks
between. What is missing is an empty field in csv, null in Parquet and NaN in ROOT, where such a
column is real.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, Protocol

import awkward as ak
import numpy as np
import uproot

from adl.runtime.outputs import OutputError, replacing
from adl.runtime.rows import Numbers, Part, Table, joined

# Rows that are written together: a basket of each branch, a row group.
_ROWS, _BYTES = 100_000, 32 << 20


class Writer(Protocol):
    """Writes tables of one schema, one after the other."""

    def write(self, table: Table) -> None:
        """Append rows."""


@contextmanager
def writing(directory: Path, name: str, form: str, first: Table) -> Iterator[Writer]:
    """A writer of ``directory/name.form``, which appears when the block ends well.

    ``first`` shows the columns. Rows are gathered, so that many small tables make no small pieces.

    Raises:
        OutputError: The directory or the file cannot be written, or the format needs a library.
    """
    path = directory / f"{name}.{form}"
    with replacing(path.parent, path.name) as file, _OPEN[form](file, first) as writer:
        gathered = Gathered(writer)
        yield gathered
        gathered.flush()


class Gathered:
    """Hands tables on to a writer, many together."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.tables: list[Table] = []

    def write(self, table: Table) -> None:
        """Keep a table, and write once there are enough."""
        self.tables.append(table)
        size = sum(p.values.nbytes for t in self.tables for p in t.parts if p.values is not None)
        if sum(t.rows for t in self.tables) >= _ROWS or size >= _BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what is left."""
        if self.tables:
            self.writer.write(joined(self.tables))
            self.tables = []


def _columns(table: Table) -> list[tuple[Part, Numbers]]:
    """Return the columns that have values."""
    return [(p, p.values) for p in table.parts if p.values is not None]


# -------------------------------------------------------------------------------------- csv


@contextmanager
def _open_csv(file: IO[bytes], first: Table) -> Iterator[Writer]:
    writer = _Csv(file)
    writer.lines([[part.name for part, _ in _columns(first)]])
    yield writer


class _Csv:
    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def write(self, table: Table) -> None:
        fields = [texts(part, values) for part, values in _columns(table)]
        self.lines(list(row) for row in zip(*fields, strict=True))

    def lines(self, rows: Any) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows)
        self.file.write(text.getvalue().encode())


def texts(part: Part, values: Numbers, missing: str = "", digits: int = 0) -> list[str]:
    """Return a column as texts that give the same numbers when they are read, or with few digits."""
    if digits and values.dtype.kind == "f":
        numbers = [f"{x:.{digits}g}" for x in values.tolist()]
    else:
        # A number of numpy's own prints as the shortest text of its type.
        short = values.dtype.itemsize < 8
        numbers = [str(x) for x in (values if short else values.tolist())]
    if part.there is not None:
        numbers = [
            n if is_there else missing
            for n, is_there in zip(numbers, part.there.tolist(), strict=True)
        ]
    if part.offsets is None:
        return numbers
    ends = part.offsets.tolist()
    nothing = missing or "missing"  # an empty text between blanks would be lost
    return [" ".join(n or nothing for n in numbers[start:end]) for start, end in pairwise(ends)]


# ------------------------------------------------------------------------------------- ROOT


@contextmanager
def _open_root(file: IO[bytes], first: Table) -> Iterator[Writer]:
    with uproot.recreate(file) as root:
        writer = _Root(root, first)
        yield writer


class _Root:
    def __init__(self, root: Any, first: Table) -> None:
        self.groups = _groups(first)
        names = {part.name for part, _ in _columns(first)}
        self.tree = root.mktree(
            "Events",
            {name: _type(members) for name, members in self.groups.items()},
            counter_name=lambda counted: _counter(counted, names),
            field_name=lambda _, field: field,
        )

    def write(self, table: Table) -> None:
        if table.rows:
            self.tree.extend({n: _content(m) for n, m in _groups(table).items()})


_Members = list[tuple[Part, Numbers]]


def _groups(table: Table) -> dict[str, _Members]:
    """Return the branches: a column of numbers, or lists that share their lengths."""
    found: dict[str, _Members] = {}
    for part, values in _columns(table):
        if part.offsets is None:
            found[part.name] = [(part, _with_nan(part, values))]
        else:
            found.setdefault(f"list {part.group}", []).append((part, _with_nan(part, values)))
    return found


def _with_nan(part: Part, values: Numbers) -> Numbers:
    if part.there is None:
        return values
    return np.where(part.there, values.astype(np.float64), np.nan)


def _type(members: _Members) -> Any:
    part, values = members[0]
    if part.offsets is None:
        return values.dtype
    return _content(members).type.content


def _content(members: _Members) -> Any:
    part, values = members[0]
    if part.offsets is None:
        return values
    names = [p.name for p, _ in members]
    record = ak.contents.RecordArray([ak.contents.NumpyArray(v) for _, v in members], names)
    return ak.Array(ak.contents.ListOffsetArray(ak.index.Index64(part.offsets), record))


def _counter(counted: str, names: set[str]) -> str:
    """Return the name of the branch with the lengths of lists."""
    name = f"n{counted.removeprefix('list ')}"
    while name in names:
        name = f"{name}_"
    return name


# ---------------------------------------------------------------------------------- Parquet


def check_format(form: str) -> None:
    """Say what is missing for a format.

    Raises:
        OutputError: A library that writes it is not installed.
    """
    if form == "parquet":
        try:
            import pyarrow.parquet  # noqa: F401
        except ImportError:
            raise OutputError("Parquet files need pyarrow: pip install 'adlc[parquet]'") from None


@contextmanager
def _open_parquet(file: IO[bytes], first: Table) -> Iterator[Writer]:
    check_format("parquet")
    import pyarrow.parquet as pq

    schema = _arrow(first).schema
    with pq.ParquetWriter(file, schema) as writer:
        yield _Parquet(writer)


class _Parquet:
    def __init__(self, writer: Any) -> None:
        self.writer = writer

    def write(self, table: Table) -> None:
        if table.rows:
            self.writer.write_table(_arrow(table))


def _arrow(table: Table) -> Any:
    import pyarrow as pa

    arrays = {}
    for part, values in _columns(table):
        missing = None if part.there is None else ~part.there
        array = pa.array(values, mask=missing)
        if part.offsets is not None:
            array = pa.LargeListArray.from_arrays(pa.array(part.offsets), array)
        arrays[part.name] = array
    return pa.table(arrays)


_OPEN: dict[str, Callable[[IO[bytes], Table], Any]] = {
    "csv": _open_csv,
    "root": _open_root,
    "parquet": _open_parquet,
}
