"""The way of a migration: what the checker read in cutlang, rewritten, and checked again in adl.

The new tree keeps the places of the old one, so what is said about it is said at the old text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from adl.check.analysis import Analysis
from adl.check.checker import check
from adl.migrate.bins import with_bins
from adl.migrate.expressions import Expressions
from adl.migrate.objects import with_partners
from adl.migrate.rebuild import rebuilt
from adl.migrate.regions import with_inherited
from adl.migrate.report import Change, Report
from adl.migrate.tables import with_half_open
from adl.migrate.unions import report_unions
from adl.migrate.zero import absent_attributes
from adl.stdlib.models import Schema
from adl.syntax.diagnostics import AnalysisError, Diagnostic, in_order
from adl.syntax.format import format_file
from adl.syntax.parse import parse
from adl.syntax.source import Source
from adl.syntax.tree import Block, File, Info, Region


@dataclass(frozen=True)
class Migrated:
    """The text in adl's words; with obstacles it does not mean the same and is of no use."""

    text: str
    changes: tuple[Change, ...]
    obstacles: tuple[Diagnostic, ...]


def migrate(
    file: File,
    source: Source,
    schema: Schema,
    analysis: Analysis,
    model_path: Sequence[str] = (),
) -> Migrated:
    """Return a file of the dialect cutlang, of which ``analysis`` is the meaning, in adl."""
    assert analysis.dialect == "cutlang", "there is nothing to do in another dialect"
    report = Report(source)
    report_unions(file, analysis, report)
    expressions = Expressions(file, analysis, absent_attributes(analysis, report), report)
    new = rebuilt(file, expressions.rule)
    expressions.report_rest()
    partners = {r.span: r.collections for r in analysis.readings if r.kind == "partner"}

    def rewritten(block: Block) -> Block:
        block = with_partners(block, partners, report)
        if isinstance(block, Region):
            return replace(block, statements=with_bins(block.statements, report))
        return with_half_open(block, analysis, report)

    new = replace(new, blocks=tuple(rewritten(block) for block in new.blocks))
    new = with_inherited(new, report)
    if not report.obstacles:
        report.obstacles += _mistakes(new, source, schema, model_path)
    text = format_file(new, source, "adl")
    again = parse(Source(source.name, text))
    assert _blocks(again) == _blocks(new), f"formatting would change {source.name}"
    changes = sorted(report.changes, key=lambda change: change.span.start)
    return Migrated(text, tuple(changes), in_order(report.obstacles))


def _mistakes(
    file: File, source: Source, schema: Schema, model_path: Sequence[str]
) -> list[Diagnostic]:
    """Return what adl does not accept in the new tree."""
    try:
        check(file, source, schema, "adl", model_path=model_path)
    except AnalysisError as error:
        return [d for d in error.diagnostics if d.severity == "error"]
    return []


def _blocks(file: File) -> list[Block]:
    return [block for block in file.blocks if not isinstance(block, Info)]
