"""Walking over the syntax tree, for questions that need no meaning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from typing import Any

from adl.syntax.tree import Attribute, Binding, Call, Name, Tree


def children(tree: Tree) -> Iterator[Tree]:
    """Yield the trees of which a tree is made, in the order of its fields."""
    for name in _fields(type(tree)):  # type: ignore[arg-type]  # a class can be hashed
        content = getattr(tree, name)
        for part in content if isinstance(content, tuple) else (content,):
            if isinstance(part, Tree):
                yield part


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    """Return the fields of a kind of tree that can hold trees."""
    return tuple(field.name for field in fields(kind) if field.name != "span")


def subtrees(tree: Tree) -> Iterator[Tree]:
    """Yield a tree and all trees in it."""
    yield tree
    for part in children(tree):
        yield from subtrees(part)


def mentioned(tree: Tree) -> Iterator[Name]:
    """Yield the names in an expression that stand for values: no functions, no attributes."""
    match tree:
        case Name():
            yield tree
        case Call():
            for argument in tree.arguments:
                yield from mentioned(argument)
        case Attribute():
            yield from mentioned(tree.value)
        case Binding():
            yield from mentioned(tree.collection)
        case _:
            for part in children(tree):
                yield from mentioned(part)
