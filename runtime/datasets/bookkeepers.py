"""Sums of weights that a file keeps in lists, beside texts that say what each of them is of: ATLAS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum
from typing import Any

import awkward as ak

from adl.runtime.inputs import InputError, reason
from adl.runtime.inputs.describing import directory
from adl.runtime.inputs.trees import Input

_LATEST, _COMPLETE = "latest", "complete"
EVENTS, SQUARES = "events", "squares"  # columns beside that of the weights


def counted_in_lists(
    source: Input, columns: Sequence[str], which: Mapping[str, str]
) -> tuple[float, ...]:
    """Return sums over all rows of a tree of the entry that has these texts, the latest of them.

    Args:
        source: The open file, with the tree of counters.
        columns: The lists of sums, the first of weights.
        which: The texts of other columns; ``latest`` and ``complete`` as nanoaod.yaml says.

    Raises:
        InputError: A row has no such entry, or the file says that its sums are not whole.
    """
    words = (_LATEST, _COMPLETE, EVENTS, SQUARES)
    texts = {name: text for name, text in which.items() if name not in words}
    try:
        named = {b.name: b for b in directory(source)[source.tree].itervalues(recursive=True)}
        sums = [named[column].array() for column in columns]
        chosen = ak.full_like(sums[0], True, dtype=bool)
        for name, text in texts.items():
            chosen = chosen & (named[name].array() == text)
        order = named[which[_LATEST]].array() if _LATEST in which else ak.zeros_like(sums[0])
        open_ = _number(named, which.get(_COMPLETE, ""))
    except Exception as error:  # whatever uproot meets in bytes that are not as they should be
        raise InputError(source.path, f"its counters cannot be read: {reason(error)}") from error
    if open_:
        number = f"{open_} of its counters" if open_ > 1 else "one of its counters"
        message = f"{number} in {source.tree} did not see all events ({which[_COMPLETE]})"
        raise InputError(source.path, message, "sum_of_weights: NUMBER, in the list")
    if not ak.all(ak.any(chosen, axis=1)):
        wanted = " and ".join(f"{name} {text}" for name, text in texts.items())
        raise InputError(source.path, f"no counter in {source.tree} has {wanted}")
    last = ak.argmax(ak.mask(order, chosen), axis=1, keepdims=True)
    return tuple(fsum(ak.to_numpy(ak.flatten(values[last]))) for values in sums)


def _number(named: Mapping[str, Any], column: str) -> int:
    """Return how many entries a list has, in all rows; 0 where there is no such list."""
    return int(ak.sum(ak.num(named[column].array()))) if column in named else 0
