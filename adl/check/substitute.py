"""Substitution in checked values: other elements for loops, found elements for unknowns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from adl.check.analysis import DefineDef, Loop, Ordered, Picked, SortKey, Typed, Value, Variable
from adl.check.values import placed, unknowns

T = TypeVar("T")
Rule = Callable[[Value], Value | None]


def substituted(content: T, rule: Rule) -> T:
    """Return a value, or values in tuples, with what ``rule`` replaces replaced.

    Defines and picked tuples are entered; one that does not change stays the same object.
    """
    new: T = _Substitution(rule).content(content)
    return new


def with_elements(content: T, elements: Mapping[Loop, Value]) -> T:
    """Return values with other elements in the place of loops' current ones."""

    def rule(value: Value) -> Value | None:
        if isinstance(value, Variable) and value.loop in elements:
            return placed(elements[value.loop], value.span)
        return None

    return substituted(content, rule)


class _Substitution:
    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self.done: dict[object, Any] = {}  # what is one object everywhere stays one

    def content(self, content: Any) -> Any:
        match content:
            case Typed():
                return self.value(content)
            case SortKey(value, descending):
                return SortKey(self.content(value), descending)
            case tuple():
                new = tuple(map(self.content, content))
                return content if all(map(_is, content, new)) else new
            case DefineDef() if content.unknowns:  # no other value in a define can change
                if content not in self.done:
                    value = self.value(content.value)
                    inside = tuple(dict.fromkeys(unknowns(value)))
                    self.done[content] = replace(content, value=value, unknowns=inside)
                return self.done[content]
            case Picked() | Ordered():
                if content not in self.done:
                    self.done[content] = self.rebuilt(content)
                return self.done[content]
        return content

    def value(self, value: Any) -> Any:
        replaced = self.rule(value)
        return self.rebuilt(value) if replaced is None else replaced

    def rebuilt(self, whole: Any) -> Any:
        changes = {}
        for field in fields(whole):
            old = getattr(whole, field.name)
            new = self.content(old)
            if new is not old:
                changes[field.name] = new
        return replace(whole, **changes) if changes else whole


def _is(a: object, b: object) -> bool:
    return a is b
