"""``adl show``: an analysis at a glance, as a tree or as a graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import AnalysisMistakes, UserError, read_source
from adl.cli.options import dataset_of, dataset_options, model_option

if TYPE_CHECKING:
    from adl.syntax.source import Source
    from adl.syntax.tree import File


@click.command("show", short_help="Show an analysis as a tree or a graph.")
@click.argument("file", type=click.Path())
@click.option(
    "--graph",
    type=click.Choice(["mermaid", "dot"]),
    help="Print a graph of objects and regions for Mermaid or Graphviz.",
)
@click.option(
    "--variation",
    metavar="GLOB",
    help="For --graph: mark what systematics or variations of these names touch.",
)
@click.option(
    "--input", "sample", metavar="ROOT", help="For --graph: the collections are those of this file."
)
@click.option("--tree", metavar="NAME", help="Tree of the events in --input.")
@dataset_options
@model_option
def command(
    file: str,
    graph: str | None,
    variation: str | None,
    sample: str | None,
    tree: str | None,
    model: str,
    **about: Any,
) -> None:
    """Show an analysis: its objects, defines and regions with their cuts, histograms and bins.

    It shows what is written, whether or not that has a meaning: `adl check` finds mistakes. In a
    graph the arrows go from what is taken, inherited or used; the model, or --input, says which
    names are collections of the input. --variation checks the analysis and marks, with a border of
    another colour, the collections that change, objects made of them, and the regions whose numbers
    can change; columns that the model does not know, jet_pt_jesUp say, need --input. Of `only` and
    other choices between datasets both sides count, unless --process ttbar and the like say which.

    \b
    Example:
      adl show examples/ttbar.adl
      adl show examples/ttbar.adl --graph dot | dot -Tsvg > ttbar.svg
      adl show examples/systematics/jet_pt_scale.adl --graph mermaid --variation 'jes*'
    """
    source = read_source(file)
    parsed = _parsed(source)
    if variation is None and any(about.values()):
        raise UserError("--process and the like say what --variation marks: add --variation GLOB")
    if graph is None:
        if variation is not None:
            raise UserError("--variation marks a graph: add --graph mermaid or --graph dot")
        _print(parsed, source)
        return
    from adl.cli.front import schema
    from adl.cli.graph import GRAPHS, graph_of

    known = schema(model, sample, tree)
    found = graph_of(parsed, known)
    if variation is None:
        click.echo(GRAPHS[graph](found))
        return
    from adl.cli.touched import touched

    dataset = dataset_of(**about) if any(about.values()) else None
    click.echo(GRAPHS[graph](found, touched(found, source, known, variation, dataset)))


def _parsed(source: Source) -> File:
    from adl.syntax.diagnostics import AnalysisError
    from adl.syntax.parse import parse

    try:
        return parse(source)
    except AnalysisError as error:
        raise AnalysisMistakes(error) from None


def _print(parsed: File, source: Source) -> None:
    from adl.cli.console import text_console
    from adl.cli.overview import overview

    text_console().print(overview(parsed, source))
