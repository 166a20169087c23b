"""Blocks of which the text is the meaning: their lines that differ."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from itertools import zip_longest

from adl.diff.changes import Place


def other_lines(a: list[Place], b: list[Place]) -> Iterator[tuple[Place | None, Place | None]]:
    """Yield the lines of two blocks that differ; None where one of them has no such line."""
    texts = [[place.text for place in lines] for lines in (a, b)]
    opcodes = SequenceMatcher(None, texts[0], texts[1], autojunk=False).get_opcodes()
    for same, i, i_end, j, j_end in opcodes:
        if same != "equal":
            yield from zip_longest(a[i:i_end], b[j:j_end])
