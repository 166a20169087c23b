"""The words that start a block or a statement, in every spelling, and their token types.

They are matched in any mixture of case, and only where a statement can start: elsewhere each of
them is an ordinary name. Words that mean something in one kind of block only are listed with it.
"""

from __future__ import annotations

BLOCKS = {
    "info": "INFO",
    "object": "OBJECT",
    "obj": "OBJECT",
    "composite": "COMPOSITE",
    "region": "REGION",
    "algo": "REGION",
    "algorithm": "REGION",
    "define": "DEFINE",
    "def": "DEFINE",
    "table": "TABLE",
    "countsformat": "COUNTSFORMAT",
    "histolist": "HISTOLIST",
    "function": "FUNCTION",
    "trigger": "TRIGGER",
    "systematic": "SYSTEMATIC",
    "correction": "CORRECTION",
    "use": "USE",
    "trge": "FLAG",
    "trgm": "FLAG",
    "skiphistos": "FLAG",
    "skipeffs": "FLAG",
}

STATEMENTS = {
    "take": "TAKE",
    "using": "TAKE",
    "select": "SELECT",
    "cmd": "SELECT",
    "cut": "SELECT",
    "reject": "REJECT",
    "weight": "WEIGHT",
    "histo": "HISTO",
    "bin": "BIN",
    "bins": "BIN",
    "sort": "SORT",
    "print": "PRINT",
    "save": "SAVE",
    "counts": "COUNTS",
}

KEYWORDS = {**BLOCKS, **STATEMENTS}

# What begins a line in blocks of one kind only.
OWN_WORDS = {
    "REGION": {"title": "TITLE"},
    "COUNTSFORMAT": {"process": "PROCESS"},
    "FUNCTION": {"arg": "ARG", "code": "CODE"},
    "SYSTEMATIC": dict.fromkeys(
        (
            *("for", "scale", "set", "propagate", "keep", "correlate", "suffix", "weight"),
            *("reweight", "rate", "table", "tree"),
        ),
        "CLAUSE",
    ),
    "CORRECTION": dict.fromkeys(("inputs", "nominal", "vary"), "CLAUSE"),
}

STARTING = frozenset(KEYWORDS).union(*OWN_WORDS.values())

# What follows within a line of a systematic or correction, each with its own values.
SETTINGS = frozenset(
    ("up", "down", "nominal", "from", "combine", "normalise", "normalize", "mirror", "only")
)

# Those that a line of a correction has; a systematic has a line of its own for the last.
OF_CORRECTIONS = frozenset(("up", "down", "correlate"))

ALONE = frozenset(("normalise", "normalize", "mirror"))  # settings without a value

# The header of a table, in any order.
TABLE_WORDS = {
    "tabletype": "TABLETYPE",
    "nvars": "NVARS",
    "errors": "ERRORS",
    "outside": "OUTSIDE",
}

DIRECTIONS = frozenset(("ascend", "descend", "ascending", "descending"))

BLOCK_TYPES = frozenset(BLOCKS.values()) | {"AUTO", "LEGACY"}  # other headers of a systematic
STATEMENT_TYPES = frozenset(STATEMENTS.values()) | {"OWN_DEFINE", "CANDIDATE"}
CLAUSE_TYPES = frozenset(("CLAUSE", "TITLE", "PROCESS", "ARG", "CODE"))
KEYWORD_TYPES = BLOCK_TYPES | STATEMENT_TYPES | CLAUSE_TYPES

# What a save may write, beside a NAME that begins its values.
FILE_FORMATS = frozenset(("csv", "root", "parquet"))


def keyword(word: str, block: str) -> str:
    """Return the type of a word, in lower case, that starts a statement in a block, or nothing."""
    return OWN_WORDS.get(block, {}).get(word) or KEYWORDS.get(word, "")
