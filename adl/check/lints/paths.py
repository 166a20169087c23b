"""W336: a file that the analysis names by the path that it has on its author's machine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from adl.check.lints.subject import Subject
from adl.check.trees import subtrees
from adl.syntax.source import Span
from adl.syntax.tree import Call, Correction, Function, Text, Tree

# /home/…, ~/…, C:\…, and what a URL is not.
_ABSOLUTE = re.compile(r"/(?!/)|~|[A-Za-z]:[\\/](?!/)")
HELP = "name it relative to the analysis, and put it beside it"


def paths_of_one_machine(subject: Subject) -> None:
    """Warn of absolute paths of networks, corrections and Python files."""
    for block in subject.file.blocks:
        for path, span in _paths(block):
            if _ABSOLUTE.match(path):
                message = f"{path} is a path of one machine: the analysis runs nowhere else"
                subject.context.findings.warning("W336", message, span, HELP)


def _paths(block: Tree) -> Iterator[tuple[str, Span]]:
    match block:
        case Function():
            yield block.code, block.span
        case Correction():
            yield block.file.value, block.file.span
    for tree in subtrees(block):
        if isinstance(tree, Call):
            for argument in tree.arguments:
                if isinstance(argument, Text):
                    yield argument.value, argument.span
