"""``adl datasets``: what a dataset list says, and whether its files are as it says."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import UserError, show_findings, show_note
from adl.cli.options import Places, dialect_option, format_option, model_option, rewrite_option

if TYPE_CHECKING:
    from adl.check.analysis import AskedDialect
    from adl.runtime.datasets.lists import DatasetList


@click.group("datasets", short_help="Show or check a dataset list, or its schema.")
def command() -> None:
    """Show or check a list of datasets for `adl run ANALYSIS LIST`.

    A list is YAML or JSON (`adl datasets schema`), a coffea fileset, RDataFrame's FromSpec JSON or
    a text with a file a line.

    \b
    Example:
      adl datasets check examples/datasets.yaml --analysis examples/ttbar.adl
    """


@command.command("schema", short_help="Print the JSON Schema of dataset lists.")
def schema() -> None:
    """Print the JSON Schema of dataset lists.

    \b
    Example:
      adl datasets schema > datasets.schema.json
    """
    from adl.runtime.datasets.entries import schema as of_lists

    click.echo(json.dumps(of_lists(), indent=2))


@command.command("show", short_help="Show what a list says.")
@click.argument("file", metavar="LIST", type=click.Path())
@format_option("json")
def show(file: str, form: str) -> None:
    """Show the datasets of a list, their files found and defaults filled in.

    \b
    Example:
      adl datasets show examples/datasets.yaml
    """
    from adl.cli.lists import read
    from adl.runtime.datasets.inspecting import described

    documents = [described(listed) for listed in read(file).datasets]
    if form == "json":
        click.echo(json.dumps(documents, indent=2))
        return
    for document in documents:
        _show(document)


def _show(document: dict[str, Any]) -> None:
    click.echo(document["name"])
    for name, value in document.items():
        if name in ("name", "files") or value in (None, "", [], {}):
            continue
        words = ", ".join(map(str, value)) if isinstance(value, list) else value
        click.echo(f"  {name:<16} {words}")
    for path in document["files"]:
        click.echo(f"  {path}")


@command.command("check", short_help="Open every file of a list.")
@click.argument("file", metavar="LIST", type=click.Path())
@click.option("--analysis", metavar="ADL", help="Check this analysis against every file.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    default=lambda: 4 * (os.cpu_count() or 1),
    show_default="four a CPU",
    metavar="N",
    help="Files that are open at the same time.",
)
@rewrite_option
@format_option("json")
@model_option
@dialect_option
def check(
    file: str,
    analysis: str | None,
    jobs: int,
    places: Places,
    form: str,
    model: str,
    dialect: AskedDialect,
) -> None:
    """Open every file of a list: events, copies, files and friends that cannot be used.

    With --analysis also what the analysis would find missing. The exit code is 2 if a run over the
    list would lose a file, or would not start.

    \b
    Example:
      adl datasets check examples/datasets.yaml --analysis examples/ttbar.adl
    """
    from adl.cli.front import model_of
    from adl.cli.lists import read
    from adl.runtime.datasets.inspecting import inspect_list

    lists = read(file)
    models = {one.model: model_of(one.model) for one in lists.datasets if one.model}
    found = inspect_list(lists, models, model_of(model), jobs, None, places)
    wrong = _Analysis(analysis, dialect, lists.normalise) if analysis else None
    if wrong is not None:
        wrong.check(found)
    if form == "json":
        click.echo(json.dumps([f.document() for f in found], indent=2))
    else:
        _print(found, lists)
        for report in wrong.reports if wrong is not None else ():
            report()
    if any(f.error or f.missing for f in found):
        raise SystemExit(2)


class _Analysis:
    """An analysis that is checked against each kind of file once."""

    def __init__(self, path: str, dialect: AskedDialect, normalise: bool) -> None:
        from adl.cli.common import read_source

        self.source = read_source(path)
        self.dialect = dialect
        self.normalise = normalise
        self.reports: list[Any] = []

    def check(self, found: list[Any]) -> None:
        from adl.cli.front import examine

        known: dict[Any, list[str]] = {}
        for file in found:
            if file.schema is None:
                continue
            key = (file.key, file.dataset)
            if key not in known:
                facts = file.facts(self.normalise)
                checked, findings = examine(self.source, file.schema, self.dialect, facts)
                errors = [f for f in findings if f.severity == "error"]
                known[key] = [f"{e.code} {e.message}" for e in errors] if checked is None else []
                if errors:
                    self.reports.append(self._report(file.path, errors))
            file.missing = known[key]

    def _report(self, path: str, errors: list[Any]) -> Any:
        def report() -> None:
            show_findings(errors, self.source)
            click.echo(f"  in {path}, and what is like it in its dataset", err=True)

        return report


_NOTHING = "\N{EN DASH}"


def _print(found: list[Any], lists: DatasetList) -> None:
    from rich import box
    from rich.table import Table

    from adl.cli.lists import named_at
    from adl.cli.tables import console_of_output, print_whole

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("dataset", "file"):
        table.add_column(name, overflow="fold")
    for name in ("events", "sum of weights", "model"):
        table.add_column(name, justify="right", no_wrap=True)
    for file in found:
        counted = _NOTHING if file.counted is None else f"{file.counted:.6g}"
        counted = "" if file.error else counted
        events = "" if file.error else f"{file.entries:,}"
        table.add_row(file.dataset, file.path, events, counted, file.model)
    print_whole(console_of_output(), table)
    for file in found:
        if file.error:
            reason, *help = file.error.split("\n")
            place = named_at(lists.source, file.listed, file.path)
            UserError("\n".join((f"{reason} {place}", *help))).show()
    good = [f for f in found if not f.error]
    if any(f.counted is None for f in good):
        show_note(_without_counters(good, lists.normalise))
    click.echo(f"{len(good)} of {len(found)} files, {sum(f.entries for f in good):,} events")


def _without_counters(good: list[Any], normalise: bool) -> str:
    """Say what a dash stands for, and from where a run takes the sum of weights then."""
    said = f"{_NOTHING}: a file without counters of weights"
    names = list(dict.fromkeys(f.dataset for f in good if normalise and f.sums_events))
    if not names:
        return said
    return (
        f"{said}; of {', '.join(names)} a run takes the sum of weights over the events of the "
        "files: right if these are no skim"
    )
