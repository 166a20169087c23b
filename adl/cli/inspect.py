"""``adl inspect``: what a file is and what it offers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import (
    Places,
    UserError,
    dialect_option,
    model_option,
    read_source,
    rewrite_option,
    show_findings,
    tree_option,
)
from adl.cli.correction_files import is_corrections

if TYPE_CHECKING:
    from rich.table import Table

    from adl.check.analysis import AskedDialect
    from adl.cli.findings import Report
    from adl.stdlib.models import Schema

_SHOWN = 12  # triggers


@click.command("inspect", short_help="Show what a file is and what it offers.")
@click.argument("file", type=click.Path())
@tree_option
@rewrite_option
@click.option("--analysis", metavar="ADL", help="Check this analysis against the file.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="For people or for programs.",
)
@model_option
@dialect_option
def command(
    file: str,
    tree: str | None,
    places: Places,
    analysis: str | None,
    form: str,
    model: str,
    dialect: AskedDialect,
) -> None:
    """Show what a ROOT file, or a file of corrections, is and what it offers.

    That is the object model and why it is this one, events, size and compression, the collections
    and their attributes by the names that ADL has for them, missing momentum, triggers. With
    --analysis also what the analysis would find missing, as `adl check --input` says it; the exit
    code is 2 if it has a mistake.

    Of a file of corrections (.json, .json.gz of correctionlib) it shows the corrections: their
    inputs, and the categories that these know.

    \b
    Example:
      adl inspect examples/sample/zmumu.root
      adl inspect examples/corrections/muons.json
      adl inspect examples/sample/zmumu.root --analysis examples/ttbar.adl
    """
    from adl.cli.front import model_of
    from adl.cli.inspection import inspected
    from adl.runtime.inputs import InputError
    from adl.runtime.inputs.opening import open_input
    from adl.stdlib.models import ModelError

    if is_corrections(file):
        _corrections(file, form, {"--tree": tree, "--analysis": analysis})
        return
    asked = model_of(model)
    try:
        with open_input(file, tree, places(file)) as source:
            document, schema = inspected(source, asked)
    except (InputError, ModelError) as error:
        raise UserError(str(error)) from None
    report = _report(analysis, schema, dialect) if analysis else None
    if form == "json":
        click.echo(json.dumps({**document, **_findings(report)}, indent=2))
    else:
        _print(document)
        if report is not None:
            _show(report)
    if report is not None and report.number("error"):
        raise SystemExit(2)


def _corrections(file: str, form: str, options: dict[str, str | None]) -> None:
    """Show a file of corrections, for which these options mean nothing."""
    from adl.cli.correction_files import document, show

    for option, given in options.items():
        if given is not None:
            raise UserError(f"{file} is a file of corrections: {option} is for one of events")
    found = document(file)
    if form == "json":
        click.echo(json.dumps(found, indent=2))
    else:
        show(found)


def _report(analysis: str, schema: Schema, dialect: AskedDialect) -> Report:
    from adl.cli.findings import Report
    from adl.cli.front import examine

    source = read_source(analysis)
    checked, findings = examine(source, schema, dialect)
    return Report(source, findings, len(checked.regions) if checked else 0)


def _findings(report: Report | None) -> dict[str, Any]:
    from adl.cli.findings import as_json

    return {} if report is None else {"analysis": json.loads(as_json([report]))}


def _show(report: Report) -> None:
    show_findings(report.findings, report.source)
    errors = report.number("error")
    if not errors:
        click.echo(f"{report.file}: the file has all that it needs")


# ----------------------------------------------------------------------------------- text


def _print(document: dict[str, Any]) -> None:
    from adl.cli.tables import console_of_output, print_whole

    for line in _heading(document):
        click.echo(line)
    console = console_of_output()
    for title, key in (("collection", "collections"), ("once an event", "singletons")):
        if document[key]:
            click.echo()
            print_whole(console, _owners(title, document[key]))
    click.echo()
    for line in _rest(document):
        click.echo(line)


def _heading(document: dict[str, Any]) -> Iterator[str]:
    compression = document["compression"]
    version = f" {document['version']}" if document["version"] else ""
    yield document["file"]
    yield f"  model        {document['model']}{version}: {document['reason']}"
    yield f"  tree         {document['tree']}, {document['events']:,} events"
    yield f"  size         {_size(document['bytes'])}, {_compression(compression)}"
    if document["skim"]:
        yield f"  skim         {_skim(document['skim'])}"


def _skim(record: dict[str, Any]) -> str:
    """Say what a skim was made from."""
    inputs = record["inputs"]
    events = sum(file["events"] for file in inputs)
    weights = sum(file["sum_of_weights"] for file in inputs)
    files = f"{len(inputs)} files" if len(inputs) > 1 else inputs[0]["path"]
    by = f"{', '.join(record['regions'])} of {record['analysis']['file']}"
    return f"of {events:,} events in {files}, sum of weights {weights:.9g}: {by}"


def _size(number: int) -> str:
    for unit, bytes_ in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= bytes_:
            return f"{number / bytes_:.3g} {unit}"
    return f"{number} bytes"


def _compression(known: dict[str, Any]) -> str:
    if not known["algorithm"]:
        return "not compressed"
    factor = f", columns {known['factor']:.1f} times smaller" if known["factor"] else ""
    return f"{known['algorithm']} level {known['level']}{factor}"


def _owners(title: str, owners: dict[str, Any]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(title, no_wrap=True)
    table.add_column("also")
    table.add_column("attributes")
    for name, owner in sorted(owners.items()):
        heading = f"{name}, by {owner['ordered']}" if owner.get("ordered") else name
        attributes = _attributes(owner)
        if "of" in owner:  # it has those of the other one
            attributes = f"{owner['of']} where {owner['where']}"
        table.add_row(heading, " ".join(owner["aliases"]), attributes)
    return table


def _attributes(owner: dict[str, Any]) -> str:
    """Return attributes by their types; with * those that are computed."""
    kinds: dict[str, list[str]] = {}
    for name, column in owner["attributes"].items():
        mark = "*" if "computed" in column else ""
        unit = f" ({column['stored_in']})" if "stored_in" in column else ""
        kinds.setdefault(column["type"], []).append(f"{name or 'its value'}{mark}{unit}")
    lines = [f"{kind}: {', '.join(names)}" for kind, names in kinds.items()]
    lines += [f"-> {name} ({target})" for name, target in owner.get("links", {}).items()]
    lines += [f"=> {name} ({source})" for name, source in owner.get("inverses", {}).items()]
    return "\n".join(lines)


def _rest(document: dict[str, Any]) -> Iterator[str]:
    kinds = Counter(column["type"] for column in document["columns"].values())
    number = sum(kinds.values())
    yield f"columns of the event: {number} ({_counted(kinds.items())})" if number else "no columns"
    triggers = document["triggers"]
    more = f" and {len(triggers) - _SHOWN} more" if len(triggers) > _SHOWN else ""
    yield f"triggers: {', '.join(triggers[:_SHOWN])}{more}" if triggers else "triggers: none"
    yield f"weights: {', '.join(document['weights']) or 'none'}"
    varied = list(document["variations"])
    more = f" and {len(varied) - _SHOWN} more" if len(varied) > _SHOWN else ""
    if varied:
        yield f"variations in columns: {', '.join(varied[:_SHOWN])}{more} (systematic auto GLOB)"
    if document["unread"]:
        yield f"{len(document['unread'])} branches are no numbers or lists of numbers: not read"
    computed = any(
        "computed" in column
        for owner in (*document["collections"].values(), *document["singletons"].values())
        for column in owner["attributes"].values()
    )
    if computed:
        yield "* computed; -> leads to an element of another collection, => to several"


def _counted(kinds: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in sorted(kinds))
