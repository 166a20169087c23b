"""Finding one event: by run, luminosity block and number, or by its place in the inputs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from adl.check.analysis import EventValue
from adl.check.checker import computed
from adl.check.draws import EVENT_COLUMNS
from adl.compiler.ir import Column, Const, Node, both, call, factors, postorder
from adl.compiler.lower.values import Lowering
from adl.compiler.targets.reference import evaluate_each
from adl.runtime.inputs import InputError
from adl.runtime.inputs.chunks import read
from adl.runtime.inputs.opening import open_input
from adl.runtime.inputs.trees import Input
from adl.runtime.prepare import counted_by
from adl.runtime.recognise import model_for
from adl.stdlib.models import Formula, Model
from adl.stdlib.models.finding import find_scalar
from adl.syntax.source import Span

_BLOCK = 1 << 20  # entries of the three columns in memory at a time
_NOWHERE = Span(0, 0)


class EventName(NamedTuple):
    """``RUN:LUMI:EVENT``, or the place among all events, from 0.

    Run and block may be left out where a file has none: ``1::456``, ``::456``.
    """

    number: int
    run: int | None = None
    block: int | None = None
    numbered: bool = False  # it is no place

    @staticmethod
    def parse(text: str) -> EventName | None:
        """Read ``1:23:456``, ``1::456``, ``::456`` or ``17``; None if it is none of them."""
        if re.fullmatch(r"\d+", text):
            return EventName(int(text))
        if re.fullmatch(r"\d*:\d*:\d+", text):
            run, block, number = (int(n) if n else None for n in text.split(":"))
            assert number is not None, text
            return EventName(number, run, block, numbered=True)
        return None

    def __str__(self) -> str:
        if not self.numbered:
            return f"event {self.number} (counted from 0)"
        return "event " + ":".join(
            "" if n is None else str(n) for n in (self.run, self.block, self.number)
        )

    @property
    def wanted(self) -> dict[str, int]:
        """What columns of the event have to be, by their names in ADL."""
        numbers = dict(zip(EVENT_COLUMNS, (self.run, self.block, self.number), strict=True))
        return {name: number for name, number in numbers.items() if number is not None}


class Found(NamedTuple):
    """An open file and the entry in it."""

    source: Input
    entry: int


@contextmanager
def find_event(
    paths: Sequence[str],
    wanted: EventName,
    model: Model | None,
    tree: str | None = None,
    places: Callable[[str], Sequence[str]] = lambda path: (path,),
) -> Iterator[Found]:
    """Open the file that has an event; the first one, if several have it.

    Raises:
        InputError: No file has it, or one cannot be read.
    """
    before = 0
    for path in paths:
        with open_input(path, tree, places(path)) as source:
            if not wanted.numbered:
                inside = wanted.number - before < source.entries
                entry = wanted.number - before if inside else None
            else:
                entry = _entry(source, wanted, model)
            if entry is not None:
                yield Found(source, entry)
                return
            before += source.entries
    where = paths[0] if len(paths) == 1 else f"{len(paths)} files"
    if not wanted.numbered:
        raise InputError(where, f"{before} events, the first is 0: there is no {wanted}")
    raise InputError(where, f"none of {before} events is {wanted}")


def _entry(source: Input, wanted: EventName, model: Model | None) -> int | None:
    """Return the entry whose numbers are the wanted ones, stored or computed by the model."""
    schema, _ = computed(model_for(source, model).model.schema(source.branches()))
    stored: dict[Column, int] = {}
    conditions: list[Node] = []
    for name, number in wanted.wanted.items():
        match = find_scalar(schema, name)
        if match is None or "int" not in match.item.dtype:
            help = "give the place: --event 17, or leave it empty: 1::456"
            raise InputError(source.path, f"no column {name} tells events apart", help)
        found = Lowering().value(EventValue(match.item, type="int", span=_NOWHERE))
        if isinstance(found.value, Column):
            stored[found.value] = number
        else:
            conditions.append(both(found.defined, call("eq", found.value, Const(number))))
    columns, collections = _needed((*stored, *conditions))
    for start in range(0, source.entries, _BLOCK):
        stop = min(start + _BLOCK, source.entries)
        chunk = read(source, columns, collections, start, stop, counted_by(schema))
        same = np.ones(stop - start, np.bool_)
        for column, number in stored.items():
            same &= chunk.columns[column.name] == number
        places = np.flatnonzero(same)
        each = evaluate_each(conditions, chunk, places)
        found_at = (place for place, true in zip(places, each, strict=True) if all(true))
        if (first := next(found_at, None)) is not None:
            return start + int(first)
    return None


def _needed(roots: Iterable[Node]) -> tuple[list[Column], list[str]]:
    """Return the columns that nodes read, and the collections over which they loop."""
    nodes = postorder(roots)
    columns = {node.name: node for node in nodes if isinstance(node, Column)}
    axes = (axis for node in nodes for axis in node.bound)
    looped = {c for axis in axes for source in axis.source for c in factors(source)}
    return list(columns.values()), sorted(looped)


def event_columns(source: Input, model: Model | None) -> tuple[Column, ...]:
    """Return the columns with run, luminosity block and number of the events of a file.

    Raises:
        InputError: It has no such columns.
    """
    schema = model_for(source, model).model.schema(source.branches())
    columns = []
    for name in EVENT_COLUMNS:
        match = find_scalar(schema, name)
        stored = match is not None and not isinstance(match.item, Formula)
        if match is None or not stored or "int" not in match.item.dtype:
            help = "--friend-by entry needs none"
            raise InputError(source.path, f"no column {name} tells events apart", help)
        columns.append(Column(match.item.name, match.item.dtype))
    return tuple(columns)
