"""Lists of edges that make bins: one statement of both analyses with other edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from adl.check import analysis as core
from adl.diff.atoms import atom
from adl.diff.intervals import EVERYTHING, Range, number
from adl.diff.meaning import Entry
from adl.diff.operands import conjuncts
from adl.diff.places import Places
from adl.diff.slices import Slice
from adl.diff.thresholds import Reader
from adl.syntax.source import Source
from adl.syntax.tree import Edges


@dataclass(frozen=True)
class OtherEdges:
    """Two lists of edges of one quantity: what differs, and the phase space that changes bins."""

    a: Entry
    b: Entry
    quantity: str
    words: tuple[str, ...]
    slices: tuple[Slice, ...]


def take_lists(
    x: list[Entry],
    y: list[Entry],
    every: tuple[Sequence[Entry], Sequence[Entry]],
    reader: Reader,
    places: tuple[Places, Places],
) -> Iterator[OtherEdges]:
    """Take the bins of lists of edges that differ from two lists of bins, and tell of them."""
    for p in [e for e in x if _list(e, places[0])]:
        edges = _list(p, places[0])
        theirs = [e for e in y if _list(e, places[1])]
        one = (e for e in theirs if _is_of_one_quantity(p, e, reader))
        q = next(one, theirs[0] if theirs else None)
        others = None if q is None else _list(q, places[1])
        if p not in x or edges is None or q is None or others is None:
            continue
        before, after = (
            [e for e in own if _list(e, where) is written]
            for own, where, written in zip(every, places, (edges, others), strict=True)
        )
        was, now = (_name(e, s) for e, s in ((p, reader.source_a), (q, reader.source_b)))
        same = _is_of_one_quantity(p, q, reader)
        words = [] if same or was == now else [f"{was} → {now}"]
        if edges.edges != others.edges:
            words.append(f"edges {_written(edges)} → {_written(others)}")
        elif [*map(_range, before)] != [*map(_range, after)]:  # of two dialects
            words.append(f"bins {', '.join(map(_label, before))} → {', '.join(map(_label, after))}")
        if words:  # else they differ by what they name
            x[:] = [e for e in x if e not in before]
            y[:] = [e for e in y if e not in after]
            moved = tuple(_moved(before, after, now)) if same else ()
            yield OtherEdges(p, q, now, tuple(words), moved)


def listed(entry: Entry, places: Places) -> str | None:
    """Return the quantity of the list of edges that a bin is of; None if it is of none."""
    return _name(entry, places.source) if _list(entry, places) else None


def _name(entry: Entry, source: Source) -> str:
    quantity = _quantity(entry.statement)
    assert quantity is not None, "the bins of a list compare one value with its edges"
    return source.words(quantity.span)


def _list(entry: Entry, places: Places) -> Edges | None:
    """Return the list of edges that a bin is of, if it is of one."""
    if not isinstance(entry.statement, core.BinDef):
        return None
    found = places.statement(entry.statement.span)
    return found if isinstance(found, Edges) else None


def _is_of_one_quantity(p: Entry, q: Entry, reader: Reader) -> bool:
    one, other = (_quantity(e.statement) for e in (p, q))
    return one is not None and other is not None and reader.same(one, other)


def _quantity(bin_: object) -> core.Value | None:
    assert isinstance(bin_, core.BinDef)
    found = atom(conjuncts(bin_.condition)[0])
    return None if found is None else found.quantity


def _moved(a: list[Entry], b: list[Entry], name: str) -> Iterator[Slice]:
    """Yield what goes to another bin than one that shares an edge with its own, and to or from none."""
    binned = _all(a), _all(b)
    for effect, part, when in (
        ("gained", binned[1].minus(binned[0]), "before"),
        ("lost", binned[0].minus(binned[1]), "now"),
    ):
        if part.parts:
            words = f"{part.words(name)}, in no bin {when}"
            yield Slice(effect, words, name, tuple(tuple(p) for p in part.parts))  # type: ignore[arg-type,misc]  # one of Effect; four each
    for p in a:
        for q in b:
            before, after = _range(p), _range(q)
            both = after.within(before)
            if both.parts and not _ends(before) & _ends(after):
                words = f"{both.words(name)}, from {_label(p)} to {_label(q)}"
                yield Slice("moved", words, name, tuple(tuple(part) for part in both.parts))  # type: ignore[misc]  # four each


def _ends(found: Range) -> set[tuple[str, float]]:
    return {("lower", found.parts[0].lower), ("upper", found.parts[-1].upper)}


def _range(entry: Entry) -> Range:
    assert isinstance(entry.statement, core.BinDef)
    found = EVERYTHING
    for part in conjuncts(entry.statement.condition):
        one = atom(part)
        if one is not None:
            found = one.range.within(found)
    return found


def _all(bins: list[Entry]) -> Range:
    """Return where any of several bins is."""
    whole = replace(EVERYTHING, whole=_range(bins[0]).whole)
    outside = whole
    for one in bins:
        outside = outside.minus(_range(one))
    return whole.minus(outside)


def _label(entry: Entry) -> str:
    assert isinstance(entry.statement, core.BinDef)
    return entry.statement.label


def _written(edges: Edges) -> str:
    return " ".join(map(number, edges.edges))
