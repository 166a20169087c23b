"""``adl skim``: write the columns that an analysis needs, for the events that pass its regions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import (
    AnalysisMistakes,
    UserError,
    check_folder,
    read_source,
    show_findings,
    show_note,
    show_warning,
)
from adl.cli.friends import friend_options, once, taken_out, tell
from adl.cli.options import (
    Places,
    dataset_of,
    dataset_options,
    dialect_option,
    jobs_option,
    lenient_option,
    model_option,
    model_path_option,
    rewrite_option,
    seed_option,
    tree_option,
)

if TYPE_CHECKING:
    from adl.check.analysis import AskedDialect
    from adl.check.dataset import Dataset
    from adl.runtime.execute.outcome import Outcome
    from adl.runtime.friends import Friend
    from adl.runtime.skims.keeper import SkimKeeper
    from adl.runtime.skims.preparing import SkimPreparation

_ENDINGS = {".root": "ttree", ".parquet": "parquet"}


@click.command("skim", short_help="Write the events and columns that an analysis needs.")
@click.argument("file", metavar="ANALYSIS", type=click.Path())
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option("-o", "--output", metavar="FILE", required=True, help="The file to write.")
@click.option(
    "--region",
    "regions",
    multiple=True,
    metavar="R",
    help="Keep events that pass this region; may be repeated. All regions by default.",
)
@click.option(
    "--any-variation",
    is_flag=True,
    help="Keep events that pass under a systematic variation alone, too.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["ttree", "rntuple", "parquet"]),
    help="By default what the name says: .root is a TTree. Parquet is for other programs: `adl` "
    "reads TTrees and RNTuples.",
)
@click.option(
    "--columns",
    multiple=True,
    default=("needed",),
    show_default="needed",
    metavar="needed|all|GLOB",
    help="Columns to keep besides those that are needed, as in 'Tau_*'; may be repeated.",
)
@click.option(
    "--force", is_flag=True, help="Replace a file that is there and is no skim; a skim is anyway."
)
@jobs_option("Threads. The file is the same for any number.")
@tree_option
@rewrite_option
@friend_options
@seed_option()
@click.option("-q", "--quiet", is_flag=True, help="Print no progress and no summary.")
@lenient_option
@dataset_options
@model_path_option
@model_option
@dialect_option
def command(
    file: str,
    inputs: tuple[str, ...],
    output: str,
    regions: tuple[str, ...],
    any_variation: bool,
    form: str | None,
    columns: tuple[str, ...],
    force: bool,
    jobs: int,
    tree: str | None,
    places: Places,
    seed: int,
    quiet: bool,
    lenient: bool,
    model_path: tuple[str, ...],
    model: str,
    dialect: AskedDialect,
    **about: Any,
) -> None:
    """Write what an analysis needs of ROOT files (names or globs) to one smaller file.

    Kept are the events that pass a chosen region, with the columns that the analysis reads and
    those by which the file is still known for what it is, all under their own names. Run on the
    skim, the analysis gives these regions the same results from their last cut on. The skim carries
    the number of events and the sums of generator weights before it, so that normalisation stays
    right, and a record of what it was made from. A file that cannot be read to its end leaves
    nothing in it; the exit code then is 2. It replaces another skim of its name, and other files
    only with --force.

    \b
    Example:
      adl skim examples/zpeak.adl examples/sample/zmumu.root -o small.root
      adl skim examples/search.adl data/*.root --region presel --columns 'Tau_*' -o small.root
    """
    form = _form(output, form)
    friends = taken_out(about)
    _refuse_entries(friends)
    check_folder(str(Path(output).parent))
    preparation = _prepare(file, model, dialect, seed, dataset_of(**about), lenient)
    preparation.model_path = model_path
    preparation.noted = show_note
    preparation.regions = regions
    preparation.columns = columns
    preparation.any_variation = any_variation
    settings = jobs, tree, places, quiet
    replaced = Path(output).exists()
    keeper, outcome = _execute(preparation, inputs, friends, Path(output), form, force, settings)
    if not quiet:
        _summary(keeper, outcome, output, replaced)
    _notes(preparation)
    _tell_friends(friends, outcome)
    _finish(outcome)


def _form(output: str, form: str | None) -> str:
    ending = Path(output).suffix
    known = _ENDINGS.get(ending)
    if known is None and form is None:
        raise UserError(f"-o {output}: the name ends in .root or .parquet, or say --format")
    if form is not None and known is not None and (form == "parquet") != (known == "parquet"):
        raise UserError(f"-o {output}: --format {form} does not go with the ending {ending}")
    if Path(output).is_dir():
        raise UserError(f"-o {output} is a folder: a skim is a file")
    return form or known or ""


def _prepare(
    file: str, model: str, dialect: AskedDialect, seed: int, dataset: Dataset, lenient: bool
) -> SkimPreparation:
    from adl.check.silence import silenced
    from adl.cli.front import model_of
    from adl.runtime.skims.preparing import SkimPreparation
    from adl.syntax.diagnostics import AnalysisError
    from adl.syntax.parse import parse_with_notes
    from adl.syntax.tree import Region

    source = read_source(file)
    shown: set[Any] = set()

    def found(findings: tuple[Any, ...]) -> None:
        fresh = [f for f in silenced(findings, source) if f not in shown and f.severity != "note"]
        show_findings(fresh, source)
        shown.update(fresh)

    try:
        tree, odd = parse_with_notes(source, lenient)
    except AnalysisError as error:
        raise AnalysisMistakes(error) from None
    found(odd)
    if not any(isinstance(block, Region) for block in tree.blocks):
        raise UserError(f"{file}: there is no region, so there is nothing to skim")
    known = model_of(model)
    return SkimPreparation(tree, source, known, dialect, "host", found, seed, dataset, lenient)


def _execute(
    preparation: SkimPreparation,
    inputs: tuple[str, ...],
    friends: tuple[Friend, ...],
    output: Path,
    form: str,
    force: bool,
    settings: tuple[int, str | None, Places, bool],
) -> tuple[SkimKeeper, Outcome]:
    from adl.cli.progress import progress_bar
    from adl.runtime.execute.local import execute
    from adl.runtime.friends import Joining
    from adl.runtime.inputs import InputError
    from adl.runtime.inputs.paths import expand
    from adl.runtime.networks import NetworkError
    from adl.runtime.outputs import OutputError
    from adl.runtime.outputs.saved import check_format
    from adl.runtime.skims.keeper import SkimKeeper
    from adl.runtime.skims.preparing import SkimError
    from adl.runtime.skims.record import record
    from adl.runtime.varied_trees import WithTrees, run_trees
    from adl.syntax.diagnostics import AnalysisError

    jobs, tree, places, quiet = settings
    keeper = SkimKeeper(output, form, preparation.opened, jobs)
    preparation.one_table = form == "parquet"

    def run(paths: Sequence[str], prepared: Any, tree: str | None) -> Outcome:
        with progress_bar(quiet) as progress:
            return execute(
                paths,
                prepared,
                threads=jobs,
                tree=tree,
                progress=progress,
                refusals=(AnalysisError,),
                keeper=keeper,
                places=places,
                join=join,
            )

    def run_tree(paths: Sequence[str], prepared: Any, tree: str) -> Outcome:
        keeper.turn_to(tree)
        found = run(paths, prepared, tree)
        for _, reason in found.failures:
            raise InputError(
                tree, f"{reason}; a skim has every tree of a variation whole, or is none"
            )
        return found

    try:
        check_format(form)
        paths = expand(inputs)
        _refuse_overwriting(paths, output, force)
        join = Joining(friends, paths, preparation.model, places, once(show_note))
        whole = WithTrees(preparation, preparation.source, places, join)
        with keeper:
            outcome = run(paths, whole, tree)
            run_trees(outcome, whole, run_tree)
            if keeper.files:
                keeper.finish(record(preparation, keeper, outcome))
    except (InputError, OutputError, NetworkError, SkimError) as error:
        raise UserError(str(error)) from None
    return keeper, outcome


def _refuse_entries(friends: Sequence[Friend]) -> None:
    """Refuse friends that belong to the entries of the inputs: those of a skim are others."""
    if any(friend.by == "entry" for friend in friends):
        raise UserError(
            "--friend-by entry: a skim has other entries than its inputs, so its friends would be "
            "those of other events\n  help: --friend-by event finds each event by its number"
        )


def _tell_friends(friends: Sequence[Friend], outcome: Outcome) -> None:
    """Say how many events friends have, and that their columns stay with them."""
    if not friends:
        return
    from adl.runtime.friends import described

    tell(described(friends, outcome.friends))
    show_note("the skim has no column of a friend: give what runs on it the same --friend")


def _refuse_overwriting(paths: list[str], output: Path, force: bool) -> None:
    """Refuse to replace an input, and without ``force`` what is no skim that can be made again."""
    from adl.runtime.skims.later import is_skim

    if not output.exists():
        return
    for path in paths:
        if os.path.exists(path) and os.path.samefile(path, output):
            raise UserError(f"-o {output} is one of the inputs")
    if not force and not is_skim(output):
        help = "another name keeps it, --force replaces it"
        raise UserError(f"-o {output} is there already, and is no skim\n  help: {help}")


def _summary(keeper: SkimKeeper, outcome: Outcome, output: str, replaced: bool) -> None:
    if not keeper.files:
        return
    size = os.path.getsize(output)
    kept, events = keeper.kept, outcome.events
    share = f" ({kept / events:.3g})" if events else ""
    done = "replaced" if replaced else "wrote"
    click.echo(f"{done} {output}: {kept:,} of {events:,} events{share}, {size:,} bytes")
    for name, number in keeper.trees.items():
        click.echo(f"  and {number:,} events of {name}")
    if not kept:
        show_warning("no event passes: the skim has the columns and the sums of weights alone")


def _notes(preparation: SkimPreparation) -> None:
    for region, names in preparation.early.items():
        show_note(
            f"region {region} fills {', '.join(names)} before its last cut: the skim lacks events "
            "of these histograms, which only all inputs give in full"
        )
    if preparation.left_out:
        number = len(preparation.left_out)
        first = preparation.left_out[0]
        show_note(
            f"under {number} variation{'s' if number > 1 else ''} ({first}{' …' if number > 1 else ''}) "
            "other events can pass, which are not in the skim: --any-variation keeps them"
        )
    if preparation.trees and not preparation.any_variation:
        first = preparation.trees[0] + (" …" if len(preparation.trees) > 1 else "")
        show_note(
            f"the trees of variations ({first}) are not in the skim: --any-variation keeps them"
        )
    for path, number in preparation.unread.items():
        if number:
            show_note(f"{path}: {number} branches are no numbers or lists of numbers: not copied")


def _finish(outcome: Outcome) -> None:
    from adl.cli.afterwards import report

    outcome.nans.clear()  # copied as they are
    report(outcome, None, 0)  # that no event is there is no mistake of a skim
