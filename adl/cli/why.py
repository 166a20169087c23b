"""``adl why``: what an analysis does with one event, statement by statement."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import AnalysisMistakes, UserError, colour, read_source, show_note
from adl.cli.friends import friend_options, once, taken_out
from adl.cli.options import (
    Places,
    dataset_of,
    dataset_options,
    dialect_option,
    format_option,
    model_option,
    model_path_option,
    rewrite_option,
    tree_option,
)

if TYPE_CHECKING:
    from adl.check.analysis import Analysis, AskedDialect
    from adl.check.dataset import Dataset
    from adl.compiler.trace.result import Candidate, Line, ObjectTrace, RegionTrace, Shown
    from adl.syntax.source import Source, Span

_MOST_ELEMENTS = 12  # of one reducer on a line
_WIDTH = 44  # of the column of statements

# outcome of a cut -> its word and colour
_VERDICTS = {True: ("pass", "green"), False: ("LOST", "red")}


@click.command("why", short_help="Show what became of one event.")
@click.argument("file", type=click.Path())
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option(
    "--event",
    "wanted",
    required=True,
    metavar="RUN:LUMI:EVENT|INDEX",
    help="The event, by its numbers (1::456 where there is no block) or by its place, from 0.",
)
@click.option(
    "--region", "regions", multiple=True, metavar="R", help="This region only; may be repeated."
)
@click.option("--objects", is_flag=True, help="Show each element of the objects that regions use.")
@tree_option
@rewrite_option
@friend_options
@click.option(
    "--seed", type=int, default=1, show_default=True, metavar="N", help="As in `adl run`."
)
@format_option("json")
@dataset_options
@model_path_option
@model_option
@dialect_option
def command(
    file: str,
    inputs: tuple[str, ...],
    wanted: str,
    regions: tuple[str, ...],
    objects: bool,
    tree: str | None,
    places: Places,
    seed: int,
    form: str,
    model_path: tuple[str, ...],
    model: str,
    dialect: AskedDialect,
    **about: Any,
) -> None:
    """Show what an analysis does with one event.

    Prints the values at each statement of each region, where the event was lost, and what was
    missing. Statements after the loss show what they would have said. The interpreter computes.

    \b
    Example:
      adl why examples/zpeak.adl examples/sample/zmumu.root --event 17 --region zpeak
    """
    from adl.cli.front import model_of
    from adl.compiler.trace.tracer import Tracer
    from adl.runtime.events import EventName, find_event
    from adl.runtime.friends import Joining
    from adl.runtime.inputs import InputError
    from adl.runtime.inputs.joined_columns import read
    from adl.runtime.inputs.paths import expand
    from adl.runtime.networks import NetworkError, Networks
    from adl.runtime.prepare import counted_by
    from adl.runtime.recognise import model_for
    from adl.stdlib.models import ModelError

    name = EventName.parse(wanted)
    if name is None:
        raise UserError(
            f"--event {wanted}: expected RUN:LUMI:EVENT (RUN and LUMI may be empty) or a number from 0"
        )
    friends = taken_out(about)
    source, dataset = read_source(file), dataset_of(**about)
    try:
        asked, paths = model_of(model), expand(inputs)
        join = Joining(friends, paths, asked, places, once(show_note))
        with find_event(paths, name, asked, tree, places) as (own, entry):
            opened = join(own)
            known = model_for(opened, asked).model.schema(opened.branches())
            analysis = _analysis(source, known, dialect, model_path, dataset)
            _known(analysis, regions)
            networks = Networks()
            tracer = Tracer(analysis, regions, seed, networks.evaluate)
            networks.load(tracer.models)
            counters = counted_by(known)
            chunk = read(opened, tracer.columns, tracer.collections, entry, entry + 1, counters)
            traces = tracer.trace(chunk, 0)
            where = f"entry {entry} of {opened.path}"
    except (InputError, ModelError, NetworkError) as error:
        raise UserError(str(error)) from None
    if form == "json":
        click.echo(json.dumps(_document(source, opened.path, entry, traces), indent=2))
        return
    click.echo(f"{name}, {where}", color=colour())
    for line in _text(source, traces, objects):
        click.echo(line, color=colour())


def _analysis(
    source: Source,
    schema: Any,
    dialect: AskedDialect,
    model_path: tuple[str, ...],
    dataset: Dataset,
) -> Analysis:
    from adl.cli.front import examine
    from adl.syntax.diagnostics import AnalysisError

    analysis, findings = examine(source, schema, dialect, dataset, model_path=model_path)
    if analysis is None:
        raise AnalysisMistakes(AnalysisError(source, findings))
    return analysis


def _known(analysis: Analysis, regions: tuple[str, ...]) -> None:
    names = [r.name for r in analysis.regions]
    for region in regions:
        if region not in names:
            raise UserError(f"--region {region}: the regions are {', '.join(names)}")


# ----------------------------------------------------------------------------------- text


def _text(source: Source, traces: tuple[RegionTrace, ...], objects: bool) -> Iterator[str]:
    told: set[tuple[str, ...]] = set()  # a block that makes a collection of its elements is two
    for trace in traces:
        for block in trace.objects if objects else ():
            named = block.name, *(name for name, _ in block.candidates)
            if named not in told:
                told.add(named)
                yield from _object(source, block)
        yield ""
        lost = trace.lost_at
        verdict = "passes" if lost is None else f"is lost at line {_line(source, trace, lost)}"
        heading = click.style(f"region {trace.name}", bold=True)
        yield f"{heading}: the event {click.style(verdict, fg='green' if lost is None else 'red')}"
        entered = False
        for number, line in enumerate(trace.lines):
            if line.kind == "bin" and lost is None and line.outcome and not entered:
                entered = True
                yield from _statement(source, line, False, ("here", "green"))
            else:
                yield from _statement(source, line, number == lost)


def _statement(
    source: Source, line: Line, lost: bool, mark: tuple[str, str] | None = None
) -> Iterator[str]:
    number = source.position(line.span.start)[0]
    text = f"bin {line.label}" if line.kind == "bin" else source.words(line.span)
    if len(text) > _WIDTH:
        text = f"{text[: _WIDTH - 1]}…"
    word, shade = mark or _verdict(line, lost)
    values = ", ".join(_shown(source, shown) for shown in line.shown)
    if line.kind == "weight":
        values = f"x {_number(line.outcome)}"
    dim = not line.reached
    row = (
        f"  {number:>4} | {text:<{_WIDTH}} {click.style(f'{word:<5}', fg=shade)} {values}".rstrip()
    )
    yield click.style(row, dim=True) if dim else row
    if line.missing:
        parts = ", ".join(m.name or source.words(m.span) for m in line.missing)
        how = ", which decided it" if line.undecided and line.kind in ("cut", "bin") else ""
        yield f"       | {'':<{_WIDTH}}       missing: {parts}{how}"


def _verdict(line: Line, lost: bool) -> tuple[str, str | None]:
    if line.kind == "cut":
        word, shade = _VERDICTS[bool(line.outcome)]
        if not line.outcome and not lost:
            return "no", None  # it was lost before
        return word, shade if line.reached else None
    if line.kind == "bin":
        return ("yes" if line.outcome else "no"), None
    return "", None


def _shown(source: Source, shown: Shown) -> str:
    text = f"{source.words(shown.span)} = {_number(shown.value)}"
    if shown.elements:
        some = [f"[{place}] {_number(x)}" for place, x in shown.elements[:_MOST_ELEMENTS]]
        more = ["…"] if len(shown.elements) > _MOST_ELEMENTS else []
        text += f" ({', '.join([*some, *more])})"
    return text


def _object(source: Source, block: ObjectTrace) -> Iterator[str]:
    every = [c for _, candidates in block.candidates for c in candidates]
    kept = sum(c.failed is None for c in every)
    heading = click.style(f"object {block.name}", bold=True)
    yield f"\n{heading}: {kept} of {len(every)} pass"
    for name, candidates in block.candidates:
        for candidate in candidates:
            yield f"       | {name}[{candidate.position}] {_fate(source, candidate)}"


def _fate(source: Source, candidate: Candidate) -> str:
    if candidate.failed is None:
        return click.style("passes", fg="green")
    number = source.position(candidate.failed.start)[0]
    values = ", ".join(_shown(source, shown) for shown in candidate.shown)
    cut = source.words(candidate.failed)
    return f"{click.style('fails', fg='red')} line {number}: {cut}" + (values and f" ({values})")


def _number(value: bool | float | None) -> str:
    if value is None:
        return "missing"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else f"{value:.6g}"


def _line(source: Source, trace: RegionTrace, number: int) -> int:
    return source.position(trace.lines[number].span.start)[0]


# ----------------------------------------------------------------------------------- JSON


def _plain(value: bool | float | None) -> bool | float | str | None:
    """Return a value that JSON has; it has no NaN and no infinity."""
    return value if value is None or math.isfinite(value) else str(value)


def _document(
    source: Source, path: str, entry: int, traces: tuple[RegionTrace, ...]
) -> dict[str, Any]:
    def place(span: Span) -> dict[str, Any]:
        return {"line": source.position(span.start)[0], "text": source.words(span)}

    def values(shown: tuple[Shown, ...]) -> list[dict[str, Any]]:
        return [
            {**place(s.span), "value": _plain(s.value)}
            | ({"elements": [[i, _plain(x)] for i, x in s.elements]} if s.elements else {})
            for s in shown
        ]

    def statement(line: Line) -> dict[str, Any]:
        return {
            "kind": line.kind,
            "label": line.label,
            **place(line.span),
            "outcome": _plain(line.outcome),
            "reached": line.reached,
            "values": values(line.shown),
            "missing": [{"name": m.name or source.words(m.span)} for m in line.missing],
            "decided_by_missing": line.undecided,
        }

    def elements(block: ObjectTrace) -> list[dict[str, Any]]:
        return [
            {
                "source": name,
                "index": c.position,
                "failed": None if c.failed is None else place(c.failed),
                "values": values(c.shown),
            }
            for name, candidates in block.candidates
            for c in candidates
        ]

    regions = [
        {
            "name": trace.name,
            "lost_at": trace.lost_at,
            "statements": [statement(line) for line in trace.lines],
            "objects": [{"name": o.name, "elements": elements(o)} for o in trace.objects],
        }
        for trace in traces
    ]
    return {"analysis": source.name, "file": path, "entry": entry, "regions": regions}
