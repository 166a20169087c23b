"""A program that is made ready for the branches of a file, and what it reads of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from adl.compiler.ir import Column
from adl.compiler.layout import Chunk, Layout, Partial
from adl.compiler.program import Program


class Reads(NamedTuple):
    """Input columns, and the collections of which the lengths are needed."""

    columns: tuple[Column, ...]
    collections: tuple[str, ...]
    counters: Mapping[str, str] = {}  # the column that counts each collection, where it is known
    momenta: Mapping[str, float] = {}  # columns of momenta, and how many of their units are a GeV


class Kernel(NamedTuple):
    """A program made ready for the branches of a file: ``run`` counts the events of a chunk."""

    program: Program
    layout: Layout
    run: Callable[[Chunk], Partial]
    reads: Reads | None = None  # what the program reads, if it is not all
    # Counts over each block of a chunk, on a device to which many blocks are no more work than one.
    whole: Callable[[Chunk, int], list[Partial]] | None = None
    # Reads into the memory of that device, or returns None where the CPU has to.
    straight: Callable[..., Chunk | None] | None = None

    @property
    def inputs(self) -> Reads:
        """What has to be read from a file."""
        return self.reads or Reads(self.program.columns, self.program.collections)
