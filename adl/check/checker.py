"""The checker's way: declarations, dialect, then every block, each at its first use.

Nothing after it can fail for what a user wrote: every mistake is found here, all in one run.
"""

from __future__ import annotations

from pathlib import PurePath

from adl.check.analysis import Analysis, AskedDialect, DefineDef, RegionDef
from adl.check.context import Block, Context, Definition
from adl.check.declarations import declarations
from adl.check.dialect import detect
from adl.check.expressions import value
from adl.check.objects import check_object
from adl.check.regions import check_region
from adl.check.scope import Scope
from adl.stdlib.models import Schema
from adl.syntax.diagnostics import AnalysisError, Diagnostic, Findings
from adl.syntax.source import Source
from adl.syntax.tree import Define, File, Object


def check(
    file: File,
    source: Source,
    schema: Schema,
    dialect: AskedDialect = "auto",
) -> tuple[Analysis, tuple[Diagnostic, ...]]:
    """Return the meaning of a file on inputs of one schema, and the warnings and notes about it.

    Raises:
        AnalysisError: the file has mistakes; it holds all findings.
    """
    findings = Findings()
    blocks = declarations(file, source, schema, findings)
    read_as = detect(file, source, schema, dialect, findings)
    context = Context(source, schema, read_as, findings, blocks, _define)
    definitions = [context.definition(name, block.name.span) for name, block in blocks.items()]
    if findings.failed:
        raise AnalysisError(source, findings.ordered())
    regions = tuple(d for d in definitions if isinstance(d, RegionDef))
    analysis = Analysis(source, PurePath(source.name).stem, read_as, schema, regions)
    return analysis, findings.ordered()


def _define(context: Context, block: Block) -> Definition | None:
    """Return the meaning of one declared block."""
    match block:
        case Object():
            return check_object(context, block)
        case Define():
            found = value(Scope(context), block.value)
            if found is None:
                return None
            return DefineDef(block.name.name, found, block.name.span)
        case _:
            return check_region(context, block)
