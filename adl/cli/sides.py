"""Two analyses, read and compared: by what they say, or on data."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from adl.cli.common import UserError, read_all, show_note
from adl.cli.friends import taken_out
from adl.cli.options import dataset_of

if TYPE_CHECKING:
    from adl.check.analysis import Analysis, AskedDialect
    from adl.check.dataset import Dataset
    from adl.cli.measuring import Comparing
    from adl.diff.canonical import Canonical
    from adl.diff.changes import Difference
    from adl.diff.sides import Side
    from adl.runtime.execute.outcome import Outcome
    from adl.runtime.overlap.measured import Measured
    from adl.runtime.prepare import Preparation
    from adl.stdlib.models import Schema

    # model, that of the second, dialect, folders of networks, whether lenient
    Settings = tuple[str, str | None, AskedDialect, tuple[str, ...], bool]


def compared(a: str, b: str, settings: Settings) -> tuple[Difference, tuple[Analysis, Analysis]]:
    """Return where two analyses differ, and both, as their object models have things."""
    from adl.cli.front import schema
    from adl.diff.canonical import Canonical
    from adl.diff.compare import compare
    from adl.diff.models import ByAlias, unmatched

    model, model_b, dialect, model_path, lenient = settings
    canonical = Canonical()
    schemas = schema(model, None, None), schema(model_b or model, None, None)
    own = dialect, model_path, lenient
    sides = [partial(_side, known=s, settings=own, canonical=canonical) for s in schemas]
    first, second = read_all((a, b), sides)
    if schemas[0].model == schemas[1].model:
        return compare(first, second), (first.analysis, second.analysis)
    first.inputs, second.inputs = ByAlias(*schemas), ByAlias(*schemas[::-1])
    found = compare(first, second)
    return replace(found, notes=(*found.notes, *unmatched(first, second))), (
        first.analysis,
        second.analysis,
    )


def _side(
    path: str,
    known: Schema,
    settings: tuple[AskedDialect, tuple[str, ...], bool],
    canonical: Canonical,
    dataset: Dataset | None = None,
) -> Side:
    from adl.cli.common import AnalysisMistakes, read_source
    from adl.cli.front import examine
    from adl.diff.sides import Side
    from adl.syntax.diagnostics import AnalysisError
    from adl.syntax.parse import parse_with_notes

    dialect, model_path, lenient = settings
    source = read_source(path)
    analysis, findings = examine(source, known, dialect, dataset, lenient, model_path)
    if analysis is None:
        raise AnalysisMistakes(AnalysisError(source, findings))
    return Side(parse_with_notes(source, lenient)[0], analysis, canonical)


def _preparation(path: str, settings: Settings, about: dict[str, Any]) -> Preparation:
    from adl.check.dataset import Dataset
    from adl.cli.preparing import prepare

    model, _, dialect, model_path, lenient = settings
    found = prepare(path, model, dialect, "host", about["seed"], Dataset(), lenient)
    found.model_path, found.noted = model_path, show_note
    found.systematics = lambda name: False  # the nominal events are compared
    return found


def _all_mistakes(
    paths: tuple[str, str],
    settings: Settings,
    inputs: tuple[str, ...],
    dataset: Dataset,
    about: dict[str, Any],
) -> None:
    """Tell mistakes of both analyses, where one of them cannot be parsed: in names, of the first file.

    Raises:
        UserError: With all of them.
    """
    from adl.cli.front import schema
    from adl.diff.canonical import Canonical
    from adl.runtime.inputs import InputError
    from adl.runtime.inputs.paths import expand

    model, _, dialect, model_path, lenient = settings
    try:
        known = schema(model, expand(inputs)[0], about["tree"], about["places"])
    except (InputError, UserError):
        return  # the file is of no use, and what is known already is told
    own = dialect, model_path, lenient
    read = partial(_side, known=known, settings=own, canonical=Canonical(), dataset=dataset)
    read_all(paths, [read] * 2)


def measured(
    paths: tuple[str, str],
    settings: Settings,
    inputs: tuple[str, ...],
    listing: bool,
    about: dict[str, Any],
) -> tuple[Measured | None, Comparing, Outcome]:
    """Return what was measured of two analyses on data, if any, and how they compare there."""
    from adl.cli.afterwards import report
    from adl.cli.lists import is_list, refuse_options
    from adl.cli.measuring import Asked, measure

    friends = taken_out(about)
    given = {name: about[name] for name in ("kind", "process", "era", "stream", "constants")}
    if any(map(is_list, inputs)):
        if friends:
            raise UserError("--friend: in a dataset list, each dataset has its own friends:")
        refuse_options(given)
    dataset = dataset_of(**given)
    try:
        first, second = read_all(paths, [partial(_preparation, settings=settings, about=about)] * 2)
    except UserError:
        # What a dataset of a list and its friends offer is known when they are read.
        if not friends and not any(map(is_list, inputs)):
            _all_mistakes(paths, settings, inputs, dataset, about)
        raise
    first.dataset = second.dataset = dataset
    asked = Asked(
        *(about["jobs"], about["most_events"], about["tree"], about["places"], about["quiet"]),
        *(listing, friends, about["luminosity"], about["bins"]),
    )
    found, comparing, outcome = measure(first, second, inputs, asked, dataset)
    if comparing.difference is None:
        report(outcome, None, about["most_events"])  # no file could be used: it says why
        raise UserError("no input could be read with both analyses")
    return found, comparing, outcome
