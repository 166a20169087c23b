"""``python -m adl.cli``: the command ``adl``."""

from __future__ import annotations

from adl.cli import main

main(prog_name="adl")
