"""From a file on disk to a checked analysis, for commands that run nothing."""

from __future__ import annotations

from adl.check.analysis import Analysis, AskedDialect
from adl.check.checker import check
from adl.check.silence import silenced
from adl.cli.common import AnalysisMistakes, UserError, read_source, show_findings
from adl.stdlib.models import ModelError, Schema, load_model
from adl.syntax.diagnostics import AnalysisError, Diagnostic, in_order
from adl.syntax.parse import parse_with_notes
from adl.syntax.source import Source


def checked(
    path: str, model: str, dialect: AskedDialect, sample: str | None, tree: str | None
) -> Analysis:
    """Parse and check an analysis against a model, or against the branches of a file.

    Warnings and notes are printed; errors end the command.
    """
    source = read_source(path)
    analysis, findings = examine(source, schema(model, sample, tree), dialect)
    if analysis is None:
        raise AnalysisMistakes(AnalysisError(source, findings))
    show_findings(findings, source)
    return analysis


def examine(
    source: Source, known: Schema, dialect: AskedDialect
) -> tuple[Analysis | None, tuple[Diagnostic, ...]]:
    """Return the meaning of a text, None if it has errors, and all findings but silenced ones."""
    odd: tuple[Diagnostic, ...] = ()
    try:
        file, odd = parse_with_notes(source)
        analysis, findings = check(file, source, known, dialect)
    except AnalysisError as error:
        return None, silenced(in_order(odd, error.diagnostics), source)
    return analysis, silenced(in_order(odd, findings), source)


def schema(model: str, sample: str | None, tree: str | None) -> Schema:
    """Return what a model describes, or what a file of that model holds."""
    try:
        loaded = load_model(model)
        if sample is None:
            return loaded.schema()
    except ModelError as error:
        raise UserError(str(error)) from None
    from adl.runtime.inputs import InputError
    from adl.runtime.inputs.trees import open_input

    try:
        with open_input(sample, tree) as source:
            return loaded.schema(source.branches())
    except InputError as error:
        raise UserError(str(error)) from None
