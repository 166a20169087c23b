"""The IR as text: the same for equal programs, whatever ran before.

    %0 = index(Jet#-1) : int [Jet#-1]
    %1 = column(Jet_pt float32, Jet[%0]) : real [Jet#-1]
    %2 = gt(%1, $30.0) : bool [Jet#-1]
    %3 = count[Jet#-1](1 if %2) : int

A line is a node, its kind and its free axes. ``Jet#-1`` is an axis with its slot, ``$`` marks a
number that the user wrote.
"""

from __future__ import annotations

from collections.abc import Iterable

from adl.compiler.decisions import Decide, Entry, Reject, doubles
from adl.compiler.ir import (
    TRUE,
    Axis,
    Binning,
    Call,
    Cell,
    Choice,
    Column,
    Const,
    Element,
    Evaluate,
    Fill,
    Gather,
    Index,
    Infer,
    Lookup,
    Node,
    Numbers,
    Option,
    Part,
    Pick,
    Positions,
    Record,
    Reduce,
    Source,
    Store,
    Table,
    Uniform,
    postorder,
)
from adl.compiler.program import Program, RegionOutput, RowsOutput


def dump(program: Program) -> str:
    """Return the nodes of a program, then its regions with their outputs."""
    names = _names(program.nodes)
    lines = _node_lines(program.nodes, names)
    for region in program.regions:
        lines += ["", *_region_lines(region, names)]
    for varied in program.variations:
        lines += ["", f"variation {', '.join(v.label for v in varied.members)}"]
        for region, nominal in zip(varied.regions, program.regions, strict=True):
            lines += _varied_lines(region, nominal, names)
    own = [*map(names.get, program.inputs), *(_row_line(r, names) for r in program.own_rows)]
    lines += ["", *map(str, own)] if own else []
    return "\n".join(lines) + "\n"


def dump_nodes(roots: Iterable[Node]) -> str:
    """Return a line for each node that is reachable from ``roots``, operands before users."""
    nodes = postorder(roots)
    return "\n".join(_node_lines(nodes, _names(nodes))) + "\n"


def _names(nodes: Iterable[Node]) -> dict[Node, str]:
    names, number = dict[Node, str](), 0
    for node in nodes:
        if isinstance(node, Const):
            names[node] = f"${node.value!r}" if node.datum else repr(node.value)
        else:
            names[node] = f"%{number}"
            number += 1
    return names


def _node_lines(nodes: Iterable[Node], names: dict[Node, str]) -> list[str]:
    return [
        f"{names[node]} = {_operation(node, names)} : {node.kind}{_free(node)}"
        for node in nodes
        if not isinstance(node, Const)
    ]


def _free(node: Node) -> str:
    axes = _axes(sorted(node.free, key=lambda axis: (axis.slot, axis.source)))
    return axes and f" {axes}"


def _operation(node: Node, names: dict[Node, str]) -> str:
    operands = [names[child] for child in node.children]
    match node:
        case Index(axis=axis):
            return f"index({_axis(axis)})"
        case Column(at=None):
            return f"column({node.name} {node.dtype})"
        case Column():
            return f"column({node.name} {node.dtype}, {node.collection}[{operands[0]}])"
        case Call():
            return f"{node.function}({', '.join(operands)})"
        case Lookup():
            return f"lookup({_table(node.table)}, {', '.join(operands)})"
        case Decide():
            return f"decide(${len(node.tree.words) // 8} words, {', '.join(operands)})"
        case Entry():
            return f"entry({_numbers(node.numbers)}, {operands[0]})"
        case Reject():
            where = _where(node.mask, names)
            return f"reject({node.reasons.name}, {', '.join(operands[:2])}{where})"
        case Choice(options=options):
            return f"choice({operands[0]}; {_options(options)}; {', '.join(operands[1:])})"
        case Cell(bins=bins):
            return f"cell({', '.join(map(_binning, bins))}; {', '.join(operands)})"
        case Reduce():
            body = f"{names[node.value]}{_where(node.mask, names)}"
            return f"{node.operation}{_axes(node.axes)}({body})"
        case Pick():
            order = "" if node.order is None else f" by {names[node.order]}"
            return f"pick{_axes(node.axes)}({node.k}{order}{_where(node.mask, names)})"
        case Part():
            return f"part({operands[0]}, {node.place})"
        case Store():
            return f"store{_axes(node.axes)}({', '.join(operands)})"
        case Element():
            place = f", {node.place}" if node.place else ""
            return f"element({operands[0]}, {operands[1]}{place})"
        case Gather():
            at = "" if node.place is None else f" at {names[node.place]}"
            return f"gather{_axes(node.axes)}({names[node.value]}{at}{_where(node.mask, names)})"
        case Evaluate():
            arguments = ", ".join(names[a] for a in node.arguments)
            return f"evaluate({node.function.name}, {arguments}{_where(node.mask, names)})"
        case Fill():
            return f"fill{_axes(node.axes)}({_fill_body(node, names)})"
        case Record():
            values = ", ".join(names[value] for value in node.values)
            return f"record{_axes(node.axes)}({values}{_where(node.mask, names)})"
        case Infer():
            return f"infer({node.network!r}, {node.output}, {', '.join(operands)})"
    raise AssertionError(f"dump does not know {type(node).__name__}")


def _numbers(numbers: Numbers) -> str:
    """Return the first numbers: ``[$0.9 0.95 … 7 numbers]``."""
    values = doubles(numbers.values)
    more = [f"… {len(values)} numbers"] if len(values) > _SHOWN_ROWS else []
    return f"[${' '.join([*map(repr, values[:_SHOWN_ROWS]), *more])}]"


def _table(table: Table) -> str:
    """Return the first rows: ``[$0.9 20.0 50.0, $0.95 50.0 100.0, … 7 rows]``."""
    shown = [f"${' '.join(map(repr, row))}" for row in table.rows[:_SHOWN_ROWS]]
    more = [f"… {len(table.rows)} rows"] if len(table.rows) > _SHOWN_ROWS else []
    return f"[{', '.join([*shown, *more])}]"


_SHOWN_ROWS = 4


def _options(options: tuple[Option, ...]) -> str:
    """Return the first options, and how many there are."""
    shown = [_option(option) for option in options[:_SHOWN_ROWS]]
    more = [f"… {len(options)} options"] if len(options) > _SHOWN_ROWS else []
    return ", ".join([*shown, *more])


def _option(option: Option) -> str:
    match option:
        case Table():
            return _table(option)
        case Source(name, dtype):
            return f"{name} {dtype}"
        case Numbers():
            return _numbers(option)
    return f"${option!r}"


def _fill_body(fill: Fill, names: dict[Node, str]) -> str:
    entries = [
        f"{names[value]} in {_binning(binning)}"
        for value, binning in zip(fill.values, fill.bins, strict=False)  # verify prints bad ones
    ]
    weight = f" weight {names[fill.weight]}" if fill.weighted else ""
    return f"{', '.join(entries) or '1'}{_where(fill.mask, names)}{weight}"


def _where(mask: Node, names: dict[Node, str]) -> str:
    return "" if mask is TRUE else f" if {names[mask]}"


def _binning(binning: Binning) -> str:
    if isinstance(binning, Positions):
        return f"positions({binning.number})"
    numbers = tuple(binning) if isinstance(binning, Uniform) else binning.edges
    name = "uniform" if isinstance(binning, Uniform) else "variable"
    return f"{name}({', '.join(map(repr, numbers))})"


def _axes(axes: Iterable[Axis]) -> str:
    text = ", ".join(map(_axis, axes))
    return f"[{text}]" if text else ""


def _axis(axis: Axis) -> str:
    return f"{'+'.join(axis.source)}#{axis.slot}"


def _region_lines(region: RegionOutput, names: dict[Node, str]) -> list[str]:
    lines = [f"region {region.name}"]
    for step in region.steps:
        missing = "" if step.missing is None else f" missing {names[step.missing]}"
        kind = "weight" if step.weight else "step"
        lines.append(f"  {kind} {step.label!r} {names[step.fill]}{missing}")
    if region.bins is not None:
        lines.append(f"  bins {', '.join(map(repr, region.bins.labels))} {names[region.bins.fill]}")
    for histogram in region.histograms:
        fills = ", ".join(names[fill] for fill in histogram.fills)
        lines.append(f"  histogram {histogram.name} {histogram.title!r} {fills}")
    lines += [f"  {_row_line(rows, names)}" for rows in region.rows]
    return lines


def _varied_lines(region: RegionOutput, nominal: RegionOutput, names: dict[Node, str]) -> list[str]:
    """Return the outputs that differ from the nominal ones."""
    header, *outputs = _region_lines(region, names)
    same = {*_region_lines(nominal, names)}
    changed = [line for line in outputs if line not in same]
    return [header, *changed] if changed else [f"{header} as nominal"]


def _row_line(rows: RowsOutput, names: dict[Node, str]) -> str:
    return f"{rows.kind} {rows.name} {', '.join(names[record] for record in rows.records)}"
