"""Text to tree: ``parse`` reports every syntax error of a file in one run.

The way is scan, split into statements, mark meaningful white space, and feed the grammar's parser
one statement at a time: after a mistake it goes back to where the statement began and forward to
the next line that starts with a keyword.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from importlib import resources
from typing import Any

import lark
from lark import Lark, Token, UnexpectedToken
from lark.parsers.lalr_analysis import Shift
from lark.parsers.lalr_parser_state import ParserState

from adl.syntax.build import Builder, Misread
from adl.syntax.cachedir import cache_root
from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.keywords import BLOCK_TYPES, KEYWORD_TYPES
from adl.syntax.lines import DEEPEST, Line, split
from adl.syntax.mistakes import cannot_read, not_yet
from adl.syntax.source import Source, Span
from adl.syntax.spaces import mark_spaces
from adl.syntax.tree import File, Tree

MOST_ERRORS = 20


def parse(source: Source) -> File:
    """Return the tree of an analysis, or raise AnalysisError with every syntax error in it."""
    start = _grammar().parse_interactive(source.text)
    tokens = start.lexer_thread.lex(start.parser_state)
    reader = _Reader(source, start.parser_state)
    for line in split(source, tokens):
        reader.read(line)
    tree = reader.finish()
    if tree is None:
        mistakes = sorted(reader.mistakes, key=lambda mistake: mistake.span.start)
        if len(mistakes) > MOST_ERRORS:
            message = f"{len(mistakes) - MOST_ERRORS} more mistakes follow"
            more = Diagnostic("E100", "note", message, mistakes[MOST_ERRORS].span)
            mistakes[MOST_ERRORS:] = [more]
        raise AnalysisError(source, mistakes)
    return tree


class _Scanner:
    """Keeps the terminals that no rule mentions; lark asks for it under the name postlex."""

    always_accept = ("NEWLINE", "BAR", "SEARCH", "DIGIT_FIRST", "OPEN_STRING", "UNKNOWN")

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

    def __init__(self, source: Source, state: ParserState[int]) -> None:
        self.source = source
        self.state = state
        self.mistakes: list[Diagnostic] = []
        self.header: Line | None = None
        self.resume: frozenset[str] = frozenset()  # where to go on after a mistake

    def read(self, line: Line) -> None:
        if self.resume and not self.resumes(line):
            return
        self.resume = frozenset()
        before = self.state.state_stack[:], self.state.value_stack[:]
        mistake = self.attempt(line)
        if line.mistakes or mistake:
            # What the scanner found is the cause; the parser may only have met its consequence.
            self.mistakes += line.mistakes or [mistake] if mistake else line.mistakes
        if line.head in BLOCK_TYPES:
            self.header = line
        if mistake or not line.readable:
            self.state.state_stack[:], self.state.value_stack[:] = before
            inside = "SELECT" in _accepted(self.state) and line.head not in BLOCK_TYPES
            self.resume = KEYWORD_TYPES if inside else BLOCK_TYPES

    def resumes(self, line: Line) -> bool:
        """Whether reading goes on with this line; ``object Z = a + b`` is part of a composite."""
        part = line.head == "OBJECT" and any(token.type == "EQUALS" for token in line.tokens[2:3])
        return line.head in self.resume and not part

    def attempt(self, line: Line) -> Diagnostic | None:
        """Read one statement; return what is wrong with it."""
        if not line.readable or not line.tokens:
            return None
        if line.head in ("LATER_BLOCK", "LATER_STATEMENT"):
            return not_yet(line)
        tokens = mark_spaces(line.tokens)
        last = tokens[-1]
        tokens.append(Token("_NL", "", start_pos=last.end_pos, end_pos=last.end_pos))
        at = 0
        try:
            for token in tokens:
                self.state.feed_token(token)
                at += not token.type.startswith(("_SIDE", "_GAP"))
        except UnexpectedToken:
            expected = _accepted(self.state)
            return cannot_read(self.source, line, at, expected, self.header)
        except Misread as error:
            return Diagnostic("E111", "error", error.message, error.span, error.help)
        return None

    def finish(self) -> File | None:
        """Return the tree, or None when there are mistakes."""
        if self.mistakes:
            return None
        tree: File = self.state.feed_token(Token("$END", ""), is_end=True)
        return tree
