"""Walking over the syntax tree, for questions that need no meaning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from typing import Any

from adl.syntax.tree import Attribute, Binding, Call, Name, Tree


def children(tree: Tree) -> list[Tree]:
    """Return the trees of which a tree is made, in the order of its fields."""
    found: list[Tree] = []
    for name in _fields(type(tree)):  # type: ignore[arg-type]  # a class can be hashed
        content = getattr(tree, name)
        if isinstance(content, Tree):
            found.append(content)
        elif type(content) is tuple:
            found += [part for part in content if isinstance(part, Tree)]
    return found


@cache
def _fields(kind: Any) -> tuple[str, ...]:
    """Return the fields of a kind of tree that can hold trees."""
    return tuple(field.name for field in fields(kind) if field.name != "span")


def subtrees(tree: Tree) -> Iterator[Tree]:
    """Yield a tree and all trees in it, each before its parts."""
    waiting = [tree]
    while waiting:
        tree = waiting.pop()
        yield tree
        waiting += reversed(children(tree))


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
