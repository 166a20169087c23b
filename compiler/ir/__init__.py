"""The IR: a graph of pure, interned values that ends in fills and records.

Equal nodes are the same object, so common subexpressions never exist and equality is ``is``. A
value over the elements of a collection has a free ``Axis``; reducers, picks, stores and fills bind
axes. Free slots are >= 0; a bound slot is -(1 + the highest bound slot in the body, closed parts
left out), so that values equal up to renaming are one node and a substitution cannot capture.

The rest of the compiler takes all names from here.
"""

from __future__ import annotations

from adl.compiler.ir.axes import (
    Axis,
    Binning,
    Positions,
    Uniform,
    Variable,
    extent,
    factors,
    product,
    times,
)
from adl.compiler.ir.binding import affected, bind, rename
from adl.compiler.ir.building import (
    as_real,
    both,
    call,
    conjuncts,
    either,
    fill,
    gather,
    invert,
    lift,
    pick,
    record,
    reduce,
    store,
)
from adl.compiler.ir.node import Interned, Kind, Node
from adl.compiler.ir.outputs import Fill, Record
from adl.compiler.ir.stores import Element, Evaluate, Gather, Infer, Store
from adl.compiler.ir.tables import Cell, Choice, Lookup, Numbers, Option, Source, Table
from adl.compiler.ir.values import (
    FALSE,
    NAN,
    ONE,
    TRUE,
    Call,
    Column,
    Const,
    Index,
    Part,
    Pick,
    Reduce,
)
from adl.compiler.ir.walking import NodeT, closed, opened, postorder, raising, rewrite, substitute

__all__ = [
    "FALSE",
    "NAN",
    "ONE",
    "TRUE",
    "Axis",
    "Binning",
    "Call",
    "Cell",
    "Choice",
    "Column",
    "Const",
    "Element",
    "Evaluate",
    "Fill",
    "Gather",
    "Index",
    "Infer",
    "Interned",
    "Kind",
    "Lookup",
    "Node",
    "NodeT",
    "Numbers",
    "Option",
    "Part",
    "Pick",
    "Positions",
    "Record",
    "Reduce",
    "Source",
    "Store",
    "Table",
    "Uniform",
    "Variable",
    "affected",
    "as_real",
    "bind",
    "both",
    "call",
    "closed",
    "conjuncts",
    "either",
    "extent",
    "factors",
    "fill",
    "gather",
    "invert",
    "lift",
    "opened",
    "pick",
    "postorder",
    "product",
    "raising",
    "record",
    "reduce",
    "rename",
    "rewrite",
    "store",
    "substitute",
    "times",
]
