"""What is read although it is no good ADL: notes, one a file, and warnings, one a place."""

from __future__ import annotations

from collections.abc import Iterable

from adl.syntax.diagnostics import Diagnostic
from adl.syntax.tree import File, Reject, Ternary

BRACES = "a function is applied with braces"
BRACES_HELP = "pT(jets[0]) is read by every tool"


def odd_spellings(file: File, found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return what the tree shows and what was found before, in the order of the text."""
    ordered = sorted([*found, *_rejects_without_else(file)], key=lambda odd: odd.span.start)
    once: set[str] = set()
    kept: list[Diagnostic] = []
    for odd in ordered:
        if odd.severity == "warning" or odd.code not in once:
            kept.append(odd)
        once.add(odd.code)
    return tuple(kept)


def _rejects_without_else(file: File) -> Iterable[Diagnostic]:
    for block in file.blocks:
        for statement in getattr(block, "statements", ()):
            match statement:
                case Reject(Ternary(otherwise=None) as condition):
                    message = "reject a ? b is read as reject a and b"
                    yield Diagnostic("W104", "warning", message, condition.span)
