"""Tokens to statements: which words are keywords, and where each statement ends.

A statement ends with its line, unless a bracket is open, the line ends unfinished or the next one
begins with an operator; a keyword begins a new statement in the midst of a line, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lark import Token

from adl.syntax import characters, contextual, spelling
from adl.syntax.contextual import NAMING
from adl.syntax.diagnostics import Diagnostic, Mistake
from adl.syntax.keywords import (
    BLOCK_TYPES,
    DIRECTIONS,
    OF_CORRECTIONS,
    SETTINGS,
    STARTING,
    keyword,
)
from adl.syntax.lookahead import MODEST, demanded, ends_info, starting
from adl.syntax.own_defines import mark_own_defines
from adl.syntax.reading import CONDITIONS, Line, Reading
from adl.syntax.source import Source, Span
from adl.syntax.spelling import GLOB
from adl.syntax.tokens import (
    COMPARISONS,
    CONTINUING,
    ENDING,
    LOGIC,
    UNFINISHED,
    empty_before,
    joined,
    retype,
    span_of,
    touch,
    without_slashes,
)
from adl.syntax.tree import Comment

MOST_TOKENS = 3_000_000  # of a file: 100 000 lines and more, and 1.5 GB of memory

SCOPES = frozenset(("simulation", "data", "era", "nominal"))
WITH_PARTS = frozenset(("jet", "fjet", "gen"))
PARTS = frozenset(("constituents", "daughters"))


class TooLong(Exception):
    """A text has more tokens than are read; ``at`` is the first of those."""

    def __init__(self, at: Span) -> None:
        super().__init__(at)
        self.at = at


@dataclass(slots=True)
class Statements:
    """A text in statements; ``notes`` say what was read although it is no good ADL."""

    lines: list[Line]
    comments: tuple[Comment, ...]
    notes: list[Diagnostic]


def split(source: Source, tokens: Iterable[Token], lenient: bool = False) -> Statements:
    """Return the statements of a text, in its order, with their keywords marked as such."""
    splitter = _Splitter(source, tokens, lenient)
    lines = splitter.read()
    mark_own_defines(source, lines)
    return Statements(lines, tuple(splitter.comments), splitter.notes)


class _Splitter(Reading):
    """Reads tokens from the left; ``line`` is the statement that grows."""

    def __init__(self, source: Source, tokens: Iterable[Token], lenient: bool) -> None:
        super().__init__(source, lenient)
        self.comments: list[Comment] = []
        fresh = True
        self.slashes: dict[int, list[Span]] = {}  # comments of C, by the token behind them
        for token in without_slashes(tokens, self.slashes, self.text.tokens):
            if token.type == "COMMENT":
                words = token.rstrip()
                start = span_of(token).start
                place = Span(start, start + len(words))
                self.comments.append(Comment(words, fresh, span=place))
            elif token.type == "NEWLINE":
                fresh = True
            else:
                self.text.tokens.append(token)
                self.text.fresh.append(fresh)
                fresh = False
                if len(self.text.tokens) > MOST_TOKENS:
                    raise TooLong(span_of(token))

    def read(self) -> list[Line]:
        at = 0
        while at < len(self.tokens):
            if self.line.tokens:
                self.slash(at)
            if self.fresh[at] and not self.goes_on(at):
                self.end()
            self.slash(at)
            at = self.field(at) if self.in_info(at) else self.token(at)
        self.slash(at)
        self.end()
        return self.lines

    def slash(self, at: int) -> None:
        """Report the comments of C that stand before token ``at``."""
        for place in self.slashes.pop(at, ()):
            self.repaired(Mistake("E113", "a comment begins with #, not with //", place, "#"))

    def goes_on(self, at: int) -> bool:
        """Whether the line that begins here goes on with the statement before."""
        line = self.line
        if not line.tokens or not line.readable or line.head == "INFO":
            return False
        if self.brackets:
            return True
        token = self.tokens[at]
        word = token.lower() if token.type == "NAME" else ""
        match line.head:
            case "TABLE":
                rows = ("INT", "REAL", "PLUS", "MINUS", "_COMMA")
                return token.type in rows or (word != "" and not starting(self.text, at, ""))
            case "COUNTS" if line.last == "MINUS" and line.tokens[-2].type in ("NAME", "_COMMA"):
                return token.type == "_COMMA"  # a minus for a number that was not published
            case "CLAUSE" if self.block == "SYSTEMATIC" and word in SETTINGS:
                return True
            case "CLAUSE" if self.block == "CORRECTION" and word in OF_CORRECTIONS:
                return True
            case "TRIGGER" if word == "stream":
                return True
            case "REGION" if line.last == "COLON":
                return False  # as in Python; of an object it takes what follows
            case "SORT" if word in DIRECTIONS:
                return line.last in ENDING
            case "OBJECT" | "TAKE" if word == "alias":
                return line.last == "RPAR"
            case "SELECT" | "REJECT" | "WEIGHT" | "HISTO" if word == "only":
                after = self.tokens[at + 1].lower() if self.text.next_kind(at) else ""
                return line.last in ENDING and after in SCOPES
        return line.last in UNFINISHED or token.type in CONTINUING or word in ("and", "or")

    # ----------------------------------------------------------------------------- free text

    def in_info(self, at: int) -> bool:
        """Whether a line of free text begins here."""
        if self.line.tokens or not self.fresh[at] or not self.lines:
            return False
        if self.lines[-1].head not in ("INFO", "FIELD"):
            return False
        return not ends_info(self.text, at) or self.is_sentence(at)

    def is_sentence(self, at: int) -> bool:
        """Whether ``object oriented : x`` is free text: deeper than info, and nothing of an object.

        It is followed by something else than a line of an object or another block.
        """
        if starting(self.text, at, "INFO") != "OBJECT":
            return False
        header = next(line.tokens[0] for line in reversed(self.lines) if line.head == "INFO")
        deeper = (self.tokens[at].column or 0) > (header.column or 0)
        after = at + 1
        while after < len(self.tokens) and not self.fresh[after]:
            after += 1
        word = self.tokens[after].lower() if after < len(self.tokens) else "region"
        return deeper and not keyword(word, "OBJECT")

    def field(self, at: int) -> int:
        """Read one line of free text, whatever it contains; return where the next one begins."""
        stop = at + 1
        while stop < len(self.tokens) and not self.fresh[stop]:
            stop += 1
        start = span_of(self.tokens[at]).start
        end = self.source.text.find("\n", span_of(self.tokens[stop - 1]).start)
        text = self.source.text[start : end if end >= 0 else None].rstrip()
        self.line.tokens = [Token("FIELD", text, start_pos=start, end_pos=start + len(text))]
        if stop in self.slashes:  # http://…
            inside = start + len(text)
            self.slashes[stop] = [p for p in self.slashes[stop] if p.start >= inside]
        for token in self.tokens[at:stop]:
            if token == "\0":
                characters.strange(self, token)
        self.end()
        return stop

    # -------------------------------------------------------------------------------- tokens

    def token(self, at: int) -> int:
        """Add one token to the statement, or several; return the index of the next one."""
        token = self.tokens[at]
        line = self.line.tokens
        in_glob = self.line.head == "AUTO" and not self.fresh[at]
        if in_glob and (token.type in GLOB or token == "_"):
            spelling.glob(self, token)
            return at + 1
        match token.type:
            case "NAME":
                return self.word(at)
            case "INT" | "REAL" | "STRING" if self.scoped:
                line.append(retype(token, "WORD"))
            case "STRING" | "SINGLE_QUOTED" | "OPEN_STRING":
                self.quoted(token)
            case "MINUS" if spelling.hyphen(self, at):
                return at + 2
            case "LBRACE" if merged := spelling.placeholder(self, at):
                line[-1] = joined(line[-1], *self.tokens[at:merged])
                return merged
            case "TIMES" if token == "*" and self.begins_input():
                line.append(retype(token, "NAME"))
            case "RANGE" if token == "][" and self.brackets and self.brackets[-1] == "[":
                self.close_and_open(token)
            case "LPAR" | "LSQB" | "LBRACE":
                self.open(token)
            case "RPAR" | "RSQB" | "RBRACE":
                self.close(token)
            case "BAR":
                self.bar(at)
            case "EQUALS" if self.lenient and not self.brackets and self.line.head in CONDITIONS:
                spelling.single_equals(self, token)
            case "UNKNOWN" if end := characters.typographic(self, at):
                return end
            case "UNKNOWN":
                characters.unknown(self, at)
            case "DIGIT_FIRST":
                spelling.digit_first(self, token)
            case _:
                spelling.odd_operator(self, token)
                line.append(token)
        return at + 1

    def quoted(self, token: Token) -> None:
        """Add a text, whatever its quotes."""
        line = self.line.tokens
        match token.type:
            case "SINGLE_QUOTED":
                self.note("W106", "a text stands in double quotes", span_of(token))
                line.append(Token.new_borrow_pos("STRING", f'"{token[1:-1]}"', token))
            case "OPEN_STRING":
                text = token.rstrip()
                place = Span(span_of(token).start, span_of(token).start + len(text))
                help = "a text ends on the line where it begins"
                self.mistake("E103", "this text has no closing quote", place, help)
                line.append(Token.new_borrow_pos("STRING", text + '"', token))
            case _:
                if self.another_path():
                    line.append(empty_before(token, "FIRED", "HLT"))
                line.append(token)

    def word(self, at: int) -> int:
        """Add a name, an operator spelled as a word, or the keyword of a new statement."""
        token = self.tokens[at]
        line = self.line.tokens
        lowered = token.lower()
        if self.line.last == "DOT":
            line.append(token)
        elif lowered in LOGIC:
            line.append(retype(token, LOGIC[lowered]))
        elif lowered.upper() in COMPARISONS and spelling.compares(self, at):
            line.append(Token.new_borrow_pos("COMPARE", lowered.upper(), token))
        elif lowered in STARTING and (kind := self.keyword(at)):
            return self.begin(at, kind)
        elif self.scoped:
            line.append(retype(token, "WORD"))
        elif kind := contextual.special(self, at, lowered):
            line.append(retype(token, kind))
            self.scoped = kind == "_ONLY"
        elif (
            lowered in PARTS
            and self.line.last == "NAME"
            and line[-1].lower() in WITH_PARTS
            and self.text.next_kind(at) != "LPAR"
        ):
            line += [empty_before(token, "DOT", "."), token]
        else:
            line.append(token)
        return at + 1

    def keyword(self, at: int) -> str:
        """Return the type of the statement that begins with the word here, or nothing.

        In ``take ELE select pT > 10`` it follows an operand. Inside a bracket it has to begin a
        line and stand before an operand: then somebody forgot to close the bracket.
        """
        kind = starting(self.text, at, self.block)
        line = self.line.tokens
        if not kind or (line and line[-1].type in NAMING):
            return ""
        if not demanded(self.text, at, kind):
            return ""
        if not line:
            return kind
        before = line[-1]
        if before.type == "RBRACE" and touch(before, self.tokens[at]):
            return ""
        if kind == "CLAUSE":
            return kind if self.line.head == "SYSTEMATIC" and len(line) == 2 else ""
        certain = self.fresh[at] and kind in ("SELECT", "REJECT")
        follows = self.text.operand_follows(at, "LPAR" if certain else "")
        if self.brackets:
            return kind if self.fresh[at] and follows else ""
        if before.type == "SETTING":
            return ""
        return kind if before.type in ENDING or (follows and kind not in MODEST) else ""

    def begin(self, at: int, kind: str) -> int:
        """Begin a new statement with the keyword at ``at``."""
        token = self.tokens[at]
        if self.line.tokens and not self.fresh[at] and self.line.head not in BLOCK_TYPES:
            self.note("N103", "several statements stand on one line", span_of(token))
        self.end()
        self.line.tokens.append(retype(token, kind))
        return at + 2 if kind == "AUTO" else at + 1

    def another_path(self) -> bool:
        """Whether a text goes on with the triggers of ``HLT "a" || "b"``."""
        line = self.line.tokens
        return len(line) > 2 and [t.type for t in line[-3:]] == ["FIRED", "STRING", "OR"]

    # ------------------------------------------------------------------------------ brackets

    # ------------------------------------------------------------------------------ findings
