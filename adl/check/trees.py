"""Walking over the syntax tree, for questions that need no meaning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from adl.syntax.tree import Attribute, Binding, Call, Expr, Name, Tree


def subtrees(tree: Tree) -> Iterator[Tree]:
    """Yield a tree and all trees in it, in the written order of the fields."""
    yield tree
    for field in fields(tree):
        content = getattr(tree, field.name)
        for part in content if isinstance(content, tuple) else (content,):
            if isinstance(part, Tree):
                yield from subtrees(part)


def mentioned(expr: Expr) -> Iterator[Name]:
    """Yield the names in an expression that stand for values: no functions, no attributes."""
    match expr:
        case Name():
            yield expr
        case Call():
            for argument in expr.arguments:
                yield from mentioned(argument)
        case Attribute():
            yield from mentioned(expr.value)
        case Binding():
            yield from mentioned(expr.collection)
        case _:
            for field in fields(expr):
                content = getattr(expr, field.name)
                for part in content if isinstance(content, tuple) else (content,):
                    if isinstance(part, Tree):
                        yield from mentioned(part)  # type: ignore[arg-type] # parts of an expression
