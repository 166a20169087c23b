"""The first rows of print statements as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from adl.cli.tables import console_of_output, print_whole

if TYPE_CHECKING:
    from rich.console import Console

    from adl.runtime.outputs.keeper import Keeper
    from adl.runtime.rows import Part
    from adl.runtime.rows import Table as Rows


def print_rows(keeper: Keeper, console: Console | None = None) -> None:
    """Print the rows that were kept of each print statement, and how many there are."""
    console = console or console_of_output()
    for output, rows in keeper.heads.items():
        if keeper.shown == 0:
            continue
        title = (
            f"{output.name.removeprefix('prints/')}: {_extent(rows.rows, keeper.counts[output])}"
        )
        print_whole(console, rows_table(title, rows))
        console.print()


def _extent(shown: int, every: int) -> str:
    if shown == every:
        return f"{every:,} row{'' if every == 1 else 's'}"
    return f"the first {shown:,} of {every:,} rows"


def rows_table(title: str, rows: Rows) -> Table:
    """Rows as a table; a text stands in each row between the values, as it was written."""
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    columns = []
    for part in rows.parts:
        table.add_column("" if part.values is None else part.label, justify="right")
        columns.append(_fields(part, rows.rows))
    for row in zip(*columns, strict=True):
        table.add_row(*row)
    return table


def _fields(part: Part, rows: int) -> list[str]:
    from adl.runtime.outputs.saved import texts

    if part.values is None:
        return [part.label] * rows
    return texts(part, part.values, missing="missing", digits=6)
