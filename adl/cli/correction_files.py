"""What a file of corrections offers: each one's inputs with the categories that they know."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import UserError

if TYPE_CHECKING:
    from adl.stdlib.corrections.files import Correction, Input

SUFFIXES = (".json", ".json.gz")
_SHOWN = 40  # categories of an input


def is_corrections(file: str) -> bool:
    """Whether a file is one of corrections by its name."""
    return file.lower().endswith(SUFFIXES)


def document(file: str) -> dict[str, Any]:
    """Return a file's corrections as data."""
    from adl.runtime.inputs.paths import near
    from adl.stdlib.corrections.files import SCHEMA, CorrectionFileError, read

    try:
        found = read(Path(file))
    except CorrectionFileError as error:
        raise UserError(f"{file} is no file of corrections: {error}") from None
    except OSError as error:
        help = near(file) if isinstance(error, FileNotFoundError) else ""
        way_out = f"\n  help: {help}" if help else ""
        raise UserError(f"{file}: {(error.strerror or str(error)).lower()}{way_out}") from None
    return {
        "file": file,
        "schema_version": SCHEMA,
        "description": found.description,
        "corrections": [_correction(c) for c in found.corrections.values()],
    }


def _correction(correction: Correction) -> dict[str, Any]:
    return {
        "name": correction.name,
        "version": correction.version,
        "description": correction.description,
        "inputs": [_input(correction, i) for i in correction.inputs],
        "output": {"name": correction.output.name, "description": correction.output.description},
        **({"stack": [part.name for part in correction.stack]} if correction.stack else {}),
    }


def _input(correction: Correction, given: Input) -> dict[str, Any]:
    categories = list(correction.categories(given.name)) if given.kind != "real" else []
    return {
        "name": given.name,
        "type": given.kind,
        "description": given.description,
        **({"categories": categories} if categories else {}),
    }


def show(document: dict[str, Any]) -> None:
    """Print a file's corrections for people."""
    from rich import box
    from rich.table import Table

    from adl.cli.tables import console_of_output, print_whole

    number = len(document["corrections"])
    click.echo(document["file"])
    click.echo(f"  corrections  {number}, schema version {document['schema_version']}")
    if document["description"]:
        click.echo(f"  description  {document['description']}")
    for correction in document["corrections"]:
        click.echo()
        click.echo(f"{correction['name']}, version {correction['version']}")
        if correction["description"]:
            click.echo(f"  {correction['description']}")
        if "stack" in correction:
            click.echo(f"  one after the other: {', '.join(correction['stack'])}")
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        table.add_column("input", no_wrap=True)
        table.add_column("type")
        table.add_column("categories")
        table.add_column("description")
        for given in correction["inputs"]:
            known = _categories(given.get("categories", []))
            table.add_row(given["name"], given["type"], known, given["description"])
        print_whole(console_of_output(), table)


def _categories(known: list[Any]) -> str:
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return ", ".join(map(str, known[:_SHOWN])) + more
