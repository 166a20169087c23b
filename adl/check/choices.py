"""Choices between particles: ``size(mu) > 0 ? mu[0] : ele[0]``.

What is asked of a choice is asked of both of its branches, so a choice between elements of
different kinds has what both of them have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from adl.check.analysis import Choice, Value
from adl.check.context import Found
from adl.check.types import unify

Find = Callable[[Value], Found[Value] | None]


def chosen(choice: Choice, then: Value, otherwise: Value) -> Value | None:
    """Return a choice by the same condition; None between a number and a particle."""
    if (then.type == "particle") != (otherwise.type == "particle"):
        return None
    if then.type != "particle":
        then, otherwise = unify(then, otherwise, least="bool")
    return replace(choice, then=then, otherwise=otherwise, type=then.type)


def of_branches(choice: Choice, find: Find) -> Found[Value] | None:
    """Return what ``find`` finds in the branch that is taken; None if one of them has no such."""
    branches = [find(choice.then), find(choice.otherwise)]
    found = [branch for branch in branches if branch is not None]
    if len(found) < len(branches):
        return None
    values = [branch.meaning for branch in found if branch.meaning is not None]
    if len(values) < len(found):  # a mistake that has been reported
        return Found(None)
    either = chosen(choice, *values)
    return None if either is None else Found(either)
