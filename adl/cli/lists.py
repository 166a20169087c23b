"""``adl run ANALYSIS LIST``: all datasets of a list, their processes side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import AnalysisMistakes, UserError, show_findings, show_note, show_warning
from adl.cli.friends import once, tell
from adl.cli.options import Places

if TYPE_CHECKING:
    from adl.runtime.datasets.lists import DatasetList, Listed
    from adl.runtime.datasets.running import Options, Ran
    from adl.runtime.execute.outcome import Outcome
    from adl.runtime.execute.sampling import Sampler
    from adl.runtime.outputs.keeper import Keeper
    from adl.runtime.prepare import Preparation
    from adl.runtime.results import Results
    from adl.syntax.source import Source


ENDINGS = (".yaml", ".yml", ".json", ".txt")


def is_list(path: str) -> bool:
    """Whether a name is that of a dataset list, by its ending."""
    return path.lower().endswith(ENDINGS)


@dataclass(frozen=True)
class Request:
    """What the options of a run ask for."""

    jobs: int
    events: int | None  # of each dataset
    tree: str | None
    quiet: bool
    output: str | None
    print_rows: int
    places: Places = lambda path: (path,)
    sampler: Sampler | None = None  # of a dry run


def read(path: str, luminosity: str | None = None) -> DatasetList:
    """Read a list; its warnings are shown, its mistakes end the command."""
    from adl.runtime.datasets.quantities import luminosity as in_inverse_pb
    from adl.runtime.datasets.reading import read_list
    from adl.runtime.inputs import InputError
    from adl.syntax.diagnostics import AnalysisError

    if path.lower().endswith(".adl"):
        help = f"adl check {path} reads it; a list is YAML, JSON or a text of file names"
        raise UserError(f"{path} is an analysis by its name, no dataset list\n  help: {help}")
    try:
        value = None if luminosity is None else in_inverse_pb(luminosity)
    except ValueError as error:
        raise UserError(f"--luminosity: {error}") from None
    try:
        lists, findings = read_list(path, value)
    except AnalysisError as error:
        raise AnalysisMistakes(error) from None
    except InputError as error:
        raise UserError(str(error)) from None
    show_findings(findings, lists.source)
    return lists


def run(
    lists: DatasetList, preparation: Preparation, request: Request
) -> tuple[Results | None, Outcome, list[Keeper]]:
    """Run over a list; return its results, what became of its files, and the rows of prints."""
    from adl.runtime.datasets.coverage import complaints, sources_in_words
    from adl.runtime.datasets.running import run_list
    from adl.runtime.networks import NetworkError
    from adl.runtime.outputs import OutputError

    keepers: list[Keeper] = []
    if not lists.normalise:
        show_note("the list is not normalised: an event counts 1, as in a run over its files")
    try:
        found = run_list(lists, preparation, options_of(lists, request, keepers))
    except (OutputError, NetworkError) as error:
        raise UserError(str(error)) from None
    # Where nothing ran, the analysis' mistakes or the files' are the whole story.
    ran_any = any(r.outcome.kernel is not None for r in found)
    for ran in found if ran_any and request.sampler is None else ():
        for complaint in complaints(ran, request.events):
            show_warning(complaint)
    said = sources_in_words(found, request.events)
    if said:
        show_note(said)
    results = _results(preparation, found)
    for dataset in results.datasets if results is not None else ():
        tell(dataset.get("friends", ()), dataset["name"])
    if results is not None and not request.quiet:
        from adl.cli.listed import print_coverage

        print_coverage(results)
    return results, merged(found, lists.source), keepers


def options_of(lists: DatasetList, request: Request, keepers: list[Keeper]) -> Options:
    """Return how a list is run; the keepers of rows are put into the list when it is."""
    from adl.cli.front import model_of
    from adl.cli.progress import progress_bar
    from adl.runtime.datasets.running import Options
    from adl.runtime.outputs.keeper import Keeper
    from adl.syntax.diagnostics import Diagnostic

    models = {listed.model: model_of(listed.model) for listed in lists.datasets if listed.model}
    shown: set[Diagnostic] = set()

    def keeper(listed: Listed) -> Keeper:
        folder = None if request.output is None else Path(request.output) / _word(listed.name)
        keepers.append(Keeper(folder, 0 if request.quiet else request.print_rows))
        return keepers[-1]

    def told(findings: Iterable[Diagnostic]) -> None:
        new = [f for f in findings if f not in shown and f.severity != "note"]
        shown.update(new)
        show_findings(new, lists.source)

    def showing() -> AbstractContextManager[Any]:
        return progress_bar(request.quiet)

    return Options(
        request.jobs,
        request.events,
        request.tree,
        {name: model for name, model in models.items() if model is not None},
        showing,
        keeper,
        told,
        request.places,
        once(show_note),
        request.sampler,
    )


def _word(name: str) -> str:
    """Return a name for a folder."""
    return "".join(c if c.isalnum() or c in "-_.+" else "_" for c in name).lstrip(".") or "_"


def _results(preparation: Preparation, found: Sequence[Ran]) -> Results | None:
    from adl import __version__
    from adl.compiler.layout import merged_faults
    from adl.runtime.datasets.combining import combined
    from adl.runtime.datasets.coverage import coverage
    from adl.runtime.results import Results

    analysis = preparation.analysis
    if analysis is None or all(ran.outcome.kernel is None for ran in found):
        return None
    counts = combined(found)
    return Results(
        __version__,
        analysis.name,
        analysis.dialect,
        sum(ran.outcome.events for ran in found),
        counts.cutflows,
        counts.histograms,
        tuple({**f, "dataset": ran.listed.name} for ran in found for f in ran.outcome.files),
        merged_faults(tuple(fault for ran in found for fault in ran.outcome.faults)),
        counts.systematics,
        tuple(coverage(ran) for ran in found),
    )


def named_at(source: Source, listed: Listed, path: str) -> str:
    """Return where a list names a file."""
    line = source.position(listed.named.get(path, listed.span).start)[0]
    return f"(dataset {listed.name}, {source.name}:{line})"


def merged(found: Sequence[Ran], source: Source) -> Outcome:
    """Return what became of all files, for the report at the end."""
    from adl.compiler.layout import merged_faults
    from adl.runtime.execute.outcome import Outcome
    from adl.runtime.inputs import InputError

    def placed(listed: Listed, path: str, error: Exception) -> tuple[str, Exception]:
        if not isinstance(error, InputError):
            return path, error
        reason = f"{error.reason} {named_at(source, listed, error.path)}"
        return path, InputError(error.path, reason, error.help)

    outcome = Outcome(events=sum(ran.outcome.events for ran in found))
    nans: Counter[tuple[str, str]] = Counter()
    for ran in found:
        own = ran.outcome
        outcome.files += own.files
        outcome.failures += [placed(ran.listed, path, error) for path, error in own.failures]
        nans.update(own.nans)
        outcome.units |= {
            (path, branch): f"{odd} {named_at(source, ran.listed, path)}"
            for (path, branch), odd in own.units.items()
        }
        outcome.faults = merged_faults((*outcome.faults, *own.faults))
        for name, of_tree in own.trees.items():
            outcome.trees[f"{name} of {ran.listed.name}"] = of_tree
    outcome.nans = nans
    outcome.parts = tuple(ran.outcome for ran in found)
    return outcome


def refuse_options(about: dict[str, Any]) -> None:
    """Refuse options that say what the list says."""
    given = [name for name in about if about[name]]
    if given:
        name = "data or --simulation" if given[0] == "kind" else given[0].removesuffix("s")
        raise UserError(f"--{name}: the dataset list says it")


def print_wrote(keepers: Sequence[Keeper], output: str) -> None:
    """Say which files hold the rows of prints and saves."""
    for keeper in keepers:
        for written in keeper.files:
            click.echo(f"wrote {keeper.directory or output}/{written}")
