"""Trees to text in the one canonical form: ``parse(format(tree)) == tree``.

Every statement stands on a row of its own, two blanks deep in its block, in the spellings that
grammar/README.md uses. What the tree does not say is taken from the source where that is possible:
comments, empty lines, the digits of edges, and which numbers of a table stood on one line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from adl.syntax.format_comments import INDENT, Row, weave
from adl.syntax.format_expressions import SPECIAL, VALUE, expression, values
from adl.syntax.format_statements import label_widths, statement, word
from adl.syntax.keywords import STARTING
from adl.syntax.layout import Piece, behind_breaks, flat, glue, lay_out
from adl.syntax.source import NOWHERE, Source, Span
from adl.syntax.tree import (
    Block,
    Clause,
    Comment,
    Composite,
    Correction,
    CountsFormat,
    Define,
    File,
    Flag,
    Function,
    HistoList,
    Info,
    LegacySystematic,
    Name,
    Number,
    Object,
    Region,
    Statement,
    Systematic,
    Table,
    Take,
    Text,
    Trigger,
    Use,
    UseAs,
)

# Fields that other tools read only as text, whatever it is.
QUOTED = frozenset(("title", "id", "publication", "arxiv", "hepdata", "doi"))
WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]*")
GLOB = re.compile(r"(?!\?)(?=.)(?:[A-Za-z][A-Za-z0-9_]*)?(?:[*?]+(?:[A-Za-z][A-Za-z0-9_]*)?)*")
COMMAS = frozenset(("scale", "set", "inputs"))  # the clauses whose own values have commas


def format_file(file: File, source: Source, dialect: str | None = None) -> str:
    """Return the text of an analysis; ``dialect`` becomes a line of a block ``info adl``."""
    code = Source(source.name, _without(source.text, file.comments))
    blocks = file.blocks if dialect is None else _with_dialect(file, source, dialect)
    rows = [row for block in blocks for row in _rows(block, code)]
    return weave(rows, file.comments, source)


def _without(text: str, comments: Iterable[Comment]) -> str:
    """Return a text with blanks for its comments."""
    for comment in comments:
        start, end = comment.span.start, comment.span.end
        text = text[:start] + " " * (end - start) + text[end:]
    return text


# ------------------------------------------------------------------------------------ dialect


def _with_dialect(file: File, source: Source, dialect: str) -> tuple[Block, ...]:
    """Return the blocks with a line ``dialect`` in one that says so, or in ``info adl``."""
    said = ("dialect", dialect)
    blocks = list(file.blocks)
    infos = [(i, block) for i, block in enumerate(blocks) if isinstance(block, Info)]
    for i, info in infos:
        fields = tuple(said if w.lower() == "dialect" else (w, t) for w, t in info.fields)
        if fields != info.fields or said in fields:
            blocks[i] = replace(info, fields=fields)
            return tuple(blocks)
    for i, info in infos:
        if info.name.name.lower() == "adl":
            blocks[i] = replace(info, fields=(*info.fields, said))
            return tuple(blocks)
    leading = next(
        (i for i, block in enumerate(blocks) if not isinstance(block, Info)), len(blocks)
    )
    place = blocks[leading - 1].span.end if leading else _after_heading(file, source)
    new = Info(Name("adl"), (said,), span=Span(place, place))
    return (*blocks[:leading], new, *blocks[leading:])


def _after_heading(file: File, source: Source) -> int:
    """Return where the comments end with which a file begins, up to an empty line."""
    first = file.blocks[0].span.start if file.blocks else len(source.text)
    heading = [comment.span for comment in file.comments if comment.span.end <= first]
    parts = [len(source.text[:first].partition("\n\n")[0])] if heading else []
    return parts[0] if parts and parts[0] < first else 0


# ------------------------------------------------------------------------------------- blocks


def _rows(block: Block, code: Source) -> Iterator[Row]:
    """Yield the rows of a block."""
    match block:
        case Define():
            yield _line(block, statement(block, code))
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
            yield from _statements(block.statements, code)
        case HistoList():
            yield _header(block, block.name.span, f"histoList {block.name.name}")
            yield from _statements(block.histos, code)
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
    # At the start of a line a name like `sort` would begin a statement.
    words = (re.match(r"\w*", flat(part)) for part in behind_breaks(piece))
    broken = all(found is None or found.group().lower() not in SPECIAL for found in words)
    return lay_out(piece, indent, broken)


def _statements(statements: Sequence[Statement], code: Source) -> Iterator[Row]:
    """Yield a row for each statement, and one for names that stood on one line."""
    widths = label_widths(statements)
    for _, same in groupby(enumerate(statements), lambda pair: _place_of_use(pair, code)):
        numbers, group = zip(*same, strict=True)
        pieces = [statement(tree, code, widths[i]) for i, tree in zip(numbers, group, strict=True)]
        text = " ".join(map(flat, pieces)) if len(group) > 1 else pieces[0]
        first = group[0]
        colon = isinstance(first, Take) and code.text[first.span.start :].startswith(":")
        row = _row(text, first.span.to(group[-1].span))
        yield replace(row, colon=colon)


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
        yield _row(_field(first, text), places[i] if i < len(places) else last)


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
        pieces: list[Piece] = [clause.word]
        for setting, trees in clause.settings:
            pieces += [f"  {setting}"] if setting else []
            between = ", " if clause.word in COMMAS and not setting else " "
            for i, value in enumerate(values(trees)):
                pieces += [between if i else " ", value]
        yield _row(glue(*pieces), clause.span)
