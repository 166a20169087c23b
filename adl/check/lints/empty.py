"""N407: a region without a line."""

from __future__ import annotations

from adl.check.lints.subject import Subject
from adl.syntax.tree import Region


def regions_without_lines(subject: Subject) -> None:
    """Note the regions that say nothing: perhaps their lines stand behind another block."""
    for block in subject.file.blocks:
        if isinstance(block, Region) and not block.statements:
            message = f"region {block.name.name} has no line: every event is in it"
            subject.context.findings.note("N407", message, block.name.span, _help(subject, block))


def _help(subject: Subject, region: Region) -> str:
    """Say what stands in the place of the region's lines, where that ends the region."""
    after = subject.file.blocks[subject.file.blocks.index(region) + 1 :]
    if not after or isinstance(after[0], Region):
        return "select ALL says that this is meant"
    line = subject.context.line(after[0].span)
    return f"the block on line {line} ends it; select ALL says that this is meant"
