"""Lists in lists, and references, as columns of numbers.

A list of lists ``Jet.Constituents`` is what the file has; the columns that it is read as are where
each inner list begins and ends (``Jet.Constituents_begin``, ``Jet.Constituents_end``), over jets, and
the items of all, ``Jet.Constituents[]``, one list an event. A reference is read as the position of
what it refers to: ``Jet.Constituents[]@EFlowTrack`` is -1 where that is no EFlowTrack.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from adl.runtime.inputs.stored import Form, Part

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]

_IDENTITY = ".fUniqueID"  # ends the column of what references name
_UID = np.dtype(">u4")
_OF_OBJECT = 0xFFFFFF  # bits of an identity; the others number the process that made the file

# A TRef: version, identity, bits and process. A TRefArray: byte count, version, what a TObject has,
# a name, which must be empty, the number of references, its lower bound and the process.
_REF = (0, 0, 12, 2)
_REFS = (27, 17, 4, 0)
_NAME = 16
_REF_ARRAYS = "AsObjects(AsArray(False, False, Model_TRefArray"  # so uproot calls them
# A std::vector in another: just its length. An ElementLink in it, each of its two parts with
# byte count, version and checksum.
_VECTOR = (4, 0)
_HEADER = 10
_LINK = 28
_LINK_PARTS = {"m_persKey": 20, "m_persIndex": 24}


def parts(name: str, branch: Any) -> dict[str, Form]:
    """Return the columns as which a branch of lists in lists, or of links, is read; or none."""
    from uproot.containers import AsVector  # by who describes a file, which has imported uproot
    from uproot.interpretation.objects import AsObjects

    kind = branch.interpretation
    if not isinstance(kind, AsObjects):
        return {}
    outer = kind.model
    if not isinstance(outer, AsVector) or not isinstance(outer.values, AsVector):
        return {}
    if not outer.header or outer.values.header:
        return {}
    items = outer.values.values
    if isinstance(items, np.dtype) and items.kind in "biuf" and not items.shape:
        found = _of_lists(name, name, _HEADER, (*_VECTOR, items.itemsize))
        whole = Part(name, "items", *_VECTOR, items.itemsize)
        own = f"{name}[]"
        return {**found, own: Form(items, items.newbyteorder("="), own, _HEADER, whole)}
    if not getattr(items, "__name__", "").startswith("Model_ElementLink_"):
        return {}
    found = _of_lists(name, name, _HEADER, (*_VECTOR, _LINK))
    for field, at in _LINK_PARTS.items():
        own = f"{name}[].{field}"
        one = Part(name, "items", *_VECTOR, _LINK, at)
        found[own] = Form(_UID, np.dtype("uint32"), f"{name}[]", _HEADER, one)
    return found


def references(branches: Mapping[str, Any], identities: Iterable[str]) -> dict[str, Form]:
    """Return the columns as which branches of references are read, for each possible target."""
    from uproot.interpretation.objects import AsObjects

    targets = [n.removesuffix(_IDENTITY) for n in identities if n.endswith(_IDENTITY)]
    found: dict[str, Form] = {}
    for name, branch in branches.items():
        counter = branch.parent.member("fName", none_if_missing=True)
        kind = branch.interpretation
        if _refers(kind):
            for target in targets:
                part = Part(name, "items", *_REF, target + _IDENTITY)
                form = Form(_UID, np.dtype("int32"), counter, kind.header_bytes, part)
                found[f"{name}@{target}"] = form
        elif isinstance(kind, AsObjects) and repr(kind).startswith(_REF_ARRAYS):
            found |= _of_lists(name, counter, 0, _REFS[:3])
            for target in targets:
                part = Part(name, "items", *_REFS, target + _IDENTITY)
                own = f"{name}[]@{target}"
                found[own] = Form(_UID, np.dtype("int32"), f"{name}[]", 0, part)
    return found


def _refers(kind: Any) -> bool:
    """Whether items of lists are references."""
    from uproot.interpretation.jagged import AsJagged
    from uproot.interpretation.objects import AsStridedObjects

    if not isinstance(kind, AsJagged) or not isinstance(kind.content, AsStridedObjects):
        return False
    return bool(kind.content.model.__name__ == "Model_TRef" and kind.content.itemsize == _REF[2])


def _of_lists(
    name: str, counter: str, header: int, layout: tuple[int, int, int]
) -> dict[str, Form]:
    """Return the columns with the borders of inner lists."""
    return {
        f"{name}_{what}": Form(
            np.dtype(">i4"), np.dtype("int32"), counter, header, Part(name, what, *layout)
        )
        for what in ("begin", "end")
    }


# ------------------------------------------------------------------------------- decoding


class Lists(NamedTuple):
    """Lists in the lists of some entries."""

    lists: Offsets  # where the inner lists of each entry begin among all
    sizes: Offsets  # of the inner lists
    items: Bytes  # one row an item

    def borders(self, what: str) -> Offsets:
        """Return at which item of its entry each inner list begins, or ends."""
        after = np.cumsum(self.sizes)
        before = after - self.sizes
        first = np.concatenate([[0], after])[self.lists[:-1]]
        counted: Offsets = before if what == "begin" else after
        counted -= np.repeat(first, np.diff(self.lists))
        return counted

    def offsets(self) -> Offsets:
        """Return where the items of each entry begin among all."""
        return np.concatenate([[0], np.cumsum(self.sizes)])[self.lists]


def decoded(data: Bytes, ends: npt.NDArray[Any], header: int, part: Part) -> Lists:
    """Return the lists in entries of bytes that end at ``ends``, from the first's beginning on.

    It goes through the first inner list of every entry, then through the second, and so on.

    Raises:
        ValueError: The bytes are no such lists.
    """
    ends = ends.astype(np.int64)
    at, stop = ends[:-1] + header, ends[1:]
    if np.any(at > stop) or np.any(ends[1:] < ends[:-1]) or (len(ends) and ends[-1] > len(data)):
        raise ValueError("lists overlap, or end beyond their basket")
    entries = np.flatnonzero(at < stop)
    at = at[entries]
    found = [np.empty((0, 3), np.int64)]  # entry, first byte of the items, their number
    number = np.zeros(len(ends) - 1, np.int64)
    while len(entries):
        if np.any(at + part.prefix > stop[entries]):
            raise ValueError("a list ends within the length of a list in it")
        if part.prefix > _NAME and np.any(data[at + _NAME]):
            raise ValueError("an array of references has a name")
        sizes = _number(data, at + part.size)
        begin = at + part.prefix
        at = begin + sizes * part.item
        if np.any(sizes < 0) or np.any(at > stop[entries]):
            raise ValueError("a list in a list ends beyond it")
        found.append(np.stack([entries, begin, sizes], axis=1))
        number[entries] += 1
        going = at < stop[entries]
        entries, at = entries[going], at[going]
    every = np.concatenate(found)
    every = every[np.argsort(every[:, 0], kind="stable")]
    sizes = every[:, 2]
    first = np.repeat(every[:, 1], sizes)
    rank = np.arange(len(first)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    rows = (first + rank * part.item)[:, None] + np.arange(part.item)
    return Lists(np.concatenate([[0], np.cumsum(number)]), sizes, data[rows])


def _number(data: Bytes, at: Offsets) -> Offsets:
    """Return the four-byte numbers at places of bytes."""
    four = np.ascontiguousarray(data[at[:, None] + np.arange(4)])
    return four.view(">i4").reshape(-1).astype(np.int64)


def numbers(items: Bytes, form: Form) -> npt.NDArray[Any]:
    """Return the numbers in items, one row of bytes each."""
    assert form.part is not None, form
    at = form.part.at
    chosen = np.ascontiguousarray(items[:, at : at + form.stored.itemsize])
    return chosen.view(form.stored).reshape(-1)


def joined(pieces: Iterable[Lists], item: int) -> Lists:
    """Return the lists of entries one after the other."""
    every = list(pieces)
    starts = [0, *np.cumsum([len(p.sizes) for p in every]).tolist()]
    return Lists(
        np.concatenate([[0], *(p.lists[1:] + s for p, s in zip(every, starts, strict=False))]),
        np.concatenate([np.empty(0, np.int64), *(p.sizes for p in every)]),
        np.concatenate([np.empty((0, item), np.uint8), *(p.items for p in every)]),
    )


def positions(
    uids: npt.NDArray[Any], offsets: Offsets, known: npt.NDArray[Any], borders: Offsets
) -> npt.NDArray[np.int32]:
    """Return where in its entry stands what has each of some identities; -1 for nowhere.

    ``offsets`` and ``borders`` are where the identities, and those among which they are looked for,
    begin in each entry.
    """
    wanted, there = _keys(uids, offsets), _keys(known, borders)
    order = np.argsort(there, kind="stable")
    place = np.searchsorted(there, wanted, sorter=order)
    found = np.full(len(wanted), -1, np.int32)
    inside = np.flatnonzero(place < len(there))
    match = order[place[inside]]
    same = (there[match] == wanted[inside]) & (uids[inside] & _OF_OBJECT != 0)
    first = np.repeat(borders[:-1], np.diff(borders))
    found[inside[same]] = (match - first[match])[same]
    return found


def _keys(uids: npt.NDArray[Any], offsets: Offsets) -> Offsets:
    entry = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    return (entry << 24) | (uids.astype(np.int64) & _OF_OBJECT)
