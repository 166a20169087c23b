"""Blocks to rows: a row for each statement, or several where comments stand between its parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from textwrap import wrap

from adl.syntax.format_comments import INDENT, Row
from adl.syntax.format_expressions import expression, values
from adl.syntax.format_levels import VALUE, operands
from adl.syntax.format_rows import header_row, is_spoken, laid_out, only_row, row_at
from adl.syntax.format_statements import label_widths, statement, word
from adl.syntax.format_tables import rows_of_function, rows_of_table
from adl.syntax.keywords import STARTING
from adl.syntax.layout import (
    BREAK,
    STEP,
    WIDTH,
    Group,
    Piece,
    flat,
    glue,
    group,
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
            yield only_row(block, f"{block.name.name} = {block.value}")
        case UseAs():
            value = expression(block.value, VALUE)
            yield only_row(block, glue(f"use {block.name.name} = ", value))
        case Trigger():
            yield only_row(block, _trigger(block))
        case LegacySystematic():
            switch = "on" if block.enabled else "off"
            text = f'systematic {switch} "{block.up}" "{block.down}" {block.kind}'
            yield only_row(block, text)
        case Info():
            yield header_row(block, block.name.span, f"info {block.name.name}")
            yield from _fields(block, code)
        case Object() | Region() | Composite():
            kind = type(block).__name__.lower()
            yield header_row(block, block.name.span, f"{kind} {block.name.name}")
            yield from _statements(block.statements, written)
        case HistoList():
            yield header_row(block, block.name.span, f"histoList {block.name.name}")
            yield from _statements(block.histos, written)
        case CountsFormat():
            yield header_row(block, block.name.span, f"countsformat {block.name.name}")
            for process in block.processes:
                words = [process.name.name, f'"{process.title}"', *process.errors]
                yield row_at("process " + ", ".join(words), process.span)
        case Table():
            yield header_row(block, block.name.span, f"table {block.name.name}")
            yield from rows_of_table(block, code)
        case Function():
            yield header_row(block, block.name.span, f"function {block.name.name}")
            yield from rows_of_function(block, code)
        case Systematic():
            yield from _systematic(block)
        case Correction():
            text = f'correction {block.name.name} "{block.file.value}" {word(block.entry.value)}'
            yield header_row(block, block.name.span, text)
            yield from _clauses(block.clauses)


def _statements(statements: Sequence[Statement], written: Written) -> Iterator[Row]:
    """Yield the rows of statements; names that stood on one line stay together."""
    code = written.code
    widths = label_widths(statements)
    for _, same in groupby(enumerate(statements), lambda pair: _place_of_use(pair, code)):
        numbers, together = zip(*same, strict=True)
        first, last = together[0], together[-1]
        if len(together) > 1:
            names = " ".join(flat(statement(tree, code)) for tree in together)
            yield row_at(names, first.span.to(last.span))
            continue
        rows = _split(first, statement(first, code, widths[numbers[0]]), written, depth=1)
        colon = isinstance(first, Take) and code.text.startswith(":", first.span.start)
        yield from (replace(row, colon=colon) for row in rows)


def _split(tree: Statement, piece: Piece, written: Written, depth: int) -> list[Row]:
    """Return the rows of a statement: one, or one a part where comments stand between parts."""
    whole = [Row(laid_out(piece, INDENT * depth), tree.span, depth)]
    value = _value(tree)
    inside = [c for c in written.comments if tree.span.start < c.span.start < tree.span.end]
    if not inside or value is None or not isinstance(piece, Group) or is_spoken(piece):
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
        Row(laid_out(group(part), indent).rstrip(), Span(start, end), indent // INDENT)
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
        yield row_at(line if kept else _field(first, text), place)


def _field(first: str, text: str) -> str:
    """Return a line of free text; quotes, which are no part of it, are put where others ask."""
    raw = '"' in first or '"' in text or "\n" in text
    if raw or not text:
        return f"{first} {text}".rstrip()
    bare = WORD.fullmatch(text) and first.lower() not in QUOTED | STARTING
    return f"{first} {text}" if bare else f'{first} "{text}"'


def _trigger(block: Trigger) -> str:
    paths = [f'{"optional " if optional else ""}"{path.value}"' for path, optional in block.paths]
    text = f"trigger {block.name.name} " + " or ".join(paths)
    return f"{text} stream {word(block.stream)}" if block.stream else text


def _systematic(block: Systematic) -> Iterator[Row]:
    match block.clauses:
        case (Clause("auto", ((_, (Text(pattern),)),)),):
            text = pattern if GLOB.fullmatch(pattern) else f'"{pattern}"'
            yield only_row(block, f"systematic auto {text}")
        case clauses:
            yield header_row(block, NOWHERE, f"systematic {block.name}")
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
        yield row_at(glue(*pieces), clause.span)


def _family(clause: Clause) -> str:
    """Return ``for s A B C`` in lines of the usual width, with the words below each other."""
    variable, *words = [flat(value) for _, trees in clause.settings for value in values(trees)]
    start = f"{' ' * INDENT}for {variable} "
    lines = wrap(" ".join(words), WIDTH - len(start) - len(_GOES_ON), break_long_words=False)
    return start + f"{_GOES_ON}\n{' ' * len(start)}".join(lines)
