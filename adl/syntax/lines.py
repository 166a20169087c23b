"""Tokens to statements: which words are keywords, and where each statement ends.

A statement ends with its line, unless a bracket is open, the line ends unfinished or the next one
begins with an operator; a keyword begins a new statement in the midst of a line, too. Mistakes are
kept with the line that has them: whoever skips a line skips them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lark import Token

from adl.syntax.diagnostics import Diagnostic
from adl.syntax.keywords import BLOCK_TYPES, KEYWORD_TYPES, KEYWORDS
from adl.syntax.source import Source, Span

DEEPEST = 200  # levels of brackets, and of expressions: far below Python's limit of recursion

LOGIC = {"and": "AND", "or": "OR", "not": "NOT"}
COMPARISONS = {"EQ": "==", "NE": "!=", "LT": "<", "GT": ">", "LE": "<=", "GE": ">="}

OPERATORS = frozenset({"AND", "OR", "COMPARE", "RANGE", "PLUS", "MINUS", "TIMES", "CARET"})
# No statement begins with one of these, so a line that does goes on with the one before ...
CONTINUING = OPERATORS | {"QUERY", "COLON", "EQUALS", "_COMMA"}
# ... and no statement ends with one of these.
UNFINISHED = CONTINUING | {"NOT"}

# The tokens with which an operand ends, and begins.
ENDING = frozenset(
    {"NAME", "SEARCHED", "INT", "REAL", "STRING", "RPAR", "RSQB", "RBRACE", "BAR_CLOSE"}
)
BEGINNING = frozenset({"NAME", "SEARCHED", "INT", "REAL", "STRING", "LBRACE", "BAR", "NOT"})

CLOSED_BY = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE", "BAR_OPEN": "BAR_CLOSE"}
CLOSING = frozenset(CLOSED_BY.values())

STRANGE = {
    ";": "a statement ends with its line: remove the semicolon",
    "'": 'a text stands in double quotes: "a title"',
    "\u201c": 'a text stands in plain double quotes: "a title"',
    "\u201d": 'a text stands in plain double quotes: "a title"',
    "&": "write and",
    "%": "ADL has no remainder operator",
    "\u2212": "write a plain -",
    "\u2013": "write a plain -",
    "\u00d7": "write *",
    "\u2264": "write <=",
    "\u2265": "write >=",
    "\u2260": "write !=",
    "\u00a0": "this is a non-breaking space: type a plain one",
    "\\": "a backslash continues a line only as its last character",
    "_": "a name begins with a letter",
    "\r": "lines end with a line feed, with or without a carriage return before it",
}


@dataclass(slots=True)
class Line:
    """The tokens of one statement; not readable when its brackets do not match."""

    tokens: list[Token] = field(default_factory=list)
    mistakes: list[Diagnostic] = field(default_factory=list)
    readable: bool = True

    @property
    def head(self) -> str:
        """The type of the first token."""
        return self.tokens[0].type if self.tokens else ""

    @property
    def opens_block(self) -> bool:
        """Whether a block begins here; ``object Z = a + b`` is a line of a composite."""
        part = self.head == "OBJECT" and any(t.type == "EQUALS" for t in self.tokens[2:3])
        return self.head in BLOCK_TYPES and not part


def span_of(token: Token) -> Span:
    """Return the place of a token in the text."""
    assert token.start_pos is not None
    assert token.end_pos is not None
    return Span(token.start_pos, token.end_pos)


def touch(left: Token, right: Token) -> bool:
    """Whether no white space stands between two tokens."""
    return left.end_pos == right.start_pos


def retype(token: Token, kind: str) -> Token:
    """Return the same token as one of another type."""
    return Token.new_borrow_pos(kind, token.value, token)


def split(source: Source, tokens: Iterable[Token]) -> list[Line]:
    """Return the statements of a text, in its order, with their keywords marked as such."""
    lines = _Splitter(source, tokens).read()
    _mark_own_defines(source, lines)
    return lines


class _Splitter:
    """Reads tokens from the left; ``line`` is the statement that grows."""

    def __init__(self, source: Source, tokens: Iterable[Token]) -> None:
        self.source = source
        self.tokens: list[Token] = []
        self.fresh: list[bool] = []  # whether the token is the first of its line
        fresh = True
        for token in tokens:
            if token.type != "NEWLINE":
                self.tokens.append(token)
                self.fresh.append(fresh)
            fresh = token.type == "NEWLINE"
        self.lines: list[Line] = []
        self.line = Line()
        self.brackets: list[Token] = []

    def read(self) -> list[Line]:
        at = 0
        while at < len(self.tokens):
            if self.fresh[at] and not self.joined(at):
                self.end()
            at = self.field(at) if self.in_info(at) else self.token(at)
        self.end()
        return self.lines

    def joined(self, at: int) -> bool:
        """Whether the line that begins here goes on with the statement before."""
        if not self.line.tokens or not self.line.readable or self.line.head == "INFO":
            return False
        token = self.tokens[at]
        return bool(
            self.brackets
            or self.line.tokens[-1].type in UNFINISHED
            or token.type in CONTINUING
            or token.lower() in ("and", "or")
        )

    def end(self) -> None:
        if self.brackets:
            self.fail("E104", f"this `{self.brackets[-1]}` is never closed", self.brackets[-1])
        if self.line.tokens or self.line.mistakes:
            self.lines.append(self.line)
            self.line = Line()

    def in_info(self, at: int) -> bool:
        """Whether a line of free text begins here."""
        if self.line.tokens or not self.fresh[at] or not self.lines:
            return False
        free = self.lines[-1].head in ("INFO", "FIELD")
        return free and self.tokens[at].lower() not in KEYWORDS

    def field(self, at: int) -> int:
        """Read one line of free text, whatever it contains; return where the next one begins."""
        stop = at + 1
        while stop < len(self.tokens) and not self.fresh[stop]:
            stop += 1
        start = span_of(self.tokens[at]).start
        end = self.source.text.find("\n", span_of(self.tokens[stop - 1]).start)
        text = self.source.text[start : end if end >= 0 else None].rstrip()
        self.line.tokens = [Token("FIELD", text, start_pos=start, end_pos=start + len(text))]
        for token in self.tokens[at:stop]:
            if token == "\0":
                self.strange(token)
        self.end()
        return stop

    def token(self, at: int) -> int:
        """Add one token to the statement, or several; return the index of the next one."""
        token = self.tokens[at]
        match token.type:
            case "NAME":
                self.word(at)
            case "MINUS" if self.hyphen(at):
                return at + 2
            case "RANGE" if token == "][" and self.brackets and self.brackets[-1] == "[":
                start, end = span_of(token).start, span_of(token).end
                self.close(Token("RSQB", "]", start_pos=start, end_pos=end - 1))
                self.open(Token("LSQB", "[", start_pos=start + 1, end_pos=end))
            case "LPAR" | "LSQB" | "LBRACE":
                self.open(token)
            case "RPAR" | "RSQB" | "RBRACE":
                self.close(token)
            case "BAR":
                self.bar(token)
            case "UNKNOWN":
                self.strange(token)
            case "DIGIT_FIRST":
                self.mistake(
                    "E105",
                    f"`{token}` is neither a number nor a name",
                    span_of(token),
                    "a name begins with a letter; numbers have no units: GeV, radians, mm",
                )
                self.line.tokens.append(retype(token, "NAME"))
            case "OPEN_STRING":
                text = token.rstrip()
                place = Span(span_of(token).start, span_of(token).start + len(text))
                help = "a text ends on the line where it begins"
                self.mistake("E103", "this text has no closing quote", place, help)
                self.line.tokens.append(Token.new_borrow_pos("STRING", text + '"', token))
            case "SEARCH":
                self.fail("E107", f"this version does not read searches with `{token}` yet", token)
            case _:
                self.line.tokens.append(token)
        return at + 1

    def word(self, at: int) -> None:
        """Add a name, an operator spelled as a word, or the keyword of a new statement."""
        token = self.tokens[at]
        before = self.line.tokens[-1].type if self.line.tokens else ""
        lowered = token.lower()
        if before == "DOT":
            self.line.tokens.append(token)
        elif lowered in LOGIC:
            self.line.tokens.append(retype(token, LOGIC[lowered]))
        elif token in COMPARISONS and before in ENDING and self.operand_follows(at, "LPAR"):
            self.line.tokens.append(retype(token, "COMPARE"))
        elif lowered in KEYWORDS and self.starts_statement(at):
            self.end()
            self.line.tokens.append(retype(token, KEYWORDS[lowered]))
        else:
            self.line.tokens.append(token)

    def starts_statement(self, at: int) -> bool:
        """Whether the word here, spelled like a keyword, is one.

        In ``take ELE select pT > 10`` it follows an operand. Inside a bracket it has to begin a
        line and stand before an operand: then somebody forgot to close the bracket.
        """
        if not self.line.tokens:
            return True
        before = self.line.tokens[-1]
        if before.type in KEYWORD_TYPES or (
            before.type == "RBRACE" and touch(before, self.tokens[at])
        ):
            return False
        if self.brackets:
            certain = KEYWORDS[self.tokens[at].lower()] in ("SELECT", "REJECT")
            return self.fresh[at] and self.operand_follows(at, "LPAR" if certain else "")
        return before.type in ENDING or self.operand_follows(at)

    def operand_follows(self, at: int, or_else: str = "") -> bool:
        after = self.tokens[at + 1].type if at + 1 < len(self.tokens) else ""
        return after in BEGINNING or (after != "" and after == or_else)

    def hyphen(self, at: int) -> bool:
        """Whether the minus here belongs to a name, as in ``region SR-low``; if so, read it."""
        line = self.line.tokens
        if not line or line[-1].type != "NAME" or at + 1 == len(self.tokens):
            return False
        named = len(line) == 2 and line[0].type in ("REGION", "HISTO", "TAKE")
        if not named and any(token.type != "NAME" for token in line):
            return False
        minus, after = self.tokens[at], self.tokens[at + 1]
        if after.type not in ("NAME", "INT", "DIGIT_FIRST"):
            return False
        if not (touch(line[-1], minus) and touch(minus, after)):
            return False
        name = f"{line[-1]}-{after}"
        line[-1] = Token(
            "NAME", name, start_pos=span_of(line[-1]).start, end_pos=span_of(after).end
        )
        return True

    def open(self, token: Token) -> None:
        self.line.tokens.append(token)
        if not self.line.readable:
            return
        self.brackets.append(token)
        if len(self.brackets) > DEEPEST:
            message = f"brackets are nested more than {DEEPEST} levels deep"
            self.fail("E106", message, token, "name a part of the expression with define")

    def close(self, token: Token) -> None:
        self.line.tokens.append(token)
        if not self.line.readable:
            return
        if not self.brackets:
            self.fail("E104", f"this `{token}` closes nothing", token)
            return
        opened = self.brackets.pop()
        if CLOSED_BY[opened.type] != token.type:
            message = f"`{token}` cannot close the `{opened}` before it"
            self.fail("E104", message, token)

    def bar(self, token: Token) -> None:
        after_operand = bool(self.line.tokens) and self.line.tokens[-1].type in ENDING
        if self.brackets and self.brackets[-1].type == "BAR_OPEN" and after_operand:
            self.close(retype(token, "BAR_CLOSE"))
        elif any(bracket.type == "BAR_OPEN" for bracket in self.brackets):
            self.fail("E104", "bars cannot stand inside bars", token, "|x| is also abs(x)")
        else:
            self.open(retype(token, "BAR_OPEN"))

    def strange(self, token: Token) -> None:
        shown = f"`{token}`" if token.isprintable() else f"U+{ord(token):04X}"
        message = f"ADL has no character {shown}"
        # One message a line: a text in single quotes has two of them.
        if not any(m.message == message for m in self.line.mistakes):
            self.mistake("E102", message, span_of(token), STRANGE.get(token.value, ""))

    def fail(self, code: str, message: str, at: Token, help: str = "") -> None:
        """Record a mistake after which the rest of the statement cannot be read."""
        self.mistake(code, message, span_of(at), help)
        self.line.readable = False
        self.brackets.clear()

    def mistake(self, code: str, message: str, span: Span, help: str = "") -> None:
        # What we cannot read yet may be written as it likes.
        if self.line.head not in ("LATER_BLOCK", "LATER_STATEMENT"):
            self.line.mistakes.append(Diagnostic(code, "error", message, span, help))


def _mark_own_defines(source: Source, lines: Sequence[Line]) -> None:
    """Tell the attributes that an object block defines from the defines that follow it.

    Nothing but the layout or the next statement can say which is meant: a define belongs to the
    object when it is indented deeper, or when the object's statements go on behind it.
    """
    header: Line | None = None
    for i, line in enumerate(lines):
        if line.head == "DEFINE" and header is not None:
            deeper = _column(source, line) > _column(source, header)
            after = (other.head for other in lines[i:] if other.head != "DEFINE")
            if deeper or next(after, "") in ("TAKE", "SELECT", "REJECT"):
                line.tokens[0] = retype(line.tokens[0], "OWN_DEFINE")
                continue
        if line.opens_block:
            header = line if line.head == "OBJECT" else None


def _column(source: Source, line: Line) -> int:
    return source.position(span_of(line.tokens[0]).start)[1]
