"""Damaged analyses: whatever stands in a file is read or reported, and never a traceback.

Pieces of up to 40 lines of the corpus and of the manual are cut, doubled, exchanged and mixed, then
parsed, checked, and, where they can be read, formatted. ``ADL_FUZZ=100000`` in the environment
asks for more of it than the suite does.
"""

from __future__ import annotations

import os
import random
import re
from functools import cache
from pathlib import Path

from adl.check.codes import CODES as CHECKED
from adl.cli.front import examine, schema
from adl.stdlib.models import Schema
from adl.syntax.diagnostics import AnalysisError
from adl.syntax.format import format_file
from adl.syntax.mistakes import CODES as READ
from adl.syntax.parse import parse
from adl.syntax.source import Source

TESTS = Path(__file__).parent
INPUTS = int(os.environ.get("ADL_FUZZ", "400"))
MOST_LINES = 40
CODES = READ.keys() | CHECKED.keys()
TOKEN = re.compile(r"\w+|\s+|[^\w\s]")
# Words and marks that no piece of the corpus may have beside the others.
MARKS = [
    *("(", ")", "[", "]", "{", "}", "|", ",", ":", "?", "=", "==", "-", "+", "*", "/", "^", "[]"),
    *("][", "~=", "~!", ".", ";", "$", "'", '"', "#", "//", "\\", "\n", "\r\n", "\t", "\x00", "é"),
    *("<<", "&", "||", "!", "_", "0", "-1", "1e999", "9999999999999999999999", ".5", "5.", "2jets"),
    *("this", "not", "and", "or", "ALL", "none", "any", "sum", "argmin", "disjoint", "union", "dO"),
    *("default", "MET", "jets", "Jet", "Jet[0]", "jets_0", "jets[-1]", "jets[1:]", "pT", "take"),
    *("select", "define", "object", "region", "table", "only", "data", "era", "sort", "weight"),
]


@cache
def pieces() -> tuple[list[str], ...]:
    """Return the lines of each text to take pieces from."""
    files = [*TESTS.glob("corpus/*.adl"), *TESTS.glob("corpus/dirty/*.adl")]
    files += TESTS.parent.glob("examples/**/*.adl")
    texts = [path.read_text(encoding="utf-8") for path in sorted(files)]
    manual = (TESTS.parent / "grammar" / "README.md").read_text(encoding="utf-8")
    texts += re.findall(r"```adl[^\n]*\n(.*?)```", manual, re.DOTALL)
    return tuple(text.splitlines(keepends=True) for text in texts)


def damaged(chance: random.Random) -> str:
    """Return at most 40 lines, of one text or of two, with some places damaged."""
    lines: list[str] = []
    for _ in range(chance.choice((1, 1, 2, 3))):
        found = chance.choice(pieces())
        blocks = [at for at, line in enumerate(found) if line[:1].isalpha()]
        start = chance.choice((0, chance.choice(blocks or [0]), chance.randrange(len(found))))
        lines += found[start : start + chance.choice((2, 5, 12, MOST_LINES))]
    lines = lines[:MOST_LINES]
    if chance.random() < 0.2:
        chance.shuffle(lines)
    tokens = TOKEN.findall("".join(lines))
    for _ in range(chance.choice((0, 1, 1, 2, 3, 6))):
        words = [at for at, token in enumerate(tokens) if token[:1].isalnum()]
        if words and chance.random() < 0.6:  # a word for a word: often there is a tree to check
            tokens[chance.choice(words)] = tokens[chance.choice(words)]
            continue
        at = chance.randrange(len(tokens) + 1)
        end = at + chance.choice((0, 0, 1, 1, 2, 8))
        other = chance.choice((tokens or [" "], MARKS, MARKS, [""]))
        tokens[at:end] = [chance.choice(other), *(tokens[at:end] if chance.random() < 0.3 else [])]
    return "\n".join("".join(tokens).split("\n")[:MOST_LINES])


@cache
def models() -> list[Schema]:
    return [schema(name, None, None) for name in ("nanoaod", "nanoaod", "delphes", "physlite")]


def survives(text: str, chance: random.Random) -> bool:
    """Whether a text is read; what is said about it has its place in it, whether or not."""
    source = Source("damaged.adl", text)
    lenient = chance.random() < 0.3
    analysis, findings = examine(source, chance.choice(models()), "auto", lenient=lenient)
    for found in findings:
        assert found.code in CODES
        assert 0 <= found.span.start <= found.span.end <= len(text)
        assert found.message
        assert found.render(source)
    assert (analysis is None) == any(found.severity == "error" for found in findings)
    try:
        tree = parse(source)
    except AnalysisError:
        return analysis is not None
    again = Source("again.adl", format_file(tree, source))
    assert parse(again) == tree
    return analysis is not None


def test_damage_is_read_or_reported() -> None:
    read = 0
    for number in range(INPUTS):
        text = damaged(random.Random(f"adl {number}"))
        try:
            read += survives(text, random.Random(f"how {number}"))
        except Exception as error:
            message = f"input {number}:\n{text}"
            raise AssertionError(message) from error
    assert INPUTS / 100 < read < INPUTS  # some are right, and some are not
