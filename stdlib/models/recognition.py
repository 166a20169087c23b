"""Which model fits a file: its ``recognise`` says what a file of the format has.

A file can fit several models. One that extends another goes before it; of others the one that asks
for more columns by name is nearer. Where that does not decide, nobody does but the user.
"""

from __future__ import annotations

import contextlib
import hashlib
import pickle
import sys
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import NamedTuple, Protocol

from adl.stdlib.models import Model, ModelError, Recognition, load_model, model_names

AUTO = "auto"
OTHERWISE = "ntuple"  # the model of files that fit no other


class Recognised(NamedTuple):
    """A model, and why it is this one."""

    model: Model
    reason: str


def recognise(tree: str, branches: Collection[str], path: str = "") -> Recognised:
    """Return the built-in model that fits a file's tree and columns, else ``ntuple``.

    Raises:
        ModelError: two fit equally well.
    """
    fits = [m for m in _models() if m.recognition and _fits(m.recognition, tree, branches)]
    below = {name for model in fits for name in model.extends}
    fits = [model for model in fits if model.name not in below]
    if not fits:
        otherwise = load_model(OTHERWISE)
        return Recognised(otherwise, "it fits no format: columns are grouped by their names")
    most = max(_weight(model) for model in fits)
    best = [model for model in fits if _weight(model) == most]
    if len(best) > 1:
        names = [model.name for model in best]
        where = f"{path}: " if path else ""
        raise ModelError(
            f"{where}the file fits the models {' and '.join(names)} equally well\n"
            f"  help: say which it is: --model {names[0]}"
        )
    return Recognised(best[0], _reason(best[0], tree, branches))


def recognised_by(model: Model, tree: str, branches: Collection[str]) -> bool:
    """Whether a tree and its columns are those that a model recognises."""
    return model.recognition is not None and _fits(model.recognition, tree, branches)


def tree_names() -> tuple[str, ...]:
    """Return how the formats call the tree of their events."""
    known = (model.recognition.trees for model in _models() if model.recognition)
    return tuple(dict.fromkeys(name for names in known for name in names))


class Kept(Protocol):
    """Keeps bytes for the next process."""

    def load(self, name: str) -> bytes | None:
        """Return what was kept under a name; None if that is nothing, or damaged."""

    def save(self, name: str, payload: bytes) -> None:
        """Keep bytes under a name."""


def keep_in(kept: Kept) -> None:
    """Say where models are kept that were read: their YAML takes longer than an indexed file."""
    global _kept
    _kept = kept


_kept: Kept | None = None


@cache
def _models() -> tuple[Model, ...]:
    name = _content() if _kept is not None else ""
    payload = _kept.load(name) if _kept is not None else None
    if payload is not None:
        with contextlib.suppress(Exception):  # of another version of a library, say
            known: tuple[Model, ...] = pickle.loads(payload)
            return known
    found = tuple(load_model(name) for name in model_names())
    if _kept is not None:
        _kept.save(name, pickle.dumps(found, pickle.HIGHEST_PROTOCOL))
    return found


def _content() -> str:
    """Return a name for what the models and the code that reads them are."""
    found = hashlib.sha256(sys.version.encode())
    for path in sorted(Path(__file__).parent.glob("*.[yp]*")):
        if path.suffix in (".yaml", ".py"):
            found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def _fits(wanted: Recognition, tree: str, branches: Collection[str]) -> bool:
    name = tree.rpartition("/")[2]
    if wanted.trees and not any(fnmatchcase(name, pattern) for pattern in wanted.trees):
        return False
    some = not wanted.some or any(_has(branches, pattern) for pattern in wanted.some)
    every = all(_has(branches, pattern) for pattern in wanted.branches)
    return some and every and not any(_has(branches, pattern) for pattern in wanted.none)


def _has(branches: Collection[str], pattern: str) -> bool:
    if not any(letter in pattern for letter in "*?["):
        return pattern in branches
    return any(fnmatchcase(name, pattern) for name in branches)


def _weight(model: Model) -> int:
    wanted = model.recognition
    return 0 if wanted is None else len(wanted.branches) + bool(wanted.some)


def _reason(model: Model, tree: str, branches: Collection[str]) -> str:
    wanted = model.recognition
    assert wanted is not None, model.name
    found = [*wanted.branches, *_first(wanted.some, branches)]
    words = [f"it has {_and(found)}"] if found else []
    words += [f"its tree is {tree}"] if wanted.trees else []
    return " and ".join(reversed(words))


def _first(patterns: Sequence[str], branches: Collection[str]) -> list[str]:
    return [b for p in patterns for b in branches if fnmatchcase(b, p)][:1]


def _and(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + (" and " if names[1:] else "") + names[-1]
