"""Composites of a collection that a call names: ``ossf(leptons)``, from ``stdlib/composites.adl``.

The call stands wherever the name of a composite does; the same call is one composite.
"""

from __future__ import annotations

from dataclasses import fields, replace
from functools import cache
from importlib import resources
from typing import Any

from adl.check.analysis import CompositeDef
from adl.check.context import Context, Found
from adl.syntax.parse import parse
from adl.syntax.source import Source, Span
from adl.syntax.tree import Call, Composite, Expr, Name, Slice, Tree

_PARAMETER = "leptons"


@cache
def families() -> dict[str, Composite]:
    """Return the composites that a call can make, by their names."""
    text = resources.files("adl.stdlib").joinpath("composites.adl").read_text(encoding="utf-8")
    blocks = parse(Source("composites.adl", text)).blocks
    return {block.name.name: block for block in blocks if isinstance(block, Composite)}


def is_family(context: Context, expr: object) -> bool:
    """Whether an expression is a call that makes a composite; a user's own block hides it."""
    if not isinstance(expr, Call):
        return False
    name = expr.function.name
    return name in families() and name not in context.blocks


def composite_made(context: Context, call: Call) -> Found[CompositeDef]:
    """Return the composite that a call makes."""
    key = call.function.name, call.arguments
    if key not in context.families:
        context.families[key] = _made(context, call)
    return Found(context.families[key])


def _made(context: Context, call: Call) -> CompositeDef | None:
    name = call.function.name
    if len(call.arguments) != 1 or not isinstance(call.arguments[0], (Name, Slice, Call)):
        message = f"{name} takes one collection"
        context.findings.error("E206", message, call.span, f"size({name}({_PARAMETER})) >= 1")
        return None
    block = _moved(families()[name], call.span, call.arguments[0])
    named = replace(block, name=Name(context.words(call.span), span=call.span))
    found = context.build(context, named)
    return found if isinstance(found, CompositeDef) else None


def _moved(content: Any, span: Span, collection: Expr) -> Any:
    """Return a tree with a collection for the parameter, all of it at the place of the call."""
    match content:
        case Name(name) if name == _PARAMETER:
            return collection
        case Tree():
            own = (field.name for field in fields(content) if field.name != "span")
            changed = {name: _moved(getattr(content, name), span, collection) for name in own}
            return replace(content, **changed, span=span)
        case tuple():
            return tuple(_moved(part, span, collection) for part in content)
    return content
