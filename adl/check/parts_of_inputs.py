"""Collections that a model makes of another one: ``Electron`` is ``Lepton`` where ``type == 11``.

They are objects as an analysis could write them: a filter, whose elements are those of the other
collection. Nothing that an analysis declares changes what they mean.
"""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from typing import Any, cast

from adl.check.analysis import Loop, ObjectDef
from adl.check.context import Context
from adl.stdlib.models import Part
from adl.syntax.diagnostics import Findings
from adl.syntax.parse import parse
from adl.syntax.source import Source, Span
from adl.syntax.tree import Define, Expr, Tree


def selected(context: Context, part: Part, span: Span) -> ObjectDef:
    """Return the object that a part of a collection is, the same one wherever it is used."""
    if part.name not in context.parts:
        context.parts[part.name] = _made(context, part, span)
    return context.parts[part.name]


def _made(context: Context, part: Part, span: Span) -> ObjectDef:
    source = context.schema.collections[part.of]
    callbacks = context.build, context.of_element, context.value, context.makes
    alone = Context(context.source, context.schema, "adl", Findings(), {}, *callbacks)
    this = Loop(None, "this")
    context.sources[this] = alone.sources[this] = (source,)
    condition = cast("Expr", _moved(_parsed(part.where), span))
    cut = context.of_element(alone, this, (source,), condition)
    assert cut is not None, f"{part.name} was checked with the formulas"
    return ObjectDef(part.name, (source,), this, (cut,), span)


@cache
def _parsed(text: str) -> Expr:
    (block,) = parse(Source("model", f"define where = {text}\n")).blocks
    assert isinstance(block, Define), text
    return block.value


def _moved(content: Any, span: Span) -> Any:
    """Return a tree, all of it at one place of the analysis."""
    match content:
        case Tree():
            own = (field.name for field in fields(content) if field.name != "span")
            changed = {name: _moved(getattr(content, name), span) for name in own}
            return replace(content, **changed, span=span)
        case tuple():
            return tuple(_moved(part, span) for part in content)
    return content
