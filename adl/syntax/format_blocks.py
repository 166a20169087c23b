"""Blocks to rows: a row for each statement, or several where comments stand between its parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from textwrap import wrap

from adl.syntax.format_comments import INDENT, Row
from adl.syntax.format_expressions import SPECIAL, VALUE, expression, operands, values
from adl.syntax.format_statements import label_widths, statement, word
from adl.syntax.keywords import STARTING
from adl.syntax.layout import (
    BREAK,
    STEP,
    WIDTH,
    Group,
    Piece,
    behind_breaks,
    flat,
    glue,
    group,
    lay_out,
)
from adl.syntax.source import NOWHERE, Source, Span
from adl.syntax.tree import (
    Bin,
    Block,
    Candidate,
    Clause,
    Comment,
    Composite,
    Correction,
    CountsFormat,
    Define,
    Expr,
    Flag,
    Function,
    HistoList,
    Info,
    LegacySystematic,
    Number,
    Object,
    Region,
    Reject,
    Select,
    Statement,
    Systematic,
    Table,
    Take,
    Text,
    Trigger,
    Use,
    UseAs,
    Weight,
)

# Fields that other tools read only as text, whatever it is.
QUOTED = frozenset(("title", "id", "publication", "arxiv", "hepdata", "doi"))
TREE_OF_FIELD = re.compile(r'[^"#]*(?:"[^"]*"[^"#]*)*(?:".*)?', re.DOTALL)
WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
GLOB = re.compile(r"(?!\?)(?=.)(?:[A-Za-z][A-Za-z0-9_]*)?(?:[*?]+(?:[A-Za-z][A-Za-z0-9_]*)?)*")
_GOES_ON = " \\"  # at the end of a line
COMMAS = frozenset(("scale", "set", "inputs"))  # the clauses whose own values have commas


@dataclass(frozen=True, slots=True)
class Written:
    """A file as it was written: its text with blanks for the comments, and these."""

    code: Source
    comments: tuple[Comment, ...]


def rows_of(block: Block, written: Written) -> Iterator[Row]:
    """Yield the rows of a block."""
    code = written.code
    match block:
        case Define():
            header, *others = _split(block, statement(block, code), written, depth=0)
            yield replace(header, block="Define", alone=True)
            yield from others
        case Flag():
            yield _line(block, f"{block.name.name} = {block.value}")
        case UseAs():
            value = expression(block.value, VALUE)
            yield _line(block, glue(f"use {block.name.name} = ", value))
        case Trigger():
            yield _line(block, _trigger(block))
        case LegacySystematic():
            switch = "on" if block.enabled else "off"
            text = f'systematic {switch} "{block.up}" "{block.down}" {block.kind}'
            yield _line(block, text)
        case Info():
            yield _header(block, block.name.span, f"info {block.name.name}")
            yield from _fields(block, code)
        case Object() | Region() | Composite():
            kind = type(block).__name__.lower()
            yield _header(block, block.name.span, f"{kind} {block.name.name}")
            yield from _statements(block.statements, written)
        case HistoList():
            yield _header(block, block.name.span, f"histoList {block.name.name}")
            yield from _statements(block.histos, written)
        case CountsFormat():
            yield _header(block, block.name.span, f"countsformat {block.name.name}")
            for process in block.processes:
                words = [process.name.name, f'"{process.title}"', *process.errors]
                yield _row("process " + ", ".join(words), process.span)
        case Table():
            yield _header(block, block.name.span, f"table {block.name.name}")
            yield from _table(block, code)
        case Function():
            yield _header(block, block.name.span, f"function {block.name.name}")
            yield from _function(block, code)
        case Systematic():
            yield from _systematic(block)
        case Correction():
            text = f'correction {block.name.name} "{block.file}" {word(block.entry)}'
            yield _header(block, block.name.span, text)
            yield from _clauses(block.clauses)


def _line(block: Block, piece: Piece) -> Row:
    """Return the row of a block that has no other."""
    text = _lay_out(piece, 0)
    return Row(text, block.span, block=type(block).__name__, alone=True)


def _header(block: Block, name: Span, text: str) -> Row:
    start = block.span.start
    return Row(text, Span(start, max(start, name.end)), block=type(block).__name__)


def _row(piece: Piece, span: Span) -> Row:
    return Row(_lay_out(piece, INDENT), span, depth=1)


def _lay_out(piece: Piece, indent: int) -> str:
    return lay_out(piece, indent, broken=not _is_spoken(piece))


def _is_spoken(piece: Piece) -> bool:
    """Whether a line might begin with a word like ``sort``, which would begin a statement."""
    words = (re.match(r"\w*", flat(part)) for part in behind_breaks(piece))
    return any(found and found.group().lower() in SPECIAL for found in words)


def _statements(statements: Sequence[Statement], written: Written) -> Iterator[Row]:
    """Yield the rows of statements; names that stood on one line stay together."""
    code = written.code
    widths = label_widths(statements)
    for _, same in groupby(enumerate(statements), lambda pair: _place_of_use(pair, code)):
        numbers, together = zip(*same, strict=True)
        first, last = together[0], together[-1]
        if len(together) > 1:
            names = " ".join(flat(statement(tree, code)) for tree in together)
            yield _row(names, first.span.to(last.span))
            continue
        rows = _split(first, statement(first, code, widths[numbers[0]]), written, depth=1)
        colon = isinstance(first, Take) and code.text.startswith(":", first.span.start)
        yield from (replace(row, colon=colon) for row in rows)


def _split(tree: Statement, piece: Piece, written: Written, depth: int) -> list[Row]:
    """Return the rows of a statement: one, or one a part where comments stand between parts."""
    whole = [Row(_lay_out(piece, INDENT * depth), tree.span, depth)]
    value = _value(tree)
    inside = [c for c in written.comments if tree.span.start < c.span.start < tree.span.end]
    if not inside or value is None or not isinstance(piece, Group) or _is_spoken(piece):
        return whole
    parts = [
        list(part) for is_break, part in groupby(piece.pieces, lambda p: p is BREAK) if not is_break
    ]
    places = [operand.span for operand in operands(value)]
    if len(parts) < 2 or len(parts) != len(places):
        return whole
    starts = [tree.span.start, *(place.start for place in places[1:])]
    ends = [*(place.end for place in places[:-1]), tree.span.end]
    if not _stay_between(inside, starts, places[0].end):
        return whole
    indents = [INDENT * depth, *([INDENT * depth + STEP] * (len(parts) - 1))]
    return [
        Row(_lay_out(group(part), indent).rstrip(), Span(start, end), indent // INDENT)
        for part, indent, start, end in zip(parts, indents, starts, ends, strict=True)
    ]


def _stay_between(comments: Sequence[Comment], starts: Sequence[int], end: int) -> bool:
    """Whether comments would stand between the parts of a statement, the first of which ends."""
    of_first = [c for c in comments if c.span.start < starts[1]]
    of_last = [c for c in comments if c.span.start >= starts[-1]]
    if len(of_first) + len(of_last) < len(comments):
        return True
    # Those before the first part, and one behind the last, do not keep them apart.
    kept = bool(of_first) and (not of_first[-1].alone or of_first[-1].span.start >= end)
    return kept or len(of_last) > 1 or any(c.alone for c in of_last)


def _value(tree: Statement) -> Expr | None:
    """Return the expression of a statement whose parts may stand on rows of their own."""
    match tree:
        case Select() | Reject() | Bin():
            return tree.condition
        case Define() | Candidate() | Weight():
            return tree.value
    return None


def _place_of_use(pair: tuple[int, Statement], code: Source) -> int:
    """Return the line of a name alone, and for other statements a number of their own."""
    number, tree = pair
    return code.position(tree.span.start)[0] if isinstance(tree, Use) else -number


def _fields(block: Info, code: Source) -> Iterator[Row]:
    """Yield the lines of free text."""
    end = code.text.find("\n", block.name.span.end)
    places = []
    for found in re.finditer(r"[^\n]+", code.text[end : block.span.end] if end >= 0 else ""):
        text = found.group()
        if text.strip():
            start = end + found.start() + len(text) - len(text.lstrip())
            places.append(Span(start, end + found.end()))
    if len(places) > len(block.fields):
        places = []
    last = places[-1] if places else Span(block.span.end, block.span.end)
    for i, (first, text) in enumerate(block.fields):
        place = places[i] if i < len(places) else last
        line = code.text[place.start : place.end].rstrip()
        # A # that is neither a comment nor in the tree: title 'one # two'
        kept = places and not TREE_OF_FIELD.fullmatch(line)
        yield _row(line if kept else _field(first, text), place)


def _field(first: str, text: str) -> str:
    """Return a line of free text; quotes, which are no part of it, are put where others ask."""
    raw = '"' in first or '"' in text or "\n" in text
    if raw or not text:
        return f"{first} {text}".rstrip()
    bare = WORD.fullmatch(text) and first.lower() not in QUOTED | STARTING
    return f"{first} {text}" if bare else f'{first} "{text}"'


def _trigger(block: Trigger) -> str:
    paths = [f'optional "{path}"' if optional else f'"{path}"' for path, optional in block.paths]
    text = f"trigger {block.name.name} " + " or ".join(paths)
    return f"{text} stream {word(block.stream)}" if block.stream else text


# ------------------------------------------------------------------------------------- tables


def _table(block: Table, code: Source) -> Iterator[Row]:
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
        _row(text, place or Span(known.end, known.end))
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
        yield _row(text.rstrip(), numbers[0].span.to(numbers[-1].span))


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


def _function(block: Function, code: Source) -> Iterator[Row]:
    """Yield the arguments of a function, and its file."""
    at = block.name.span.end
    lines = [(f"arg {name}", name) for name in block.arguments]
    lines += [(f'code "{block.code}"', "code")] if block.code else []
    for text, name in lines:
        found = _find(re.escape(name), code, Span(at, max(at, block.span.end))) or Span(at, at)
        at = found.start + len(name) if found.end > at else at
        yield _row(text, Span(found.start, at))


# ------------------------------------------------------------------------------------ clauses


def _systematic(block: Systematic) -> Iterator[Row]:
    match block.clauses:
        case (Clause("auto", ((_, (Text(pattern),)),)),):
            text = pattern if GLOB.fullmatch(pattern) else f'"{pattern}"'
            yield _line(block, f"systematic auto {text}")
        case clauses:
            yield _header(block, NOWHERE, f"systematic {block.name}")
            yield from _clauses(clauses)


def _clauses(clauses: Sequence[Clause]) -> Iterator[Row]:
    for clause in clauses:
        if clause.word == "for":
            yield Row(_family(clause), clause.span, depth=1)
            continue
        pieces: list[Piece] = [clause.word]
        for setting, trees in clause.settings:
            gap = " " if setting == "from" else "  "
            pieces += [f"{gap}{setting}"] if setting else []
            between = ", " if clause.word in COMMAS and not setting else " "
            for i, value in enumerate(values(trees)):
                pieces += [between if i else " ", value]
        yield _row(glue(*pieces), clause.span)


def _family(clause: Clause) -> str:
    """Return ``for s A B C`` in lines of the usual width, with the words below each other."""
    variable, *words = [flat(value) for _, trees in clause.settings for value in values(trees)]
    start = f"{' ' * INDENT}for {variable} "
    lines = wrap(" ".join(words), WIDTH - len(start) - len(_GOES_ON), break_long_words=False)
    return start + f"{_GOES_ON}\n{' ' * len(start)}".join(lines)
