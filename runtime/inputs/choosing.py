"""Which tree of a file has the events."""

from __future__ import annotations

from collections.abc import Mapping

from adl.runtime.inputs import InputError
from adl.stdlib.models.recognition import tree_names

_TREES = ("TTree", "TNtuple", "TNtupleD")
RNTUPLE = "ROOT::RNTuple"
_COUNTERS = "adlCounters"
SKIM = "adl_skim"  # the record of a skim


def choose(path: str, classes: Mapping[str, str], wanted: str | None) -> str:
    """Return the name of a file's tree: the wanted one, the only one, or the usual one.

    Raises:
        InputError: There is no such tree, or more than one could be meant.
    """
    trees = [name for name, kind in classes.items() if kind in (*_TREES, RNTUPLE)]
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
