"""Fills and rows: what a function counts, adds up and records, on a CPU or into a device's streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adl.compiler.emit import streams
from adl.compiler.emit.records import write_row
from adl.compiler.emit.support import filler_name
from adl.compiler.emit.variations import count_all, count_each
from adl.compiler.ir import Fill, Node, Record
from adl.compiler.variations import group_of

if TYPE_CHECKING:
    from adl.compiler.emit.function import FunctionEmitter


def count(writer: FunctionEmitter, fill: Fill, operands: tuple[Node, ...]) -> None:
    """Write the fill of a counter or histogram."""
    if writer.arguments.streams is not None:
        streams.count(writer, writer.arguments.streams, fill, operands)
        return
    lines = writer.lines
    if group_of(fill) is not None:
        count_each(writer, fill, operands)
        return
    values = [writer.value(v, fill, i) for i, v in enumerate(operands)]
    weight = values.pop() if fill.weighted else None
    if not fill.bins:
        place = writer.arguments.place(fill)
        skipped = lines.at("i64", "%skipped", place.skipped)
        add(writer, place.cells, place.sums, weight, skipped)
        return
    address = lines.at("i64", "%numbers", writer.arguments.description(fill, fill.bins))
    name = filler_name(fill)
    writer.arguments.fillers[name] = fill
    reals = ", ".join(f"double {v}" for v in (*values, *([weight] if weight else ())))
    outputs = "ptr %raw, ptr %sumw, ptr %sumw2, ptr %skipped"
    lines.do(f"call void @{name}({outputs}, ptr {address}, {reals})")


def add(writer: FunctionEmitter, cell: int, sums: int, weight: str | None, skipped: str) -> None:
    """Write the update of a counter."""
    lines = writer.lines
    raw = lines.at("i64", "%raw", cell)
    lines.store("i64", lines.let(f"add i64 {lines.load('i64', raw)}, 1"), raw)
    if weight is not None:
        arguments = f"ptr %sumw, ptr %sumw2, ptr {skipped}, i64 {sums}, double {weight}"
        lines.do(f"call void @adl_add({arguments})")


def for_all(writer: FunctionEmitter, fill: Fill, operands: tuple[Node, ...]) -> None:
    """Write the fill for all variations at once."""
    if writer.arguments.streams is not None:
        streams.count_all(writer, writer.arguments.streams, fill, operands)
    else:
        count_all(writer, fill, operands)


def row(writer: FunctionEmitter, record: Record, operands: tuple[Node, ...]) -> None:
    """Write a row of a record."""
    values = [writer.value(v, record, i) for i, v in enumerate(operands)]
    if writer.arguments.streams is not None:
        streams.write_row(writer, writer.arguments.streams, record, values)
    else:
        write_row(writer, record, values)
