"""The table of functions: one decorated Python function is everything about a builtin.

A *formula* is traced: called with IR nodes it builds nodes, so it inlines. An *elementary* function
stays one call in the IR and is emitted once, as its own function, so that no optimiser sees
through it and its bits are the same everywhere.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Function:
    """A builtin: its ADL name, the kinds of its arguments and result, and its body."""

    name: str
    arguments: tuple[str, ...]  # "real", "angle", "particle"; see adl/check/types.py
    result: str
    form: Literal["formula", "elementary"]
    body: Callable[..., Any]
    call: Callable[..., Any]
    aliases: tuple[str, ...]


FUNCTIONS: dict[str, Function] = {}


def formula(
    signature: str, *, name: str | None = None, aliases: tuple[str, ...] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a traced function; ``signature`` reads ``"real, real -> real"``."""

    def register(body: Callable[..., Any]) -> Callable[..., Any]:
        return _register("formula", signature, name or body.__name__, aliases, body, body)

    return register


def elementary(
    signature: str, *, aliases: tuple[str, ...] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function of numbers that is one call in the IR."""

    def register(body: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(body)
        def call(*arguments: Any) -> Any:
            for argument in arguments:
                build = getattr(argument, "build_call", None)
                if build is not None:
                    return build(body.__name__, arguments)
            return body(*arguments)

        return _register("elementary", signature, body.__name__, aliases, body, call)

    return register


def _register(
    form: Literal["formula", "elementary"],
    signature: str,
    name: str,
    aliases: tuple[str, ...],
    body: Callable[..., Any],
    call: Callable[..., Any],
) -> Callable[..., Any]:
    left, _, result = signature.partition("->")
    arguments = tuple(a.strip() for a in left.split(",") if a.strip())
    assert name not in FUNCTIONS, f"{name} is registered twice"
    FUNCTIONS[name] = Function(name, arguments, result.strip(), form, body, call, aliases)
    return call
