"""Rebuilding a tree from its leaves up, with a rule for every expression in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, TypeVar, cast

from adl.syntax.tree import Clause, Expr, Tree

T = TypeVar("T", bound=Tree)
Rule = Callable[[Expr], Expr]

# What these fields hold is a name and no expression.
_NAMES = frozenset(("name", "function", "instance", "format"))


def rebuilt(tree: T, rule: Rule) -> T:
    """Return a tree with the rule applied to its expressions, operands before what they are in."""
    # Lines of a systematic or a correction mean the same in both dialects.
    if isinstance(tree, Clause):
        return tree
    changed: dict[str, Any] = {}
    for field in fields(tree):
        content = getattr(tree, field.name)
        new = content if field.name in _NAMES else _content(content, rule)
        if new is not content:
            changed[field.name] = new
    whole = replace(tree, **changed) if changed else tree
    return cast("T", rule(whole)) if isinstance(whole, Expr) else whole


def _content(content: Any, rule: Rule) -> Any:
    if isinstance(content, Tree):
        return rebuilt(content, rule)
    if isinstance(content, tuple) and any(isinstance(part, Tree) for part in content):
        new = tuple(rebuilt(p, rule) if isinstance(p, Tree) else p for p in content)
        return content if all(a is b for a, b in zip(new, content, strict=True)) else new
    return content
