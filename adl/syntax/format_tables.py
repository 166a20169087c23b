"""Tables and functions to rows: their settings, their numbers in columns, their arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from adl.syntax.format_comments import Row
from adl.syntax.format_rows import row_at
from adl.syntax.format_statements import word
from adl.syntax.source import Source, Span
from adl.syntax.tree import Function, Number, Table


def rows_of_table(block: Table, code: Source) -> Iterator[Row]:
    """Yield the lines of the header and the numbers, in columns."""
    settings = [
        (r"tabletype", block.kind and f"tabletype {word(block.kind)}"),
        (r"nvars\s+[0-9]+", f"nvars {block.variables}"),
        (r"errors\s+(?:true|false|on|off)", f"errors {str(block.errors).lower()}"),
        (r"outside\s+(?:zero|nearest)", block.outside and f"outside {block.outside}"),
    ]
    first = block.numbers[0].span.start if block.numbers else block.span.end
    header = Span(block.name.span.end, max(first, block.name.span.end))
    found = [_find(pattern, code, header) for pattern, _ in settings]
    known = max((place for place in found if place), key=lambda place: place.end, default=header)
    lines = [
        row_at(text, place or Span(known.end, known.end))
        for (_, text), place in zip(settings, found, strict=True)
        if text
    ]
    yield from sorted(lines, key=lambda row: row.span.start)
    rows = _number_rows(block, code)
    widths = [max(map(len, column)) for column in zip(*map(_texts, rows), strict=False)]
    for numbers in rows:
        cells = _texts(numbers)
        ends = list(widths) + [len(cell) for cell in cells[len(widths) :]]
        text = "  ".join(cell.rjust(width) for cell, width in zip(cells, ends, strict=False))
        yield row_at(text.rstrip(), numbers[0].span.to(numbers[-1].span))


def _texts(numbers: Sequence[Number]) -> list[str]:
    first, *rest = (number.text for number in numbers)
    return ["+inf" if first == "inf" else first, *rest]  # a name would begin a statement


def _number_rows(block: Table, code: Source) -> list[Sequence[Number]]:
    """Return the numbers in rows of the right length, or as they stood where that is another."""
    width = 1 + 2 * block.errors + 2 * block.variables
    lines = [
        list(line) for _, line in groupby(block.numbers, lambda n: code.position(n.span.start)[0])
    ]
    if any(len(line) % width for line in lines) and len({len(line) for line in lines}) == 1:
        return list(lines)
    return [block.numbers[i : i + width] for i in range(0, len(block.numbers), width)]


def _find(pattern: str, code: Source, within: Span) -> Span | None:
    """Return where words stand in a part of the text, with their line to the end."""
    text = code.text[within.start : within.end]
    found = re.search(rf"\b(?:{pattern})\b.*", text, re.IGNORECASE)
    if found is None:
        return None
    return Span(within.start + found.start(), within.start + found.end())


def rows_of_function(block: Function, code: Source) -> Iterator[Row]:
    """Yield the arguments of a function, and its file."""
    at = block.name.span.end
    lines = [(f"arg {name}", name) for name in block.arguments]
    lines += [(f'code "{block.code}"', "code")] if block.code else []
    for text, name in lines:
        found = _find(re.escape(name), code, Span(at, max(at, block.span.end))) or Span(at, at)
        at = found.start + len(name) if found.end > at else at
        yield row_at(text, Span(found.start, at))
