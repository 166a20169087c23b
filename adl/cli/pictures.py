"""Files that a command draws or lists into: refused before the work if they cannot be written."""

from __future__ import annotations

import os
from pathlib import Path

from adl.cli.common import UserError

ENDINGS = (".png", ".svg", ".pdf")


def check_picture(path: str) -> None:
    """Refuse a picture that cannot be drawn."""
    if not path.lower().endswith(ENDINGS):
        raise UserError(f"-o {path}: the name of a picture ends in {', '.join(ENDINGS)}")
    check_file("-o", path)
    try:
        import matplotlib  # noqa: F401  # whether it is there
    except ImportError:
        raise UserError("-o draws with matplotlib: pip install 'adlc[plots]'") from None


def check_file(option: str, path: str) -> None:
    """Refuse a file in a folder that is not there or takes none."""
    file = Path(path).absolute()
    if file.is_dir():
        raise UserError(f"{option} {path}: this is a folder, a file is expected")
    if not file.parent.is_dir():
        raise UserError(f"{option} {path}: there is no such folder\n  help: mkdir -p {file.parent}")
    if not os.access(file if file.exists() else file.parent, os.W_OK):
        raise UserError(f"{option} {path}: cannot be written: permission denied")
