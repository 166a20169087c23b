"""The checker's way: declarations, dialect, then every block, each at its first use.

Nothing after it can fail for what a user wrote: every mistake is found here, all in one run.
"""

from __future__ import annotations

from pathlib import PurePath

from adl.check.analysis import Analysis, AskedDialect, DefineDef, RegionDef
from adl.check.composites import check_composite
from adl.check.context import Block, Context, Definition
from adl.check.counts import formats
from adl.check.declarations import declarations, note_flags
from adl.check.dialect import detect
from adl.check.expressions import value
from adl.check.histograms import check_histo_list
from adl.check.later import refuse_later
from adl.check.objects import check_object
from adl.check.regions import check_region
from adl.check.scope import Scope
from adl.check.tables import check_table
from adl.check.triggers import check_triggers, triggers
from adl.check.tuples import is_composite
from adl.check.values import unknowns
from adl.stdlib.models import Schema
from adl.syntax.diagnostics import AnalysisError, Diagnostic, Findings
from adl.syntax.source import Source
from adl.syntax.tree import Composite, Define, File, HistoList, Object, Table


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
    context.triggers = triggers(file, source, findings)
    context.formats = formats(file, source, findings)
    note_flags(file, findings)
    refuse_later(file, findings)
    definitions = [context.definition(name, block.name.span) for name, block in blocks.items()]
    check_triggers(context)
    if findings.failed:
        raise AnalysisError(source, findings.ordered())
    regions = tuple(d for d in definitions if isinstance(d, RegionDef))
    analysis = Analysis(source, PurePath(source.name).stem, read_as, schema, regions)
    return analysis, findings.ordered()


def _define(context: Context, block: Block) -> Definition | None:
    """Return the meaning of one declared block."""
    match block:
        case Composite():
            return check_composite(context, block)
        case Object() if is_composite(context, block):
            return check_composite(context, block)
        case Object():
            return check_object(context, block)
        case Define():
            found = value(Scope(context), block.value)
            if found is None:
                return None
            inside = tuple(dict.fromkeys(unknowns(found)))
            return DefineDef(block.name.name, found, block.name.span, inside)
        case Table():
            return check_table(context, block)
        case HistoList():
            return check_histo_list(context, block)
        case _:
            return check_region(context, block)
