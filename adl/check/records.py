"""Prints and saves: the columns of their rows, with a list in each row for a collection.

``save skim`` keeps the events as they are in the input; with values it keeps these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Literal, cast

from adl.check.analysis import (
    AttributeDef,
    AttributeOf,
    Collection,
    Computed,
    EventValue,
    Loop,
    ObjectDef,
    OwnAttribute,
    RowItem,
    Rows,
    Value,
    Variable,
)
from adl.check.collections import FROM_PT, inputs, is_corrected, lineage
from adl.check.context import Context
from adl.check.draws import EVENT_COLUMNS
from adl.check.elements import branch_type
from adl.check.expressions import value
from adl.check.loops import apart
from adl.check.names import LOOKUPS, meaning, without_source_names
from adl.check.particles import find
from adl.check.scope import Binder, Scope
from adl.check.slices import whole
from adl.check.tuples import in_order
from adl.check.types import number
from adl.stdlib.models import CollectionSchema
from adl.stdlib.models.finding import find_scalar
from adl.syntax.source import NOWHERE
from adl.syntax.tree import Expr, Name, Print, Save, Slice, Text

# What tells events apart, by the names in a file -> the column that an input may have.
# Names of columns that every file of a save has or may have.
OWN_COLUMNS = (*EVENT_COLUMNS, "entry", "weight")

Format = Literal["csv", "root", "parquet"]


def printed(scope: Scope, written: Print, name: str) -> Rows | None:
    """Return a print's meaning; None after a mistake in it."""
    items = _items(scope, written.items, texts=True)
    if items is None:
        return None
    event = event_columns(scope.context)
    return Rows("print", f"prints/{name}", "csv", items, event, whole=False, span=written.span)


def saved(scope: Scope, written: Save) -> Rows | None:
    """Return a save's meaning; None after a mistake in it."""
    context, name = scope.context, written.name.name
    if not _name_is_free(context, written):
        return None
    items = _items(scope, written.values, texts=False)
    if items is None:
        return None
    if not items and written.format == "csv":
        message = "a csv file has columns of values, and none is given"
        help = f"save {name} csv MET size(jets); save {name} keeps whole events in a ROOT file"
        context.findings.error("E282", message, written.span, help)
        return None
    form = cast("Format", written.format or "root")
    event = event_columns(context)
    return Rows("save", name, form, items, event, whole=not items, span=written.span)


def event_columns(context: Context) -> tuple[tuple[str, EventValue], ...]:
    """Return the columns that tell events apart, as far as the input has them."""
    matches = ((name, find_scalar(context.schema, name)) for name in EVENT_COLUMNS)
    return tuple(
        (name, EventValue(m.item, type=branch_type(m.item), span=NOWHERE))
        for name, m in matches
        if m is not None and not isinstance(m.item, Computed)
    )


def _name_is_free(context: Context, written: Save) -> bool:
    """Report a second save of one name: the files would be one."""
    name = written.name.name
    first = context.saves.setdefault(name.lower(), written)
    if first is not written:
        line = context.line(first.span)
        message = f"{name} is saved on line {line} too"
        help = "each save writes a file of its own: give it another name"
        context.findings.error("E280", message, written.name.span, help)
    elif name.lower() == "results":
        message = "results is the file of the cutflows and histograms"
        context.findings.error("E280", message, written.name.span, "give the save another name")
        return False
    return first is written


# ------------------------------------------------------------------------------------ items


def _items(scope: Scope, written: Iterable[Expr], texts: bool) -> tuple[RowItem, ...] | None:
    """Return the columns; None after a mistake, which has been reported."""
    found: list[RowItem] = []
    complete = True
    for expr in written:
        if isinstance(expr, Text) and texts:
            found.append(RowItem("", expr.value, None))
            continue
        new = _columns(scope, expr)
        complete = complete and new is not None
        found += new or ()
    return _with_own_names(found) if complete else None


def _columns(scope: Scope, expr: Expr) -> list[RowItem] | None:
    """Return one column for a number, those of all attributes for a collection."""
    collection = _collection(scope, expr)
    if collection is not None:
        return _of_collection(scope.context, collection, expr)
    binder = Binder(implicit=True)
    inside = scope.inside(binder)
    found = number(inside, value(inside, expr))
    if found is None:
        return None
    if scope.current is not None and binder.loops:
        words = scope.context.words(expr.span)
        message = f"{words} has a number for each of several elements, not one for this"
        help = "reduce it: sum(…), max(…), any(…)"
        scope.context.findings.error("E203", message, expr.span, help)
        return None
    label = " ".join(scope.context.words(expr.span).split())
    where = (*binder.where, *apart(scope.context, binder.loops, [found], expr.span))
    ordered = in_order(binder.tuples, expr.span)
    name, loops = _name_of(label), tuple(binder.loops)
    return [RowItem(name, label, found, loops, where, ordered, _dtype(found))]


def _dtype(found: Value) -> str:
    """Return the stored type of a column of the event that is kept as it is."""
    plain = isinstance(found, EventValue) and found.branch.per == 1
    return found.branch.dtype if plain and isinstance(found, EventValue) else ""


def _collection(scope: Scope, expr: Expr) -> Collection | None:
    """Return the whole collection that an expression is, if it is one."""
    if isinstance(expr, Slice):
        return whole(scope, expr, "a slice stands for elements")
    if not isinstance(expr, Name) or scope.current is not None:
        return None
    known = any(look(scope, expr) for look in LOOKUPS)
    found = meaning(without_source_names(scope), expr) if known else None
    return found if isinstance(found, (ObjectDef, CollectionSchema)) else None


def _of_collection(context: Context, collection: Collection, expr: Expr) -> list[RowItem]:
    """Return a column for each attribute that a collection's inputs store or its objects define."""
    name = _name_of(context.words(expr.span))
    loop = Loop(collection, name)
    element = Variable(loop, type="particle", span=expr.span)
    items = []
    for attribute, value_, dtype in _attributes(context, collection, element, expr):
        label = f"{name}.{attribute}"
        items.append(RowItem(f"{name}_{attribute}", label, value_, (loop,), dtype=dtype))
    return items


def _attributes(
    context: Context, collection: Collection, element: Variable, expr: Expr
) -> Iterator[tuple[str, Value, str]]:
    """Yield the attributes of all elements, each with its stored type if it has but one."""
    first, *others = (source.attributes for source in inputs((collection,)))
    for name in first:
        if not name or not all(name in other for other in others):
            continue
        if is_corrected(collection, "pt") and name in ("pt", *FROM_PT):
            found = find(context, element, Name(name, span=expr.span), expr.span)
            if found is not None and found.meaning is not None:
                yield name, found.meaning, ""
            continue
        branches = [attributes[name] for attributes in (first, *others)]
        stored = {b.dtype for b in branches if b.per == 1}
        type_ = max((branch_type(b) for b in branches), key=("bool", "int", "real").index)
        same = stored.pop() if len(stored) == 1 and all(b.per == 1 for b in branches) else ""
        yield name, AttributeOf(element, name, type=type_, span=expr.span), same
    objects = [c for c in lineage(collection) if isinstance(c, ObjectDef)]
    own = {name: a for o in reversed(objects) for name, a in o.attributes.items()}
    for name, definition in own.items():
        type_ = definition.value.type
        if type_ in ("bool", "int", "real"):
            yield name, OwnAttribute(element, definition, type=type_, span=expr.span), ""
    for name in _of_all_sources(objects[-1:]):
        if name in own or name in first:
            continue
        found = find(context, element, Name(name, span=expr.span), expr.span)
        if found is not None and found.meaning is not None:
            yield name, found.meaning, ""


def _of_all_sources(united: Iterable[ObjectDef]) -> list[str]:
    """Return the attributes that every source of a union defines, or one from which it comes."""
    names: list[list[str]] = []
    for union in united:
        for source in union.sources if len(union.sources) > 1 else ():
            steps = [c for c in lineage(source) if isinstance(c, ObjectDef)]
            own = [name for step in steps for name, a in step.attributes.items() if _is_number(a)]
            names.append([*own, *_of_all_sources(steps[-1:])])
    first, *others = names or [[]]
    return [name for name in dict.fromkeys(first) if all(name in other for other in others)]


def _is_number(attribute: AttributeDef) -> bool:
    return attribute.value.type in ("bool", "int", "real")


def _name_of(text: str) -> str:
    """Return words as a name for a column: ``pT(jets[0])`` is pT_jets_0."""
    name = re.sub(r"\W+", "_", text).strip("_") or "value"
    return f"_{name}" if name[0].isdigit() else name


def _with_own_names(items: Iterable[RowItem]) -> tuple[RowItem, ...]:
    """Number the names that stand more than once, or that every file has."""
    taken = {name.lower() for name in OWN_COLUMNS}
    named = []
    for item in items:
        name, number = item.name, 2
        while name and name.lower() in taken:
            name, number = f"{item.name}_{number}", number + 1
        taken.add(name.lower())
        named.append(replace(item, name=name))
    return tuple(named)
