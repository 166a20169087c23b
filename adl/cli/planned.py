"""The plan of an analysis as a document that follows plan.schema.json, and as tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click
from rich import box
from rich.table import Table
from rich.text import Text

from adl import __version__
from adl.cli.tables import console_of_output, print_whole

if TYPE_CHECKING:
    from adl.check.variations import SystematicDef
    from adl.compiler.plan import Plan, PlannedGroup, PlannedRow, PlannedTree
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
    nominal, total = plan.nominal, _total(planned)
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
        "trees": [_tree(tree, planned) for tree in plan.trees],
        "total": {
            "variations": total.variations,
            "nodes": nominal.nodes + plan.varied.nodes,
            "cost": total.cost,
            "memory": total.memory,
            "columns": sorted({*nominal.columns, *plan.varied.columns}),
            "bytes": total.bytes,
        },
    }


@dataclass(frozen=True)
class _Total:
    """The nominal analysis with all variations, those in trees of their own too."""

    variations: int
    cost: float
    memory: int
    columns: int  # of a tree its own
    bytes: int | None


def _total(planned: Planned) -> _Total:
    plan, nominal = planned.plan, planned.plan.nominal
    columns = {*nominal.columns, *plan.varied.columns}
    own = [planned.of_tree(tree.name) for tree in plan.trees]
    read = planned.bytes(sorted(columns))
    return _Total(
        sum(len(one.members) for one in plan.groups) + sum(len(t.variations) for t in plan.trees),
        1.0 + plan.times_nominal(plan.varied) + sum(cost for cost, _ in own),
        nominal.memory * (1 + len(own)) + plan.varied.memory,
        len(columns) + len(nominal.columns) * len(own),
        None if read is None else read + sum(size or 0 for _, size in own),
    )


def _tree(tree: PlannedTree, planned: Planned) -> dict[str, Any]:
    cost, size = planned.of_tree(tree.name)
    files = None if planned.files is None else planned.files.trees[tree.name]
    return {
        "tree": tree.name,
        "variations": [v.label for v in tree.variations],
        "changes": list(tree.changes),
        "events": None if files is None else files.events,
        "cost": cost,
        "memory": planned.plan.nominal.memory,
        "columns": list(planned.plan.nominal.columns),
        "bytes": size,
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
        in_trees = [s.name for s in planned.plan.systematics if s.kind == "tree"]
        if in_trees:
            console.print(Text(f"{_names(in_trees)}: nominal once more, over each tree of its own"))
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
    nominal = plan.nominal
    first = [f"{nominal.nodes:,}", "", "1.00", in_bytes(nominal.memory), _number(nominal.columns)]
    table.add_row("nominal", "", *first, *_read(planned.bytes(nominal.columns)))
    for row in plan.rows:
        table.add_row(Text(_names(row.names)), *_cells(row, planned))
    for name, its in _by_family(plan).items():
        table.add_row(Text(name), *_cells_of_trees(its, planned))
    total = _total(planned)
    last = [
        f"{total.variations:,}",
        f"{nominal.nodes + plan.varied.nodes:,}",
        "",
        f"{total.cost:.2f}",
        in_bytes(total.memory),
        f"{total.columns:,}",
    ]
    table.add_section()
    table.add_row("all together", *last, *_read(total.bytes))
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


def _by_family(plan: Plan) -> dict[str, list[PlannedTree]]:
    """Return the trees of each family, or systematic without one."""
    found: dict[str, list[PlannedTree]] = {}
    for systematic in plan.systematics:
        names = {v.tree.name for v in systematic.variations if v.tree is not None}
        its = [tree for tree in plan.trees if tree.name in names]
        if its:
            found.setdefault(systematic.family or systematic.name, []).extend(its)
    return found


def _cells_of_trees(trees: Sequence[PlannedTree], planned: Planned) -> list[str]:
    plan, nominal = planned.plan, planned.plan.nominal
    own = [planned.of_tree(tree.name) for tree in trees]
    sizes = [size for _, size in own if size is not None]
    return [
        f"{sum(len(tree.variations) for tree in trees):,}",
        f"{nominal.nodes:,}",
        "0",
        f"{sum(cost for cost, _ in own):.2f}",
        in_bytes(nominal.memory * len(trees)),
        f"{len(nominal.columns) * len(trees):,}",
        *_read(None if planned.files is None else sum(sizes)),
        _changes(trees[0].changes, plan),
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
