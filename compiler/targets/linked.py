"""A kernel in pieces on this machine: modules compiled or from the cache, and a frame for each piece.

Every call lays out one block of words: the frames of all pieces, then the tables that they point to.
A word is an address: a place of the call's arrays, or of the code. Which one, and how far from where
that array begins, is known when the kernel is loaded.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import binding as llvm

from adl.compiler.emit.arguments import Arguments
from adl.compiler.emit.operations import INTRINSICS
from adl.compiler.emit.own import FRAME, LINK, Own
from adl.compiler.emit.pieces import Piece, Pieces, Unit
from adl.compiler.layout import Chunk, Partial
from adl.compiler.targets.host import JOINED, compile_object, functions, new_machine
from adl.compiler.targets.work import Work

Words = npt.NDArray[np.int64]

# Runs the roots (links, as ``own.py`` has them) for each event. It is the same for all kernels.
DRIVER = f"""{INTRINSICS}
define void @kernel(ptr %roots, i64 %number, ptr %flags, i64 %known, i64 %events) nounwind {{
entry:
  br label %head
head:
  %event = phi i64 [ 0, %entry ], [ %next, %tail ]
  %more = icmp slt i64 %event, %events
  br i1 %more, label %start, label %exit
start:
  call void @llvm.memset.p0.i64(ptr %flags, i8 0, i64 %known, i1 false)
  br label %root
root:
  %i = phi i64 [ 0, %start ], [ %after, %root ]
  %link = mul i64 %i, {LINK}
  %code.at = getelementptr ptr, ptr %roots, i64 %link
  %code = load ptr, ptr %code.at
  %frame.at = getelementptr ptr, ptr %code.at, i64 1
  %frame = load ptr, ptr %frame.at
  call void %code(ptr %frame, i64 %event, i64 0) nounwind
  %after = add i64 %i, 1
  %again = icmp slt i64 %after, %number
  br i1 %again, label %root, label %tail
tail:
  %next = add i64 %event, 1
  br label %head
exit:
  ret void
}}
"""
_DRIVER_UNIT = Unit(DRIVER, 2)
_DRIVER = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64
)
# Where a word can point to: the block of words itself, nothing, the numbers, and arrays of a call.
_BLOCK, _NOWHERE, _NUMBERS = range(3)
_ARRAYS = ("raw", "sumw", "sumw2", "skipped", "rows", "memo", "flags")
_FIRST = 3 + len(_ARRAYS)  # then come columns, offsets, buffers of records and scratch arrays


@dataclass(frozen=True)
class LinkedKernel:
    """A loaded kernel; calling it releases the GIL, and calls may run at the same time."""

    arguments: Arguments
    library: Any  # keeps the code alive
    function: Any
    numbers: Words
    array: Words  # of each word: which array it points to
    offset: Words  # and how many bytes behind its begin
    roots: tuple[int, int]  # the first word of theirs, and how many there are
    flags: int

    def run(self, chunk: Chunk) -> Partial:
        """Count over the events of a chunk."""
        work = Work.on(chunk, self.arguments)
        block = np.empty(len(self.array), np.int64)
        arrays = [*work.counts, work.rows, work.memo, work.flags]
        arrays += [*work.columns, *work.offsets, *work.buffers, *work.scratch]
        begins = [block.ctypes.data, 0, self.numbers.ctypes.data, *(a.ctypes.data for a in arrays)]
        block[:] = np.array(begins, np.int64)[self.array] + self.offset
        first, number = self.roots
        roots = block[first:].ctypes.data
        self.function(roots, number, work.flags.ctypes.data, self.flags, chunk.events)
        return work.result()


def load(pieces: Pieces) -> LinkedKernel:
    """Return a kernel, its modules compiled or from the cache."""
    arguments = pieces.arguments
    library = _library(pieces)
    code = {piece.name: library[piece.symbol] for piece in pieces.pieces}
    words, numbers = _Words(arguments, code, pieces.pieces), list(arguments.numbers)
    for piece in pieces.pieces:
        words.write(piece, len(numbers))
        numbers += _numbers(piece.arguments, len(numbers))
    first = len(words.array)
    words.link(pieces.roots)
    return LinkedKernel(
        arguments,
        library,
        _DRIVER(library["kernel"]),
        np.frombuffer(b"".join(numbers), np.int64),
        np.array(words.array, np.int64),
        np.array(words.offset, np.int64),
        (first, len(pieces.roots)),
        pieces.flags,
    )


def _library(pieces: Pieces) -> Any:
    """Return the addresses of a kernel's functions by their symbols."""
    builder = llvm.JITLibraryBuilder().add_current_process()
    for module in (*pieces.modules, _DRIVER_UNIT):
        builder.add_object_img(compile_object(module.text, JOINED._replace(level=module.level)))
    for symbol in {"kernel", *(piece.symbol for piece in pieces.pieces)}:
        builder.export_symbol(symbol)
    for function in functions(pieces.arguments.program):
        from adl.compiler.targets import python

        builder.import_symbol(*python.symbol(function))
    linker = llvm.create_lljit_compiler(new_machine(JOINED.model), use_jit_link=True)
    return builder.link(linker, "kernel")


def _numbers(own: Own, first: int) -> list[bytes]:
    """Return a piece's numbers; what it shares with others is seen from where they begin."""
    away = {at: (slot - first).to_bytes(8, "little", signed=True) for at, slot in own.away.items()}
    return [away.get(at, number) for at, number in enumerate(own.numbers)]


class _Words:
    """The words of a call's block: frames, then tables."""

    def __init__(self, arguments: Arguments, code: dict[str, int], pieces: Sequence[Piece]) -> None:
        self.arguments = arguments
        self.code = code
        self.flags = {p.name: p.flag for p in pieces}
        self.frames = {p.name: number * len(FRAME) for number, p in enumerate(pieces)}
        self.array = [_NOWHERE] * (len(FRAME) * len(self.frames))
        self.offset = [0] * len(self.array)

    def write(self, piece: Piece, numbers: int) -> None:
        """Write the frame of a piece and its tables; its numbers begin at this one."""
        own, first = piece.arguments, piece.arguments.first
        kernel, program = self.arguments, self.arguments.program
        offsets = _FIRST + len(program.columns)
        records = offsets + len(kernel.collections)
        scratch = records + sum(1 + len(r.values) for r in program.records)
        columns = [_FIRST + kernel.columns[name] for name in own.columns]
        collections = [offsets + kernel.collections[name] for name in own.collections]
        buffers = [records + number for number in own.buffers]
        stores = [scratch + kernel.stores[key] for key in own.stores]
        place = first._asdict() if first else dict.fromkeys(("cells", "sums", "skipped"), 0)
        where = {
            "columns": self.table(columns),
            "offsets": self.table(collections),
            "numbers": (_NUMBERS, 8 * numbers),
            "raw": (_array("raw"), 8 * place["cells"]),
            "sumw": (_array("sumw"), 8 * max(0, place["sums"])),
            "sumw2": (_array("sumw2"), 8 * max(0, place["sums"])),
            "skipped": (_array("skipped"), 8 * place["skipped"]),
            "rows": (_array("rows"), 8 * max(0, own.row)),
            "records": self.table(buffers),
            "scratch": self.table(stores),
            "memo": (_array("memo"), 0),
            "flags": (_array("flags"), piece.flag),
            "links": (_BLOCK, 8 * len(self.array)),
        }
        self.link(own.links)
        for at, name in enumerate(FRAME, self.frames[piece.name]):
            self.array[at], self.offset[at] = where[name]

    def table(self, arrays: list[int]) -> tuple[int, int]:
        """Write pointers to the begins of arrays, and return where they are."""
        at = len(self.array)
        self.array += arrays
        self.offset += [0] * len(arrays)
        return _BLOCK, 8 * at

    def link(self, names: Iterable[str]) -> None:
        """Write links to functions."""
        for name in names:
            self.array += [_NOWHERE, _BLOCK, _array("flags")]
            self.offset += [self.code[name], 8 * self.frames[name], self.flags[name]]


def _array(name: str) -> int:
    return 3 + _ARRAYS.index(name)
