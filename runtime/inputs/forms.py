"""What uproot says of a tree: the form and the baskets of each branch.

A file can have thousands of branches, so what is asked of each must be cheap: the type of a plain
leaf comes from its class, and only the rest ask uproot for its interpretation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from uproot.interpretation.jagged import AsJagged
from uproot.interpretation.numerical import AsDtype

from adl.runtime.inputs.stored import LEAF_TYPES, Basket, Form, Stored

# TBranchElement's fType of a TClonesArray and of a std::vector of objects.
_SPLIT_COLLECTION = (3, 4)


def leaves(parent: Any) -> Iterator[tuple[str, Any]]:
    """Branches that have data of their own, by name; those of objects are named ``Jet.PT``.

    Of two branches with one name ROOT, too, only finds the first.
    """
    first: dict[str, Any] = {}
    for branch in parent.branches:
        first.setdefault(branch.member("fName"), branch)
    for branch in first.values():
        if not branch.branches or _split(branch):
            yield branch.member("fName"), branch
        yield from leaves(branch)


def stored(branch: Any, how: Form) -> Stored:
    """Return where the baskets of uproot's TBranch are."""
    starts = np.asarray(branch.entry_offsets, np.int64)
    free = len(starts) - 1 - len(branch.embedded_baskets)
    embedded = tuple(
        Basket(int(starts[free + i]), int(starts[free + i + 1]), raw.data, raw.byte_offsets)
        for i, raw in enumerate(branch.embedded_baskets)
    )
    seeks, sizes = (branch.member(name)[:free] for name in ("fBasketSeek", "fBasketBytes"))
    places = np.asarray(seeks, np.int64), np.asarray(sizes, np.int64)
    return Stored(how, starts, *places, int(branch.member("fTotBytes")), embedded)


def form(branch: Any) -> Form | None:
    """Return how to read a branch, or None if it is not of numbers or of lists of numbers."""
    if _split(branch):
        return Form(np.dtype(">i4"), np.dtype("int32"))
    if _split(branch.parent) and branch.member("fName").endswith(".fBits"):
        return None  # an object that something refers to has two bytes more
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
    stored = LEAF_TYPES.get(
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
