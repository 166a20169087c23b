"""Checks that a program is well formed: only a mistake of ours, never of a user, can fail here.

Equal nodes are one object whatever wrote them, so each node is checked once, and a node's own
operands say all there is to check; scopes follow from the canonical slots and from closed fills.
"""

from __future__ import annotations

import math
from collections.abc import Container
from itertools import pairwise

from adl.compiler.decisions import Decide, Entry, Reject
from adl.compiler.dump import dump_nodes
from adl.compiler.ir import (
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
    Part,
    Pick,
    Positions,
    Record,
    Reduce,
    Source,
    Store,
    Table,
    Uniform,
)
from adl.compiler.program import Program
from adl.stdlib import ops
from adl.stdlib.registry import FLATTENED, FUNCTIONS

NUMBERS = ("int", "real")
VALUES = ("bool", "int", "real")

# The kinds of arguments that each primitive takes.
ARGUMENTS: dict[str, tuple[tuple[str, ...], ...]] = {
    **dict.fromkeys(("add", "sub", "mul", "mod"), tuple((kind, kind) for kind in NUMBERS)),
    **dict.fromkeys(("neg", "abs"), tuple((kind,) for kind in NUMBERS)),
    **dict.fromkeys(("lt", "le", "gt", "ge"), tuple((kind, kind) for kind in NUMBERS)),
    **dict.fromkeys(("eq", "ne"), tuple((kind, kind) for kind in VALUES)),
    **dict.fromkeys(("and", "or"), (("bool", "bool"),)),
    "not": (("bool",),),
    "div": (("real", "real"),),
    **dict.fromkeys(("sqrt", "rint", "floor", "truncate", "bits"), (("real",),)),
    **dict.fromkeys(ops.BITS, (("int", "int"),)),
    "real": (("int",), ("bool",)),
    "int": (("bool",),),
    "from_bits": (("int",),),
    "where": tuple(("bool", kind, kind) for kind in VALUES),
}

# The kinds of values that each reduction takes.
REDUCTIONS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("sum", "prod", "min", "max"), NUMBERS),
    "count": ("int",),
    **dict.fromkeys(("any", "all"), ("bool",)),
}


def verify(program: Program, after: str = "", known: Container[Node] = ()) -> None:
    """Raise an AssertionError that shows the first malformed node, and the pass it came from.

    Nodes are as they were made, so those that are ``known`` to be well formed still are.
    """
    for node in program.nodes:
        fault = None if node in known else _fault(node)
        if fault:
            lines = dump_nodes([node]).splitlines()
            text = "\n".join(["..."] * (len(lines) > 40) + lines[-40:])
            raise AssertionError(f"{f'after {after}: ' if after else ''}{fault}\n{text}")


def _fault(node: Node) -> str | None:
    """Return what is wrong with a node, given that its operands are well formed."""
    return _slot_fault(node) or _operand_fault(node)


def _slot_fault(node: Node) -> str | None:
    """Return whether the axes are not those that binding the operands gives."""
    if any(not axis.source for axis in node.bound):
        return "an axis runs over nothing"
    if isinstance(node, Store):
        if not len(node.axes) == len(node.values) > 0:
            return "a store needs one value an axis"
        expected = [-(value.height + 1) for value in node.values]
        others = [
            value.free.intersection(node.axes).difference([axis])
            for axis, value in zip(node.axes, node.values, strict=True)
        ]
        if any(others):
            return "a stored value varies along the axis of another"
    else:
        height = max((child.height for child in node.children), default=0)
        expected = [-(height + 1 + i) for i in range(len(node.bound))]
    if [axis.slot for axis in node.bound] != expected:
        return f"bound slots are not {expected}"
    return None


def _operand_fault(node: Node) -> str | None:
    match node:
        case Const():
            fits = type(node.value) is not int or node.value == ops.wrap(node.value)
            return None if fits else "a constant does not fit 64 bits"
        case Call():
            return _call_fault(node)
        case Column():
            return _column_fault(node)
        case Lookup():
            return _lookup_fault(node)
        case Decide():
            fits = bool(node.arguments) and all(a.kind == "real" for a in node.arguments)
            return None if fits else "a decision needs inputs, and real ones"
        case Entry():
            return None if node.at.kind == "int" else "a leaf is an int"
        case Reject():
            fits = node.value.kind == "real" and node.result.kind == "int"
            return _mask_fault(node.mask) if fits else "a real value and an int are needed"
        case Choice():
            return _choice_fault(node)
        case Cell():
            fits = len(node.bins) == len(node.values) > 0
            real = all(value.kind == "real" for value in node.values)
            return None if fits and real else "a bin needs one real value an axis"
        case Reduce():
            if node.value.kind not in REDUCTIONS.get(node.operation, ()):
                return f"{node.operation} does not take {node.value.kind}"
            if node.operation == "count" and node.value is not Const(1):
                return "count counts the constant 1"
            return _binder_fault(node.axes, node.mask)
        case Pick():
            if node.order is not None and node.order.kind != "real":
                return "the key of a pick is no real number"
            return "k is negative" if node.k < 0 else _binder_fault(node.axes, node.mask)
        case Part():
            if isinstance(node.pick, Evaluate):
                counts = node.pick.function.result == "collection" and node.place == 0
                return None if counts else "a part of what is no collection"
            fits = isinstance(node.pick, Pick) and 0 <= node.place < len(node.pick.axes)
            return None if fits else "a part of no axis of a pick"
        case Store():
            kinds = {value.kind for value in node.values}
            fits = len(kinds) == 1 and kinds.issubset(VALUES)
            return None if fits else "stored values differ in kind, or are none"
        case Element():
            return None if node.at.kind == "int" else "the position is no int"
        case Gather():
            if node.value.kind != "real" or (node.place is not None and node.place.kind != "int"):
                return "gathered values are real, and their places int"
            return _mask_fault(node.mask)
        case Evaluate():
            return _evaluate_fault(node)
        case Fill():
            return _fill_fault(node)
        case Record():
            return _record_fault(node)
        case Infer():
            fits = bool(node.arguments) and all(a.kind == "real" for a in node.arguments)
            return None if fits else "a network needs inputs, and real ones"
    return None if isinstance(node, Index) else "no node of the IR"


def _call_fault(node: Call) -> str | None:
    kinds = tuple(argument.kind for argument in node.arguments)
    if node.function in ARGUMENTS:
        fits = kinds in ARGUMENTS[node.function]
    else:
        function = FUNCTIONS.get(node.function)
        if function is None or function.form != "elementary":
            return f"{node.function} is neither primitive nor elementary"
        fits = kinds == ("real",) * len(function.arguments)
    return None if fits else f"{node.function} does not take ({', '.join(kinds)})"


def _mask_fault(mask: Node) -> str | None:
    return None if mask.kind == "bool" else "the mask is no bool"


def _evaluate_fault(node: Evaluate) -> str | None:
    """Return whether the arguments are not those of the C function."""
    wanted: list[str] = []
    for kind in node.function.arguments:
        flat = FLATTENED[kind]
        wanted += ["store" if f == "array" else f for f in flat]
        wanted += ["int"] if "array" in flat else []
    kinds = [argument.kind for argument in node.arguments]
    if kinds != wanted:
        return f"{node.function.name} does not take ({', '.join(kinds)})"
    if any(a.kind == "store" and not isinstance(a, Gather) for a in node.arguments):
        return f"{node.function.name} needs gathered arrays"
    return _mask_fault(node.mask)


def _lookup_fault(node: Lookup) -> str | None:
    wanted = 1 + 2 * len(node.arguments)
    if not node.arguments or not node.table.rows:
        return "a look-up needs arguments and a row"
    if any(len(row) != wanted for row in node.table.rows):
        return "a row does not fit the arguments"
    fits = all(argument.kind == "real" for argument in node.arguments)
    return None if fits else "arguments of a look-up must be real"


def _choice_fault(node: Choice) -> str | None:
    if not node.options or node.which.kind != "int":
        return "a choice needs options, and a position that is an int"
    match node.options[0]:
        case Table() as table:
            alike = all(
                isinstance(o, Table) and o.variables == table.variables for o in node.options
            )
            if not alike or len(node.arguments) != table.variables:
                return "tables of a choice differ in their variables"
            fits = all(argument.kind == "real" for argument in node.arguments)
            return None if fits else "arguments of a look-up must be real"
        case Numbers():
            alike = all(isinstance(option, Numbers) for option in node.options)
            fits = [argument.kind for argument in node.arguments] == ["int"]
            return None if alike and fits else "numbers of a choice are read at a leaf"
        case Source() as source:
            kinds = {o[1:] if isinstance(o, Source) else None for o in node.options}
            if len(kinds) > 1:
                return "columns of a choice differ in type or collection"
            return _column_fault(node.column(source))
    alike = len({type(option) for option in node.options}) == 1
    return None if alike and not node.arguments else "options of a choice differ"


def _column_fault(node: Column) -> str | None:
    if (node.at is None) != (node.collection is None):
        return "a position without a collection, or a collection without a position"
    if node.at is None:
        return None
    if node.at.kind != "int":
        return "the position is no int"
    axis = _axis_of(node.at)
    # What networks give has lengths of its own, those of whatever their loops ran over.
    own = str(node.collection).startswith("network:")
    if axis is not None and axis.source != (node.collection,) and not own:
        return f"a column of {node.collection} at a position of {'+'.join(axis.source)}"
    return None


def _axis_of(position: Node) -> Axis | None:
    """Return the axis that a position is plainly one of."""
    if isinstance(position, Index):
        return position.axis
    if isinstance(position, Part) and isinstance(position.pick, Pick):
        return position.pick.axes[position.place]
    return None


def _binder_fault(axes: tuple[Axis, ...], mask: Node) -> str | None:
    if not axes:
        return "a loop over no axis"
    return None if mask.kind == "bool" else "the mask is no bool"


def _fill_fault(node: Fill) -> str | None:
    if node.free:
        return "a fill has a free axis"
    if len(node.bins) != len(node.values):
        return "a fill needs one value an axis of its histogram"
    if any(value.kind != "real" for value in (*node.values, node.weight)):
        return "values and weight must be real"
    if any(isinstance(binning, Positions) for binning in node.bins[1:]):
        return "variations come first"
    if not all(map(_ascending, node.bins)):
        return "bins must be finite and ascending"
    return None if node.mask.kind == "bool" else "the mask is no bool"


def _record_fault(node: Record) -> str | None:
    if node.free:
        return "a record has a free axis"
    if any(value.kind not in VALUES for value in node.values):
        return "a row is made of numbers and truth values"
    return None if node.mask.kind == "bool" else "the mask is no bool"


def _ascending(binning: Binning) -> bool:
    if isinstance(binning, Positions):
        return binning.number >= 1
    edges = (binning.lower, binning.upper) if isinstance(binning, Uniform) else binning.edges
    finite = all(map(math.isfinite, edges))
    return finite and binning.number >= 1 and all(x < y for x, y in pairwise(edges))
