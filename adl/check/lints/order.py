"""N403 where no order matters: ``muons[0] + muons[1]`` of exactly two muons is their sum.

The note is made where an index is read, before it is known what becomes of the element; here it goes
to the first index that can tell another element if the file has them in another order, or away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from adl.check.analysis import Cut, DefineDef, Element, RegionDef, Size, Sum, Value
from adl.check.collections import inputs
from adl.check.lints.conditions import Reader
from adl.check.lints.subject import Subject, roots
from adl.check.values import operands


def sums_of_all(subject: Subject) -> None:
    """Take back notes about the order of elements that only stand in sums of all of them."""
    items = subject.context.findings.items
    if not any(note.code == "N403" for note in items):
        return
    free = _free(subject)
    elements = [v for v in subject.values() if isinstance(v, Element)]
    for note in [note for note in items if note.code == "N403"]:
        own = [e for e in elements if _names(e, note.message)]
        bound = [e.span for e in own if id(e) not in free]
        if note.span in bound or note.span not in (e.span for e in own):
            continue
        place = items.index(note)
        first = min(bound, key=lambda span: span.start, default=None)
        items[place : place + 1] = [] if first is None else [replace(note, span=first)]


def _names(element: Element, message: str) -> bool:
    return f" order of {inputs((element.collection,))[0].name}:" in message


def _free(subject: Subject) -> set[int]:
    """Return the elements, by id, that stand nowhere but in sums of all elements."""
    sums = {id(v): v for v in subject.values() if isinstance(v, Sum) and _all_of(v) is not None}
    if not sums:
        return set()
    parents: dict[int, list[Value]] = {}
    for value in subject.values():
        for part in operands(value):
            if isinstance(part, Element):
                parents.setdefault(id(part), []).append(value)
    harmless = sums.keys() - _where_it_matters(subject, sums)
    return {
        element for element, users in parents.items() if all(id(user) in harmless for user in users)
    }


def _where_it_matters(subject: Subject, sums: dict[int, Sum]) -> set[int]:
    """Return the sums that stand where their collection can have other numbers of elements."""
    reader = Reader(subject.numbers)
    mattering: set[int] = set()
    for definition in subject.definitions:
        if isinstance(definition, DefineDef):
            continue  # each use of it has the particle again, at the place of the use
        held: list[Value] = []
        for own in _steps(definition):
            for found in _within(own):
                if id(found) in sums and not _exact(reader, held, sums[id(found)]):
                    mattering.add(id(found))
            held += own if isinstance(definition, RegionDef) else []
    return mattering


def _steps(definition: object) -> Iterator[list[Value]]:
    """Yield the values of each statement of a region, conditions as cuts; or all of another."""
    if not isinstance(definition, RegionDef):
        yield list(roots(definition, set()))  # type: ignore[arg-type]  # one of the definitions
        return
    for statement in definition.statements:
        one = replace(definition, statements=(statement,), bins=())
        yield [statement.condition] if isinstance(statement, Cut) else list(roots(one, set()))
    yield [bin.condition for bin in definition.bins]


def _exact(reader: Reader, held: Iterable[Value], found: Sum) -> bool:
    """Whether cuts leave a collection exactly the elements that a sum has."""
    number = _all_of(found)
    collection = found.items[0][1].collection  # type: ignore[union-attr]  # _all_of has seen to it
    for size, allowed in reader.everything(held).allowed.items():
        if isinstance(size, Size) and size.collection is collection:
            return allowed.ranges == ((number, number),)
    return False


def _all_of(found: Sum) -> int | None:
    """Return n of a sum of the elements 0 to n - 1 of one collection; None of another sum."""
    elements = [item for sign, item in found.items if sign == 1 and isinstance(item, Element)]
    if len(elements) < len(found.items) or len({id(e.collection) for e in elements}) > 1:
        return None
    indices = sorted(e.index for e in elements)
    return len(indices) if indices == list(range(len(indices))) else None


def _within(values: Iterable[Value]) -> Iterator[Value]:
    """Yield values and all that they are made of, each once."""
    seen: set[int] = set()
    todo = list(values)
    while todo:
        value = todo.pop()
        if id(value) not in seen:
            seen.add(id(value))
            yield value
            todo += operands(value)
