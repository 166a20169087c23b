"""What computing a node costs: an estimate, in units of one addition.

The model knows loops (how many elements a collection has on average), elementary functions, tables,
bins and networks. It knows nothing of cuts: every event is taken to pass all of them. So it is good
for comparing variations of one analysis with its nominal program, and says nothing of seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import log2, prod

from adl.compiler.decisions import Decide, Entry, Reject
from adl.compiler.ir import (
    Axis,
    Binning,
    Call,
    Cell,
    Choice,
    Column,
    Element,
    Evaluate,
    Fill,
    Gather,
    Lookup,
    Node,
    Pick,
    Positions,
    Record,
    Reduce,
    Store,
    Table,
    Variable,
)
from adl.compiler.variations import is_group, is_varied, turns
from adl.stdlib import ops

ELEMENTS = 4.0  # of a collection of which nothing is known
ELEMENTARY = 20.0  # exp, sin, atan2
ALGORITHM = 200.0  # or a function of the user's, a call
NETWORK = 1000.0  # a row
ENTRY = 3.0  # to add one to a cell; as much again for its two sums of weights
BESIDE = 1.0  # for one variation of the weight more, where all are added at once
_SLOW = {"div": 4.0, "mod": 8.0, "sqrt": 5.0, "floor": 2.0, "rint": 2.0}

Lengths = Mapping[str, float]  # of collections, on average


def cost(node: Node, lengths: Lengths) -> float:
    """Return what a node costs in an event, without its operands."""
    if isinstance(node, Store):  # one value an axis
        return sum(_times({a, *node.free}, lengths) for a in node.axes)
    if isinstance(node, Fill):
        return _filling(node, lengths)
    return _once(node) * _times({*node.free, *node.bound}, lengths)


def _filling(fill: Fill, lengths: Lengths) -> float:
    """Return what a fill costs: what a group only weights otherwise has one bin for all of it."""
    varied = {axis for axis in fill.axes if is_varied(axis)}
    *values, _, _ = fill.children
    bins = [b for b in fill.bins if not isinstance(b, Positions)]
    own = values[len(fill.bins) - len(bins) :]
    at_once = varied if all(varied.isdisjoint(v.free) for v in own) else set()
    found = set(fill.axes) - at_once
    adding = BESIDE if at_once else ENTRY * (2.0 if fill.weighted else 1.0)
    return sum(map(_find, bins)) * _times(found, lengths) + adding * _times(fill.axes, lengths)


def cost_of_network(record: Record, lengths: Lengths) -> float:
    """Return what running a network over the rows of a record costs."""
    return NETWORK * _times(record.axes, lengths)


def _times(axes: Iterable[Axis], lengths: Lengths) -> float:
    """Return how often something over axes is computed."""
    return prod(sum(_length(source, lengths) for source in axis.source) for axis in axes)


def _length(source: str, lengths: Lengths) -> float:
    return float(turns(source)) if is_group(source) else lengths.get(source, ELEMENTS)


def _once(node: Node) -> float:
    match node:
        case Call(function=function):
            return _SLOW.get(function, 1.0) if function in ops.MEANING else ELEMENTARY
        case Cell():
            return sum(map(_find, node.bins))
        case Lookup():
            return _rows(node.table)
        case Choice(options=(Table() as table, *_)):
            return _rows(table)
        case Decide():
            return 5.0 * len(node.arguments)
        case Evaluate():
            return ALGORITHM
        case Record():
            return float(len(node.values))
        case Pick() | Gather():
            return 2.0
        case Column() | Choice() | Element() | Entry() | Reject() | Reduce():
            return 1.0
    return 0.0  # constants, positions, parts of a search


def _find(bins: Binning) -> float:
    """Return what finding a bin costs."""
    return log2(bins.number + 1) if isinstance(bins, Variable) else 3.0


def _rows(table: Table) -> float:
    """Return what a look-up costs: rows are tried one after the other."""
    return table.variables * len(table.rows) / 2
