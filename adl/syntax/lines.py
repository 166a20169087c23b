"""Tokens to statements: which words are keywords, and where each statement ends.

A statement ends with its line, unless a bracket is open, the line ends unfinished or the next one
begins with an operator; a keyword begins a new statement in the midst of a line, too. Mistakes are
kept with the line that has them: whoever skips a line skips them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from lark import Token

from adl.syntax.diagnostics import Diagnostic, Mistake, Severity
from adl.syntax.keywords import (
    ALONE,
    BLOCK_TYPES,
    DIRECTIONS,
    KEYWORD_TYPES,
    OF_CORRECTIONS,
    SETTINGS,
    STARTING,
    TABLE_WORDS,
    keyword,
)
from adl.syntax.lookahead import MODEST, Text, demanded, ends_info, fires, opens_bars, starting
from adl.syntax.source import Source, Span
from adl.syntax.tokens import (
    CLOSED_BY,
    COMPARISONS,
    CONTINUING,
    ENDING,
    LOGIC,
    UNFINISHED,
    UNITS,
    empty_before,
    joined,
    retype,
    span_of,
    touch,
    without_slashes,
)
from adl.syntax.tree import Comment

DEEPEST = 200  # levels of brackets, and of expressions: far below Python's limit of recursion
MOST_TOKENS = 3_000_000  # of a file: 100 000 lines and more, and 1.5 GB of memory
MOST_STRANGE = 20  # characters on one line that are reported
LONGEST_NAME = 400  # characters of a name in pieces
LONGEST_ENDING = 8  # tokens of a name behind its placeholder
MOST_REGIONS = 50  # on one line, where a hyphen belongs to a name

# Behind one of these stands a name or a value, however it is spelled.
NAMING = KEYWORD_TYPES | {
    *("TABLETYPE", "ERRORS", "OUTSIDE", "OPTIONAL", "_STREAM", "_ALIAS", "_ONLY", "_DRAW", "FIRED")
}
TAKING = frozenset({"OBJECT", "TAKE"})  # an element's name may follow a call
LIMITED = frozenset({"SELECT", "REJECT", "WEIGHT", "HISTO"})  # by only
CONDITIONS = frozenset({"SELECT", "REJECT", "BIN"})
SCOPES = frozenset(("simulation", "data", "era", "nominal"))
WITH_PARTS = frozenset(("jet", "fjet", "gen"))
PARTS = frozenset(("constituents", "daughters"))
GLOB = frozenset({"NAME", "TIMES", "INT", "QUERY", "MINUS", "DIGIT_FIRST"})

STRANGE = {
    ";": "a statement ends with its line: remove the semicolon",
    "'": 'a text stands in double quotes: "a title"',
    "\u201c": 'a text stands in plain double quotes: "a title"',
    "\u201d": 'a text stands in plain double quotes: "a title"',
    "$": "$ is the input that a correction varies: it stands behind inputs only",
    "%": "mod(a, b) is the remainder",
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

# What text programs put in the place of characters of ADL: the token that is meant, or nothing.
TYPOGRAPHIC = {
    "\u2212": ("MINUS", "-"),
    "\u2013": ("MINUS", "-"),
    "\u00d7": ("TIMES", "*"),
    "\u2264": ("COMPARE", "<="),
    "\u2265": ("COMPARE", ">="),
    "\u2260": ("COMPARE", "!="),
    "\u00a0": ("", " "),
}
QUOTES = "\u201c\u201d"
LETTERS = "names consist of the letters A to Z, digits and underscores"
LONGEST_SHOWN = 40  # characters of a run


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
    _mark_own_defines(source, lines)
    return Statements(lines, tuple(splitter.comments), splitter.notes)


class _Splitter:
    """Reads tokens from the left; ``line`` is the statement that grows."""

    def __init__(self, source: Source, tokens: Iterable[Token], lenient: bool) -> None:
        self.source = source
        self.lenient = lenient
        self.comments: list[Comment] = []
        self.notes: list[Diagnostic] = []
        self.text = Text([], [])
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
        self.tokens, self.fresh = self.text.tokens, self.text.fresh
        self.lines: list[Line] = []
        self.line = Line()
        self.block_before = ""  # the type of the block to which the statement belongs
        self.brackets: list[Token] = []
        self.scoped = False  # whether the words behind only are being read

    @property
    def block(self) -> str:
        """The type of the block that is being read, "" outside all of them."""
        return self.line.head if self.line.head in BLOCK_TYPES else self.block_before

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
            case "REGION" if (
                line.last == "COLON"
            ):  # as in Python; of an object it takes what follows
                return False
            case "SORT" if word in DIRECTIONS:
                return line.last in ENDING
            case "OBJECT" | "TAKE" if word == "alias":
                return line.last == "RPAR"
            case "SELECT" | "REJECT" | "WEIGHT" | "HISTO" if word == "only":
                after = self.tokens[at + 1].lower() if self.text.next_kind(at) else ""
                return line.last in ENDING and after in SCOPES
        return line.last in UNFINISHED or token.type in CONTINUING or word in ("and", "or")

    def end(self) -> None:
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
                self.strange(token)
        self.end()
        return stop

    # -------------------------------------------------------------------------------- tokens

    def token(self, at: int) -> int:
        """Add one token to the statement, or several; return the index of the next one."""
        token = self.tokens[at]
        line = self.line.tokens
        in_glob = self.line.head == "AUTO" and not self.fresh[at]
        if in_glob and (token.type in GLOB or token == "_"):
            self.glob(token)
            return at + 1
        match token.type:
            case "NAME":
                return self.word(at)
            case "INT" | "REAL" | "STRING" if self.scoped:
                line.append(retype(token, "WORD"))
            case "STRING" if self.another_path():
                line += [empty_before(token, "FIRED", "HLT"), token]
            case "SINGLE_QUOTED":
                self.note("W106", "a text stands in double quotes", span_of(token))
                line.append(Token.new_borrow_pos("STRING", f'"{token[1:-1]}"', token))
            case "MINUS" if self.hyphen(at):
                return at + 2
            case "LBRACE" if merged := self.placeholder(at):
                line[-1] = joined(line[-1], *self.tokens[at:merged])
                return merged
            case "TIMES" if (
                token == "*"
                and self.in_inputs()
                and self.line.last
                in (
                    "CLAUSE",
                    "_COMMA",
                )
            ):
                line.append(retype(token, "NAME"))
            case "RANGE" if token == "][" and self.brackets and self.brackets[-1] == "[":
                start, end = span_of(token).start, span_of(token).end
                self.close(Token("RSQB", "]", start_pos=start, end_pos=end - 1))
                self.open(Token("LSQB", "[", start_pos=start + 1, end_pos=end))
            case "LPAR" | "LSQB" | "LBRACE":
                self.open(token)
            case "RPAR" | "RSQB" | "RBRACE":
                self.close(token)
            case "BAR":
                self.bar(at)
            case "EQUALS" if self.lenient and not self.brackets and self.line.head in CONDITIONS:
                message, help = "`=` compares nothing", "== compares, = belongs to define"
                self.repaired(Mistake("E101", message, span_of(token), "==", help))
                line.append(Token.new_borrow_pos("COMPARE", "==", token))
            case "UNKNOWN" if end := self.typographic(at):
                return end
            case "UNKNOWN":
                self.unknown(at)
            case "DIGIT_FIRST":
                self.digit_first(token)
            case "OPEN_STRING":
                text = token.rstrip()
                place = Span(span_of(token).start, span_of(token).start + len(text))
                help = "a text ends on the line where it begins"
                self.mistake("E103", "this text has no closing quote", place, help)
                line.append(Token.new_borrow_pos("STRING", text + '"', token))
            case _:
                self.odd_operator(token)
                line.append(token)
        return at + 1

    def word(self, at: int) -> int:
        """Add a name, an operator spelled as a word, or the keyword of a new statement."""
        token = self.tokens[at]
        line = self.line.tokens
        lowered = token.lower()
        if self.line.last == "DOT":
            line.append(token)
        elif lowered in LOGIC:
            line.append(retype(token, LOGIC[lowered]))
        elif lowered.upper() in COMPARISONS and self.compares(at):
            line.append(Token.new_borrow_pos("COMPARE", lowered.upper(), token))
        elif lowered in STARTING and (kind := self.keyword(at)):
            return self.begin(at, kind)
        elif self.scoped:
            line.append(retype(token, "WORD"))
        elif kind := self.special(at, lowered):
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

    def compares(self, at: int) -> bool:
        """Whether the word here stands for a comparison, as ``GT`` does."""
        token = self.tokens[at]
        follows = self.text.operand_follows(at, "LPAR")
        follows |= token.isupper() and self.text.next_kind(at) == "MINUS"  # eta GT -1
        if self.line.last not in ENDING or not follows:
            return False
        if self.line.head not in KEYWORD_TYPES or self.line.tokens[-1].type == "STRING":
            return False
        sign = COMPARISONS[token.upper()]
        if token.isupper():
            self.note("W102", f"write {sign} for {token}", span_of(token))
            return True
        if not token.islower() or self.line.head in ("TAKE", "OBJECT"):
            return False
        message = f"`{token}` is no operator"
        self.repaired(Mistake("E112", message, span_of(token), sign, f"write {sign}"))
        return True

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

    def special(self, at: int, word: str) -> str:
        """Return the type of a word that means something in this statement only, or nothing."""
        head = "" if self.brackets else self.line.head
        last, after = self.line.last, self.text.next_kind(at)
        match head:
            case "TABLE" if word in TABLE_WORDS and last not in NAMING:
                return TABLE_WORDS[word]
            case "TRIGGER" if word == "optional" and after == "STRING":
                return "OPTIONAL"
            case "TRIGGER" if word == "stream" and last == "STRING":
                return "_STREAM"
            case "SORT" if word in DIRECTIONS and last in ENDING:
                return "DIRECTION"
            case "OBJECT" | "TAKE" if word == "alias" and last == "RPAR":
                return "_ALIAS"
            case "CLAUSE" if self.is_setting(word) and self.sets(at, word):
                return "SETTING"
        if head in LIMITED and word == "only" and last in ENDING:
            return "_ONLY" if after in ("NAME", "STRING", "INT", "DIGIT_FIRST", "") else ""
        if word == "draw" and last == "RPAR" and after == "NAME" and head not in TAKING:
            return "_DRAW"
        if word in ("trigger", "hlt") and self.condition_begins() and fires(self.text, at):
            return "FIRED"
        return ""

    def condition_begins(self) -> bool:
        """Whether a condition can begin behind what was read of the statement."""
        last = self.line.last
        if last in NAMING:
            return last in CONDITIONS
        labelled = last == "STRING" and self.line.head == "BIN" and len(self.line.tokens) == 2
        return labelled or (last != "" and last not in ENDING)

    def is_setting(self, word: str) -> bool:
        return word in SETTINGS or (self.block == "CORRECTION" and word in OF_CORRECTIONS)

    def sets(self, at: int, word: str) -> bool:
        """Whether a word such as ``up`` begins a setting of a clause."""
        before = self.line.tokens[-1]
        if before.type == "SETTING":
            if before.lower() not in ALONE:
                return False
        elif before.type not in ENDING and before.type != "CLAUSE":
            return False
        if before.type == "CLAUSE" and before.lower() == "for":
            return False
        after = self.text.next_kind(at)
        if after == "LPAR":
            return not touch(self.tokens[at], self.tokens[at + 1])
        return after not in UNFINISHED - {"MINUS", "NOT"} and after not in ("DOT", "LSQB")

    def another_path(self) -> bool:
        """Whether a text goes on with the triggers of ``HLT "a" || "b"``."""
        line = self.line.tokens
        return len(line) > 2 and [t.type for t in line[-3:]] == ["FIRED", "STRING", "OR"]

    def in_inputs(self) -> bool:
        return self.line.head == "CLAUSE" and self.line.tokens[0].lower() == "inputs"

    def glob(self, token: Token) -> None:
        """Add a piece of the pattern behind ``systematic auto``."""
        line = self.line.tokens
        if len(line) > 1 and touch(line[-1], token) and len(line[-1]) < LONGEST_NAME:
            line[-1] = joined(line[-1], token)
        else:
            line.append(retype(token, "NAME"))

    def hyphen(self, at: int) -> bool:
        """Whether the minus here belongs to a name, as in ``region SR-low``; if so, read it."""
        line = self.line.tokens
        if not line or line[-1].type not in ("NAME", "WORD") or at + 1 == len(self.tokens):
            return False
        if len(line[-1]) > LONGEST_NAME:
            return False
        heads = ("REGION", "HISTO", "TAKE", "SYSTEMATIC")
        named = (len(line) == 2 and line[0].type in heads) or line[-1].type == "WORD"
        if not named and (len(line) > MOST_REGIONS or any(token.type != "NAME" for token in line)):
            return False
        minus, after = self.tokens[at], self.tokens[at + 1]
        if after.type not in ("NAME", "INT", "DIGIT_FIRST"):
            return False
        if not (touch(line[-1], minus) and touch(minus, after)):
            return False
        kind, known = line[-1].type, "-" in line[-1]
        line[-1] = retype(joined(line[-1], minus, after), kind)
        if line[0].type in ("REGION", "HISTO") and not known:
            help = "an underscore is read by every tool"
            self.note("W103", "a name has a hyphen", span_of(line[-1]), help)
        return True

    def placeholder(self, at: int) -> int:
        """Return where a name such as ``jes_{s}`` ends whose placeholder begins here, or 0."""
        line = self.line.tokens
        if self.block not in ("SYSTEMATIC", "CORRECTION") or self.line.last != "NAME":
            return 0
        if len(line[-1]) > LONGEST_NAME:
            return 0
        inside = self.tokens[at : at + 3]
        if [token.type for token in inside] != ["LBRACE", "NAME", "RBRACE"]:
            return 0
        pieces = [line[-1], *inside]
        for after in self.tokens[at + 3 : at + 3 + LONGEST_ENDING]:
            if not touch(pieces[-1], after):
                break
            if after.type not in ("NAME", "INT", "DIGIT_FIRST") and after != "_":
                break
            pieces.append(after)
        if not all(map(touch, pieces, pieces[1:])):
            return 0
        certain = len(line) == 2 or line[-1].endswith(("_", "}")) or len(pieces) > 4
        return at + len(pieces) - 1 if certain else 0

    def digit_first(self, token: Token) -> None:
        if self.scoped:
            self.line.tokens.append(retype(token, "WORD"))
            return
        if self.line.head != "CLAUSE" or not any(
            before.type == "SETTING" and before.lower() == "only"
            for before in self.line.tokens[-8:]
        ):
            message = f"`{token}` is neither a number nor a name"
            help = "a name begins with a letter; numbers have no units: GeV, radians, mm"
            if token.lstrip("0123456789") in UNITS:
                self.mistake("E105", message, span_of(token), help)
            else:
                self.repaired(Mistake("E105", message, span_of(token), "a name", help))
        self.line.tokens.append(retype(token, "NAME"))

    def odd_operator(self, token: Token) -> None:
        """Note an operator that other languages have."""
        if token in ("&&", "||"):
            word = "and" if token == "&&" else "or"
            self.note("N101", f"`{token}` is read as {word}", span_of(token))
        elif token == "!":
            help = "CutLang drops the character and reads the opposite"
            self.note("W101", "write not for !", span_of(token), help)

    # ------------------------------------------------------------------------------ brackets

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

    def bar(self, at: int) -> None:
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

    def unknown(self, at: int) -> None:
        """Read a character that is no token of ADL, where that is possible."""
        token = self.tokens[at]
        if token == ";" and not self.brackets:
            after = at + 1
            last = after == len(self.tokens) or self.fresh[after]
            if last or (self.text.kind(after) == "NAME" and starting(self.text, after, self.block)):
                self.note("W105", "a statement ends without a semicolon", span_of(token))
                self.end()
                return
        if token == "$" and self.in_inputs():
            self.line.tokens.append(retype(token, "NAME"))
            return
        self.strange(token)

    def typographic(self, at: int) -> int:
        """With ``--lenient`` read a character that text programs put for one of ADL's.

        Returns the index of the next token, 0 if it is none of them.
        """
        token = self.tokens[at]
        if not self.lenient:
            return 0
        message = f"ADL has no character `{token}`"
        if token in QUOTES:
            end = at + 1
            while end < len(self.tokens) and not self.fresh[end] and self.tokens[end] not in QUOTES:
                end += 1
            if end == len(self.tokens) or self.fresh[end]:
                return 0
            place = span_of(token).to(span_of(self.tokens[end]))
            text = self.source.text[place.start + 1 : place.end - 1]
            self.repaired(Mistake("E102", message, place, f'"{text}"', STRANGE[token]))
            new = Token("STRING", f'"{text}"', start_pos=place.start, end_pos=place.end)
            self.line.tokens.append(new)
            return end + 1
        if token not in TYPOGRAPHIC:
            return 0
        kind, value = TYPOGRAPHIC[token]
        reading = f"`{value}`" if value.strip() else "a blank"
        self.repaired(Mistake("E102", message, span_of(token), reading, STRANGE[token]))
        if kind:
            self.line.tokens.append(Token.new_borrow_pos(kind, value, token))
        return at + 1

    def strange(self, token: Token) -> None:
        shown = f"`{token}`" if token.isprintable() else f"U+{ord(token):04X}"
        message = f"ADL has no character {shown}"
        if self.runs_on(token):
            return
        # One message a line: a text in single quotes has two of them.
        others = self.line.mistakes
        if len(others) < MOST_STRANGE and not any(m.message == message for m in others):
            letters = LETTERS if token.isalpha() else ""
            self.mistake("E102", message, span_of(token), STRANGE.get(token.value, letters))

    def runs_on(self, token: Token) -> bool:
        """Make one message of a word in letters that ADL has not."""
        others = self.line.mistakes
        if token.isascii() or token in STRANGE or not others:
            return False
        last = others[-1]
        place = last.span.to(span_of(token))
        run = self.source.text[place.start : place.end]
        alone = last.code == "E102" and last.span.end == span_of(token).start
        if not alone or run.isascii() or run[0] in STRANGE:
            return False
        shown = f"`{run}`" if run.isprintable() and len(run) < LONGEST_SHOWN else f"`{run[0]}`, …"
        message = f"ADL has no characters {shown}"
        others[-1] = Diagnostic("E102", "error", message, place, LETTERS)
        return True

    def fail(self, code: str, message: str, at: Token, help: str = "") -> None:
        """Record a mistake after which the rest of the statement cannot be read."""
        self.mistake(code, message, span_of(at), help)
        self.line.readable = False
        self.brackets.clear()

    def mistake(self, code: str, message: str, span: Span, help: str = "") -> None:
        self.line.mistakes.append(Diagnostic(code, "error", message, span, help))

    def repaired(self, mistake: Mistake) -> bool:
        """Record a mistake with one possible reading; return whether it is to be read so."""
        (self.notes if self.lenient else self.line.mistakes).append(mistake.finding(self.lenient))
        return self.lenient

    def note(self, code: str, message: str, span: Span, help: str = "") -> None:
        severity: Severity = "warning" if code.startswith("W") else "note"
        self.notes.append(Diagnostic(code, severity, message, span, help))


def _mark_own_defines(source: Source, lines: Sequence[Line]) -> None:
    """Tell the attributes that an object block defines from the defines that follow it.

    Nothing but the layout or the next statement can say which is meant: a define belongs to the
    object when it is indented deeper, or when the object's statements go on behind it.
    """
    behind = _heads_behind(lines)
    header: Line | None = None
    for line, after in zip(lines, behind, strict=True):
        if line.head == "DEFINE" and header is not None:
            deeper = _column(source, line) > _column(source, header)
            if deeper or after in ("TAKE", "SELECT", "REJECT", "CANDIDATE"):
                line.tokens[0] = retype(line.tokens[0], "OWN_DEFINE")
                continue
        if line.head in BLOCK_TYPES:
            header = line if line.head in ("OBJECT", "COMPOSITE") else None


def _heads_behind(lines: Sequence[Line]) -> list[str]:
    """Return for each line the type of the first one behind it that is no define."""
    heads: list[str] = []
    after = ""
    for line in reversed(lines):
        heads.append(after)
        if line.head != "DEFINE":
            after = line.head
    return heads[::-1]


def _column(source: Source, line: Line) -> int:
    return source.position(span_of(line.tokens[0]).start)[1]
