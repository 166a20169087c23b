"""What a file declares: one name, one thing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from adl.check.context import Block
from adl.stdlib.library import find_function
from adl.stdlib.models import Schema
from adl.syntax.diagnostics import Findings, Mistake
from adl.syntax.source import Source
from adl.syntax.tree import (
    Composite,
    CountsFormat,
    Define,
    File,
    Flag,
    HistoList,
    Name,
    Object,
    Region,
    Table,
    Trigger,
)

Named = TypeVar("Named", Trigger, CountsFormat)


def declarations(
    file: File, source: Source, schema: Schema, findings: Findings
) -> dict[str, Block]:
    """Return the objects, defines, regions, tables and lists of a file by name, in its order."""
    blocks: dict[str, Block] = {}
    for block in file.blocks:
        if not isinstance(block, (Object, Composite, Define, Region, Table, HistoList)):
            continue
        name = block.name.name
        first = blocks.setdefault(name, block)
        if first is not block:
            kind, line = type(first).__name__.lower(), source.position(first.name.span.start)[0]
            message = f"{name} is declared twice, first as the {kind} on line {line}"
            if first == block:
                reading = "one, they say the same"
                findings.repaired(Mistake("E207", message, block.name.span, reading, "remove one"))
                continue
            findings.error("E207", message, block.name.span, "give one of them another name")
        elif hidden := _hidden(schema, name):
            message = f"{name} hides {hidden}: here it means this {type(block).__name__.lower()}"
            findings.warning("W303", message, block.name.span)
    return blocks


def by_name(
    blocks: Iterable[Named], kind: str, source: Source, findings: Findings
) -> dict[str, Named]:
    """Return blocks of a kind by name; one whose name stands before is reported and left out."""
    found: dict[str, Named] = {}
    for block in blocks:
        name = block.name.name
        first = found.setdefault(name, block)
        if first is not block:
            line = source.position(first.name.span.start)[0]
            message = f"{kind} {name} is declared twice, first on line {line}"
            findings.error("E207", message, block.name.span, "give one of them another name")
    return found


def warn_of_hidden_function(name: Name, meaning: str, findings: Findings) -> None:
    """Warn of a name that a function of the library has as well."""
    if _is_function(name.name):
        message = f"{name.name} hides the function {name.name}: here it means {meaning}"
        findings.warning("W303", message, name.span)


def note_flags(file: File, findings: Findings) -> None:
    """Say that the switches of another tool do nothing."""
    for block in file.blocks:
        if isinstance(block, Flag):
            message = f"{block.name.name} is a switch of CutLang's: it has no effect here"
            findings.note("N410", message, block.span)


def _hidden(schema: Schema, name: str) -> str:
    """Return what a declared name hides, in words; an alias may be hidden freely."""
    if _is_function(name):
        return f"the function {name}"
    if name in schema.collections or name in schema.singletons or name in schema.scalars:
        return f"{name} of the input"
    return ""


def _is_function(name: str) -> bool:
    """Whether a function of the library has exactly this name, or alias."""
    function = find_function(name)
    return function is not None and name in (function.name, *function.aliases)
