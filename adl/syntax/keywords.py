"""The words that start a block or a statement, in every spelling, and their token types.

They are matched in any mixture of case, and only where a statement can start: elsewhere each of
them is an ordinary name.
"""

from __future__ import annotations

BLOCKS = {
    "info": "INFO",
    "object": "OBJECT",
    "obj": "OBJECT",
    "region": "REGION",
    "algo": "REGION",
    "algorithm": "REGION",
    "define": "DEFINE",
    "def": "DEFINE",
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
}

# Known to the language, not yet to this parser.
LATER_BLOCKS = (
    "table",
    "composite",
    "systematic",
    "trigger",
    "histolist",
    "countsformat",
    "function",
    "correction",
)
LATER_STATEMENTS = ("sort", "print", "save", "counts", "process")

KEYWORDS = {
    **BLOCKS,
    **STATEMENTS,
    **dict.fromkeys(LATER_BLOCKS, "LATER_BLOCK"),
    **dict.fromkeys(LATER_STATEMENTS, "LATER_STATEMENT"),
}

BLOCK_TYPES = frozenset(BLOCKS.values()) | {"LATER_BLOCK"}
KEYWORD_TYPES = frozenset(KEYWORDS.values()) | {"OWN_DEFINE"}  # a define in an object block
