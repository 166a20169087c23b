"""How a row is appended to a record: its event's number and its values, a buffer each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adl.compiler.emit.text import LLVM_TYPE
from adl.compiler.ir import Record

if TYPE_CHECKING:
    from adl.compiler.emit.function import FunctionEmitter


def write_row(function: FunctionEmitter, record: Record, values: list[str]) -> None:
    """Write the values behind the rows so far; whoever calls made the buffers long enough."""
    lines = function.lines
    number, _ = function.arguments.record(record)
    counter = lines.at("i64", "%rows", number)
    row = lines.load("i64", counter)
    write_values(function, record, values, row)
    lines.store("i64", lines.let(f"add i64 {row}, 1"), counter)


def write_values(function: FunctionEmitter, record: Record, values: list[str], row: str) -> None:
    """Write the event's number and the values into a row of the record's buffers."""
    lines = function.lines
    _, first = function.arguments.record(record)
    buffers = [function.pointer("records", first + i) for i in range(1 + len(values))]
    lines.store("i64", "%event", lines.at("i64", buffers[0], row))
    for buffer, value, node in zip(buffers[1:], values, record.values, strict=True):
        type_ = LLVM_TYPE[node.kind]
        if node.kind == "bool":
            type_, value = "i8", lines.let(f"zext i1 {value} to i8")
        lines.store(type_, value, lines.at(type_, buffer, row))
