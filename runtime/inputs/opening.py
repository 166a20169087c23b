"""Opening a file: its tree from the index, or else from uproot, which then goes into the index."""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import uproot

from adl.compiler.cache import Store
from adl.runtime.inputs import InputError, index, reason
from adl.runtime.inputs.forms import form, leaves, stored
from adl.runtime.inputs.lists import parts, references
from adl.runtime.inputs.ntuples import NTuple, describe
from adl.runtime.inputs.paths import is_url
from adl.runtime.inputs.remote import Remote
from adl.runtime.inputs.stored import Stored
from adl.runtime.inputs.trees import Compression, Input
from adl.runtime.profile.meter import active, stage
from adl.stdlib.models.recognition import keep_in, tree_names

_TREES = ("TTree", "TNtuple", "TNtupleD")
_RNTUPLE = "ROOT::RNTuple"
_EXTRAS = {"root": "xrootd", "roots": "xrootd", "http": "http", "https": "http", "s3": "s3"}
_COUNTERS = "adlCounters"

keep_in(Store("models", ".pickle", 20, 1 << 24))
_SKIM = "adl_skim"  # the record of a skim


def open_input(path: str, tree: str | None = None, places: Sequence[str] = ()) -> Input:
    """Open a file and find its tree: the named one, or the only one, or ``Events``.

    Args:
        path: What the file is called, in results and errors.
        tree: The name of the tree.
        places: Where it is, if not there: the first that can be read.

    Raises:
        InputError: The file or its tree cannot be used.
    """
    places = places or (path,)
    if not any(map(is_url, places)):
        places = (_first_that_is_there(places),)
    with stage("open"), _opening(path):
        source = _source(places)
        try:
            known = index.load(source, tree or "", path)
            opened = known or _described(source, path, tree)
            meter = active()
            if meter is not None:
                kind = "RNTuple" if isinstance(opened, NTuple) else "TTree"
                elsewhere = ("elsewhere",) if source.file_path != path else ()
                meter.fact(kind, "indexed" if known else "described", *elsewhere)
            return opened
        except BaseException:
            source.close()
            raise


def directory(opened: Input) -> Any:
    """Return uproot's view of an open file, for what is in it beside its tree."""
    return uproot.open(
        {opened.path: None},
        object_cache=None,
        array_cache=None,
        handler=_lending(opened.source),
    )


def _source(places: Sequence[str]) -> Any:
    if any(map(is_url, places)):
        return Remote(places)
    # uproot's own choice, fsspec, copies each basket and reads it through a seek.
    return uproot.MemmapSource(places[0], num_fallback_workers=1)


def _described(source: Any, path: str, tree: str | None) -> Input:
    """Have uproot say what is in a file."""
    directory = uproot.open(
        {path: None},  # not the bare path, in which a colon would begin the name of an object
        object_cache=None,
        array_cache=None,
        handler=_lending(source),
    )
    classes = _classes(directory)
    name = _choose(path, classes, tree)
    found = directory[name]
    used, skimmed = directory.file.compression, _SKIM in classes
    facts = (
        path,
        name,
        int(found.num_entries),
        str(directory.file.uuid),
        source,
        Compression(used.name, used.level) if used else Compression(),
    )
    if classes[name] == _RNTUPLE:
        fields, columns, clusters, unread = describe(found)
        opened: Input = NTuple(
            *(*facts, unread), fields=fields, columns=columns, clusters=clusters, skimmed=skimmed
        )
    else:
        opened = Input(*facts, *_stored(found), skimmed, _most(found))
    index.save(opened, tree or "", _records(directory, name, found))
    return opened


def _stored(tree: Any) -> tuple[tuple[str, ...], dict[str, Stored]]:
    """Return the branches of a tree that cannot be read, and how to read the others."""
    branches: dict[str, Any] = {}
    for name, branch in leaves(tree):
        branches.setdefault(name, branch)
    forms = {name: form(branch) for name, branch in branches.items()}
    known = {n: stored(branches[n], f) for n, f in forms.items() if f is not None}
    others = {n: branches[n] for n, f in forms.items() if f is None}
    within = {n: f for name, b in others.items() for n, f in parts(name, b).items()}
    within |= references(others, known)
    for name, made in within.items():
        assert made.part is not None, name
        known.setdefault(name, stored(others[made.part.of], made))
    read = {s.physical for s in known.values()}
    return tuple(n for n in others if n not in read), known


def _most(tree: Any) -> dict[str, int]:
    """Return the largest length of lists X that nX counts, as far as the counters' leaves say it.

    ROOT sizes its buffers by that number, so no list is longer; 0 says nothing.
    """
    known = {name: branch for name, branch in leaves(tree) if f"n{name}" in tree}
    largest = {
        name: int(leaf.member("fMaximum", none_if_missing=True) or 0)
        for name in known
        for leaf in tree[f"n{name}"].member("fLeaves")[:1]
    }
    return {name: number for name, number in largest.items() if number > 0}


def _lending(source: Any) -> type:
    """Return a class that uproot makes a source of, which reads from this one."""

    class Lent(uproot.source.chunk.Source):  # type: ignore[misc]  # uproot is untyped
        """uproot closes its files when it is done with them, whoever else reads."""

        file_path = source.file_path
        num_bytes = source.num_bytes
        closed = False
        chunk = staticmethod(source.chunk)
        chunks = staticmethod(source.chunks)

        def __init__(self, *_: object, **__: object) -> None:
            super().__init__()

        def __enter__(self) -> Any:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    return Lent


def _records(directory: Any, name: str, found: Any) -> list[tuple[int, int]]:
    """Return where in the file stands what uproot has read of a tree."""
    key = directory.key(name)
    places = [(key.fSeekKey, key.fNbytes)]
    if not isinstance(found, uproot.behaviors.TBranch.HasBranches):
        header = [found.member(f"fSeek{part}") for part in ("Header", "Footer")]
        sizes = [found.member(f"fNBytes{part}") for part in ("Header", "Footer")]
        places += zip(header, sizes, strict=True)
        links = (record.page_list_link.locator for record in found.footer.cluster_group_records)
        places += [(link.offset, link.num_bytes) for link in links]
    return [(int(start), int(start) + int(size)) for start, size in places]


@contextlib.contextmanager
def _opening(path: str) -> Iterator[None]:
    """Turn whatever uproot meets in bytes that are not as they should be to InputError."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except ImportError as error:
        kind = path.partition(":")[0]
        raise InputError(
            path,
            f"cannot be read: {reason(error)}",
            f"pip install 'adlc[{_EXTRAS.get(kind, kind)}]'",
        ) from error
    except Exception as error:
        raise InputError(path, f"cannot be read: {reason(error)}") from error


def _first_that_is_there(places: Sequence[str]) -> str:
    """Return the first local place with a ROOT file; without any, say what is wrong with the last."""
    for place in places[:-1]:
        with contextlib.suppress(InputError):
            _check_local(place)
            return place
    _check_local(places[-1])
    return places[-1]


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
    if head[:4] == b"PAR1":
        raise InputError(path, "is Parquet: events are read of ROOT files", "adl skim -o NAME.root")
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
    if _COUNTERS in trees:  # a skim of ours: it has these beside the tree of its input
        trees = [name for name in trees if name not in (_COUNTERS, "Runs")]
        if len(trees) == 1:
            return trees[0]
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
