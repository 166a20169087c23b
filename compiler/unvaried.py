"""What the turns of a group need that no variation changes, and that is not free to compute.

A sum or a pick is memoised in any case. A cell of a nominal value or an elementary function of one
would be computed again for each variation, since a turn is a function of its own: these are worth
remembering, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adl.compiler.actions import Action, is_binder
from adl.compiler.decisions import Decide
from adl.compiler.ir import Call, Cell, Lookup, Node, postorder, raising
from adl.stdlib import ops


def worth_remembering(actions: Sequence[Action]) -> Iterator[Node]:
    """Yield the largest values without a free axis that actions use and that take some time."""
    needed = [v for action in actions for v in action.needs]
    order = postorder(needed)
    careful = raising(order)  # to be computed only where somebody looks
    heavy: dict[Node, bool] = {}
    varied: list[Node] = []
    for node in order:
        heavy[node] = _takes_time(node) or any(heavy[c] and not is_binder(c) for c in node.children)
        if node.free:
            varied += node.children
    for node in dict.fromkeys((*needed, *varied)):
        if heavy[node] and not node.free and not is_binder(node) and node not in careful:
            yield node


def _takes_time(node: Node) -> bool:
    if isinstance(node, Call):
        return node.function not in ops.MEANING
    return isinstance(node, Cell | Lookup | Decide)
