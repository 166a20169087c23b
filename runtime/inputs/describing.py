"""What uproot says is in a file: its tree, the branches, and where it keeps them."""

from __future__ import annotations

from queue import Queue
from typing import Any

import uproot
from uproot.source.chunk import Chunk, Source

from adl.runtime.inputs import index
from adl.runtime.inputs.choosing import RNTUPLE, SKIM, choose
from adl.runtime.inputs.forms import form, leaves, stored
from adl.runtime.inputs.lists import parts, references
from adl.runtime.inputs.mapped import Mapped
from adl.runtime.inputs.ntuples import NTuple, describe
from adl.runtime.inputs.stored import Stored
from adl.runtime.inputs.trees import Compression, Input


def described(source: Any, path: str, tree: str | None) -> Input:
    """Have uproot say what is in a file, and keep it in the index.

    Raises:
        InputError: There is no such tree.
    """
    directory = uproot.open(
        {path: None},  # not the bare path, in which a colon would begin the name of an object
        object_cache=None,
        array_cache=None,
        handler=_lending(source),
    )
    classes = _classes(directory)
    name = choose(path, classes, tree)
    found = directory[name]
    used, skimmed = directory.file.compression, SKIM in classes
    facts = (
        path,
        name,
        int(found.num_entries),
        str(directory.file.uuid),
        source,
        Compression(used.name, used.level) if used else Compression(),
    )
    if classes[name] == RNTUPLE:
        fields, columns, clusters, unread = describe(found)
        opened: Input = NTuple(
            *(*facts, unread), fields=fields, columns=columns, clusters=clusters, skimmed=skimmed
        )
    else:
        opened = Input(*facts, *_stored(found), skimmed, _most(found))
    index.save(opened, tree or "", _records(directory, name, found))
    return opened


def directory(opened: Input) -> Any:
    """Return uproot's view of an open file, for what is in it beside its tree."""
    return uproot.open(
        {opened.path: None},
        object_cache=None,
        array_cache=None,
        handler=_lending(opened.source),
    )


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
    known = dict(leaves(tree))  # uproot looks a name up in time that grows with their number
    largest = {
        name: int(leaf.member("fMaximum", none_if_missing=True) or 0)
        for name in known
        if f"n{name}" in known
        for leaf in known[f"n{name}"].member("fLeaves")[:1]
    }
    return {name: number for name, number in largest.items() if number > 0}


def _lending(source: Any) -> type:
    """Return a class that uproot makes a source of, which reads from this one."""

    def one(start: int, stop: int) -> Chunk:
        piece = source.chunk(start, stop)
        return piece if isinstance(piece, Chunk) else Chunk.wrap(source, piece.raw_data, start)

    def several(ranges: list[tuple[int, int]], notifications: Queue[Chunk]) -> list[Chunk]:
        if not isinstance(source, Mapped):
            found: list[Chunk] = source.chunks(ranges, notifications)
            return found
        found = [one(*place) for place in ranges]
        for piece in found:
            notifications.put(piece)
        return found

    class Lent(Source):  # type: ignore[misc]  # uproot is untyped
        """uproot closes its files when it is done with them, whoever else reads."""

        file_path = source.file_path
        num_bytes = source.num_bytes
        closed = False
        chunk = staticmethod(one)
        chunks = staticmethod(several)

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


def _classes(directory: Any) -> dict[str, str]:
    """Class of every object of the file by its name; the newest of the cycles of a name."""
    found: dict[str, str] = {}
    for key, kind in directory.iterclassnames(recursive=True, cycle=False):
        found.setdefault(key, kind)
    return found
