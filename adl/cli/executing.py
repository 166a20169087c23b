"""Runs over the files of a command, and what came of them as results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adl.cli.common import UserError, show_note
from adl.cli.friends import once
from adl.cli.options import Places

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adl.runtime.execute.outcome import Outcome
    from adl.runtime.execute.sampling import Sampler
    from adl.runtime.friends import Friend
    from adl.runtime.outputs.keeper import Keeper
    from adl.runtime.prepare import Preparation
    from adl.runtime.results import Results
    from adl.syntax.diagnostics import Diagnostic


def execute_inputs(
    preparation: Preparation,
    inputs: tuple[str, ...],
    friends: tuple[Friend, ...],
    tree: str | None,
    settings: tuple[int, int | None, Places, bool],
    keeper: Keeper,
    sampler: Sampler | None = None,
) -> Outcome:
    """Run over files, and over the trees of variations; mistakes in what was asked end the command.

    ``settings`` are threads, most events, where files may be, and whether no progress is shown;
    a sampler takes some events in the place of all.
    """
    from adl.cli.progress import progress_bar
    from adl.runtime.execute.local import execute
    from adl.runtime.friends import Joining
    from adl.runtime.inputs import InputError
    from adl.runtime.inputs.paths import expand
    from adl.runtime.networks import NetworkError
    from adl.runtime.outputs import OutputError
    from adl.runtime.varied_trees import WithTrees, run_trees
    from adl.syntax.diagnostics import AnalysisError

    jobs, events, places, quiet = settings

    def run(
        paths: Sequence[str], prepared: Any, tree: str | None, keeper: Keeper | None = None
    ) -> Outcome:
        with progress_bar(quiet) as progress:
            return execute(
                paths,
                prepared,
                threads=jobs,
                limit=events,
                tree=tree,
                progress=progress,
                refusals=(AnalysisError,),
                keeper=keeper,
                places=places,
                join=join,
                sample=sampler,
            )

    try:
        paths = expand(inputs)
    except InputError as error:
        raise UserError(str(error)) from None
    join = Joining(friends, paths, preparation.model, places, once(show_note))
    whole = WithTrees(preparation, preparation.source, places, join)
    try:
        with keeper:
            outcome = run(paths, whole, tree, keeper)
        run_trees(outcome, whole, run)
        return outcome
    except (OutputError, NetworkError) as error:
        raise UserError(str(error)) from None


def results_of(
    preparation: Preparation, outcome: Outcome, friends: tuple[Friend, ...]
) -> Results | None:
    """Return the results of a run over files; None where no file could be used."""
    from adl import __version__
    from adl.runtime.collect import systematics
    from adl.runtime.friends import described
    from adl.runtime.results import Cutflow, Histogram, Process, Results
    from adl.runtime.varied_trees import collected

    if outcome.kernel is None or outcome.partial is None or preparation.analysis is None:
        return None
    # All inputs of one command are one process.
    name = outcome.name
    items = collected(outcome, Process(preparation.dataset.process or name, name))
    analysis = preparation.analysis
    return Results(
        __version__,
        analysis.name,
        analysis.dialect,
        outcome.events,
        tuple(item for item in items if isinstance(item, Cutflow)),
        tuple(item for item in items if isinstance(item, Histogram)),
        tuple(outcome.files),
        outcome.faults,
        systematics(outcome.kernel.program),
        friends=tuple(described(friends, outcome.friends)),
    )


def judged(outcome: Outcome, results: Results | None) -> tuple[Results | None, list[Diagnostic]]:
    """Return results with what their shifts show, without replicas and bands that lack events.

    What is to be told of those comes with them.
    """
    from adl.runtime.replicas import absent, gaps, without, without_bands
    from adl.runtime.shifts import with_findings

    lacking = absent(outcome)
    told = [one.told() for one in lacking]
    if results is None:
        return None, told
    results = without(with_findings(results), lacking)
    incomplete = gaps(outcome, results)
    return without_bands(results, incomplete), told + [one.told() for one in incomplete]
