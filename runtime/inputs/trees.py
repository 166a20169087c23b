"""An open file: its tree, its branches and their types.

A file can have thousands of branches, so what is asked of each must be cheap: the type of a plain
leaf comes from its class, and only the rest ask uproot for its interpretation.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
import uproot
from uproot.interpretation.jagged import AsJagged
from uproot.interpretation.numerical import AsDtype

from adl.runtime.inputs import InputError, reason
from adl.runtime.inputs.baskets import Baskets
from adl.runtime.inputs.paths import is_url
from adl.stdlib.models import Branch
from adl.stdlib.models.recognition import tree_names

_TREES = ("TTree", "TNtuple", "TNtupleD")
_RNTUPLE = "ROOT::RNTuple"

# (class of the leaf, whether it is unsigned) -> its numbers in the file.
_LEAF_TYPES = {
    ("TLeafO", False): np.dtype("bool"),
    ("TLeafB", False): np.dtype("int8"),
    ("TLeafB", True): np.dtype("uint8"),
    ("TLeafS", False): np.dtype(">i2"),
    ("TLeafS", True): np.dtype(">u2"),
    ("TLeafI", False): np.dtype(">i4"),
    ("TLeafI", True): np.dtype(">u4"),
    ("TLeafL", False): np.dtype(">i8"),
    ("TLeafL", True): np.dtype(">u8"),
    ("TLeafF", False): np.dtype(">f4"),
    ("TLeafD", False): np.dtype(">f8"),
}

# TBranchElement's fType of a TClonesArray and of a std::vector of objects.
_SPLIT_COLLECTION = (3, 4)


class Form(NamedTuple):
    """How a branch is stored."""

    stored: np.dtype[Any]  # its numbers in the file: big-endian
    dtype: np.dtype[Any]  # in memory
    counter: str | None = None  # of a list: the branch with its length, or itself
    header: int = 0  # bytes before each list


@dataclass(frozen=True, eq=False)
class Input:
    """An open file and the tree of its events; ``with`` closes it."""

    path: str
    tree: str
    entries: int
    uuid: str
    directory: Any  # uproot's ReadOnlyDirectory: the open file
    raw: Mapping[str, Any]  # uproot's TBranch of each branch with data, by name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; its arrays stay valid."""
        self.directory.close()

    def branches(self) -> Mapping[str, Branch]:
        """Return what can be read: branches of one number, or of a list of numbers, an event.

        The counter of a list is the branch with its length; that of a ``std::vector`` is itself.
        """
        return self._branches

    @cached_property
    def baskets(self) -> Baskets:
        """The stored pieces of the branches."""
        return Baskets(self.path, self.raw)

    @cached_property
    def _branches(self) -> Mapping[str, Branch]:
        with _opening(self.path):
            forms = [(name, form(branch)) for name, branch in self.raw.items()]
        return {name: Branch(name, f.dtype.name, f.counter) for name, f in forms if f is not None}

    def bytes(self, names: Iterable[str]) -> int:
        """Return the uncompressed size of branches."""
        return sum(int(self.raw[name].member("fTotBytes")) for name in names)

    def sizes(self) -> tuple[int, int]:
        """Return how many bytes all branches have in the file, and uncompressed; 0 if unknown."""
        stored = sum(int(b.member("fZipBytes")) for b in self.raw.values())
        return stored, self.bytes(self.raw)


def open_input(path: str, tree: str | None = None) -> Input:
    """Open a file and find its tree: the named one, or the only one, or ``Events``.

    Raises:
        InputError: The file or its tree cannot be used.
    """
    if not is_url(path):
        _check_local(path)
    with _opening(path):
        directory = uproot.open(
            {path: None},  # not the bare path, in which a colon would begin the name of an object
            object_cache=None,
            array_cache=None,
            # uproot's own choice, fsspec, copies each basket and reads it through a seek.
            **({} if is_url(path) else {"handler": uproot.MemmapSource}),
        )
        classes = _classes(directory)
        name = _choose(path, classes, tree)
        ttree = directory[name]
        if classes[name] == _RNTUPLE:
            from adl.runtime.inputs.ntuples import NTuple, fields  # here: it is made of the above

            entries, uuid = int(ttree.num_entries), str(directory.file.uuid)
            return NTuple(path, name, entries, uuid, directory, fields(ttree))
        return Input(
            path,
            name,
            int(ttree.num_entries),
            str(directory.file.uuid),
            directory,
            dict(_leaves(ttree)),
        )


@contextlib.contextmanager
def _opening(path: str) -> Iterator[None]:
    """Turn whatever uproot meets in bytes that are not as they should be to InputError."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except Exception as error:
        raise InputError(path, f"cannot be read: {reason(error)}") from error


def _check_local(path: str) -> None:
    """Say plainly what uproot would stumble over."""
    try:
        with open(path, "rb") as file:
            head = file.read(20)
            size = os.fstat(file.fileno()).st_size
    except IsADirectoryError:
        raise InputError(
            path, "is a folder, not a file", f"give the files in it: {path.rstrip('/')}/*.root"
        ) from None
    except OSError as error:
        raise InputError(path, (error.strerror or str(error)).lower()) from error
    if size == 0:
        raise InputError(path, "the file is empty")
    if head[:4] != b"root":
        raise InputError(path, "is not a ROOT file")
    # TFile's header: "root", version, start of the first record, end of the last one; the end
    # takes 8 bytes where the version says so.
    end = 0
    if len(head) == 20:
        version, end = struct.unpack_from(">i4xi", head, 4)
        if version >= 1_000_000:
            (end,) = struct.unpack_from(">q", head, 12)
    if size < max(end, 20):
        raise InputError(
            path,
            f"the file is truncated: it has {size} of {max(end, 20)} bytes",
            "copy it again; a file that a job left unfinished must be made again",
        )


def _classes(directory: Any) -> dict[str, str]:
    """Class of every object of the file by its name; the newest of the cycles of a name."""
    found: dict[str, str] = {}
    for key, kind in directory.iterclassnames(recursive=True, cycle=False):
        found.setdefault(key, kind)
    return found


def _choose(path: str, classes: Mapping[str, str], wanted: str | None) -> str:
    trees = [name for name, kind in classes.items() if kind in (*_TREES, _RNTUPLE)]
    if wanted is not None:
        name = wanted.strip("/").partition(";")[0]
        if name in trees:
            return name
        raise InputError(path, f"there is no tree {name}", _listed("the file has", trees))
    if len(trees) == 1:
        return trees[0]
    if not trees:
        raise InputError(path, "there is no tree in the file")
    usual = tree_names()  # of every model, so only where the file leaves a choice
    named = [name for name in trees if name.rpartition("/")[2] in usual]
    if len(named) == 1:
        return named[0]
    raise InputError(
        path, "there is more than one tree, say which to read", _listed("it has", named or trees)
    )


def _listed(verb: str, names: list[str], most: int = 20) -> str:
    shown = ", ".join(sorted(names)[:most]) or "no tree"
    return f"{verb} {shown}" + (f" and {len(names) - most} more" if len(names) > most else "")


def _leaves(parent: Any) -> Iterator[tuple[str, Any]]:
    """Branches that have data of their own, by name; those of objects are named ``Jet.PT``."""
    for branch in parent.branches:
        if not branch.branches or _split(branch):
            yield branch.member("fName"), branch
        yield from _leaves(branch)


def form(branch: Any) -> Form | None:
    """Return how to read a branch, or None if it is not of numbers or of lists of numbers."""
    if _split(branch):
        return Form(np.dtype(">i4"), np.dtype("int32"))
    plain = _plain_leaf(branch)
    if plain is not None:
        return plain
    kind = branch.interpretation
    if _is_number(kind):
        return Form(kind.from_dtype, kind.to_dtype)
    if not isinstance(kind, AsJagged) or not _is_number(kind.content):
        return None
    counter = branch.parent if _split(branch.parent) else branch.count_branch or branch
    number = kind.content
    return Form(number.from_dtype, number.to_dtype, counter.member("fName"), kind.header_bytes)


def _plain_leaf(branch: Any) -> Form | None:
    leaves = branch.member("fLeaves")
    if len(leaves) != 1:
        return None
    (leaf,) = leaves
    stored = _LEAF_TYPES.get(
        (leaf.classname, bool(leaf.member("fIsUnsigned", none_if_missing=True)))
    )
    counter = leaf.member("fLeafCount")
    dimensions = leaf.member("fTitle").count("[")
    if stored is None or leaf.member("fLen") != 1 or dimensions != (counter is not None):
        return None
    name = None if counter is None else counter.parent.member("fName")
    return Form(stored, stored.newbyteorder("="), name)


def _split(branch: Any) -> bool:
    """Whether it is a collection of objects, split in a branch a member: it holds their number."""
    return branch.member("fType", none_if_missing=True) in _SPLIT_COLLECTION


def _is_number(kind: Any) -> bool:
    return type(kind) is AsDtype and not kind.to_dtype.shape and kind.to_dtype.kind in "biuf"
