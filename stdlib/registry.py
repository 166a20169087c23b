"""The table of functions: one decorated Python function is everything about a builtin.

A *formula* is traced: called with IR nodes it builds nodes, so it inlines. An *elementary* function
stays one call in the IR and is emitted once, as its own function, so that no optimiser sees
through it and its bits are the same everywhere. An *algorithm* has loops: plain Python of numbers
and arrays, which is compiled as it stands.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Form = Literal["formula", "elementary", "algorithm", "user"]

# What an argument of an algorithm becomes in its Python function: numbers, then arrays.
FLATTENED: dict[str, tuple[str, ...]] = {
    "real": ("real",),
    "int": ("int",),
    "bool": ("bool",),
    "particle": ("real",) * 4,  # px, py, pz, E
    "transverse": ("real",) * 2,  # px, py
    "met": ("real",) * 2,
    "collection": ("array",) * 4,  # px, py, pz, E of the elements, in their order
    "array": ("array",),
}


@dataclass(frozen=True, eq=False)
class Function:
    """A builtin or a user's function: its ADL name, the kinds of its arguments and result."""

    name: str
    arguments: tuple[
        str, ...
    ]  # "real", "particle", "collection"; see FLATTENED and adl/check/types.py
    result: str
    form: Form
    body: Callable[..., Any]
    call: Callable[..., Any]
    aliases: tuple[str, ...]
    defaults: tuple[float, ...] = ()  # of the last arguments
    parameters: tuple[str, ...] = ()  # words for the arguments, for people
    scratch: int = 0  # arrays of working memory, after all other arguments
    raises: bool = False  # exceptions: it is called only where its value is looked at

    @property
    def least(self) -> int:
        """How many arguments a call needs."""
        return len(self.arguments) - len(self.defaults)


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


def algorithm(
    signature: str,
    *,
    name: str | None = None,
    aliases: tuple[str, ...] = (),
    parameters: tuple[str, ...] = (),
    scratch: int = 0,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function with loops; ``signature`` reads ``"particle, met, real?=0 -> real"``.

    Its Python function takes the arguments as ``FLATTENED`` says, particles and missing momentum as
    numbers, a collection as four float64 arrays of the same length n, and then:

    - result ``flags``: a bool array of length n, all false, to fill (one collection only);
    - result ``collection``: four arrays px, py, pz, E to fill, as long as all collections together;
      it returns the number of elements that it has filled in;
    - ``scratch`` arrays of float64, as long as all collections together plus one, of any content.

    A formula may call it with numbers only. It is compiled: arithmetic, comparisons, loops, ``math.sqrt``, functions of
    ``adl.stdlib.elementary``, helpers that are plain functions in the same manner. It allocates
    nothing, raises nothing, may overwrite neither its collections nor what lies beyond their
    length, and ends whatever the numbers are: infinite ones too, but never NaN, since an algorithm
    of a NaN is not called and gives NaN (in a collection they can be NaN).
    """

    def register(body: Callable[..., Any]) -> Callable[..., Any]:
        named = name or body.__name__

        @functools.wraps(body)
        def call(*arguments: Any) -> Any:
            for argument in arguments:
                build = getattr(argument, "build_call", None)
                if build is not None:
                    return build(named, arguments)
            return body(*arguments)

        more = {"parameters": parameters, "scratch": scratch}
        return _register("algorithm", signature, named, aliases, body, call, **more)

    return register


def _register(
    form: Form,
    signature: str,
    name: str,
    aliases: tuple[str, ...],
    body: Callable[..., Any],
    call: Callable[..., Any],
    **more: Any,
) -> Callable[..., Any]:
    left, _, result = signature.partition("->")
    written = [a.strip().partition("?=") for a in left.split(",") if a.strip()]
    assert name not in FUNCTIONS, f"{name} is registered twice"
    FUNCTIONS[name] = Function(
        name,
        tuple(kind for kind, _, _ in written),
        result.strip(),
        form,
        body,
        call,
        aliases,
        tuple(float(default) for _, optional, default in written if optional),
        **more,
    )
    return call
