"""What the parser reads and this version cannot compile: said once each, never ignored."""

from __future__ import annotations

from adl.syntax.diagnostics import Findings
from adl.syntax.tree import Correction, File


def refuse_later(file: File, findings: Findings) -> None:
    """Report blocks that would have no effect."""
    for block in file.blocks:
        if isinstance(block, Correction):
            findings.error("E190", "corrections: not supported yet", block.span)
