"""RNTuples: fields of one number, or of a list of numbers, an event.

ATLAS writes colons where a TTree has dots (``AnalysisJetsAuxDyn:pt``); here the names are those of
the TTree, so that one object model serves both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from adl.runtime.inputs.pages import ENCODINGS, INDEX, Pages, elements
from adl.runtime.inputs.shared import Shared
from adl.runtime.inputs.stored import Places
from adl.runtime.inputs.trees import Input
from adl.stdlib.models import Branch

_DTYPES = {
    "bool": "bool",
    "char": "int8",
    "float": "float32",
    "double": "float64",
    **{
        f"std::{sign}int{bits}_t": f"{sign}int{bits}"
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    },
}
# How many elements a list has: in the file only the ends of the lists are stored.
_COUNTS = re.compile(r"ROOT::RNTupleCardinality<.*>")
_LISTS = ("std::vector<", "ROOT::VecOps::RVec<")
_LIST = re.compile(r"(?:std::vector|ROOT::VecOps::RVec)<([\w:]+)>")


class Field(NamedTuple):
    """A field: its numbers' type and column; of a list, or of the length of one, its ends, too.

    Lists in lists are read as ``lists.py`` says: where each begins, where it ends, and the items.
    """

    dtype: str
    values: int = -1  # number of a column
    ends: int = -1
    inner: int = -1  # of lists in lists: the column with the ends of the inner ones
    of: str = ""  # and the field
    border: str = ""  # "begin" or "end"


@dataclass(frozen=True, eq=False)
class NTuple(Input):
    """An open file and its RNTuple."""

    fields: Mapping[str, Field] = field(default_factory=dict)
    columns: Mapping[int, Pages] = field(default_factory=dict)
    clusters: Places = field(default_factory=lambda: np.empty(0, np.int64))  # the first entries
    shared: Shared[Any] = field(default_factory=Shared)  # pages that several units need
    ends: Shared[npt.NDArray[np.int64]] = field(default_factory=Shared)  # of a unit's lists

    def numbers(
        self, name: str, start: int, stop: int
    ) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64] | None]:
        """Return the numbers of the entries [start, stop), and of lists where each begins."""
        known = self.fields[name]
        pieces: list[npt.NDArray[Any]] = []
        borders: list[npt.NDArray[np.int64]] = []
        for cluster, begin, end in self._clusters(start, stop):
            if known.ends < 0:
                pieces.append(self._elements(known.values, cluster, begin, end))
                continue
            ends = self._ends(known.ends, cluster, begin, end)
            if known.inner >= 0:
                inner = self._ends(known.inner, cluster, int(ends[0]), int(ends[-1]))
                first = inner[ends - ends[0]]  # of the items of each entry
                if known.border:
                    borders.append(ends)
                    found = inner[:-1] if known.border == "begin" else inner[1:]
                    pieces.append(found - np.repeat(first[:-1], np.diff(ends)))
                    continue
                ends = first
            borders.append(ends)
            if known.values < 0:
                pieces.append(np.diff(ends))
            else:
                pieces.append(self._elements(known.values, cluster, int(ends[0]), int(ends[-1])))
        return _joined(pieces, known.dtype), _offsets(borders) if _is_list(known) else None

    def _elements(self, column: int, cluster: int, begin: int, end: int) -> npt.NDArray[Any]:
        return elements(self.source, self.columns[column], cluster, begin, end, self.shared)

    def _clusters(self, start: int, stop: int) -> Iterator[tuple[int, int, int]]:
        """Clusters with entries [start, stop), and which entries of each, from its first."""
        borders = [*self.clusters.tolist(), self.entries]
        for cluster, (first, last) in enumerate(pairwise(borders)):
            begin, end = max(start, first), min(stop, last)
            if begin < end:
                yield cluster, begin - first, end - first

    def _ends(self, column: int, cluster: int, begin: int, end: int) -> npt.NDArray[np.int64]:
        """Where lists [begin, end) of a cluster begin, and where the last ends."""
        find = partial(self._found_ends, column, cluster, begin, end)
        return self.ends.get(column, (cluster, begin, end), find)

    def _found_ends(self, column: int, cluster: int, begin: int, end: int) -> npt.NDArray[np.int64]:
        before = max(begin - 1, 0)
        found = self._elements(column, cluster, before, end).astype(np.int64)
        ends = found if begin else np.concatenate([[0], found])
        # Not to be trusted: a kernel would follow them anywhere.
        if ends[0] < 0 or np.any(ends[1:] < ends[:-1]):
            raise ValueError("lists overlap")
        return ends

    @cached_property
    def _branches(self) -> Mapping[str, Branch]:
        return {name: _branch(name, known) for name, known in self.fields.items()}

    def bytes(self, names: Iterable[str]) -> int:
        """Return the uncompressed size of fields; lists share where they end."""
        return sum(column.bytes() for column in self._columns(names))

    def held(self, names: Iterable[str]) -> int:
        """Return how many bytes of the file hold fields, compressed as they are."""
        return sum(column.held() for column in self._columns(names))

    def _columns(self, names: Iterable[str]) -> list[Pages]:
        known = [self.fields[name] for name in names]
        used = {number for f in known for number in _used(f)}
        return [self.columns[number] for number in used]


def _joined(pieces: Sequence[npt.NDArray[Any]], dtype: str) -> npt.NDArray[Any]:
    if len(pieces) == 1:
        return pieces[0].astype(dtype, copy=False)
    return np.concatenate([np.empty(0, dtype), *(p.astype(dtype, copy=False) for p in pieces)])


def _offsets(borders: Sequence[npt.NDArray[np.int64]]) -> npt.NDArray[np.int64]:
    """Return where each list begins, given the same for clusters, from any number on."""
    out = np.zeros(sum(len(ends) - 1 for ends in borders) + 1, np.int64)
    filled = 0
    for ends in borders:
        at = out[filled : filled + len(ends)]
        np.add(ends[1:], out[filled] - ends[0], out=at[1:])
        filled += len(ends) - 1
    return out


def _used(known: Field) -> list[int]:
    return [n for n in (known.values, known.ends, known.inner) if n >= 0]


def _is_list(known: Field) -> bool:
    return known.ends >= 0 and (known.values >= 0 or known.border != "")


def _branch(name: str, known: Field) -> Branch:
    if known.inner < 0:
        return Branch(name, known.dtype, name if _is_list(known) else None)
    if known.border:
        return Branch(name, known.dtype, known.of, border=True)
    return Branch(name, known.dtype, f"{known.of}[]", inside=known.of)


class Found(NamedTuple):
    """What uproot's RNTuple has that can be read."""

    fields: dict[str, Field]
    columns: dict[int, Pages]
    clusters: Places
    unread: tuple[str, ...]


def describe(ntuple: Any) -> Found:
    """Return the top-level fields, by the names of a TTree's branches, and their pages."""
    stored = _Stored(ntuple)
    fields: dict[str, Field] = {}
    unread = []
    for number, record in enumerate(stored.records):
        if record.parent_field_id != number:
            continue
        name = record.field_name.replace(":", ".")
        known = stored.field(number, record)
        found = {name: known} if known is not None else stored.inside(number, record, name)
        if not found:
            unread.append(name)
        fields |= found
    used = sorted({n for f in fields.values() for n in _used(f)})
    pages = {n: stored.pages(n) for n in used}
    # ROOT writes pages that are the same once: lists of one length then have the same ends.
    first: dict[tuple[int, bytes], int] = {}
    same = {n: first.setdefault((p.kind, p.rows.tobytes()), n) for n, p in pages.items()}
    fields = {name: f._replace(ends=same.get(f.ends, f.ends)) for name, f in fields.items()}
    clusters = np.array([c.num_first_entry for c in ntuple.cluster_summaries], np.int64)
    return Found(fields, pages, clusters, tuple(unread))


class _Stored:
    """Records of uproot's RNTuple; a projected field has the columns of its source."""

    def __init__(self, ntuple: Any) -> None:
        self.records = ntuple.field_records
        self.columns = ntuple.column_records
        self.links = ntuple.page_link_list
        self.clusters = ntuple.cluster_summaries
        self.of_field: dict[int, list[int]] = {}
        for number, column in enumerate(self.columns):
            self.of_field.setdefault(column.field_id, []).append(number)
        self.children: dict[int, list[int]] = {}
        for number, record in enumerate(self.records):
            if record.parent_field_id != number:
                self.children.setdefault(record.parent_field_id, []).append(number)

    def field(self, number: int, record: Any) -> Field | None:
        """Return how to read a field, or None if it is not of numbers or of lists of numbers."""
        if record.repetition:
            return None
        if _COUNTS.fullmatch(record.type_name):
            ends = self.column(number, ends=True)
            return None if ends is None else Field("int64", ends=ends)
        items = _LIST.fullmatch(record.type_name)
        dtype = _DTYPES.get(items[1] if items else record.type_name)
        if dtype is None:
            return None
        if items is None:
            values = self.column(number)
            return None if values is None else Field(dtype, values)
        inside = self.children.get(number, [])
        ends = self.column(number, ends=True)
        values = self.column(inside[0]) if len(inside) == 1 else None
        return None if ends is None or values is None else Field(dtype, values, ends)

    def inside(self, number: int, record: Any, name: str) -> dict[str, Field]:
        """Return how to read a field of lists of objects, or of lists in lists; perhaps nothing."""
        ends, content = self._items(number, record)
        if ends is None or content is None:
            return {}
        inner, items = self._items(content, self.records[content])
        if inner is None or items is None:
            objects = self._numbers(content)
            return {f"{name}{n}": Field(dtype, v, ends) for n, (dtype, v) in objects.items() if n}
        numbers = {
            f"{name}[]{n}": Field(dtype, values, ends, inner, name)
            for n, (dtype, values) in self._numbers(items).items()
        }
        borders = {
            f"{name}_{border}": Field("int32", -1, ends, inner, name, border)
            for border in ("begin", "end")
        }
        return {**borders, **numbers} if numbers else {}

    def _items(self, number: int, record: Any) -> tuple[int | None, int | None]:
        """Return the column with the ends of a list, and the field of its items."""
        inside = self.children.get(number, [])
        is_list = record.type_name.startswith(_LISTS) and len(inside) == 1
        if record.repetition or not is_list:
            return None, None
        return self.column(number, ends=True), inside[0]

    def _numbers(self, number: int) -> dict[str, tuple[str, int]]:
        """Return types and columns of a number, or of all in an object, by what follows its name."""
        record = self.records[number]
        if record.repetition:
            return {}
        dtype = _DTYPES.get(record.type_name)
        values = self.column(number) if dtype is not None else None
        if dtype is not None:
            return {} if values is None else {"": (dtype, values)}
        if record.type_name.startswith(_LISTS):
            return {}
        found: dict[str, tuple[str, int]] = {}
        for inside in self.children.get(number, []):
            own = self.records[inside].field_name
            dot = "" if own.startswith(":") else f".{own}"  # a base class has no name
            found |= {f"{dot}{n}": at for n, at in self._numbers(inside).items()}
        return found

    def column(self, field: int, *, ends: bool = False) -> int | None:
        """Return the column of a field, if it has just one that can be read."""
        source = self.records[field].source_field_id
        found = self.of_field.get(field if source is None else source, [])
        if len(found) != 1:
            return None
        column = self.columns[found[0]]
        return found[0] if column.type in ENCODINGS and (column.type in INDEX) == ends else None

    def pages(self, column: int) -> Pages:
        """Return the pages of a column in all clusters.

        A column that was added late has none of its first elements: they are zero.
        """
        rows, late = [], self.columns[column].first_element_index
        for number, (cluster, summary) in enumerate(zip(self.links, self.clusters, strict=True)):
            pages = cluster[column].pages if column < len(cluster) else ()
            absent = min(max(late - summary.num_first_entry, 0), summary.num_entries)
            if absent:
                rows.append((number, absent, 0, 0))
            rows += [
                (number, page.num_elements, page.locator.offset, page.locator.num_bytes)
                for page in pages
            ]
        return Pages(self.columns[column].type, np.array(rows, np.int64).reshape(-1, 4))
