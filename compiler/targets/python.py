"""Compiled Python functions on this machine: for kernels, for the interpreter, and their faults."""

from __future__ import annotations

import ctypes
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from llvmlite import binding as llvm

from adl.compiler.layout import Fault
from adl.compiler.python.code import code, outputs, parameters, result_type
from adl.compiler.targets.host import compile_object, new_engine
from adl.stdlib.registry import Function

_C: dict[str, Any] = {"double": ctypes.c_double, "i64": ctypes.c_int64, "ptr": ctypes.c_void_p}


@dataclass(frozen=True)
class Loaded:
    """A function that Python can call as the kernel does."""

    function: Function
    engine: Any  # keeps the code alive
    call: Any

    def __call__(
        self, arguments: Sequence[Any], event: int, fault: np.ndarray[Any, Any]
    ) -> tuple[Any, list[list[Any]]]:
        """Return the value (of a store the number of elements), and the arrays that it has filled.

        Arguments are numbers, lists of floats, and the lengths of the collections as ints.
        """
        total = _total(self.function, arguments)
        arrays = [np.array(a, np.float64) if isinstance(a, list) else a for a in arguments]
        flags = self.function.result == "flags"
        filled: list[np.ndarray[Any, Any]] = [
            np.zeros(total + 1, np.bool_ if flags else np.float64)
            for _ in range(outputs(self.function))
        ]
        work = [np.empty(total + 1) for _ in range(self.function.scratch)]
        every = [*arrays, *filled, *work, fault]
        value = self.call(
            *(a.ctypes.data if isinstance(a, np.ndarray) else a for a in every), event
        )
        return value, [array[:total].tolist() for array in filled]


def _total(function: Function, arguments: Sequence[Any]) -> int:
    """Return the number of elements of all collections: each length follows its arrays."""
    return sum(
        after
        for before, after in pairwise(arguments)
        if isinstance(before, list) and not isinstance(after, list)
    )


@cache
def load(function: Function) -> Loaded:
    """Return the compiled function, the same code that kernels call."""
    engine = new_engine(compile_object(code(function).text))
    kinds = [_C[t] for t in parameters(function)]
    address = engine.get_function_address(code(function).symbol)
    return Loaded(function, engine, ctypes.CFUNCTYPE(_C[result_type(function)], *kinds)(address))


def publish(function: Function) -> None:
    """Let kernels that are loaded from now on find a function; its name is that of its content."""
    llvm.add_symbol(*symbol(function))


def symbol(function: Function) -> tuple[str, int]:
    """Return the name of a function's code and its address."""
    name = code(function).symbol
    return name, load(function).engine.get_function_address(name)


# --------------------------------------------------------------------------------- faults


class _Exception(ctypes.Structure):
    """The beginning of numba's note of an exception: a pickle and its length."""

    _fields_ = (("data", ctypes.c_void_p), ("size", ctypes.c_int32))


def fault(function: Function, slots: Sequence[int]) -> Fault | None:
    """Return what a function has raised, from the five numbers that its C function keeps."""
    number, address, event, _, events = (int(slot) for slot in slots)
    if not number:
        return None
    note = _Exception.from_address(address)
    # Our own constant: numba wrote (class, arguments, (function, file, line)) when it compiled.
    kind, arguments, place = pickle.loads(ctypes.string_at(note.data, note.size))
    _, file, line = place or ("", function.body.__code__.co_filename, 0)
    words = ", ".join(map(str, arguments or ()))
    return Fault(function.name, file, line, kind.__name__, words, number, event, events)
