"""Published numbers: which cut or bin each ``counts`` line is about, and its columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from adl.check.analysis import BinDef, Cut
from adl.check.context import Context
from adl.check.declarations import by_name
from adl.check.published import Published, PublishedError
from adl.syntax.diagnostics import Findings, did_you_mean
from adl.syntax.source import Source
from adl.syntax.tree import Counted, Counts, CountsFormat, CountsProcess, File

Target = Cut | BinDef


def formats(file: File, source: Source, findings: Findings) -> dict[str, CountsFormat]:
    """Return the formats of published numbers; only ``counts`` lines name them."""
    blocks = [block for block in file.blocks if isinstance(block, CountsFormat)]
    for block in blocks:
        for name, number in Counter(p.name.name for p in block.processes).items():
            if number > 1:
                at = next(p for p in reversed(block.processes) if p.name.name == name)
                message = f"process {name} stands twice in countsformat {block.name.name}"
                findings.error("E207", message, at.name.span, "give one of them another name")
    return by_name(blocks, "countsformat", source, findings)


def attached(
    context: Context, counts: Sequence[tuple[Counts, Sequence[Target] | None]]
) -> tuple[tuple[Target, Published], ...]:
    """Return the published numbers, each with its cut or bin.

    A line is about the cut or bin before it (the targets; None where there is none). After bins
    between edges there may be one line a bin.
    """
    out: list[tuple[Target, Published]] = []
    used: Counter[tuple[str, int]] = Counter()
    for line, targets in counts:
        numbers = _numbers(context, line)
        if targets is None:
            message = "there is no cut and no bin before these counts"
            help = "counts stand below the select or bin that they are about; select ALL is one"
            context.findings.error("E246", message, line.span, help)
        elif targets:
            key = line.format.name, id(targets[0])
            place = used[key]
            used[key] += 1
            if place < len(targets):
                out += [(targets[place], number) for number in numbers]
            else:
                _too_many(context, line, len(targets))
    return tuple(out)


def _too_many(context: Context, line: Counts, targets: int) -> None:
    what = "the cut or bin" if targets == 1 else f"the {targets} bins"
    message = f"{what} before this line has {line.format.name} counts already"
    help = "counts stand below the select or bin that they are about"
    context.findings.error("E246", message, line.span, help)


def _numbers(context: Context, line: Counts) -> list[Published]:
    block = context.formats.get(line.format.name)
    if block is None:
        message = f"no countsformat is called {line.format.name}"
        help = did_you_mean(line.format.name, [*context.formats])
        context.findings.error("E201", message, line.format.span, help)
        return []
    if len(block.processes) != len(line.values):
        expected = f"{len(block.processes)} process{'es' if len(block.processes) != 1 else ''}"
        message = f"{block.name.name} has {expected}, here are {len(line.values)} numbers"
        names = ", ".join(p.name.name for p in block.processes)
        help = f"one number each for {names}; NA stands for one that was not published"
        context.findings.error("E245", message, line.span, help)
        return []
    pairs = zip(block.processes, line.values, strict=True)
    found = [_number(context, line.format.name, process, value) for process, value in pairs]
    return [number for number in found if number is not None]


def _number(
    context: Context, format: str, process: CountsProcess, counted: Counted
) -> Published | None:
    if len(counted.errors) > len(process.errors):
        declared = " and ".join(process.errors) or "no error"
        message = f"process {process.name.name} has {declared}, here are {len(counted.errors)}"
        help = f'process {process.name.name}, "{process.title}", stat, syst'
        context.findings.error("E245", message, counted.span, help)
        return None
    value = float(counted.value) if counted.value else None
    errors = tuple(
        PublishedError(name, abs(float(up)), abs(float(down)))
        for name, (up, down) in zip(process.errors, counted.errors, strict=False)
    )
    return Published(format, process.name.name, process.title, value, errors)
