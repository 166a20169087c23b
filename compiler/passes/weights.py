"""Keep the weights of all variations that only weight an event otherwise, to fill them at once.

Before: ``fill[v](x, weight w(v))`` looks the bin of x up for each variation. After: the weights
stand in a store, once an event, and the kernel looks up one bin and adds them one after the other.
"""

from __future__ import annotations

from adl.compiler.ir import Element, Fill, Index, Node, closed, opened, store
from adl.compiler.program import OutputT, Program
from adl.compiler.variations import is_varied


def weights(program: Program) -> Program:
    """Replace the weight of fills of which a group changes only the weight by reads of a store."""
    return program.map(_kept)


def _kept(output: OutputT) -> OutputT:
    if not isinstance(output, Fill):
        return output
    if not any(map(is_varied, output.axes)):
        return output
    axes, (number, *values, mask, weight) = opened(output)
    group = axes[0]
    varied = any(group in node.free for node in (*values, mask))
    if varied or weight.free != {group}:
        return output
    kept: Node = Element(store((group,), (weight,)), Index(group))
    return closed(output, axes, (number, *values, mask, kept))  # type: ignore[return-value]
