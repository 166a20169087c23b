"""Numba's part of the way: from a Python function to LLVM IR that nothing has optimised yet.

Before optimisation a call of ``math.sin`` still is a call of ``sin``, which ``code`` replaces by
ours; the optimiser would have folded it with the libm of this machine. There is no runtime of
numba: what would allocate does not compile.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

from llvmlite import binding as llvm

from adl.compiler.python.sources import elementary_name, plain, uses
from adl.stdlib.registry import FLATTENED, FUNCTIONS, Function


@dataclass(frozen=True)
class Compiled:
    """LLVM IR, and the name of the function in it."""

    text: str
    symbol: str


class NotCompiled(Exception):
    """Numba refuses a function; ``line`` is 0 where it does not say where in ``file``."""

    def __init__(self, message: str, file: str, line: int) -> None:
        super().__init__(message)
        self.message, self.file, self.line = message, file, line


def compile_python(function: Function) -> Compiled:
    """Return the LLVM IR of a function for the argument types of its signature.

    Raises:
        NotCompiled: it uses what cannot be compiled.
    """
    body = plain(function.body)
    dispatcher = _convert(body, {})
    signature = _signature(function)
    try:
        with _unoptimised():
            dispatcher.compile(signature)
    except Exception as error:  # numba has many kinds, not all of one family
        raise _refused(error, body) from error
    result = dispatcher.overloads[tuple(signature.args)]
    return Compiled(result.library.get_llvm_str(), result.fndesc.llvm_func_name)


def _convert(function: FunctionType, done: dict[FunctionType, Any]) -> Any:
    """Return numba's version of a function, with those that it calls converted as well."""
    from numba import njit

    if function not in done:
        own: dict[str, Any] = {"__builtins__": function.__globals__.get("__builtins__")}
        own["__name__"] = function.__module__
        copy = FunctionType(
            function.__code__, own, function.__name__, function.__defaults__, function.__closure__
        )
        # No fastmath, IEEE division; nothing of it is called from Python, so no wrappers.
        options: dict[str, Any] = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
        options |= {"error_model": "numpy", "_nrt": False}
        done[function] = njit(**options)(copy)
        own.update((name, _global(value, done)) for name, value in uses(function).items())
    return done[function]


def _global(value: Any, done: dict[FunctionType, Any]) -> Any:
    name = elementary_name(value)
    if name is not None:
        return _external(name)
    return _convert(value, done) if isinstance(value, FunctionType) else value


def _external(name: str) -> Any:
    """Return the declaration of one of our elementary functions, which ``code`` defines."""
    from numba import types

    # Numba's own engine wants an address, though it never calls it.
    llvm.add_symbol(f"adl_{name}", 1)
    arguments = [types.float64] * len(FUNCTIONS[name].arguments)
    return types.ExternalFunction(f"adl_{name}", types.float64(*arguments))


def _signature(function: Function) -> Any:
    from numba import types

    reals, flags = (types.Array(t, 1, "C") for t in (types.float64, types.boolean))
    kinds = {"real": types.float64, "int": types.int64, "bool": types.boolean, "array": reals}
    arguments = [kinds[flat] for kind in function.arguments for flat in FLATTENED[kind]]
    if function.result == "flags":
        arguments.append(flags)
    if function.result == "collection":
        arguments += [reals] * 4
    arguments += [reals] * function.scratch
    results = {"flags": types.none, "collection": types.int64}
    result = results[function.result] if function.result in results else kinds[function.result]
    return result(*arguments)


@contextmanager
def _unoptimised() -> Iterator[None]:
    from numba.core import config as settings

    config: Any = settings  # its attributes come from the environment
    before = config.OPT
    config.OPT = type(before)(0)
    try:
        yield
    finally:
        config.OPT = before


# What numba says -> what a user can do with it; the first that fits counts.
_PLAINLY = (
    (r"NRT required but not enabled", "it makes a new array, list or text: a kernel has no memory"),
    (r"opcode \(IMPORT_NAME\)", "it has an import inside: imports stand at the top of the file"),
    (r"No implementation of function.*?>>> ([^\n]+)", r"there is no \1"),
    (r"(?:NameError: )?name '(\w+)' is not defined", r"nothing is called \1"),
)


def _refused(error: Exception, body: FunctionType) -> NotCompiled:
    """Return what numba's message says, in short, and the place that it names."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    file = body.__code__.co_filename
    name = re.escape(Path(file).name)
    places = re.findall(rf'{name}(?:", line | \()(\d+)', text)
    for pattern, plain_words in _PLAINLY:
        match = re.search(pattern, text, re.DOTALL)
        if match is not None:
            message = match.expand(plain_words)
            break
    else:
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        telling = (x for x in lines if not x.startswith(("Failed in", "During", "File")))
        message = next(telling, type(error).__name__)
    return NotCompiled(message, file, int(places[-1]) if places else _line_of(message, body))


def _line_of(message: str, body: FunctionType) -> int:
    """Return the first line of a function that has the last word of a message, or its own."""
    first = body.__code__.co_firstlineno
    word = re.compile(rf"\b{re.escape(message.split()[-1])}\b")
    lines = enumerate(inspect.getsource(body).splitlines(), first)
    return next((number for number, line in lines if word.search(line)), first)
