"""File names from what a user types."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import islice

from adl.runtime.inputs import InputError

_URL = re.compile(r"\w[\w+.-]+://")
_WILD = re.compile(r"[*?[]")
_MOST = 10_000  # files of a folder among which one is looked for that may be meant


def is_url(path: str) -> bool:
    """Whether a path names a file of a server (``root://``, ``https://`` …)."""
    return _URL.match(path) is not None


def expand(patterns: Sequence[str]) -> list[str]:
    """Return the files that the patterns name, in their order, those of one glob sorted.

    ``**`` matches any number of folders. URLs, and names without ``*``, ``?`` or ``[``, stay as
    they are: whether such a file exists is found out by opening it.

    Raises:
        InputError: A pattern matches nothing, or a file is named twice and would count twice.
    """
    found: dict[str, str] = {}
    for pattern in patterns:
        for path in _matches(pattern):
            if path in found:
                raise InputError(
                    path,
                    "the file is given twice, so its events would count twice",
                    f"it comes from {found[path]} and from {pattern}",
                )
            found[path] = pattern
    return list(found)


def _matches(pattern: str) -> list[str]:
    if is_url(pattern) or not _WILD.search(pattern):
        return [pattern]
    # A name with brackets may be meant as it is.
    paths = sorted(glob.glob(pattern, recursive=True)) or glob.glob(glob.escape(pattern))
    if not paths:
        raise InputError(pattern, "no file matches")
    return paths


def near(path: str) -> str:
    """Return a help line for a file that is not there: those beside it that have nearly its name."""
    folder, name = os.path.split(path)
    try:
        with os.scandir(folder or ".") as entries:
            beside = [entry.name for entry in islice(entries, _MOST)]
    except FileNotFoundError:
        return f"there is no folder {folder}"
    except OSError:
        return ""
    ending = os.path.splitext(name)[1]
    alike = sorted(beside, key=lambda other: not other.endswith(ending))
    names = get_close_matches(name, alike, n=3, cutoff=0.75)
    return f"did you mean {' or '.join(os.path.join(folder, n) for n in names)}?" if names else ""


def rewritten(path: str, rewrites: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return where a file may be: by each rewrite of its start that applies, then as it is called.

    Rewrites lead to caches, and a cache need not have it.
    """
    found = [new + path[len(old) :] for old, new in rewrites if path.startswith(old)]
    return (*found, path)
