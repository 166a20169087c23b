"""A function of LLVM IR being written: lines, fresh names, labels, stack slots."""

from __future__ import annotations

import struct
from itertools import count

LLVM_TYPE = {"bool": "i1", "int": "i64", "real": "double"}


def real(x: float) -> str:
    """Write a double exactly: LLVM reads its 64 bits in hexadecimal."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', x))[0]:016X}"


class Lines:
    """Collects the body of a function; stack slots go to its entry block."""

    def __init__(self) -> None:
        self.entry: list[str] = []
        self.body: list[str] = []
        self._names = count()

    def name(self) -> str:
        """Return an unused value name."""
        return f"%v{next(self._names)}"

    def do(self, instruction: str) -> None:
        """Append an instruction without a result."""
        self.body.append(f"  {instruction}")

    def let(self, instruction: str) -> str:
        """Append an instruction and return the name of its result."""
        name = self.name()
        self.body.append(f"  {name} = {instruction}")
        return name

    def first(self, instruction: str) -> str:
        """Append an instruction to the entry block, which dominates everything."""
        name = self.name()
        self.entry.append(f"  {name} = {instruction}")
        return name

    def slot(self, type_: str, start: str) -> str:
        """Make a stack slot that holds ``start`` from this point on."""
        pointer = self.first(f"alloca {type_}")
        self.do(f"store {type_} {start}, ptr {pointer}")
        return pointer

    def load(self, type_: str, pointer: str) -> str:
        """Read memory."""
        return self.let(f"load {type_}, ptr {pointer}")

    def store(self, type_: str, value: str, pointer: str) -> None:
        """Write memory."""
        self.do(f"store {type_} {value}, ptr {pointer}")

    def at(self, type_: str, pointer: str, index: str | int) -> str:
        """Return the address of an array's element."""
        return self.let(f"getelementptr {type_}, ptr {pointer}, i64 {index}")

    def label(self) -> str:
        """Return an unused label."""
        return f"l{next(self._names)}"

    def begin(self, label: str) -> None:
        """Begin a block that earlier instructions jump to."""
        self.body.append(f"{label}:")

    def jump(self, label: str) -> None:
        """End a block by going to another."""
        self.do(f"br label %{label}")

    def branch(self, condition: str, yes: str, no: str) -> None:
        """End a block by going to one of two."""
        self.do(f"br i1 {condition}, label %{yes}, label %{no}")

    def text(self) -> str:
        """Return entry and body."""
        return "\n".join(["entry:", *self.entry, "  br label %start", "start:", *self.body])
