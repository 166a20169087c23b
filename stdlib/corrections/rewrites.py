"""Trees of corrections in which something writes over an input for what is below it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from adl.stdlib.corrections.contents import (
    Content,
    Expression,
    Grid,
    Keys,
    Nothing,
    Random,
    Rewrite,
)


def mapped(tree: Content, place: int, change: Callable[[Rewrite], Content]) -> Content:
    """Return a tree with ``change`` of the leaves that rewrite an input, and 0 for the others."""
    match tree:
        case Grid():
            contents = tuple(mapped(c, place, change) for c in tree.contents)
            outside = None if tree.outside is None else mapped(tree.outside, place, change)
            return replace(tree, contents=contents, outside=outside)
        case Keys():
            inner = tuple((key, mapped(c, place, change)) for key, c in tree.contents)
            rest = None if tree.otherwise is None else mapped(tree.otherwise, place, change)
            return replace(tree, contents=inner, otherwise=rest)
        case Rewrite() if tree.input == place:
            return change(tree)
    return tree if isinstance(tree, Nothing) else 0.0


def moved(tree: Content, old: int, new: int) -> Content:
    """Return a tree that reads one input at another place."""

    def of(place: int) -> int:
        return new if place == old else place

    match tree:
        case Grid():
            axes = tuple((of(place), bins) for place, bins in tree.axes)
            contents = tuple(moved(c, old, new) for c in tree.contents)
            outside = None if tree.outside is None else moved(tree.outside, old, new)
            return replace(tree, axes=axes, contents=contents, outside=outside)
        case Keys():
            inner = tuple((key, moved(c, old, new)) for key, c in tree.contents)
            rest = None if tree.otherwise is None else moved(tree.otherwise, old, new)
            return replace(tree, input=of(tree.input), contents=inner, otherwise=rest)
        case Expression():
            return replace(tree, variables=tuple(map(of, tree.variables)))
        case Random():
            return replace(tree, inputs=tuple(map(of, tree.inputs)))
        case Rewrite():
            rule = moved(tree.rule, old, new)
            return Rewrite(of(tree.input), rule, moved(tree.content, old, new))
    return tree
