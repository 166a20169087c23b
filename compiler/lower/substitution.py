"""What a variation puts in the place of columns, of marked weights and of tables, as a rewriting.

A new value is in ADL's units; where a column has others its conversion is replaced with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from adl.compiler.ir import (
    Axis,
    Call,
    Column,
    Const,
    Index,
    Lookup,
    Node,
    Table,
    rewrite,
    substitute,
)
from adl.stdlib.models import Branch


class NewColumn(NamedTuple):
    """What a column has become: over ``axis``, or of the event."""

    node: Node
    axis: Axis | None
    branch: Branch

    def at(self, position: Node | None) -> Node:
        """Return the value of the element at a position, or that of the event."""
        if self.axis is None or position is None:
            return self.node
        return substitute(self.node, {Index(self.axis): position})


Columns = Mapping[str, NewColumn]


@dataclass(frozen=True)
class Substitution:
    """Columns by their names, marks of weights, and the rows of tables that have variations."""

    columns: Columns
    marks: Mapping[Node, Node] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)

    def __call__(self, node: Node) -> Node | None:
        """Return what stands in the place of a node whose operands are replaced; else None."""
        match node:
            case Column():
                new = self.columns.get(node.name)
                if new is None:
                    return self.marks.get(node)
                return new.at(node.at) if new.branch.per == 1 else None
            case Call(function="div", arguments=(number, Const(value=per))):
                column = _converted(number)
                new = self.columns.get(column.name) if column is not None else None
                if column is None or new is None or new.branch.per == 1 or new.branch.per != per:
                    return None
                return new.at(column.at)
            case Lookup() if node.table.name in self.tables:
                return Lookup(self.tables[node.table.name], node.arguments)
        return None

    def starts_at(self, node: Node) -> bool:
        """Whether a node is one that is replaced, or part of one."""
        match node:
            case Column():
                return node.name in self.columns or node in self.marks
            case Lookup():
                return node.table.name in self.tables
        return False


def _converted(number: Node) -> Column | None:
    """Return the column of which a number is the value, as a real number or as it is."""
    if isinstance(number, Call) and number.function == "real":
        (number,) = number.arguments
    return number if isinstance(number, Column) else None


def rewriter(substitution: Substitution) -> Callable[[Node], Node]:
    """Return what rewrites values and outputs; what is not affected stays the same node."""
    affected: dict[Node, bool] = {}

    def is_affected(node: Node) -> bool:
        if node not in affected:
            for part in _unknown(node, affected):
                below = any(affected[child] for child in part.children)
                affected[part] = below or substitution.starts_at(part)
        return affected[node]

    memo: dict[Node, Node] = {}
    return lambda node: rewrite(node, substitution, is_affected, memo)


def _unknown(root: Node, known: Mapping[Node, bool]) -> list[Node]:
    """Return the nodes of a value that are not known yet, inputs before users."""
    out: list[Node] = []
    seen: set[Node] = set()
    stack = [(root, False)]
    while stack:
        node, done = stack.pop()
        if done:
            out.append(node)
        elif node not in known and node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack += [(child, False) for child in node.children]
    return out
