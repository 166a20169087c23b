"""Characters that are none of ADL's: what is said of each, and what ``--lenient`` reads for it."""

from __future__ import annotations

from lark import Token

from adl.syntax.diagnostics import Diagnostic, Mistake
from adl.syntax.lookahead import starting
from adl.syntax.reading import Reading
from adl.syntax.tokens import retype, span_of

MOST_STRANGE = 20  # characters on one line that are reported
LONGEST_SHOWN = 40  # characters of a run

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


def unknown(reading: Reading, at: int) -> None:
    """Read a character that is no token of ADL, where that is possible."""
    token = reading.tokens[at]
    if token == ";" and not reading.brackets:
        after = at + 1
        last = after == len(reading.tokens) or reading.fresh[after]
        if last or (
            reading.text.kind(after) == "NAME" and starting(reading.text, after, reading.block)
        ):
            reading.note("W105", "a statement ends without a semicolon", span_of(token))
            reading.end()
            return
    if token == "$" and reading.in_inputs():
        reading.line.tokens.append(retype(token, "NAME"))
        return
    strange(reading, token)


def typographic(reading: Reading, at: int) -> int:
    """With ``--lenient`` read a character that text programs put for one of ADL's.

    Returns the index of the next token, 0 if it is none of them.
    """
    token = reading.tokens[at]
    if not reading.lenient:
        return 0
    message = f"ADL has no character `{token}`"
    if token in QUOTES:
        end = at + 1
        while (
            end < len(reading.tokens)
            and not reading.fresh[end]
            and reading.tokens[end] not in QUOTES
        ):
            end += 1
        if end == len(reading.tokens) or reading.fresh[end]:
            return 0
        place = span_of(token).to(span_of(reading.tokens[end]))
        text = reading.source.text[place.start + 1 : place.end - 1]
        reading.repaired(Mistake("E102", message, place, f'"{text}"', STRANGE[token]))
        new = Token("STRING", f'"{text}"', start_pos=place.start, end_pos=place.end)
        reading.line.tokens.append(new)
        return end + 1
    if token not in TYPOGRAPHIC:
        return 0
    kind, value = TYPOGRAPHIC[token]
    meant = f"`{value}`" if value.strip() else "a blank"
    reading.repaired(Mistake("E102", message, span_of(token), meant, STRANGE[token]))
    if kind:
        reading.line.tokens.append(Token.new_borrow_pos(kind, value, token))
    return at + 1


def strange(reading: Reading, token: Token) -> None:
    """Report a character that ADL has not."""
    shown = f"`{token}`" if token.isprintable() else f"U+{ord(token):04X}"
    message = f"ADL has no character {shown}"
    if _runs_on(reading, token):
        return
    # One message a line: a text in single quotes has two of them.
    others = reading.line.mistakes
    if len(others) < MOST_STRANGE and not any(m.message == message for m in others):
        letters = LETTERS if token.isalpha() else ""
        reading.mistake("E102", message, span_of(token), STRANGE.get(token.value, letters))


def _runs_on(reading: Reading, token: Token) -> bool:
    """Make one message of a word in letters that ADL has not."""
    others = reading.line.mistakes
    if token.isascii() or token in STRANGE or not others:
        return False
    last = others[-1]
    place = last.span.to(span_of(token))
    run = reading.source.text[place.start : place.end]
    alone = last.code == "E102" and last.span.end == span_of(token).start
    if not alone or run.isascii() or run[0] in STRANGE:
        return False
    shown = f"`{run}`" if run.isprintable() and len(run) < LONGEST_SHOWN else f"`{run[0]}`, …"
    message = f"ADL has no characters {shown}"
    others[-1] = Diagnostic("E102", "error", message, place, LETTERS)
    return True
