"""``python -m adl`` is the command ``adl``."""

from __future__ import annotations

from adl.cli import main

if __name__ == "__main__":
    main(prog_name="adl")
