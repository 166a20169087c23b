"""A text as it is being read: the statement that grows, its open brackets, and what was found.

Mistakes are kept with the line that has them: whoever skips a line skips them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from lark import Token

from adl.syntax.diagnostics import Diagnostic, Mistake, Severity
from adl.syntax.keywords import BLOCK_TYPES
from adl.syntax.lookahead import Text, opens_bars
from adl.syntax.source import Source, Span
from adl.syntax.tokens import CLOSED_BY, ENDING, retype, span_of

DEEPEST = 200  # levels of brackets, and of expressions: far below Python's limit of recursion
CONDITIONS = frozenset({"SELECT", "REJECT", "BIN"})


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
    def last(self) -> str:
        """The type of the last token."""
        return self.tokens[-1].type if self.tokens else ""


class Reading:
    """Tokens from the left; ``line`` is the statement that grows."""

    def __init__(self, source: Source, lenient: bool) -> None:
        self.source = source
        self.lenient = lenient
        self.text = Text([], [])
        self.tokens, self.fresh = self.text.tokens, self.text.fresh
        self.notes: list[Diagnostic] = []
        self.lines: list[Line] = []
        self.line = Line()
        self.block_before = ""  # the type of the block to which the statement belongs
        self.brackets: list[Token] = []
        self.scoped = False  # whether the words behind only are being read

    @property
    def block(self) -> str:
        """The type of the block that is being read, "" outside all of them."""
        return self.line.head if self.line.head in BLOCK_TYPES else self.block_before

    def in_inputs(self) -> bool:
        """Whether the inputs of a correction are being read: there ``*`` and ``$`` stand for some."""
        return self.line.head == "CLAUSE" and self.line.tokens[0].lower() == "inputs"

    def begins_input(self) -> bool:
        """Whether the next token begins one of the inputs of a correction."""
        return self.in_inputs() and self.line.last in ("CLAUSE", "_COMMA")

    def end(self) -> None:
        """End the statement."""
        if self.brackets:
            self.fail("E104", f"this `{self.brackets[-1]}` is never closed", self.brackets[-1])
        tokens = self.line.tokens
        if len(tokens) > 2 and tokens[0].type == "OBJECT" and tokens[2].type == "EQUALS":
            tokens[0] = retype(tokens[0], "CANDIDATE")
        if self.lenient and self.line.head in CONDITIONS and self.line.last == "QUERY":
            place, reading = span_of(tokens.pop()), "if it were not there"
            self.repaired(Mistake("E101", "nothing stands behind this ?", place, reading))
        if tokens or self.line.mistakes:
            self.block_before = self.block
            self.lines.append(self.line)
            self.line = Line()
        self.scoped = False

    # ------------------------------------------------------------------------------ brackets

    def open(self, token: Token) -> None:
        """Add an opening bracket."""
        self.line.tokens.append(token)
        if not self.line.readable:
            return
        self.brackets.append(token)
        if len(self.brackets) > DEEPEST:
            message = f"brackets are nested more than {DEEPEST} levels deep"
            self.fail("E106", message, token, "name a part of the expression with define")

    def close(self, token: Token) -> None:
        """Add a closing bracket; one that closes nothing, or another kind, is a mistake."""
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

    def close_and_open(self, token: Token) -> None:
        """Add both brackets of ``][``."""
        start, end = span_of(token).start, span_of(token).end
        self.close(Token("RSQB", "]", start_pos=start, end_pos=end - 1))
        self.open(Token("LSQB", "[", start_pos=start + 1, end_pos=end))

    def bar(self, at: int) -> None:
        """Add a bar: it opens or closes ``|x|``, or is an ``or`` of bits."""
        token = self.tokens[at]
        after_operand = self.line.last in ENDING
        if self.brackets and self.brackets[-1].type == "BAR_OPEN" and after_operand:
            self.close(retype(token, "BAR_CLOSE"))
        elif after_operand and not opens_bars(self.text, at):
            self.line.tokens.append(retype(token, "BIT_OR"))
        elif any(bracket.type == "BAR_OPEN" for bracket in self.brackets):
            self.fail("E104", "bars cannot stand inside bars", token, "|x| is also abs(x)")
        else:
            self.open(retype(token, "BAR_OPEN"))

    # ------------------------------------------------------------------------------ findings

    def fail(self, code: str, message: str, at: Token, help: str = "") -> None:
        """Record a mistake after which the rest of the statement cannot be read."""
        self.mistake(code, message, span_of(at), help)
        self.line.readable = False
        self.brackets.clear()

    def mistake(self, code: str, message: str, span: Span, help: str = "") -> None:
        """Record a mistake with the line that has it."""
        self.line.mistakes.append(Diagnostic(code, "error", message, span, help))

    def repaired(self, mistake: Mistake) -> bool:
        """Record a mistake with one possible reading; return whether it is to be read so."""
        (self.notes if self.lenient else self.line.mistakes).append(mistake.finding(self.lenient))
        return self.lenient

    def note(self, code: str, message: str, span: Span, help: str = "") -> None:
        """Record what was read although it is no good ADL."""
        severity: Severity = "warning" if code.startswith("W") else "note"
        self.notes.append(Diagnostic(code, severity, message, span, help))
