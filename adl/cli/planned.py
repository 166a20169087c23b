"""The plan of an analysis as a document that follows plan.schema.json, and as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click
from rich import box
from rich.table import Table
from rich.text import Text

from adl import __version__
from adl.cli.tables import console_of_output, print_whole

if TYPE_CHECKING:
    from adl.check.variations import SystematicDef
    from adl.compiler.plan import Plan, PlannedGroup, PlannedRow
    from adl.runtime.planning import Planned

_SHOWN = 3  # names in a cell of a table
_UNITS = (("GB", 10**9), ("MB", 10**6), ("kB", 10**3))


def document(file: str, found: Sequence[Planned]) -> dict[str, Any]:
    """Return plans for programs."""
    return {
        "version": 1,
        "adlc": __version__,
        "analysis": file,
        "plans": [_plan(planned) for planned in found],
    }


def _plan(planned: Planned) -> dict[str, Any]:
    plan, files = planned.plan, planned.files
    nominal, varied = plan.nominal, plan.varied
    columns = sorted({*nominal.columns, *varied.columns})
    return {
        "dataset": planned.dataset,
        "process": planned.process,
        "slice": planned.slice,
        "variation": planned.variation,
        "files": [] if files is None else files.paths,
        "events": None if files is None else files.events,
        "outputs": list(plan.outputs),
        "nominal": {
            "nodes": nominal.nodes,
            "memory": nominal.memory,
            "columns": list(nominal.columns),
            "bytes": planned.bytes(nominal.columns),
        },
        "systematics": [_systematic(s) for s in plan.systematics],
        "groups": [_group(group, planned) for group in plan.groups],
        "total": {
            "variations": sum(len(group.members) for group in plan.groups),
            "nodes": nominal.nodes + varied.nodes,
            "cost": 1.0 + plan.times_nominal(varied),
            "memory": nominal.memory + varied.memory,
            "columns": columns,
            "bytes": planned.bytes(columns),
        },
    }


def _systematic(found: SystematicDef) -> dict[str, Any]:
    return {
        "name": found.name,
        "kind": found.kind,
        "family": found.family,
        "correlate": found.correlate,
        "combine": found.combine,
        "mirror": found.mirror,
        "variations": [v.label for v in found.variations],
    }


def _group(group: PlannedGroup, planned: Planned) -> dict[str, Any]:
    plan = planned.plan
    return {
        "variations": [
            {"label": v.label, "changes": list(changed)}
            for v, changed in zip(group.members, group.changes, strict=True)
        ],
        "recomputed": group.needs.nodes,
        "shared": group.shared,
        "cost": plan.times_nominal(group.needs),
        "memory": group.needs.memory,
        "columns": list(group.needs.columns),
        "bytes": planned.bytes(group.needs.columns, plan.nominal.columns),
    }


# ------------------------------------------------------------------------------------- text


def print_plans(found: Sequence[Planned]) -> None:
    """Print a table for each plan."""
    console = console_of_output()
    for planned in found:
        print_whole(console, plan_table(planned))
        rates = [s.name for s in planned.plan.systematics if s.kind == "rate"]
        if rates:
            console.print(Text(f"{_names(rates)}: factors of the yield, nothing is computed"))
        trees = [s.name for s in planned.plan.systematics if s.kind == "tree"]
        if trees:
            console.print(Text(f"{_names(trees)}: nominal once more, over each tree of its own"))
        if planned.variation:
            about = f"{planned.dataset} is the variation {planned.variation} of {planned.process}"
            console.print(Text(f"{about}: the nominal analysis over events of its own"))
        correlated = _correlated(planned.plan.systematics)
        if correlated:
            console.print(Text(f"correlated with other analyses: {', '.join(correlated)}"))
        console.print()
    click.echo("x nominal is an estimate of computing if every event passed all cuts", err=True)


def _correlated(systematics: Iterable[SystematicDef]) -> list[str]:
    """Return the labels of systematics; the sources of one term stand together behind it."""
    sources: dict[str, list[str]] = {}
    for systematic in systematics:
        term, _, source = systematic.correlate.partition(": ")
        sources.setdefault(term, []).extend(filter(None, (source,)))
    sources.pop("", None)
    return [f"{term} ({_names(its)})" if its else term for term, its in sources.items()]


def plan_table(planned: Planned) -> Table:
    """Return what the variations of one plan need: a row a family, or a systematic without one."""
    plan, files = planned.plan, planned.files
    labels = dict.fromkeys((planned.dataset, planned.process, planned.slice, planned.variation))
    about = " · ".join(filter(None, labels)) or (files.paths[0] if files and files.paths else "")
    if files is not None:
        number = len(files.paths)
        about += f" and {number - 1} more" if number > 1 and not planned.dataset else ""
        about += f": {files.events:,} events"
    table = Table(
        title=Text(f"plan{f' for {about}' if about else ''}", style="bold"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    table.add_column("systematic", overflow="fold", min_width=12)
    for heading in _HEADINGS if files is not None else _HEADINGS[:-1]:
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("can change", overflow="fold")
    nominal, varied = plan.nominal, plan.varied
    first = [f"{nominal.nodes:,}", "", "1.00", in_bytes(nominal.memory), _number(nominal.columns)]
    table.add_row("nominal", "", *first, *_read(planned.bytes(nominal.columns)))
    for row in plan.rows:
        table.add_row(Text(_names(row.names)), *_cells(row, planned))
    columns = sorted({*nominal.columns, *varied.columns})
    last = [
        f"{sum(len(group.members) for group in plan.groups):,}",
        f"{nominal.nodes + varied.nodes:,}",
        "",
        f"{1.0 + plan.times_nominal(varied):.2f}",
        in_bytes(nominal.memory + varied.memory),
        _number(columns),
    ]
    table.add_section()
    table.add_row("all together", *last, *_read(planned.bytes(columns)))
    return table


_HEADINGS = ("variations", "recomputed", "shared", "x nominal", "memory", "columns", "to read")


def _cells(row: PlannedRow, planned: Planned) -> list[str]:
    plan, needs = planned.plan, row.needs
    changed = {name for group in row.groups for names in group.changes for name in names}
    return [
        f"{sum(len(group.members) for group in row.groups):,}",
        f"{needs.nodes:,}",
        f"{max(group.shared for group in row.groups):,}",
        f"{plan.times_nominal(needs):.2f}",
        in_bytes(needs.memory),
        _number(needs.columns),
        *_read(planned.bytes(needs.columns, plan.nominal.columns)),
        _changes([name for name in plan.outputs if name in changed], plan),
    ]


def _changes(names: Sequence[str], plan: Plan) -> str:
    if not names:
        return "nothing"
    return "everything" if len(names) == len(plan.outputs) else _names(names)


def _names(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more


def _number(columns: Sequence[str]) -> str:
    return f"{len(columns):,}"


def _read(size: int | None) -> list[str]:
    return [] if size is None else [in_bytes(size)]


def in_bytes(number: int) -> str:
    """Return a size in the unit that people would use."""
    for unit, size in _UNITS:
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number} B"
