"""An elementary function as LLVM IR: one copy in each module that calls it."""

from __future__ import annotations

from adl.compiler.emit.operations import emit_primitive
from adl.compiler.emit.text import Lines, real
from adl.compiler.ir import Call, Column, Const, Node, postorder
from adl.stdlib.registry import FUNCTIONS


def emit_elementary(name: str, inlined: bool = False) -> str:
    """Write an elementary function by tracing its formula; ``inlined`` for loops of vectors."""
    function = FUNCTIONS[name]
    arguments: list[Node] = [
        Column(f"argument{i}", "float64") for i, _ in enumerate(function.arguments)
    ]
    result = function.body(*arguments)
    lines = Lines()
    values = {a: f"%a{i}" for i, a in enumerate(arguments)}
    for node in postorder([result]):
        if isinstance(node, Call):
            operands = [_literal(c) if isinstance(c, Const) else values[c] for c in node.arguments]
            kinds = tuple(a.kind for a in node.arguments)
            values[node] = emit_primitive(lines, node.function, kinds, operands)
    parameters = ", ".join(f"double %a{i}" for i, _ in enumerate(arguments))
    returned = _literal(result) if isinstance(result, Const) else values[result]
    lines.do(f"ret double {returned}")
    # noinline: one copy of some fifty instructions, and calls with equal arguments still merge.
    symbol, how = (
        (f"adl_inlined_{name}", "alwaysinline") if inlined else (f"adl_{name}", "noinline")
    )
    head = f"define internal double @{symbol}({parameters}) memory(none) nounwind willreturn {how}"
    return f"{head} {{\n{lines.text()}\n}}\n"


def _literal(node: Const) -> str:
    if isinstance(node.value, float):
        return real(node.value)
    return str(node.value).lower()
