"""Python's search for cycles is put off while an analysis is read and compiled.

That makes hundreds of thousands of objects, nearly all of which stay: looking through them again and
again took a tenth of the time, and found nothing.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def uncollected(function: Callable[P, T]) -> Callable[P, T]:
    """Return a function that runs without that search."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        if not gc.isenabled():
            return function(*args, **kwargs)
        gc.disable()
        try:
            return function(*args, **kwargs)
        finally:
            resume()

    return run


def resume() -> None:
    """Look for cycles again, in what is made from now on: what was made meanwhile is old."""
    gc.freeze()
    gc.enable()
    gc.unfreeze()


@contextmanager
def collecting() -> Iterator[None]:
    """Search for cycles in what is made here, though a command has put it off.

    What was there before is left out of the search until the process ends: an analysis, its kernel
    and the modules that are imported.
    """
    if gc.isenabled():
        yield
        return
    gc.freeze()
    gc.enable()
    try:
        yield
    finally:
        gc.disable()
