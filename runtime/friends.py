"""Friends of files: which files they are, and where in them each event stands.

Events are told apart by run, luminosity block and number. All of a friend's are kept in memory,
sorted: 24 bytes an event, at most ``MOST`` events.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from adl.compiler.ir import Column
from adl.runtime.friend_events import NAMED, Events, Twice
from adl.runtime.friend_names import columns_beside
from adl.runtime.inputs import InputError
from adl.runtime.inputs.chunks import read
from adl.runtime.inputs.joined import Join, Joined, Match, Part
from adl.runtime.inputs.opening import open_input
from adl.runtime.inputs.trees import Input
from adl.stdlib.models import Branch, Model

MOST = 50_000_000
_BLOCK = 1 << 20  # entries whose numbers are read at a time
_FILE_AND_TREE = re.compile(r"(?P<file>|.+\.root):(?P<tree>[^:]+)")


@dataclass(frozen=True)
class Friend:
    """What is joined: files, or without any the file itself; ``tree`` is the tree in them."""

    files: tuple[str, ...]
    tree: str | None = None
    by: Literal["event", "entry"] = "event"
    prefix: str = ""

    @property
    def name(self) -> str:
        """What it is called in messages and results."""
        name = self.files[0] if self.files else ""
        name += f" and {len(self.files) - 1} more" if len(self.files) > 1 else ""
        return f"{name}:{self.tree}" if self.tree else name


def file_and_tree(text: str) -> tuple[str, str | None]:
    """Read ``FILE.root:TREE``, ``FILE`` or ``:TREE``."""
    match = _FILE_AND_TREE.fullmatch(text)
    return (match["file"], match["tree"]) if match else (text, None)


@dataclass
class Joining:
    """Joins the friends of some files to each of them, in the thread that opens them.

    Raises:
        InputError: A friend cannot be read, has an event twice or another number of entries.
    """

    friends: tuple[Friend, ...]
    files: Sequence[str]
    model: Model | None = None
    places: Callable[[str], Sequence[str]] = lambda path: (path,)
    told: Callable[[str], None] = lambda text: None
    known: dict[Friend, _Opened] = field(default_factory=dict)
    refused: dict[Friend, InputError] = field(default_factory=dict)

    def __call__(self, source: Input) -> Input:
        """Return a file with its friends."""
        if not self.friends:
            return source
        joins: list[Join] = []
        for friend in self.friends:
            taken = {**source.branches(), **{n: b for j in joins for n, b in j.branches.items()}}
            joins.append(self.join(friend, source, taken))
        return Joined.of(source, joins)

    def join(self, friend: Friend, source: Input, taken: Mapping[str, Branch]) -> Join:
        """Return one friend for one file; ``taken`` are the columns that there are already."""
        keys = _event_columns(source, self.model) if friend.by == "event" else ()
        opened = self.opened(friend, source, keys)
        columns, twice = columns_beside(opened.branches, taken, friend.prefix)
        twice = [name for name in twice if name not in {key.name for key in keys}]
        if twice:
            shown = ", ".join(twice[:NAMED]) + (" …" if len(twice) > NAMED else "")
            self.told(
                f"the friend {friend.name} has {shown}, as the file has: those of the file count; "
                "a prefix gives those of the friend other names"
            )
        sizes = {name: opened.sizes[own.name] for name, own in columns.items()}
        held = {name: opened.held[own.name] for name, own in columns.items()}
        rows = None
        if keys:
            assert opened.events is not None
            rows = opened.events.find
        elif opened.entries != source.entries:
            raise InputError(
                source.path,
                f"has {source.entries:,} entries, and its friend {friend.name} {opened.entries:,}",
                "by entry, both have the same; --friend-by event finds each event by its number",
            )
        return Join(
            friend.name, opened.parts, columns, self.opener(friend), sizes, held, keys, rows
        )

    def opened(self, friend: Friend, source: Input, keys: Sequence[Column]) -> _Opened:
        """Return what the files of a friend hold: by event all of them, by entry one."""
        if friend in self.refused:
            raise self.refused[friend]
        if friend in self.known:
            return self.known[friend]
        paths: Sequence[str] = friend.files or (source.path,)
        if friend.files and friend.by == "entry":
            paths = (self.partner(friend, source.path),)
        found = _open(friend, paths, self.opener(friend), tuple(k.name for k in keys))
        if isinstance(found, InputError):
            if friend.files and friend.by == "event":
                self.refused[friend] = found
            raise found
        if friend.files and friend.by == "event":
            self.known[friend] = found
        return found

    def partner(self, friend: Friend, path: str) -> str:
        """Return the file of a friend that belongs to a file: that in the same place."""
        if len(friend.files) != len(self.files):
            raise InputError(
                path,
                f"there are {len(self.files)} files, and of the friend {friend.name} "
                f"{len(friend.files)}",
                "by entry, each file has one of the friend, in the same order",
            )
        return friend.files[list(self.files).index(path)]

    def opener(self, friend: Friend) -> Callable[[str], Input]:
        """Return what opens a file of a friend."""
        return lambda path: open_input(path, friend.tree, self.places(path))


@dataclass(frozen=True)
class _Opened:
    """What some files of a friend have in common, and where their events are."""

    parts: tuple[Part, ...]
    branches: Mapping[str, Branch]
    sizes: Mapping[str, float]
    held: Mapping[str, float]
    events: Events | None = None

    @property
    def entries(self) -> int:
        return sum(part.entries for part in self.parts)


def _open(
    friend: Friend, paths: Sequence[str], opener: Callable[[str], Input], like: tuple[str, ...]
) -> _Opened | InputError:
    """Return what the files of a friend hold, or why they cannot be used."""
    parts: list[Part] = []
    branches: dict[str, Branch] = {}
    sizes: dict[str, float] = {}
    held: dict[str, float] = {}
    numbers: list[list[npt.NDArray[np.int64]]] = []
    before = 0
    try:
        for path in paths:
            with opener(path) as opened:
                own = dict(opened.branches())
                branches = (
                    own if not parts else {n: b for n, b in branches.items() if own.get(n) == b}
                )
                entries = max(opened.entries, 1)
                sizes = sizes or {n: opened.bytes([n]) / entries for n in own}
                held = held or {n: opened.held([n]) / entries for n in own}
                parts.append(Part(path, before, opened.entries))
                before += opened.entries
                if before > MOST and like:
                    return InputError(
                        path,
                        f"the friend {friend.name} has more than {MOST:,} events",
                        "join by entry; or give each dataset of a list its own friend",
                    )
                if like:
                    numbers.append(_numbers(opened, _key_columns(opened, like)))
        found = Events.of([np.concatenate(k) for k in zip(*numbers, strict=True)]) if like else None
        if isinstance(found, Twice):
            return InputError(found.where(parts), found.message(friend.name), found.HELP)
    except InputError as error:
        reason = f"the friend {friend.name} cannot be used: {error.reason}"
        return InputError(error.path, reason, error.help)
    return _Opened(tuple(parts), branches, sizes, held, found)


def _key_columns(opened: Input, like: Sequence[str]) -> tuple[Column, ...]:
    """Return the columns of a friend with an event's numbers: called as in the file, or as usual."""
    branches = opened.branches()
    found = [branches[name] for name in like if name in branches]
    if len(found) == len(like) and all("int" in b.dtype and b.counter is None for b in found):
        return tuple(Column(b.name, b.dtype) for b in found)
    return _event_columns(opened, None)


def _event_columns(opened: Input, model: Model | None) -> tuple[Column, ...]:
    from adl.runtime.events import event_columns  # and the interpreter, which few runs need

    return event_columns(opened, model)


def _numbers(opened: Input, keys: Sequence[Column]) -> list[npt.NDArray[np.int64]]:
    """Return run, block and number of all entries of a file."""
    pieces: list[list[npt.NDArray[np.int64]]] = [[np.empty(0, np.int64)] for _ in keys]
    for start in range(0, opened.entries, _BLOCK):
        stop = min(start + _BLOCK, opened.entries)
        arrays = read(opened, keys, (), start, stop).columns
        for own, key in zip(pieces, keys, strict=True):
            own.append(arrays[key.name].astype(np.int64))
    return [np.concatenate(own) for own in pieces]


def described(friends: Sequence[Friend], matches: Mapping[str, Match]) -> list[dict[str, Any]]:
    """Return what ``results.json`` says of friends."""
    found = []
    for friend in friends:
        match = matches.get(friend.name)
        if match is not None:
            found.append(
                {
                    "name": friend.name,
                    "by": friend.by,
                    "events": match.events,
                    "matched": match.found,
                    "missing": list(match.missing),
                }
            )
    return found
