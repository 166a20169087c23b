"""``adl plan``: what each systematic variation of an analysis needs, before a run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import AnalysisMistakes, UserError, show_findings, show_note
from adl.cli.friends import friend_options, once, taken_out
from adl.cli.lists import is_list, refuse_options
from adl.cli.options import (
    Places,
    dataset_of,
    dataset_options,
    dialect_option,
    format_option,
    lenient_option,
    model_option,
    model_path_option,
    rewrite_option,
    tree_option,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adl.check.analysis import AskedDialect
    from adl.runtime.datasets.lists import DatasetList
    from adl.runtime.friends import Friend
    from adl.runtime.planning import Failures, Planned
    from adl.runtime.prepare import Preparation


@click.command("plan", short_help="Show what each systematic variation will cost.")
@click.argument("file", metavar="ANALYSIS", type=click.Path())
@click.argument("inputs", metavar="[INPUT...]", nargs=-1)
@tree_option
@click.option(
    "--systematics",
    default=("all",),
    multiple=True,
    show_default=True,
    metavar="all|none|GLOB",
    help="Which systematics to plan, by name; can be repeated.",
)
@format_option("json")
@rewrite_option
@friend_options
@lenient_option
@dataset_options
@model_path_option
@model_option
@dialect_option
def command(
    file: str,
    inputs: tuple[str, ...],
    tree: str | None,
    systematics: tuple[str, ...],
    form: str,
    places: Places,
    lenient: bool,
    model_path: tuple[str, ...],
    model: str,
    dialect: AskedDialect,
    **about: Any,
) -> None:
    """Show what each systematic variation needs beside the nominal analysis, without running it.

    That is: the values that are computed again, and those that are shared; what it can change; the
    computing as an estimate, in multiples of nominal; the memory of its histograms; the columns that
    only it reads and, with ROOT files or a dataset list, their bytes. Without a file the columns
    are those that the object model lists. Nothing is computed, so nothing is known of cuts: the
    estimate takes every event to pass all of them. The exit code is 2 if the analysis has a mistake
    or a file could not be used.

    \b
    Example:
      adl plan examples/systematics/lepton_factors.adl examples/sample/zmumu.root
    """
    from adl.cli.front import WITHOUT_FILE
    from adl.cli.preparing import prepare, wanted
    from adl.stdlib.models.recognition import AUTO

    friends = taken_out(about)
    named = WITHOUT_FILE if model == AUTO and not inputs else model
    preparation = prepare(file, named, dialect, "reference", 1, dataset_of(**about), lenient)
    preparation.model_path = model_path
    lists = _list(inputs)
    preparation.systematics, lists = wanted(systematics, preparation.file, lists)
    preparation.noted = show_note
    if lists is not None:
        refuse_options(about)
    if lists is not None and friends:
        raise UserError("--friend: in a dataset list, each dataset has its own friends:")
    if friends and not inputs:
        raise UserError("--friend: a friend is one of files of events: name these, too")
    found, failures = _planned(preparation, inputs, tree, lists, places, friends)
    if found:
        _show(file, found, form)
    if failures:
        from adl.cli.afterwards import show_failures

        show_failures(failures, bool(found))
        raise SystemExit(2)


def _planned(
    preparation: Preparation,
    inputs: tuple[str, ...],
    tree: str | None,
    lists: DatasetList | None,
    places: Places,
    friends: tuple[Friend, ...],
) -> tuple[list[Planned], Failures]:
    from adl.runtime.friends import Joining
    from adl.runtime.inputs import InputError
    from adl.runtime.inputs.paths import expand
    from adl.runtime.networks import NetworkError
    from adl.runtime.planning import plan_of_files, plan_of_model
    from adl.syntax.diagnostics import AnalysisError

    try:
        if not inputs:
            assert preparation.model is not None
            return [plan_of_model(preparation, preparation.model.schema())], []
        if lists is not None:
            return _planned_list(preparation, lists, tree, places)
        paths = expand(inputs)
        join = Joining(friends, paths, preparation.model, places, once(show_note))
        return plan_of_files(preparation, paths, tree, places, join)
    except AnalysisError as error:
        raise AnalysisMistakes(error) from None
    except (InputError, NetworkError) as error:
        raise UserError(str(error)) from None


def _list(inputs: tuple[str, ...]) -> DatasetList | None:
    """Return the dataset list that the inputs are, None if they are files of events."""
    from adl.cli.lists import read

    name = next(filter(is_list, inputs), None)
    if name is not None and len(inputs) > 1:
        raise UserError(
            f"{name} is a dataset list, which stands alone\n  help: name the other files in it"
        )
    return None if name is None else read(name)


def _planned_list(
    preparation: Preparation, lists: DatasetList, tree: str | None, places: Places
) -> tuple[list[Planned], Failures]:
    from adl.cli.front import model_of
    from adl.runtime.planning import plan_of_list

    models = {one.model: model_of(one.model) for one in lists.datasets if one.model}
    known = {name: model for name, model in models.items() if model is not None}
    return plan_of_list(
        lists,
        preparation,
        known,
        lambda found: show_findings(found, lists.source),
        tree,
        places,
        once(show_note),
    )


def _show(file: str, found: Sequence[Planned], form: str) -> None:
    from adl.cli.planned import document, print_plans

    if form == "json":
        click.echo(json.dumps(document(file, found), indent=2))
    else:
        print_plans(found)
