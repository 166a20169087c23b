"""``adl explain``: what a code of a message means, with a wrong and a right example."""

from __future__ import annotations

from textwrap import fill
from typing import TYPE_CHECKING

import click

from adl.cli.common import UserError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from adl.cli.explanations import Explanation

_COLOURS = {"E": "red", "W": "yellow", "N": "cyan"}


@click.command("explain", short_help="Explain the code of a message.")
@click.argument("codes", metavar="[CODE]...", nargs=-1)
def command(codes: tuple[str, ...]) -> None:
    """Explain the code of a message, with a wrong and a right example; or list all codes.

    E is an error: nothing runs. W is a warning: probably not meant. N is a note: how something
    was read.

    \b
    Example:
      adl explain E203
    """
    from adl.cli.console import text_console
    from adl.cli.explanations import explanations, titles

    known = titles()
    asked = [code.upper() for code in codes]
    for code in asked:
        if code not in known:
            raise UserError(_unknown(code, known))
    console = text_console()
    if not asked:
        _list(console, known)
    for number, code in enumerate(asked):
        if number:
            console.print()
        _explain(console, code, known[code], explanations().get(code))


def _unknown(code: str, known: dict[str, str]) -> str:
    from adl.syntax.diagnostics import did_you_mean

    begun = [name for name in known if name.startswith(code)]
    near = f"codes that begin so: {', '.join(begun)}" if begun else did_you_mean(code, list(known))
    near = near or "adl explain lists all codes"
    return f"no message has the code {code}\n  help: {near}"


def _list(console: Console, known: dict[str, str]) -> None:
    from rich.text import Text

    for code, title in known.items():
        line = Text.assemble((code, f"bold {_COLOURS[code[0]]}"), f"  {title}")
        console.print(line, soft_wrap=True)


def _explain(console: Console, code: str, title: str, explained: Explanation | None) -> None:
    from rich.text import Text

    console.print(Text.assemble((code, f"bold {_COLOURS[code[0]]}"), ": ", (title, "bold")))
    if explained is None:
        return
    console.print()
    console.print(fill(explained.meaning.strip(), min(console.width, 90)))
    parts = {"Both examples use:": explained.prelude, "With mine.py:": explained.python}
    given = f" (--model {explained.model})" if explained.model != "nanoaod" else ""
    parts[f"Wrong{given}:"] = explained.wrong
    for heading, text in {**parts, "Right:": explained.right}.items():
        if text:
            console.print()
            console.print(heading, style="bold")
            for line in text.splitlines():
                console.print(_coloured(f"  {line}"), soft_wrap=True)


def _coloured(line: str) -> Text:
    """Return a line of ADL with its keyword and its comment in colours."""
    from rich.text import Text

    from adl.syntax.keywords import KEYWORDS

    text = Text(line)
    words = "|".join(KEYWORDS)
    text.highlight_regex(rf"(?i)^\s*(?:{words})\b(?! *[(.])", "cyan")
    text.highlight_regex(r"#.*", "dim")
    return text
