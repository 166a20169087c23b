"""Names and operators that are spelled in an odd way, or in several tokens.

``region SR-low``, ``jes_{s}``, ``systematic auto JES*``, ``2l``, ``&&`` and ``GT``.
"""

from __future__ import annotations

from lark import Token

from adl.syntax.diagnostics import Mistake
from adl.syntax.keywords import KEYWORD_TYPES
from adl.syntax.reading import Reading
from adl.syntax.tokens import COMPARISONS, ENDING, UNITS, joined, retype, span_of, touch

LONGEST_NAME = 400  # characters of a name in pieces
LONGEST_ENDING = 8  # tokens of a name behind its placeholder
MOST_REGIONS = 50  # on one line, where a hyphen belongs to a name
GLOB = frozenset({"NAME", "TIMES", "INT", "QUERY", "MINUS", "DIGIT_FIRST"})


def glob(reading: Reading, token: Token) -> None:
    """Add a piece of the pattern behind ``systematic auto``."""
    line = reading.line.tokens
    if len(line) > 1 and touch(line[-1], token) and len(line[-1]) < LONGEST_NAME:
        line[-1] = joined(line[-1], token)
    else:
        line.append(retype(token, "NAME"))


def hyphen(reading: Reading, at: int) -> bool:
    """Whether the minus here belongs to a name, as in ``region SR-low``; if so, read it."""
    line = reading.line.tokens
    if not line or line[-1].type not in ("NAME", "WORD") or at + 1 == len(reading.tokens):
        return False
    if len(line[-1]) > LONGEST_NAME:
        return False
    heads = ("REGION", "HISTO", "TAKE", "SYSTEMATIC")
    named = (len(line) == 2 and line[0].type in heads) or line[-1].type == "WORD"
    if not named and (len(line) > MOST_REGIONS or any(token.type != "NAME" for token in line)):
        return False
    minus, after = reading.tokens[at], reading.tokens[at + 1]
    if after.type not in ("NAME", "INT", "DIGIT_FIRST"):
        return False
    if not (touch(line[-1], minus) and touch(minus, after)):
        return False
    kind, known = line[-1].type, "-" in line[-1]
    line[-1] = retype(joined(line[-1], minus, after), kind)
    if line[0].type in ("REGION", "HISTO") and not known:
        help = "an underscore is read by every tool"
        reading.note("W103", "a name has a hyphen", span_of(line[-1]), help)
    return True


def placeholder(reading: Reading, at: int) -> int:
    """Return where a name such as ``jes_{s}`` ends whose placeholder begins here, or 0."""
    line = reading.line.tokens
    if reading.block not in ("SYSTEMATIC", "CORRECTION") or reading.line.last != "NAME":
        return 0
    if len(line[-1]) > LONGEST_NAME:
        return 0
    inside = reading.tokens[at : at + 3]
    if [token.type for token in inside] != ["LBRACE", "NAME", "RBRACE"]:
        return 0
    pieces = [line[-1], *inside]
    for after in reading.tokens[at + 3 : at + 3 + LONGEST_ENDING]:
        if not touch(pieces[-1], after):
            break
        if after.type not in ("NAME", "INT", "DIGIT_FIRST") and after != "_":
            break
        pieces.append(after)
    if not all(map(touch, pieces, pieces[1:])):
        return 0
    certain = len(line) == 2 or line[-1].endswith(("_", "}")) or len(pieces) > 4
    return at + len(pieces) - 1 if certain else 0


def digit_first(reading: Reading, token: Token) -> None:
    """Add a name that begins with a digit; where none may stand, report it."""
    if reading.scoped:
        reading.line.tokens.append(retype(token, "WORD"))
        return
    if reading.line.head != "CLAUSE" or not any(
        before.type == "SETTING" and before.lower() == "only" for before in reading.line.tokens[-8:]
    ):
        message = f"`{token}` is neither a number nor a name"
        help = "a name begins with a letter; numbers have no units: GeV, radians, mm"
        if token.lstrip("0123456789") in UNITS:
            reading.mistake("E105", message, span_of(token), help)
        else:
            reading.repaired(Mistake("E105", message, span_of(token), "a name", help))
    reading.line.tokens.append(retype(token, "NAME"))


def odd_operator(reading: Reading, token: Token) -> None:
    """Note an operator that other languages have."""
    if token in ("&&", "||"):
        word = "and" if token == "&&" else "or"
        reading.note("N101", f"`{token}` is read as {word}", span_of(token))
    elif token == "!":
        help = "CutLang drops the character and reads the opposite"
        reading.note("W101", "write not for !", span_of(token), help)


def single_equals(reading: Reading, token: Token) -> None:
    """Read ``=`` as a comparison, and say so."""
    message, help = "`=` compares nothing", "== compares, = belongs to define"
    reading.repaired(Mistake("E101", message, span_of(token), "==", help))
    reading.line.tokens.append(Token.new_borrow_pos("COMPARE", "==", token))


def compares(reading: Reading, at: int) -> bool:
    """Whether the word here stands for a comparison, as ``GT`` does."""
    token = reading.tokens[at]
    follows = reading.text.operand_follows(at, "LPAR")
    follows |= token.isupper() and reading.text.next_kind(at) == "MINUS"  # eta GT -1
    if reading.line.last not in ENDING or not follows:
        return False
    if reading.line.head not in KEYWORD_TYPES or reading.line.tokens[-1].type == "STRING":
        return False
    sign = COMPARISONS[token.upper()]
    if token.isupper():
        reading.note("W102", f"write {sign} for {token}", span_of(token))
        return True
    if not token.islower() or reading.line.head in ("TAKE", "OBJECT"):
        return False
    message = f"`{token}` is no operator"
    reading.repaired(Mistake("E112", message, span_of(token), sign, f"write {sign}"))
    return True
