"""Finding one event: by run, luminosity block and number, or by its place in the inputs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from adl.check.draws import EVENT_COLUMNS
from adl.compiler.ir import Column
from adl.runtime.inputs import InputError
from adl.runtime.inputs.chunks import read
from adl.runtime.inputs.opening import open_input
from adl.runtime.inputs.trees import Input
from adl.runtime.recognise import model_for
from adl.stdlib.models import Formula, Model, find_scalar

_BLOCK = 1 << 20  # entries of the three columns in memory at a time


class EventName(NamedTuple):
    """``RUN:LUMI:EVENT``, or (without run and block) the place among all events, from 0."""

    number: int
    run: int | None = None
    block: int | None = None

    @staticmethod
    def parse(text: str) -> EventName | None:
        """Read ``1:23:456`` or ``17``; None if it is neither."""
        if re.fullmatch(r"\d+", text):
            return EventName(int(text))
        if re.fullmatch(r"\d+:\d+:\d+", text):
            run, block, number = map(int, text.split(":"))
            return EventName(number, run, block)
        return None

    def __str__(self) -> str:
        if self.run is None:
            return f"event {self.number}"
        return f"event {self.run}:{self.block}:{self.number}"


class Found(NamedTuple):
    """An open file and the entry in it."""

    source: Input
    entry: int


@contextmanager
def find_event(
    paths: Sequence[str], wanted: EventName, model: Model | None, tree: str | None = None
) -> Iterator[Found]:
    """Open the file that has an event; the first one, if several have it.

    Raises:
        InputError: No file has it, or one cannot be read.
    """
    before = 0
    for path in paths:
        with open_input(path, tree) as source:
            if wanted.run is None:
                inside = wanted.number - before < source.entries
                entry = wanted.number - before if inside else None
            else:
                entry = _entry(source, wanted, model)
            if entry is not None:
                yield Found(source, entry)
                return
            before += source.entries
    where = paths[0] if len(paths) == 1 else f"{len(paths)} files"
    if wanted.run is None:
        raise InputError(where, f"{before} events, the first is 0: there is no {wanted}")
    raise InputError(where, f"none of {before} events is {wanted}")


def _entry(source: Input, wanted: EventName, model: Model | None) -> int | None:
    columns = event_columns(source, model, "give the place: --event 17")
    for start in range(0, source.entries, _BLOCK):
        stop = min(start + _BLOCK, source.entries)
        arrays = read(source, columns, (), start, stop).columns
        run, block, number = (arrays[c.name] for c in columns)
        same = (run == wanted.run) & (block == wanted.block) & (number == wanted.number)
        if same.any():
            return start + int(same.argmax())
    return None


def event_columns(
    source: Input, model: Model | None, help: str = "--friend-by entry needs none"
) -> tuple[Column, ...]:
    """Return the columns with run, luminosity block and number of the events of a file.

    Raises:
        InputError: It has no such columns; ``help`` is the way out.
    """
    schema = model_for(source, model).model.schema(source.branches())
    columns = []
    for name in EVENT_COLUMNS:
        match = find_scalar(schema, name)
        stored = match is not None and not isinstance(match.item, Formula)
        if match is None or not stored or "int" not in match.item.dtype:
            raise InputError(source.path, f"no column {name} tells events apart", help)
        columns.append(Column(match.item.name, match.item.dtype))
    return tuple(columns)
