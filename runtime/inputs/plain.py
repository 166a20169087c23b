"""What is in a local file with a tree of plain branches, told without uproot.

NanoAOD has thousands of branches and each is one number, or a list of numbers with a counter. For
such files, written by ROOT 6, a few members of each branch say all; uproot reads all of them, which
takes most of a second for 2 656 branches, and half a second to import. Anything else (branches in
branches, objects, baskets in the tree itself, folders, other versions of a class) is left to uproot,
and so is whatever is not as it should be: it has the words for it.

The layout is that of ROOT's TFile, TKey, TTree and TBranch as their ``Streamer`` writes them; numbers
are big-endian. Objects begin with the number of their bytes, so what is not needed is passed over.
"""

from __future__ import annotations

import struct
import uuid
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from adl.runtime.inputs import InputError, index
from adl.runtime.inputs.blocks import decompress
from adl.runtime.inputs.choosing import SKIM, choose
from adl.runtime.inputs.mapped import Mapped
from adl.runtime.inputs.stored import LEAF_TYPES, Form, Stored
from adl.runtime.inputs.trees import Compression, Input

_FILE = struct.Struct(">4siiiiiiiBiiiH16s"), struct.Struct(">4siiqqiiiBiqiH16s")
_DIRECTORY = struct.Struct(">hIIiiiii"), struct.Struct(">hIIiiqqq")
_KEY = struct.Struct(">ihiIhhii"), struct.Struct(">ihiIhhqq")
_LARGE = 1_000_000, 1000, 1000  # versions from which on files, directories and keys have 8 bytes
_NAMES = {1: "ZLIB", 2: "LZMA", 4: "LZ4", 5: "ZSTD"}

_OBJECT = struct.Struct(">IH")  # number of bytes and version
_COUNTED = 0x40000000  # that there is a number of bytes
_NEW, _CLASS = 0xFFFFFFFF, 0x80000000
_MAP = 2  # what is referred to by its place is so far behind it
_REFERENCED = 0x10
_TREE = struct.Struct(">qqqqqdiiiiIqqqqqq")
_BRANCH_FIRST = struct.Struct(">iiiiq")
_BRANCH_THEN = struct.Struct(">iIiqqqq")
_LEAF = struct.Struct(">iii??")
# What a leaf ends with: the least and the largest value.
_ENDS = {
    f"TLeaf{name}": struct.Struct(f">2{form}")
    for name, form in zip("OBSILFD", "?bhiqfd", strict=True)
}


class _NotPlain(Exception):
    """Something that is left to uproot."""


class _Key(NamedTuple):
    class_name: str
    name: str
    seek: int
    size: int  # bytes in the file, its own included
    own: int  # bytes before the object
    whole: int  # bytes of the object, uncompressed


class _Leaf(NamedTuple):
    class_name: str
    branch: str
    title: str
    length: int
    unsigned: bool
    counter: _Leaf | None
    largest: float


class _Branch(NamedTuple):
    name: str
    leaf: _Leaf
    stored: Stored


def described(source: Any, path: str, tree: str | None) -> Input | None:
    """Return an open file's tree, and keep it in the index; None if uproot has to look at it."""
    if not isinstance(source, Mapped):
        return None
    try:
        return _described(source, path, tree)
    except (_NotPlain, InputError, struct.error, ValueError, IndexError, KeyError, ImportError):
        return None


def _described(source: Mapped, path: str, tree: str | None) -> Input:
    data = memoryview(source.file.data)
    head = _fields(_FILE, data, 0, 1, _LARGE[0])
    begin, name_size, compress, identity = head[2], head[7], head[9], head[13]
    keys = _keys(data, begin + name_size)
    classes: dict[str, str] = {}
    for key in keys:
        classes.setdefault(key.name, key.class_name)
    name = choose(path, classes, tree)
    (key,) = (key for key in keys if key.name == name)
    _demand(key.class_name == "TTree")
    chunk = source.chunk(key.seek, key.seek + key.size)
    size = key.size - key.own
    content = (
        bytes(chunk.raw_data[key.own :])
        if size == key.whole
        else bytes(decompress(chunk, key.seek + key.own, size, key.whole))
    )
    entries, branches = _Reader(content, key.own).tree()
    opened = Input(
        path,
        name,
        entries,
        str(uuid.UUID(bytes=identity)),
        source,
        _compression(compress),
        (),
        {branch.name: branch.stored for branch in branches.values()},
        SKIM in classes,
        _most(branches),
    )
    index.save(opened, tree or "", [(key.seek, key.seek + key.size)])
    return opened


def _compression(code: int) -> Compression:
    algorithm, level = divmod(code, 100)
    return Compression(_NAMES[algorithm], level) if algorithm and level else Compression()


def _most(branches: Mapping[str, _Branch]) -> dict[str, int]:
    """Return what ``describing.py`` says of the same name."""
    found = {
        name: int(branches[f"n{name}"].leaf.largest) for name in branches if f"n{name}" in branches
    }
    return {name: number for name, number in found.items() if number > 0}


# --------------------------------------------------------------------------------- the file


def _fields(
    forms: tuple[struct.Struct, struct.Struct], data: Any, at: int, place: int, large: int
) -> tuple[Any, ...]:
    """Return a record's numbers, which are longer in larger files."""
    found = forms[0].unpack_from(data, at)
    return forms[1].unpack_from(data, at) if found[place] > large else found


def _keys(data: memoryview, at: int) -> list[_Key]:
    """Return what is in a directory, which has no others in it."""
    found = _fields(_DIRECTORY, data, at, 0, _LARGE[1])
    _, at = _key(data, found[7])
    (number,) = struct.unpack_from(">i", data, at)
    keys, at = [], at + 4
    for _ in range(number):
        key, at = _key(data, at)
        _demand(not key.class_name.startswith("TDirectory"))
        keys.append(key)
    return keys


def _key(data: memoryview, at: int) -> tuple[_Key, int]:
    size, version, whole, _, own, _, seek, _ = _fields(_KEY, data, at, 1, _LARGE[2])
    at += _KEY[version > _LARGE[2]].size
    class_name, at = _string(data, at)
    name, at = _string(data, at)
    _, at = _string(data, at)
    return _Key(class_name, name, seek, size, own, whole), at


def _string(data: memoryview | bytes, at: int) -> tuple[str, int]:
    size, at = data[at], at + 1
    if size == 255:
        (size,) = struct.unpack_from(">i", data, at)
        at += 4
    _demand(0 <= size <= len(data) - at)
    return str(data[at : at + size], "utf-8"), at + size


def _demand(plain: bool) -> None:
    if not plain:
        raise _NotPlain


# --------------------------------------------------------------------------------- the tree


class _Reader:
    """Reads a TTree from its bytes; ``own`` are those of its key, from which places count."""

    def __init__(self, data: bytes, own: int) -> None:
        self.data = data
        self.own = own
        self.classes: dict[int, str] = {}
        self.leaves: dict[int, _Leaf] = {}

    def tree(self) -> tuple[int, dict[str, _Branch]]:
        """Return the number of entries, and the branches by name."""
        at, last = self.begin(0, 20)
        for _ in range(4):  # its name, and how it would be drawn
            at = self.end(at)
        numbers = _TREE.unpack_from(self.data, at)
        ranges = 2 * (1 + 8 * numbers[10])
        at = self.end(at + _TREE.size + ranges)
        at, end = self.begin(at, 3)
        number, at = self.array(at)
        branches: dict[str, _Branch] = {}
        for _ in range(number):
            class_name, start, stop = self.any(at)
            _demand(class_name == "TBranch")
            branch = self.branch(start)
            _demand(branch.name not in branches)
            branches[branch.name] = branch
            at = stop
        _demand(at == end)
        at, end = self.begin(at, 3)
        number, at = self.array(at)  # of leaves, each of which was in its branch
        _demand(end - at == 4 * number and number == len(branches))
        _demand(self.leaves.keys() >= set(np.frombuffer(self.data, ">u4", number, at).tolist()))
        _demand(not any(self.data[end : end + 4]) and last == len(self.data))  # no other names
        return numbers[0], branches

    def branch(self, at: int) -> _Branch:
        """Return a branch with one leaf and all its baskets in the file."""
        data = self.data
        at, end = self.begin(at, 13)
        name, _, at = self.named(at)
        at = self.end(at)
        _, _, _, written, _ = _BRANCH_FIRST.unpack_from(data, at)
        at = self.end(at + _BRANCH_FIRST.size)
        _, most, _, entries, _, whole, _ = _BRANCH_THEN.unpack_from(data, at)
        at += _BRANCH_THEN.size
        start, at = self.begin(at, 3)
        _demand(self.array(start)[0] == 0)  # no branches in it
        start, after = self.begin(at, 3)
        number, start = self.array(start)
        _demand(number == 1)
        leaf = self.leaf(start, name)
        start, at = self.begin(after, 3)
        number, start = self.array(start)
        _demand(at - start == 4 * number and not any(data[start:at]))  # no baskets in it
        arrays = []
        for kind in (">i4", ">i8", ">i8"):
            _demand(data[at] == (1 if most else 0))
            arrays.append(np.frombuffer(data, kind, most, at + 1))
            at += 1 + most * np.dtype(kind).itemsize
        _demand(at < end)
        sizes, starts, seeks = arrays
        _demand(written >= 0)
        free = _free(seeks[: written + 1].tolist(), written)
        begins = starts[: free + 1].astype(np.int64) if free else np.zeros(1, np.int64)
        _demand(int(begins[-1]) == entries)
        places = seeks[:free].astype(np.int64), sizes[:free].astype(np.int64)
        return _Branch(name, leaf, Stored(self.form(leaf), begins, *places, whole))

    def form(self, leaf: _Leaf) -> Form:
        """Return how a branch is read: see ``forms.py``."""
        kind = LEAF_TYPES[leaf.class_name, leaf.unsigned]
        _demand(leaf.length == 1 and leaf.title.count("[") == (leaf.counter is not None))
        return Form(kind, kind.newbyteorder("="), leaf.counter.branch if leaf.counter else None)

    def leaf(self, at: int, branch: str) -> _Leaf:
        """Return the leaf of a branch."""
        class_name, start, _ = self.any(at)
        ends = _ENDS[class_name]
        inner, end = self.begin(start, 1)
        inner, after = self.begin(inner, 2)
        _, title, inner = self.named(inner)
        length, _, _, _, unsigned = _LEAF.unpack_from(self.data, inner)
        (counter,) = struct.unpack_from(">I", self.data, inner + _LEAF.size)
        _demand(inner + _LEAF.size + 4 == after and after + ends.size == end)
        _, largest = ends.unpack_from(self.data, after)
        known = self.leaves[counter] if counter else None
        leaf = _Leaf(class_name, branch, title, length, unsigned, known, largest)
        self.leaves[at + self.own + _MAP] = leaf
        return leaf

    # ------------------------------------------------------------------------------- objects

    def any(self, at: int) -> tuple[str, int, int]:
        """Return the class of a new object, where it begins and where it ends."""
        size, tag = struct.unpack_from(">II", self.data, at)
        _demand(size & _COUNTED and size != _NEW and tag & _CLASS)
        end, start = at + 4 + (size & ~_COUNTED), at + 8
        if tag != _NEW:
            return self.classes[tag & ~_CLASS], start, end
        stop = self.data.index(b"\0", start)
        name = self.data[start:stop].decode()
        self.classes[at + 4 + self.own + _MAP] = name
        return name, stop + 1, end

    def begin(self, at: int, expected: int) -> tuple[int, int]:
        """Return where the members of an object of this version begin and end."""
        size, version = _OBJECT.unpack_from(self.data, at)
        _demand(size & _COUNTED and version == expected)
        return at + _OBJECT.size, at + 4 + (size & ~_COUNTED)

    def end(self, at: int) -> int:
        """Return where an object ends."""
        (size,) = struct.unpack_from(">I", self.data, at)
        _demand(size & _COUNTED)
        return int(at + 4 + (size & ~_COUNTED))

    def named(self, at: int) -> tuple[str, str, int]:
        """Return the name and the title of a TNamed, and where it ends."""
        start, end = self.begin(at, 1)
        start = self.object(start)
        name, start = _string(self.data, start)
        title, start = _string(self.data, start)
        _demand(start == end)
        return name, title, end

    def object(self, at: int) -> int:
        """Return where a TObject ends: behind version, identity and bits."""
        (bits,) = struct.unpack_from(">I", self.data, at + 6)
        return at + (12 if bits & _REFERENCED else 10)

    def array(self, at: int) -> tuple[int, int]:
        """Return the number of objects of a TObjArray, and where the first is."""
        _, at = _string(self.data, self.object(at))
        (number,) = struct.unpack_from(">i", self.data, at)
        _demand(number >= 0)
        return number, at + 8


def _free(seeks: list[int], written: int) -> int:
    """Return how many baskets are in the file; the one after them would be next to be written."""
    for number, seek in enumerate(seeks):
        if seek == 0 or number == written:
            return number
    return len(seeks)
