"""What the checker says of a text, whether or not it has mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adl.check.analysis import Analysis, AskedDialect
from adl.check.checker import check
from adl.check.dataset import Dataset
from adl.stdlib.models import Schema, load_model
from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.parse import parse
from adl.syntax.source import Source

NANOAOD = load_model("nanoaod").schema()


def examined(
    text: str,
    known: Schema = NANOAOD,
    dialect: AskedDialect = "auto",
    dataset: Dataset | None = None,
    *,
    path: str = "a.adl",
    model_path: Sequence[str] = (),
) -> tuple[Analysis | None, tuple[Diagnostic, ...]]:
    """Return an analysis, or None if it has mistakes, and all findings."""
    source = Source(path, text)
    try:
        return check(parse(source), source, known, dialect, dataset, model_path=model_path)
    except AnalysisError as error:
        return None, error.diagnostics


def findings(text: str, known: Schema = NANOAOD, **settings: Any) -> tuple[Diagnostic, ...]:
    """Return all findings; ``settings`` are those of ``examined``."""
    return examined(text, known, **settings)[1]


def errors(text: str, known: Schema = NANOAOD, **settings: Any) -> list[str]:
    """Return the codes of the mistakes."""
    return [d.code for d in findings(text, known, **settings) if d.severity == "error"]
