"""Blocks of which the text is the meaning: their lines that differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import SequenceMatcher
from itertools import zip_longest
from re import sub

from adl.diff.changes import Place


def other_lines(a: list[Place], b: list[Place]) -> Iterator[tuple[Place | None, Place | None]]:
    """Yield the lines of two blocks that differ; None where one of them has no such line."""
    texts = [[place.text for place in lines] for lines in (a, b)]
    opcodes = SequenceMatcher(None, texts[0], texts[1], autojunk=False).get_opcodes()
    for same, i, i_end, j, j_end in opcodes:
        if same != "equal":
            yield from zip_longest(a[i:i_end], b[j:j_end])


def other_takes(
    a: list[Place], b: list[Place], renamed: Mapping[str, str]
) -> Iterator[tuple[Place | None, Place | None]]:
    """Yield the lines that differ of what two blocks take; ``renamed`` says what A's names are in B."""
    written = {
        replace(place, text=sub(r"\w+", lambda m: renamed.get(m[0], m[0]), place.text)): place
        for place in a
    }
    for one, other in other_lines([*written], b):
        yield written[one] if one else None, other
