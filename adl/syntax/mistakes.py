"""What we say about a line that the grammar cannot read."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from difflib import get_close_matches

from lark import Token

from adl.syntax.advice import OPENED, advice, second_colon
from adl.syntax.diagnostics import Diagnostic, Mistake, did_you_mean
from adl.syntax.keywords import (
    BLOCKS,
    KEYWORD_TYPES,
    OWN_WORDS,
    SETTINGS,
    STATEMENTS,
    TABLE_WORDS,
)
from adl.syntax.lines import MOST_TOKENS
from adl.syntax.reading import DEEPEST, Line
from adl.syntax.source import Source, Span
from adl.syntax.tokens import OPERATORS, span_of

# A code never changes its meaning: users silence and search for it.
CODES: dict[str, str] = {
    "E100": "there are more mistakes than are shown",
    "E101": "something else is expected here",
    "E102": "the language has no such character",
    "E103": "a text has no closing quote",
    "E104": "brackets or bars do not match",
    "E105": "a word begins with a digit",
    "E106": "brackets or operators are nested too deep",
    "E107": "the file is too long",
    "E108": "comparisons are chained",
    "E109": "a statement stands outside the blocks that can have it",
    "E110": "a line begins with no keyword",
    "E111": "a number, an axis or a list is not what it has to be",
    "E112": "a comparison is spelled as a word in lower case",
    "E113": "a comment begins with //",
    "W101": "`!` stands for not",
    "W102": "a word such as GT stands for a comparison",
    "W103": "the name of a region or of a histogram has a hyphen",
    "W104": "a reject with ? has no else",
    "W105": "a statement ends with a semicolon",
    "W106": "a text stands in single quotes",
    "N101": "`&&` or `||` stands for and or or",
    "N102": "a function is applied with braces",
    "N103": "several statements stand on one line",
}

# Some of these mistakes have one possible reading: see ``diagnostics.Mistake``.
REPAIRABLE = frozenset({"E101", "E102", "E105", "E110", "E112", "E113"})

VALUE = {"INT", "REAL", "AT", "STRING", "NAME", "SEARCHED", "LPAR", "LBRACE", "BAR_OPEN", "MINUS"}
VALUE |= {"NOT", "FIRED", "LIST_OPEN"}

# What may follow, in the user's words: where all tokens of the first column are expected, the word
# says it for those of the second.
EXPECTATIONS = (
    ({"INT", "REAL", "LPAR"}, VALUE, "a value"),
    ({"INT", "REAL"}, {"INT", "REAL", "PLUS", "MINUS", "NAME"}, "a number"),
    ({"NAME", "LPAR"}, VALUE, "a collection"),
    ({"NAME"}, {"NAME"}, "a name"),
    ({"WORD"}, {"WORD"}, "simulation, data, a process or era and its name"),
    ({"INT"}, {"INT", "MINUS"}, "a whole number"),
    ({"AT"}, {"AT", "MINUS"}, "a whole number"),
    ({"STRING"}, {"STRING", "OPTIONAL"}, 'a text in double quotes, "like this",'),
    ({"DIRECTION"}, {"DIRECTION"}, "ascend or descend"),
    ({"PLUS"}, OPERATORS | {"QUERY", "DOT", "LSQB"}, "an operator"),
    ({"OR"}, {"OR"}, "`or`"),
    ({"EQUALS"}, {"EQUALS", "COLON"}, "`=`"),
    ({"_COMMA"}, {"_COMMA"}, "`,`"),
    ({"COLON"}, {"COLON"}, "`:`"),
    ({"RPAR"}, {"RPAR"}, "`)`"),
    ({"RSQB"}, {"RSQB"}, "`]`"),
    ({"RBRACE"}, {"RBRACE"}, "`}`"),
    ({"BAR_CLOSE"}, {"BAR_CLOSE"}, "`|`"),
    ({"_NL"}, {"_NL"}, "the end of the line"),
)

COMPARING = ("COMPARE", "RANGE", "SEARCH")
BLOCK_NAMES = {
    "OBJECT": "an object block",
    "COMPOSITE": "a composite",
    "REGION": "a region",
    "COUNTSFORMAT": "a countsformat",
    "HISTOLIST": "a histoList",
    "FUNCTION": "a function block",
    "SYSTEMATIC": "a systematic",
    "CORRECTION": "a correction",
    "TABLE": "a table",
    "INFO": "an info block",
}
STATEMENTS_OF = {
    "OBJECT": "take, select, reject, define, histo or print",
    "COMPOSITE": "take, select, reject, define or object Z = a + b",
    "REGION": "select, reject, take, weight, histo, bin or the names of other regions",
    "COUNTSFORMAT": 'lines such as process bkg, "Background", stat',
    "HISTOLIST": "histo lines",
    "FUNCTION": "arg lines and code with the name of a file",
    "SYSTEMATIC": "scale, set, weight, reweight, suffix, tree, table, rate, propagate or for lines",
    "CORRECTION": "inputs, nominal and vary lines",
    "TABLE": "tabletype, nvars, errors, outside and numbers",
}
WORDS_OF = {**{block: [*words] for block, words in OWN_WORDS.items()}, "TABLE": [*TABLE_WORDS]}
WORDS_OF["REGION"] += STATEMENTS


def cannot_read(
    source: Source, line: Line, at: int, expected: AbstractSet[str], header: Line | None
) -> Diagnostic:
    """Return the mistake of a line whose token ``at`` is none of the ``expected`` types.

    ``at`` counts the tokens of the line; their number stands for its end. ``header`` is the line
    that opened the block.
    """
    if at == 0:
        return _misplaced(source, line, header)
    if line.head == "NAME":
        return no_statement(line)
    if (step := second_colon(line, at)) is not None:
        message = "a slice has no step: one `:` stands between its ends"
        help = "jets[0:3] has the elements 0, 1 and 2; jets[1:] has all behind the first"
        return Diagnostic("E101", "error", message, span_of(step), help)
    before = line.tokens[at - 1]
    after = line.tokens[at] if at < len(line.tokens) else None
    if after is None:
        end = span_of(before).end
        place, found = Span(end, end), "the statement ends"
    else:
        place, found = span_of(after), f"`{_shown(after)}` stands"
    if after is not None and after.type in COMPARING and "AND" in expected:
        message = "comparisons cannot be chained"
        help = "write a < b and b < c; or x [] 10 20, which is 10 <= x and x <= 20"
        if any(token.type == "AMPERSAND" for token in line.tokens):
            help = "& works on the bits of numbers: write and"
        return Diagnostic("E108", "error", message, place, help)
    message = f"{_wanted(expected)} must follow `{_shown(before)}`, but {found} there"
    return Diagnostic("E101", "error", message, place, advice(line, at, before, after))


def _shown(token: Token) -> str:
    return str(token) if len(token) < 40 else f"{token[:36]} ..."


def _wanted(expected: AbstractSet[str]) -> str:
    """Say what is expected, in the user's words.

    >>> _wanted({"INT", "REAL", "NAME", "LPAR", "LBRACE", "MINUS"})
    'a value'
    """
    if "_GAP" in expected and not expected & {"_NL", "RANGE"}:
        return "a second bound"  # only between the bounds after [] nothing else may end the list
    words: list[str] = []
    left = set(expected)
    for tokens, covered, word in EXPECTATIONS:
        if tokens <= left:
            left -= covered
            words.append(word)
    return _either(words[:4])


def _either(words: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _misplaced(source: Source, line: Line, header: Line | None) -> Diagnostic:
    """Return the mistake of a line that has no place where it stands."""
    first = line.tokens[0]
    block = header.head if header else ""
    if first.type not in KEYWORD_TYPES:
        return no_statement(line, block)
    word = first.value
    if first.type == "CANDIDATE":
        message = "a candidate stands in a composite only"
        help = "define Z = a + b is a sum of particles; object jets : Jet is a collection"
        return Diagnostic("E109", "error", message, span_of(first), help)
    if block in STATEMENTS_OF:
        message = f"`{word}` does not belong in {BLOCK_NAMES[block]}"
        return Diagnostic("E109", "error", message, span_of(first), _expected_in(block))
    message = f"`{word}` stands in no object and in no region"
    help = ""
    if header is not None and block in BLOCKS.values() and block != "INFO":
        number = source.position(span_of(header.tokens[0]).start)[0]
        keyword = header.tokens[0].lower()
        help = f"the {keyword} on line {number} ended the block before it: move it above that block"
    return Diagnostic("E109", "error", message, span_of(first), help)


# What begins a line in other languages -> what does here.
_SELECT = "select keeps the events, or elements, for which a condition is true"
_OTHER_LANGUAGES = {
    "if": f"{_SELECT}; condition ? a : b is one of two values",
    "require": _SELECT,
    "filter": _SELECT,
    "where": _SELECT,
    "for": "a loop has no words here: any(jets j, …), sum(jets j, …) and the like run over elements",
    "return": "define NAME = … gives a value a name",
    "def": "define NAME = … gives a value a name",
    "let": "define NAME = … gives a value a name",
    "var": "define NAME = … gives a value a name",
}


def no_statement(line: Line, block: str = "REGION") -> Diagnostic:
    """Return the mistake of a line that begins with no keyword."""
    first = line.tokens[0]
    words = [*BLOCKS, *WORDS_OF.get(block, STATEMENTS if block in STATEMENTS_OF else ())]
    near = did_you_mean(first.value, words) if first.type == "NAME" else ""
    if block == "SYSTEMATIC" and first.lower() in SETTINGS:
        help = f"{first} goes on with the line before it: scale pt(Jet) up 1.1 down 0.9"
    elif block in ("OBJECT", "REGION", "COMPOSITE"):
        help = near or f"a condition begins with select or reject; {_expected_in(block)}"
    elif block in STATEMENTS_OF:
        help = near or _expected_in(block)
    else:
        help = near or (
            "a file consists of info, object, region and define;"
            " is this the rest of a comment or of a title?"
        )
    if first.lower() in _OTHER_LANGUAGES and block in ("", "OBJECT", "REGION", "COMPOSITE"):
        help = _OTHER_LANGUAGES[first.lower()]
    elif home := next((b for b, own in OWN_WORDS.items() if first.lower() in own), ""):
        help = f"{first} belongs in {BLOCK_NAMES[home]}"
    message = f"`{_shown(first)}` begins no statement"
    return Diagnostic("E110", "error", message, span_of(first), help)


def block_meant(line: Line) -> str:
    """Return the type of the block that a line's first word opens, or nearly; or an empty string."""
    if not line.readable or not (line.head == "NAME" or line.head in OPENED):
        return ""
    near = get_close_matches(line.tokens[0].lower(), OPENED.values(), n=1, cutoff=0.75)
    return BLOCKS[near[0]] if near else line.head if line.head in OPENED else ""


def stray(line: Line) -> Mistake:
    """Return the mistake of text before the first block, which can only be skipped."""
    place = span_of(line.tokens[0]).to(span_of(line.tokens[-1]))
    message = f"`{_shown(line.tokens[0])}` begins no statement"
    return Mistake("E110", message, place, "a comment: text before the first block")


def _expected_in(block: str) -> str:
    return f"{BLOCK_NAMES[block]} holds {STATEMENTS_OF[block]}"


def too_long(at: Span) -> Diagnostic:
    """Return the mistake of a file that would take too much memory."""
    message = f"the file is too long: {MOST_TOKENS:,} words and signs are read, comments apart"
    help = "no analysis is that long: is a program writing it? split it into several"
    return Diagnostic("E107", "error", message, at, help)


def too_deep(line: Line) -> Diagnostic:
    """Return the mistake of an expression that nobody can read."""
    place = span_of(line.tokens[0]).to(span_of(line.tokens[-1]))
    message = f"this expression is more than {DEEPEST} levels deep"
    return Diagnostic("E106", "error", message, place, "name parts of it with define")
