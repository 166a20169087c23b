"""The call of a Python function: its arguments, its scratch arrays, and nothing where it is masked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adl.compiler.emit.text import LLVM_TYPE, real
from adl.compiler.ir import TRUE, Evaluate, Gather
from adl.compiler.python.code import code, outputs, parameters, result_type

if TYPE_CHECKING:
    from adl.compiler.emit.function import FunctionEmitter

_NOTHING = {"double": real(float("nan")), "i64": "0"}


def evaluate(function: FunctionEmitter, node: Evaluate) -> str:
    """Write the call where the mask holds, and return its value."""
    lines = function.lines
    type_ = result_type(node.function)
    if node.mask is TRUE:
        return _taken(function, node, _call(function, node))
    slot = lines.slot(type_, _NOTHING[type_])
    condition = function.value(node.mask, node, len(node.arguments))
    yes, end = lines.label(), lines.label()
    lines.branch(condition, yes, end)
    lines.begin(yes)
    lines.store(type_, _call(function, node), slot)
    lines.jump(end)
    lines.begin(end)
    return _taken(function, node, lines.load(type_, slot))


def declaration(node: Evaluate) -> str:
    """Return the declaration of the C function that a node calls."""
    types = ", ".join(parameters(node.function))
    return f"declare {result_type(node.function)} @{code(node.function).symbol}({types}) nounwind"


def _call(function: FunctionEmitter, node: Evaluate) -> str:
    lines = function.lines
    values = [_argument(function, node, place) for place, _ in enumerate(node.arguments)]
    arrays = outputs(node.function) + node.function.scratch
    values += [function.scratch(node, place) for place in range(arrays)]
    fault = function.arguments.memo_at(lines, function.arguments.fault(node.function))
    types = parameters(node.function)
    passed = ", ".join(f"{t} {v}" for t, v in zip(types, (*values, fault, "%event"), strict=True))
    symbol = code(node.function).symbol
    return lines.let(f"call {result_type(node.function)} @{symbol}({passed})")


def _argument(function: FunctionEmitter, node: Evaluate, place: int) -> str:
    argument = node.arguments[place]
    if isinstance(argument, Gather):
        return function.scratch(argument)
    value = function.value(argument, node, place)
    return function.lines.let(f"zext i1 {value} to i64") if argument.kind == "bool" else value


def _taken(function: FunctionEmitter, node: Evaluate, value: str) -> str:
    """Return the value as the IR has it; of a store the number of elements is at hand instead."""
    if node.kind == "store":
        function.picks[node] = (value,)
        return ""
    assert node.kind in LLVM_TYPE
    return function.lines.let(f"icmp ne i64 {value}, 0") if node.kind == "bool" else value
