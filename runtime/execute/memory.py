"""Memory that a run lets go of stays with the process, for its next unit of work.

A unit's arrays are as large as those of the one before. The C library gives them back to the system and
asks for them anew, each time a page at a time: a tenth of the time of a run that computes little.
"""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # of glibc's malloc.h
_KEPT = 128 << 20  # bytes at the top of the heap
_OWN = 32 << 20  # a larger array is mapped by itself; the largest that glibc takes


def keep_memory() -> None:
    """Have the C library keep what is freed, where it is glibc."""
    if not sys.platform.startswith("linux"):
        return
    adjust = getattr(ctypes.CDLL(None), "mallopt", None)
    if adjust is not None:  # else memory is as the system has it: only time depends on it
        adjust(_M_MMAP_THRESHOLD, _OWN)
        adjust(_M_TRIM_THRESHOLD, _KEPT)
        # What one thread has freed serves another: with a heap for each, memory grew with the files.
        adjust(_M_ARENA_MAX, 1)
