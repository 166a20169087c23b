"""The checker's way: declarations, dialect, then every block, each at its first use.

Nothing after it can fail for what a user wrote: every mistake is found here, all in one run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePath

from adl.check.algorithms import makes
from adl.check.analysis import (
    Analysis,
    AskedDialect,
    Collection,
    DefineDef,
    Loop,
    RegionDef,
    Value,
)
from adl.check.composites import check_composite
from adl.check.constants import excluded_names, recognised
from adl.check.context import Block, Context, Definition
from adl.check.correction_blocks import corrections, uncalled
from adl.check.counts import formats
from adl.check.dataset import Dataset
from adl.check.declarations import declarations, note_flags
from adl.check.dialect import detect
from adl.check.expressions import value
from adl.check.formulas import with_formulas
from adl.check.functions import user_functions
from adl.check.histograms import check_histo_list
from adl.check.lints import lint
from adl.check.lints.subject import Subject
from adl.check.lints.systematics import about_systematics
from adl.check.networks import list_of
from adl.check.object_sources import singleton
from adl.check.objects import check_object
from adl.check.regions import check_region
from adl.check.scope import Current, Scope
from adl.check.streams import asked_streams, in_streams, vetoed
from adl.check.systematics.blocks import check_systematics
from adl.check.systematics.written import refuse_taken_names
from adl.check.tables import check_table
from adl.check.triggers import check_triggers, triggers
from adl.check.tuples import is_composite
from adl.check.types import number
from adl.check.uses import choices
from adl.check.values import unknowns
from adl.check.withheld import tell
from adl.stdlib.models import Schema
from adl.syntax.collecting import uncollected
from adl.syntax.diagnostics import AnalysisError, Diagnostic, Findings
from adl.syntax.source import Source
from adl.syntax.tree import Composite, Define, Expr, File, HistoList, ListOf, Object, Region, Table


@uncollected
def check(
    file: File,
    source: Source,
    schema: Schema,
    dialect: AskedDialect = "auto",
    dataset: Dataset | None = None,
    lenient: bool = False,
    model_path: Sequence[str] = (),
    systematics: Callable[[str], bool] = lambda name: True,
) -> tuple[Analysis, tuple[Diagnostic, ...]]:
    """Return the meaning of a file on inputs of one schema, and the warnings and notes about it.

    Who runs an analysis says what is known of the dataset; without one, statements for data and
    those for simulation are all checked. ``lenient`` reads mistakes that have one possible reading.
    ``model_path`` are folders of networks, beside that of the analysis. ``systematics`` says by
    name which are wanted; the others are not looked at.

    Raises:
        AnalysisError: the file has mistakes; it holds all findings.
    """
    findings = Findings(lenient=lenient)
    schema, _ = computed(schema)
    blocks = declarations(file, source, schema, findings)
    read_as = detect(file, source, schema, dialect, findings)
    known = recognised(dataset, schema)
    schema, chosen = choices(file, source, schema, findings)
    callbacks = (_define, _of_element, value, makes)
    context = Context(source, schema, read_as, findings, blocks, *callbacks, known)
    context.chosen = chosen
    context.model_path = tuple(model_path)
    context.triggers = triggers(file, source, findings)
    context.formats = formats(file, source, findings)
    places = {name: block.name.span for name, block in blocks.items()}
    context.functions = user_functions(file, source, places, findings)
    context.corrections = corrections(context, file)
    note_flags(file, findings)
    try:
        definitions = _definitions(context)
        _check_doubles(context, file)
        regions = tuple(d for d in definitions if isinstance(d, RegionDef))
        stages, varied, drafts = check_systematics(context, file, regions, systematics)
        refuse_taken_names(context, regions, varied)
    except RecursionError:  # long expressions in long chains of defines
        context.too_deep(context.open_name())
        raise AnalysisError(source, findings.ordered()) from None
    tell(context)
    uncalled(context)
    check_triggers(context)
    subject = Subject(file, context, tuple(d for d in definitions if d is not None))
    lint(subject)
    about_systematics(subject, drafts)
    if findings.failed:
        raise AnalysisError(source, findings.ordered())
    name = PurePath(source.name).stem
    readings = tuple(context.readings)
    functions = tuple(f for f in context.functions.values() if f is not None)
    declared = tuple(definitions)
    own = {draft.member.name for draft in drafts if systematics(draft.member.name)}
    blocks_of = filter(None, context.corrections.values())
    own |= {v.systematic for c in blocks_of for v in c.varied if systematics(v.systematic)}
    analysis = Analysis(
        *(source, name, read_as, schema, regions, declared, readings, functions, stages, varied),
        sources=frozenset(own),
    )
    return analysis, findings.ordered()


def computed(schema: Schema) -> tuple[Schema, dict[str, str]]:
    """Return a schema with its formulas checked, and why those that are left out cannot be had."""
    callbacks = (_define, _of_element, value, makes)
    return with_formulas(
        schema, lambda source, s: Context(source, s, "adl", Findings(), {}, *callbacks)
    )


def _of_element(
    context: Context, loop: Loop, sources: tuple[Collection, ...], expr: Expr
) -> Value | None:
    """Return the value of an expression of the current element, whose attributes stand bare."""
    current = Current(loop, sources, frozenset(("this",)), frozenset(), False)
    scope = Scope(context, current=current)
    return number(scope, value(scope, expr))


def _definitions(context: Context) -> list[Definition | None]:
    """Return all declarations, less those that only excluded statements would use."""
    blocks = context.blocks
    if context.dataset is not None:  # regions say first what is excluded
        for name, block in blocks.items():
            if isinstance(block, Region):
                context.definition(name, block.name.span)
    unused = excluded_names(context)
    return [
        context.definition(name, block.name.span)
        for name, block in blocks.items()
        if name not in unused
    ]


def _check_doubles(context: Context, file: File) -> None:
    """Look at blocks of which an earlier one has the name: their mistakes come in the same run."""
    for block in file.blocks:
        if isinstance(block, Block) and block != context.blocks[block.name.name]:
            with context.asking():
                context.build(context, block)


def _defined(scope: Scope, expr: Expr) -> Value | None:
    """Return a define's value; a list is one here."""
    return list_of(scope, expr, value) if isinstance(expr, ListOf) else value(scope, expr)


def _define(context: Context, block: Block) -> Definition | None:
    """Return the meaning of one declared block."""
    match block:
        case Composite():
            return check_composite(context, block)
        case Object() if (single := singleton(context, block)) is not None:
            return DefineDef(block.name.name, single, block.name.span)
        case Object() if is_composite(context, block):
            return check_composite(context, block)
        case Object():
            return check_object(context, block)
        case Define():
            written = block.value
            found = in_streams(context, written, lambda: _defined(Scope(context), written))
            if found is None:
                return None
            inside = tuple(dict.fromkeys(unknowns(found)))
            named = block.name.name, found, block.name.span, inside
            streams = asked_streams(context, written)
            if not streams:
                return DefineDef(*named)
            any_stream = vetoed(context, lambda: _defined(Scope(context), written))
            veto = None if any_stream is None else DefineDef(named[0], any_stream, *named[2:])
            return DefineDef(*named, streams, veto)
        case Table():
            return check_table(context, block)
        case HistoList():
            return check_histo_list(context, block)
        case _:
            return check_region(context, block)
