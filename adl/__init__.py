"""adlc: compile analyses written in the Analysis Description Language.

Importing this package loads nothing heavy: every command imports what it needs when it runs.
"""

from __future__ import annotations

import pathlib

__version__ = "0.1.0"

# A clone without symbolic links (some Windows checkouts) finds the sibling folders here.
_TOP = pathlib.Path(__file__).resolve().parent.parent
if not (_TOP / "adl" / "compiler").is_dir() and (_TOP / "compiler" / "pipeline.py").is_file():
    __path__.append(str(_TOP))
