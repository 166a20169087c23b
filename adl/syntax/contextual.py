"""Words that mean something in one statement only, and elsewhere are names: ``up``, ``only``, ``alias``."""

from __future__ import annotations

from adl.syntax.keywords import (
    ALONE,
    DIRECTIONS,
    KEYWORD_TYPES,
    OF_CORRECTIONS,
    SETTINGS,
    TABLE_WORDS,
)
from adl.syntax.lookahead import fires
from adl.syntax.reading import CONDITIONS, Reading
from adl.syntax.tokens import ENDING, UNFINISHED, touch

# Behind one of these stands a name or a value, however it is spelled.
NAMING = KEYWORD_TYPES | {
    *("TABLETYPE", "ERRORS", "OUTSIDE", "OPTIONAL", "_STREAM", "_ALIAS", "_ONLY", "_DRAW", "FIRED")
}
TAKING = frozenset({"OBJECT", "TAKE"})  # an element's name may follow a call
LIMITED = frozenset({"SELECT", "REJECT", "WEIGHT", "HISTO"})  # by only


def special(reading: Reading, at: int, word: str) -> str:
    """Return the type of a word that means something in this statement only, or nothing."""
    head = "" if reading.brackets else reading.line.head
    last, after = reading.line.last, reading.text.next_kind(at)
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
        case "CLAUSE" if _is_setting(reading, word) and _sets(reading, at, word):
            return "SETTING"
    if head in LIMITED and word == "only" and last in ENDING:
        return "_ONLY" if after in ("NAME", "STRING", "INT", "DIGIT_FIRST", "") else ""
    if word == "draw" and last == "RPAR" and after == "NAME" and head not in TAKING:
        return "_DRAW"
    if word in ("trigger", "hlt") and _condition_begins(reading) and fires(reading.text, at):
        return "FIRED"
    return ""


def _condition_begins(reading: Reading) -> bool:
    """Whether a condition can begin behind what was read of the statement."""
    last = reading.line.last
    if last in NAMING:
        return last in CONDITIONS
    labelled = last == "STRING" and reading.line.head == "BIN" and len(reading.line.tokens) == 2
    return labelled or (last != "" and last not in ENDING)


def _is_setting(reading: Reading, word: str) -> bool:
    return word in SETTINGS or (reading.block == "CORRECTION" and word in OF_CORRECTIONS)


def _sets(reading: Reading, at: int, word: str) -> bool:
    """Whether a word such as ``up`` begins a setting of a clause."""
    before = reading.line.tokens[-1]
    if before.type == "SETTING":
        if before.lower() not in ALONE:
            return False
    elif before.type not in ENDING and before.type != "CLAUSE":
        return False
    if before.type == "CLAUSE" and before.lower() == "for":
        return False
    after = reading.text.next_kind(at)
    if after == "LPAR":
        return not touch(reading.tokens[at], reading.tokens[at + 1])
    return after not in UNFINISHED - {"MINUS", "NOT"} and after not in ("DOT", "LSQB")
