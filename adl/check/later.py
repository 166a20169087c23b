"""What the parser reads and this version cannot compile: said once each, never ignored."""

from __future__ import annotations

from adl.syntax.diagnostics import Findings
from adl.syntax.tree import (
    Correction,
    File,
    LegacySystematic,
    Systematic,
)

_BLOCKS = {
    Systematic: "systematic variations",
    LegacySystematic: "systematic variations",
    Correction: "corrections",
}


def refuse_later(file: File, findings: Findings) -> None:
    """Report blocks and words of statements that would have no effect."""
    for block in file.blocks:
        what = _BLOCKS.get(type(block))
        if what is not None:
            findings.error("E190", f"{what}: not supported yet", block.span)
