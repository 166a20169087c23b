"""What the columns of a friend are called beside those of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from adl.stdlib.models import Branch


def columns_beside(
    own: Mapping[str, Branch], taken: Mapping[str, Branch], prefix: str
) -> tuple[dict[str, Branch], list[str]]:
    """Return a friend's columns by the names that they get, and those that the file has already.

    The counters of collections that the file has, too, are the file's.
    """
    counters = {b.counter for b in taken.values() if b.counter is not None}
    shared = {b.counter for b in own.values() if b.counter in counters} & taken.keys()
    stems = list(_stems(counters))
    names: dict[str, str] = {}
    for branch in own.values():
        names[branch.name] = _renamed(branch, own, stems, prefix)
    for branch in own.values():  # a counter of one list goes with its list
        if branch.counter == f"n{branch.name}" and branch.counter in own:
            names[branch.counter] = f"n{names[branch.name]}"
    columns, twice = {}, []
    for name, branch in own.items():
        if name in shared and branch.counter is None:
            continue
        if names[name] in taken:
            twice.append(names[name])
        else:
            columns[names[name]] = branch
    return columns, twice


def _stems(counters: set[str]) -> Iterator[str]:
    """Yield what the columns of a file's collections begin with: Jet_ for nJet, Jet. for Jet."""
    for counter in sorted(counters, key=len, reverse=True):
        yield f"{counter}."
        if counter.startswith("n"):
            yield f"{counter[1:]}_"


def _renamed(branch: Branch, own: Mapping[str, Branch], stems: Sequence[str], prefix: str) -> str:
    """Return the name beside the file's: of an attribute the prefix stands behind the object's."""
    if branch.counter is not None:
        stem = next((s for s in stems if branch.name.startswith(s)), "")
        return f"{stem}{prefix}{branch.name.removeprefix(stem)}"
    return f"{prefix}{branch.name}"
