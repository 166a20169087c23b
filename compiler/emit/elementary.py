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


def emit_again(name: str, number: int) -> str:
    """Write an elementary function of ``number`` arguments that keeps its last result.

    Memory begins as zeros, so that all is kept with its bits inverted: what nobody has asked for
    yet is a NaN, whose result is a NaN.
    """
    lines = Lines()
    given = [f"%a{i}" for i in range(number)]
    bits = [lines.let(f"xor i64 {lines.let(f'bitcast double {a} to i64')}, -1") for a in given]
    same = "true"
    for i, own in enumerate(bits):
        kept = lines.load("i64", lines.at("i64", "%kept", i))
        same = lines.let(f"and i1 {same}, {lines.let(f'icmp eq i64 {own}, {kept}')}")
    result = lines.at("i64", "%kept", number)
    lines.branch(same, "again", "first")
    lines.begin("again")
    inverted = lines.let(f"xor i64 {lines.load('i64', result)}, -1")
    lines.do(f"ret double {lines.let(f'bitcast i64 {inverted} to double')}")
    lines.begin("first")
    arguments = ", ".join(f"double {a}" for a in given)
    value = lines.let(f"call double @adl_{name}({arguments})")
    for i, own in enumerate(bits):
        lines.store("i64", own, lines.at("i64", "%kept", i))
    inverted = lines.let(f"xor i64 {lines.let(f'bitcast double {value} to i64')}, -1")
    lines.store("i64", inverted, result)
    lines.do(f"ret double {value}")
    head = f"define internal double @adl_again_{name}({arguments}, ptr %kept) nounwind"
    return f"{head} {{\n{lines.text()}\n}}\n"


def _literal(node: Const) -> str:
    if isinstance(node.value, float):
        return real(node.value)
    return str(node.value).lower()
