"""From a file on disk to a checked analysis, for commands that run nothing."""

from __future__ import annotations

from collections.abc import Sequence

from adl.check.analysis import Analysis, AskedDialect
from adl.check.checker import check, computed
from adl.check.dataset import Dataset
from adl.check.silence import silenced
from adl.cli.common import AnalysisMistakes, UserError, read_source, show_findings, show_note
from adl.cli.options import Places, as_called
from adl.stdlib.models import Model, ModelError, Schema, load_model
from adl.stdlib.models.recognition import AUTO, OTHERWISE
from adl.syntax.diagnostics import AnalysisError, Diagnostic, in_order
from adl.syntax.mistakes import CODES as SYNTAX
from adl.syntax.mistakes import REPAIRABLE
from adl.syntax.parse import parse_with_notes
from adl.syntax.source import Source

WITHOUT_FILE = "nanoaod"  # the model for ``auto`` where there is no file to see


def checked(
    path: str,
    model: str,
    dialect: AskedDialect,
    sample: str | None,
    tree: str | None,
    dataset: Dataset | None = None,
    lenient: bool = False,
    model_path: Sequence[str] = (),
) -> Analysis:
    """Parse and check an analysis against a model, or against the branches of a file.

    Warnings and notes are printed; errors end the command.
    """
    source = read_source(path)
    known = schema(model, sample, tree)
    analysis, findings = examine(source, known, dialect, dataset, lenient, model_path)
    if analysis is None:
        raise AnalysisMistakes(AnalysisError(source, findings))
    show_findings(findings, source)
    return analysis


def examine(
    source: Source,
    known: Schema,
    dialect: AskedDialect,
    dataset: Dataset | None = None,
    lenient: bool = False,
    model_path: Sequence[str] = (),
) -> tuple[Analysis | None, tuple[Diagnostic, ...]]:
    """Return the meaning of a text, None if it has errors, and all findings but silenced ones.

    Where each mistake of syntax has one possible reading, the names are checked in that reading.
    """
    odd: tuple[Diagnostic, ...] = ()
    try:
        file, odd = parse_with_notes(source, lenient)
    except AnalysisError as error:
        found = error.diagnostics
        if not lenient and {d.code for d in found} <= REPAIRABLE:
            found += _errors_of_the_reading(source, known, dialect, model_path)
        return None, silenced(in_order(found), source)
    try:
        analysis, findings = check(file, source, known, dialect, dataset, lenient, model_path)
        if analysis.functions:
            from adl.compiler.python.mistakes import compile_functions

            compile_functions(analysis)
    except AnalysisError as error:
        return None, silenced(in_order(odd, error.diagnostics), source)
    return analysis, silenced(in_order(odd, findings), source)


def _errors_of_the_reading(
    source: Source, known: Schema, dialect: AskedDialect, model_path: Sequence[str]
) -> tuple[Diagnostic, ...]:
    """Return the errors in the meaning of a text that ``--lenient`` can read."""
    try:
        file, _ = parse_with_notes(source, lenient=True)
        check(file, source, known, dialect, model_path=model_path)
    except AnalysisError as error:
        found = (d for d in error.diagnostics if d.code not in SYNTAX)
        return tuple(d for d in found if d.severity == "error")
    return ()


def schema(model: str, sample: str | None, tree: str | None, places: Places = as_called) -> Schema:
    """Return what a model describes, or what a file of that model holds.

    Without a file ``auto`` is nanoaod.
    """
    loaded = model_of(model)
    if sample is None:
        return (loaded or load_model(WITHOUT_FILE)).schema()
    from adl.runtime.inputs import InputError
    from adl.runtime.inputs.opening import open_input
    from adl.runtime.recognise import model_for, unfit

    try:
        with open_input(sample, tree, places(sample)) as source:
            found = model_for(source, loaded)
            if loaded is None and found.model.name == OTHERWISE:
                show_note(f"{sample}: {found.reason}")
            for text in unfit(source, found.model):
                show_note(text)
            return found.model.schema(source.branches())
    except (InputError, ModelError) as error:
        raise UserError(str(error)) from None


def model_of(name: str) -> Model | None:
    """Return a model, its formulas tried on what it lists; None for ``auto``."""
    if name == AUTO:
        return None
    try:
        loaded = load_model(name)
        for place, why in computed(loaded.listed)[1].items():
            raise ModelError(f"{place}: {why}")
    except ModelError as error:
        raise UserError(str(error)) from None
    return loaded
