"""Which statement of an analysis needs a value: its line, for what only the compiled code knows."""

from __future__ import annotations

from collections.abc import Iterator

from adl.check.analysis import Analysis, Cut, Histogram, RegionDef, Rows, WeightBy
from adl.compiler.ir import Fill, Node, Record, postorder
from adl.compiler.lower.regions import ALL_EVENTS
from adl.compiler.program import Program, RegionOutput
from adl.syntax.source import Source, Span

_Key = tuple[str, str]  # of a region (or object), and its statement


def statement(node: Node, program: Program, analysis: Analysis, source: Source) -> str:
    """Name the first statement that needs a value or a fill, with its line."""
    keys = dict.fromkeys(key for key, output in _outputs(program) if node in postorder([output]))
    if not keys:
        return "no statement of its own"
    region, label = next(iter(keys))
    span = _spans(analysis).get((region, label))
    line = "" if span is None else f"{source.name}:{source.position(span.start)[0]}: "
    more = f", and {len(keys) - 1} more need it" if len(keys) > 1 else ""
    where = f" of {region}" if region else ""
    return f"{line}`{label}`{where}{more}"


def _outputs(program: Program) -> Iterator[tuple[_Key, Fill | Record]]:
    """Yield what a program counts and keeps, with the statement that it is of."""
    for rows in program.own_rows:
        yield from (((rows.owner, rows.name), record) for record in rows.records)
    for region in program.every_region:
        yield from (((region.name, label), output) for label, output in _of_region(region))


def _of_region(region: RegionOutput) -> Iterator[tuple[str, Fill | Record]]:
    for step in region.steps:
        yield step.label, step.fill
        if step.missing is not None:
            yield step.label, step.missing
    if region.bins is not None:
        yield region.bins.labels[0], region.bins.fill
    for histogram in region.histograms:
        for fill in (*histogram.fills, *(moved.fill for moved in histogram.moved)):
            yield histogram.name, fill
    for rows in region.rows:
        yield from ((rows.name, record) for record in rows.records)
    shift = None if region.shift is None else region.shift.fill
    for extra in (shift, region.odd):
        if extra is not None:
            yield ALL_EVENTS, extra


def _spans(analysis: Analysis) -> dict[_Key, Span]:
    """Return where each statement stands, the first of those that are written alike."""
    found: dict[_Key, Span] = {}
    for region in analysis.regions:
        for label, span in _of(region):
            found.setdefault((region.name, label), span)
    return found


def _of(region: RegionDef) -> Iterator[tuple[str, Span]]:
    yield ALL_EVENTS, region.span
    for statement in region.statements:
        match statement:
            case Cut() | WeightBy():
                yield statement.label, statement.span
            case Histogram() | Rows():
                yield statement.name, statement.span
    for bin_ in region.bins:
        yield bin_.label, bin_.span
