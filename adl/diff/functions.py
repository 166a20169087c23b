"""Users' functions of several analyses: those of one code are one function."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from adl.compiler.ir import Evaluate, Node, rewrite
from adl.compiler.program import Program
from adl.diff.contents import code_of
from adl.stdlib.registry import FUNCTIONS, Function


def shared(programs: Sequence[Program]) -> list[Program]:
    """Return programs in which functions of one code are the same node's; others stay apart."""
    known: dict[Any, Function] = {}
    own: dict[Function, Function] = {}

    def one(node: Node) -> Node | None:
        if not isinstance(node, Evaluate) or _is_ours(node.function):
            return None
        function = node.function
        if function not in own:
            own[function] = known.setdefault(code_of(function), function)
        return Evaluate(own[function], node.arguments, node.mask)

    found = []
    for program in programs:
        asks = any(isinstance(n, Evaluate) and not _is_ours(n.function) for n in program.nodes)
        found.append(program.map(partial(rewrite, rule=one, memo={})) if asks else program)
    return found


def _is_ours(function: Function) -> bool:
    return FUNCTIONS.get(function.name) is function
