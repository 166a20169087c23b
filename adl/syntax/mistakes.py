"""What we say about a line that the grammar cannot read."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from lark import Token

from adl.syntax.diagnostics import Diagnostic, did_you_mean
from adl.syntax.keywords import BLOCKS, KEYWORD_TYPES, STATEMENTS
from adl.syntax.lines import DEEPEST, OPERATORS, Line, span_of
from adl.syntax.source import Source, Span

# A code never changes its meaning: users silence and search for it.
CODES: dict[str, str] = {
    "E100": "there are more mistakes than are shown",
    "E101": "something else is expected here",
    "E102": "the language has no such character",
    "E103": "a text has no closing quote",
    "E104": "brackets or bars do not match",
    "E105": "a word begins with a digit",
    "E106": "brackets or operators are nested too deep",
    "E107": "this version does not read the statement yet",
    "E108": "comparisons are chained",
    "E109": "a statement stands outside the blocks that can have it",
    "E110": "a line begins with no keyword",
    "E111": "a number, an axis or a list of edges is not what it has to be",
}

VALUE = {"INT", "REAL", "STRING", "NAME", "SEARCHED", "LPAR", "LBRACE", "BAR_OPEN", "MINUS", "NOT"}

# What may follow, in the user's words: where all tokens of the first column are expected, the word
# says it for those of the second.
EXPECTATIONS = (
    ({"INT", "REAL", "LPAR"}, VALUE, "a value"),
    ({"NAME", "LPAR"}, VALUE, "a collection"),
    ({"NAME"}, {"NAME"}, "a name"),
    ({"INT"}, {"INT", "MINUS"}, "a whole number"),
    ({"STRING"}, {"STRING"}, 'a text in double quotes, "like this",'),
    ({"PLUS"}, OPERATORS | {"QUERY", "DOT", "LSQB"}, "an operator"),
    ({"EQUALS"}, {"EQUALS", "COLON"}, "`=`"),
    ({"_COMMA"}, {"_COMMA"}, "`,`"),
    ({"COLON"}, {"COLON"}, "`:`"),
    ({"RPAR"}, {"RPAR"}, "`)`"),
    ({"RSQB"}, {"RSQB"}, "`]`"),
    ({"RBRACE"}, {"RBRACE"}, "`}`"),
    ({"BAR_CLOSE"}, {"BAR_CLOSE"}, "`|`"),
    ({"_NL"}, {"_NL"}, "the end of the line"),
)

UNITS = ("GeV", "TeV", "MeV", "rad", "mm", "cm", "m", "fb", "pb")
STATEMENTS_OF = {
    "OBJECT": "take, select, reject or define",
    "REGION": "select, reject, take, weight, histo, bin or the names of other regions",
}


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
        return _no_statement(line)
    before = line.tokens[at - 1]
    after = line.tokens[at] if at < len(line.tokens) else None
    if after is None:
        end = span_of(before).end
        place, found = Span(end, end), "the statement ends"
    else:
        place, found = span_of(after), f"`{_shown(after)}` stands"
    if after is not None and after.type in ("COMPARE", "RANGE") and "AND" in expected:
        message = "comparisons cannot be chained"
        help = "write a < b and b < c; or x [] 10 20, which is 10 <= x and x <= 20"
        return Diagnostic("E108", "error", message, place, help)
    message = f"{_wanted(expected)} must follow `{_shown(before)}`, but {found} there"
    return Diagnostic("E101", "error", message, place, _advice(line, at, before, after))


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


def _advice(line: Line, at: int, before: Token, after: Token | None) -> str:
    """Return the way out of a frequent mistake, or an empty string."""
    defines = line.head in ("DEFINE", "OWN_DEFINE")
    match (before.type, before.value, after.type if after else "_NL", after.value if after else ""):
        case (_, _, "EQUALS", _) if not defines:
            return "== compares, = belongs to define"
        case (_, _, "COMPARE", "==") if defines and at == 2:
            return "one = defines"
        case ("QUERY", _, "_NL", _):
            return "remove the ?, or say what has to hold when the condition does"
        case ("TIMES", "*", "TIMES", "*"):
            return "^ is the power: pT^2"
        case ("INT" | "REAL", _, "NAME", unit) if unit in UNITS:
            return "numbers have no units: they are GeV, radians and mm"
        case ("LSQB", _, "RSQB", _):
            return "between [ and ] stands an index; the operator [] has no blank in it"
        case ("LSQB", _, _, _):
            return "an index is a whole number: jets[0]; jets[0:3] is a slice"
        case ("RANGE", "[]", _, _) if at > 1 and line.tokens[at - 2].type == "NAME":
            return "[] compares: MET [] 100 200; without it the name alone is the whole collection"
        case ("RBRACE", _, _, _):
            return "behind braces stands a function: {jets[0]}pT"
        case ("INFO", _, _, _):
            return "an info block has a name, as in info analysis"
        case (_, _, "INT", _) if before.type in KEYWORD_TYPES:
            return "a name begins with a letter"
    if line.head == "INFO":
        return "each field of an info block stands on a line of its own"
    if line.head == "HISTO":
        return 'histo h, "title", 50, 0, 500, pT(jets[0])'
    if line.head == "REGION" and at == 2:
        return "names of other regions stand on the lines below"
    if line.head == "OBJECT" and at == 2:
        return "object jets : Jet, or take Jet on the next line"
    return ""


def _misplaced(source: Source, line: Line, header: Line | None) -> Diagnostic:
    """Return the mistake of a line that has no place where it stands."""
    first = line.tokens[0]
    block = header.head if header else ""
    if first.type not in KEYWORD_TYPES:
        return _no_statement(line, block)
    word = first.value
    if block == "OBJECT":
        message = f"`{word}` does not belong in an object block"
        return Diagnostic("E109", "error", message, span_of(first), _expected_in(block))
    message = f"`{word}` stands in no object and in no region"
    help = ""
    if header is not None and block == "DEFINE":
        number = source.position(span_of(header.tokens[0]).start)[0]
        help = f"the define on line {number} ended the block before it: move it above that block"
    return Diagnostic("E109", "error", message, span_of(first), help)


def _no_statement(line: Line, block: str = "REGION") -> Diagnostic:
    """Return the mistake of a line that begins with no keyword."""
    first = line.tokens[0]
    words = [*BLOCKS, *(STATEMENTS if block in STATEMENTS_OF else ())]
    near = did_you_mean(first.value, words) if first.type == "NAME" else ""
    if block in STATEMENTS_OF:
        help = near or f"a condition begins with select or reject; {_expected_in(block)}"
    else:
        help = near or (
            "a file consists of info, object, region and define;"
            " is this the rest of a comment or of a title?"
        )
    message = f"`{_shown(first)}` begins no statement"
    return Diagnostic("E110", "error", message, span_of(first), help)


def _expected_in(block: str) -> str:
    word = "an object block" if block == "OBJECT" else "a region"
    return f"{word} holds {STATEMENTS_OF[block]}"


def not_yet(line: Line) -> Diagnostic:
    """Return the mistake of using what only a later version reads."""
    word = line.tokens[0]
    message = f"this version does not read `{word}` yet"
    return Diagnostic("E107", "error", message, span_of(word))


def too_deep(line: Line) -> Diagnostic:
    """Return the mistake of an expression that nobody can read."""
    place = span_of(line.tokens[0]).to(span_of(line.tokens[-1]))
    message = f"this expression is more than {DEEPEST} levels deep"
    return Diagnostic("E106", "error", message, place, "name parts of it with define")
