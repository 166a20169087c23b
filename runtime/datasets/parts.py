"""The parts of a dataset: the processes that it is split into, the slices that it is stitched by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from adl.compiler.ir import TRUE, Node, both, invert
from adl.runtime.datasets.lists import Condition, Group, Listed

REST = ""  # the slice of events that no condition of a group takes


class Part(NamedTuple):
    """Events of a dataset that count as one process, of one slice of its group."""

    process: str
    slice: str


def parts_of(
    listed: Listed, group: Group | None, lowered: Callable[[Condition], Node]
) -> Iterator[tuple[Part, Node]]:
    """Yield the parts of a dataset, each with the mask of its events.

    An event belongs to the first condition that is true. Events of a dataset in a slice that it
    was not made for are in no part.
    """
    slices: Sequence[tuple[str, Node]] = [(REST, TRUE)]
    if group is not None:
        every = [s.condition for s in group.slices]
        own = {s.condition.name for s in group.slices if listed.name in s.datasets}
        inclusive = listed.name in group.inclusive
        rest = Condition(REST, None)
        slices = [
            (c.name, mask)
            for c, mask in _first_of([*every, rest], lowered)
            if inclusive or c.name in own
        ]
    processes = list(_first_of(listed.split, lowered)) or [(Condition(listed.process, None), TRUE)]
    for name, inside in slices:
        for condition, mask in processes:
            yield Part(condition.name, name), both(inside, mask)


def covering(group: Group | None, listed: Listed, name: str) -> tuple[str, ...]:
    """Return the datasets with events of a slice."""
    if group is None:
        return (listed.name,)
    own = [d for s in group.slices if s.condition.name == name for d in s.datasets]
    return tuple(dict.fromkeys((*group.inclusive, *own)))


def _first_of(
    conditions: Sequence[Condition], lowered: Callable[[Condition], Node]
) -> Iterator[tuple[Condition, Node]]:
    left: Node = TRUE
    for condition in conditions:
        here = TRUE if condition.text is None else lowered(condition)
        yield condition, both(left, here)
        left = both(left, invert(here))
