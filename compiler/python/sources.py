"""What a Python function consists of: itself, the functions it calls, the numbers it reads.

All of it decides the compiled code, so all of it is in the key under which that is kept. Nothing
here needs numba.
"""

from __future__ import annotations

import inspect
import linecache
import sys
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from traceback import extract_tb
from types import CodeType, FunctionType, ModuleType
from typing import Any

from adl.check.functions import FromFile
from adl.stdlib.registry import FUNCTIONS, Function


def elementary_name(value: Any) -> str | None:
    """Return the name of an elementary function of the library, None for anything else."""
    name = getattr(value, "__name__", "")
    known = FUNCTIONS.get(name) if isinstance(name, str) else None
    return (
        name if known is not None and known.form == "elementary" and known.call is value else None
    )


def plain(value: Any) -> Any:
    """Return the Python function of an algorithm, or of what a user decorated with ``njit``."""
    value = _loaded(value) if isinstance(value, FromFile) else value
    value = getattr(value, "py_func", value)
    inner = getattr(value, "__wrapped__", None)
    known = (f.body for f in FUNCTIONS.values() if f.form == "algorithm" and f.call is value)
    return next(known, value) if inner is not None else value


@cache
def _loaded(function: FromFile) -> Any:
    """Return a user's function, for which its file is executed.

    Raises:
        NotLoaded: the file raises an exception.
    """
    module = ModuleType(Path(function.path).stem)
    module.__file__ = function.path
    linecache.checkcache(function.path)
    folder = str(Path(function.path).resolve().parent)
    sys.path.insert(0, folder)  # for helpers beside it
    try:
        exec(compile(function.text, function.path, "exec"), module.__dict__)  # noqa: S102  # the user's
    except Exception as error:
        line = next(
            (
                f.lineno
                for f in reversed(extract_tb(error.__traceback__))
                if f.filename == function.path
            ),
            0,
        )
        raise NotLoaded(f"{type(error).__name__}: {error}", function.path, line or 0) from error
    finally:
        sys.path.remove(folder)
    return getattr(module, function.name)


class NotLoaded(Exception):
    """A user's file raises an exception when it is executed, at ``line`` of ``file``."""

    def __init__(self, message: str, file: str, line: int) -> None:
        super().__init__(message)
        self.message, self.file, self.line = message, file, line


def names(code: CodeType) -> Iterator[str]:
    """Yield the names that code and the code inside it look up."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from names(constant)


def uses(function: FunctionType) -> dict[str, Any]:
    """Return the globals that a function reads, by name, in a fixed order."""
    wanted = sorted(set(names(function.__code__)))
    return {n: plain(function.__globals__[n]) for n in wanted if n in function.__globals__}


def parts(body: Callable[..., Any]) -> list[FunctionType]:
    """Return a function and every plain function that it calls, each once."""
    found: dict[FunctionType, None] = {}
    stack = [plain(body)]
    while stack:
        function = stack.pop()
        if function in found or not isinstance(function, FunctionType):
            continue
        found[function] = None
        stack += [v for v in uses(function).values() if elementary_name(v) is None]
    return list(found)


def description(function: Function) -> str:
    """Return everything that decides a function's compiled code, as text."""
    lines = [_versions(), function.name, function.form, function.result, *function.arguments]
    lines.append(str(function.scratch))
    for part in parts(function.body):
        code = part.__code__
        if function.form == "user":  # an error names the file and the line
            lines.append(f"{code.co_filename}:{code.co_firstlineno}")
        lines += [inspect.getsource(part), *(_constant(n, v) for n, v in uses(part).items())]
    return "\n".join(lines)


def _constant(name: str, value: Any) -> str:
    if isinstance(value, FunctionType):
        return f"{name} = {value.__module__}.{value.__qualname__}"
    if isinstance(value, ModuleType):
        return f"{name} = {value.__name__}"
    return f"{name} = {value!r}"


@cache
def _versions() -> str:
    return f"numba {version('numba')}, llvmlite {version('llvmlite')}"
