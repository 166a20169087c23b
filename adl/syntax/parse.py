"""Text to tree: ``parse`` reports every syntax error of a file in one run.

The way is scan, split into statements, mark meaningful white space, and feed the grammar's parser
one statement at a time: after a mistake it goes back to where the statement began and forward to
the next line that starts with a keyword.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import fields, replace
from functools import cache
from importlib import resources
from typing import Any

import lark
from lark import Lark, Token

from adl.syntax.build import Builder
from adl.syntax.build_basics import Misread
from adl.syntax.cachedir import cache_root
from adl.syntax.collecting import uncollected
from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.keywords import BLOCK_TYPES, CLAUSE_TYPES, KEYWORD_TYPES, STATEMENT_TYPES
from adl.syntax.lines import TooLong, split
from adl.syntax.machine import Machine, Refused, Stacks
from adl.syntax.mistakes import block_meant, cannot_read, no_statement, stray, too_deep, too_long
from adl.syntax.oddities import BRACES, BRACES_HELP, odd_spellings
from adl.syntax.reading import DEEPEST, Line
from adl.syntax.source import Source, Span
from adl.syntax.spaces import mark_spaces
from adl.syntax.tokens import retype, span_of
from adl.syntax.tree import File, Tree

MOST_ERRORS = 20
INSIDE = STATEMENT_TYPES | CLAUSE_TYPES


def parse(source: Source) -> File:
    """Return the tree of an analysis, or raise AnalysisError with every syntax error in it."""
    return parse_with_notes(source)[0]


@uncollected
def parse_with_notes(source: Source, lenient: bool = False) -> tuple[File, tuple[Diagnostic, ...]]:
    """Return the tree of an analysis and what is odd about its spelling, in the text's order.

    A note (N1xx) comes once a file; a warning (W1xx) comes for every place, and with ``lenient``
    one for every mistake that has one possible reading.
    """
    start = _grammar().parse_interactive(source.text)
    tokens = start.lexer_thread.lex(start.parser_state)  # type: ignore[no-untyped-call]  # lark's
    reader = _Reader(source, Machine(start.parser_state.parse_conf), lenient)
    try:
        statements = split(source, tokens, lenient)
    except TooLong as error:
        raise AnalysisError(source, [too_long(error.at)]) from None
    for line in statements.lines:
        reader.read(line)
    tree = reader.finish()
    if tree is None:
        mistakes = sorted(reader.mistakes, key=lambda mistake: mistake.span.start)
        if len(mistakes) > MOST_ERRORS:
            message = f"{len(mistakes) - MOST_ERRORS} more mistakes follow"
            more = Diagnostic("E100", "note", message, mistakes[MOST_ERRORS].span)
            mistakes[MOST_ERRORS:] = [more]
        raise AnalysisError(source, mistakes)
    tree = replace(tree, comments=statements.comments)
    notes = statements.notes
    if reader.sentence:  # what is skipped needs no better spelling
        notes = [n for n in notes if source.position(n.span.start)[0] != reader.sentence]
    return tree, odd_spellings(tree, [*notes, *reader.notes])


def statements_of(source: Source) -> list[Span]:
    """Return the places of the statements of a text, mistaken ones included."""
    start = _grammar().parse_interactive(source.text)
    tokens = start.lexer_thread.lex(start.parser_state)  # type: ignore[no-untyped-call]  # lark's
    try:
        lines = split(source, tokens, lenient=True).lines
    except TooLong:
        return []
    return [span_of(line.tokens[0]).to(span_of(line.tokens[-1])) for line in lines if line.tokens]


class _Scanner:
    """Keeps the terminals that no rule mentions; lark asks for it under the name postlex."""

    always_accept = (
        *("NEWLINE", "COMMENT", "BAR", "SINGLE_QUOTED"),
        *("DIGIT_FIRST", "OPEN_STRING", "UNKNOWN"),
    )

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


@cache
def _grammar() -> Lark:
    """Return the parser, its table taken from the cache where that is possible."""
    text = resources.files("adl.grammar").joinpath("adl.lark").read_text(encoding="utf-8")
    version = f"{lark.__version__} {sys.version_info} {_Scanner.always_accept}"
    digest = hashlib.sha256((version + text).encode()).hexdigest()[:16]
    stored: str | bool = str(cache_root() / f"grammar-{digest}.bin")
    try:
        cache_root().mkdir(parents=True, exist_ok=True)
    except OSError:
        stored = False
    return Lark(
        text,
        parser="lalr",
        lexer="basic",
        start="file",
        postlex=_Scanner(),
        transformer=Builder(),
        cache=stored,
    )


class _Reader:
    """Feeds statements to the parser; ``header`` is the line that opened the current block."""

    def __init__(self, source: Source, machine: Machine, lenient: bool = False) -> None:
        self.source = source
        self.lenient = lenient
        self.machine = machine
        self.mistakes: list[Diagnostic] = []
        self.notes: list[Diagnostic] = []
        self.header: Line | None = None
        self.sentence = 0  # the number of a line of text before the first block
        self.resume: frozenset[str] = frozenset()  # where to go on after a mistake

    def read(self, line: Line) -> None:
        """Read one statement, or skip it when a mistake before it makes it meaningless."""
        if self.resume and line.head not in self.resume:
            return
        if line.tokens and line.tokens[0].line == self.sentence:
            return
        before = self.machine.place()
        mistake = self.attempt(line, before)
        if self.is_stray(line) and (mistake or line.mistakes):
            self.sentence = line.tokens[-1].line or 0
        if self.lenient and self.is_stray(line) and (mistake or line.mistakes):
            self.machine.go_back(before)
            self.notes.append(stray(line).finding(lenient=True))
            return
        if self.is_sentence(line):
            line.mistakes = [no_statement(line, "")]
        # What the scanner found is the cause; what the parser met may be its consequence.
        self.mistakes += line.mistakes or ([mistake] if mistake else [])
        self.resume = frozenset()
        if mistake or not line.readable:
            self.machine.go_back(before)
            inside = INSIDE & self.machine.accepted() and line.head not in BLOCK_TYPES
            self.resume = KEYWORD_TYPES if inside else BLOCK_TYPES
            if inside and line.readable:  # no bracket is open: the next line is one of its own
                self.resume = frozenset()
            line = self.opened(line, before)
        if line.head in BLOCK_TYPES:
            self.header = line

    def opened(self, line: Line, before: Stacks) -> Line:
        """Return for the mistaken first line of a block one that opens it, else the line itself.

        So what stands below ``objct jets`` or ``region signal:`` is read.
        """
        kind = block_meant(line)
        if kind:
            tokens = line.tokens if line.head == "NAME" else line.tokens[:2]
            guess = Line([retype(tokens[0], kind), *tokens[1:]])
            if self.attempt(guess, before) is None:
                self.resume = frozenset()
                return guess
            self.machine.go_back(before)
        return line

    def is_stray(self, line: Line) -> bool:
        """Whether a line is text before the first block, such as the rest of a title."""
        return self.header is None and bool(line.tokens) and line.head not in KEYWORD_TYPES

    def is_sentence(self, line: Line) -> bool:
        """Whether text before the first block has a quote or a bracket, but begins with a word."""
        if not self.is_stray(line) or not line.mistakes or not line.tokens[0].isalpha():
            return False
        return line.mistakes[0].span.start > span_of(line.tokens[0]).end

    def attempt(self, line: Line, before: Stacks) -> Diagnostic | None:
        """Read one statement from where the parser stands; return what is wrong with it."""
        if not line.readable or not line.tokens:
            return None
        tokens = mark_spaces(line.tokens)
        braces = next((token for token in tokens if token.type == "LBRACE"), None)
        if braces is not None and not any(note.code == "N102" for note in self.notes):
            self.notes.append(Diagnostic("N102", "note", BRACES, span_of(braces), BRACES_HELP))
        end = tokens[-1].end_pos
        tokens.append(Token("_NL", "", start_pos=end, end_pos=end))
        fed = 0
        try:
            for token in tokens:
                self.machine.feed(token)
                fed += 1
        except Refused:
            # The refused token has moved the parser: ask what it would have taken instead, of it
            # and of the separator that was put before it.
            fed -= fed > 0 and tokens[fed - 1].type in ("_SIDE", "_GAP")
            self.machine.go_back(before)
            for token in tokens[:fed]:
                self.machine.feed(token)
            at = sum(token.type not in ("_SIDE", "_GAP") for token in tokens[:fed])
            return cannot_read(self.source, line, at, self.machine.accepted(), self.header)
        except Misread as error:
            return Diagnostic(error.code, "error", error.message, error.span, error.help)
        if len(tokens) > DEEPEST and _depth(self.machine.values) > DEEPEST:
            return too_deep(line)
        return None

    def finish(self) -> File | None:
        """Return the tree, or None when there are mistakes."""
        if self.mistakes:
            return None
        tree: File = self.machine.finish()
        return tree


def _depth(pieces: list[Any]) -> int:
    """Return how many levels of trees stand inside each other; recursion would be too deep."""
    deepest = 0
    left = [(piece, 0) for piece in pieces]
    while left:
        piece, depth = left.pop()
        deepest = max(deepest, depth)
        if isinstance(piece, Tree):
            left += [(getattr(piece, part.name), depth + 1) for part in fields(piece)]
        elif isinstance(piece, list | tuple):
            left += [(item, depth) for item in piece]
        elif isinstance(piece, lark.Tree):  # the statements of a block so far: one is new
            left += [(item, depth) for item in piece.children[-1:]]
    return deepest
