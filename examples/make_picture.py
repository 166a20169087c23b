"""Draw what the README's first command prints: ``python examples/make_picture.py``."""

from __future__ import annotations

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

HERE = Path(__file__).parent
SHOWN = "adl run examples/zpeak.adl examples/sample/zmumu.root -o results"


def main() -> None:
    """Run the command and write its output as ``zpeak.svg``."""
    with tempfile.TemporaryDirectory() as folder:
        job = ["run", "examples/zpeak.adl", "examples/sample/zmumu.root", "-o", f"{folder}/results"]
        command = [sys.executable, "-m", "adl", *job]
        run = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=True)
    console = Console(record=True, width=66, file=io.StringIO())
    console.print(Text(f"$ {SHOWN}\n", style="bold"))
    console.print(Text(run.stdout.replace(f"{folder}/", "").rstrip()))
    console.save_svg(str(HERE / "zpeak.svg"), title="adl run")


if __name__ == "__main__":
    main()
