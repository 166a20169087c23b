"""Texts of the dataset as whole numbers, for who has to reason about an analysis without a dataset.

``era == "2018"`` is then a comparison of one number with a constant: no event is of two eras.
"""

from __future__ import annotations

import hashlib

TEXT_OF = "text of "  # what the name of a column with such numbers begins with
_SHORT = 6  # letters that a number spells: below 2^48, exact as a double
_HASHED = 1 << 48


def number_of(text: str) -> int:
    """Return the number of a text, below 2^53."""
    letters = text.encode()
    if len(letters) <= _SHORT:
        return int.from_bytes(letters, "big")
    digest = hashlib.sha256(letters).digest()[:_SHORT]
    return _HASHED + int.from_bytes(digest, "big")


def text_of(number: int) -> str | None:
    """Return the text that a number spells; None if it is none, or a long one."""
    if not 0 < number < _HASHED:
        return None
    try:
        text = number.to_bytes(_SHORT, "big").lstrip(b"\0").decode()
    except UnicodeDecodeError:
        return None
    return text if text.isprintable() else None
