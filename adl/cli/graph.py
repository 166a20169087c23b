"""The objects and regions of an analysis as a graph: what takes from, inherits and uses what.

Arrows go the way of the data, from the input's collections to the regions. Defines are no nodes:
what a define mentions, its users use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from adl.check.trees import children, mentioned, subtrees
from adl.stdlib.models import Schema
from adl.stdlib.models.finding import find_collection
from adl.syntax.tree import (
    Binding,
    Composite,
    Counts,
    Define,
    File,
    HistoList,
    Name,
    Object,
    Region,
    Take,
    Tree,
    Use,
)

NodeKind = Literal["input", "object", "region"]
EdgeKind = Literal["takes", "uses", "inherits"]


@dataclass(frozen=True)
class Node:
    """A collection of the input, an object (or composite) or a region."""

    name: str
    kind: NodeKind


@dataclass(frozen=True)
class Edge:
    """``target`` takes from, uses or inherits ``source``."""

    source: Node
    target: Node
    kind: EdgeKind


@dataclass(frozen=True)
class Graph:
    """Nodes in the order of the data, inputs first; between two nodes there is one edge."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def graph_of(file: File, known: Schema) -> Graph:
    """Return the graph of an analysis; names that nobody knows are left out."""
    return _Maker(file, known).graph()


class _Maker:
    def __init__(self, file: File, known: Schema) -> None:
        self.known = known
        self.blocks: dict[str, Object | Composite | Region | Define] = {}
        self.lists: dict[str, HistoList] = {}
        for block in file.blocks:
            if isinstance(block, HistoList):
                self.lists.setdefault(block.name.name, block)
            elif isinstance(block, Object | Composite | Region | Define):
                self.blocks.setdefault(block.name.name, block)

    def graph(self) -> Graph:
        edges: dict[tuple[Node, Node], EdgeKind] = {}
        own: list[Node] = []
        for name, block in self.blocks.items():
            if isinstance(block, Define):
                continue
            target = self.node(name)
            assert target is not None
            own.append(target)
            for source, kind in self.sources(block):
                # What is taken or inherited may be used as well: the first says more.
                if source != target:
                    edges.setdefault((source, target), kind)
        inputs = [source for source, _ in edges if source.kind == "input"]
        kinds: tuple[NodeKind, ...] = ("object", "region")
        ordered = [node for kind in kinds for node in own if node.kind == kind]
        return Graph(
            (*dict.fromkeys(inputs), *ordered),
            tuple(Edge(source, target, kind) for (source, target), kind in edges.items()),
        )

    def sources(self, block: Object | Composite | Region) -> Iterator[tuple[Node, EdgeKind]]:
        """Yield what a block takes from or inherits, then what it uses."""
        region = isinstance(block, Region)
        for statement in block.statements:
            if isinstance(statement, Take):
                for node in self.nodes(mentioned(statement.source), set()):
                    yield node, "inherits" if region else "takes"
            elif isinstance(statement, Use) and statement.name.name not in self.lists:
                for node in self.nodes([statement.name], set()):
                    yield node, "inherits"
        bound = _bound(block)
        for part in self.own(block):
            for expr in _expressions(part):
                names = (name for name in mentioned(expr) if name.name not in bound)
                for node in self.nodes(names, set()):
                    yield node, "uses"

    def own(self, block: Object | Composite | Region) -> Iterator[Tree]:
        """Yield the statements of a block that use something, those of its lists included."""
        for statement in block.statements:
            if isinstance(statement, Use) and statement.name.name in self.lists:
                yield from self.lists[statement.name.name].histos
            elif not isinstance(statement, Take | Use | Counts):
                yield statement

    def nodes(self, names: Iterable[Name], defines: set[str]) -> Iterator[Node]:
        """Yield the nodes for which names stand, with those that their defines mention."""
        for name in names:
            block = self.blocks.get(name.name)
            if isinstance(block, Define):
                if name.name not in defines:
                    defines.add(name.name)
                    yield from self.nodes(mentioned(block.value), defines)
            elif (node := self.node(name.name)) is not None:
                yield node

    def node(self, name: str) -> Node | None:
        block = self.blocks.get(name)
        if block is not None:
            return Node(name, "region" if isinstance(block, Region) else "object")
        stem, _, index = name.rpartition("_")
        if stem and (index.isdigit() or not index):  # jets_0 is jets[0]
            return self.node(stem)
        match = find_collection(self.known, name)
        return Node(match.item.name, "input") if match and match.exact else None


def _bound(block: Tree) -> set[str]:
    """Return the names that takes and reducers of a block give to elements."""
    names = {"this"}
    for tree in subtrees(block):
        if isinstance(tree, Binding):
            names.add(tree.name.name)
        elif isinstance(tree, Take) and tree.instance is not None:
            names.add(tree.instance.name)
    return names


def _expressions(statement: Tree) -> Iterator[Tree]:
    """Yield what a statement is made of, without the name that it declares."""
    declared = getattr(statement, "name", None)
    yield from (part for part in children(statement) if part is not declared)


# -------------------------------------------------------------------------------- writing


def as_mermaid(graph: Graph, varied: frozenset[Node] = frozenset()) -> str:
    """Return a flowchart of Mermaid's, which GitHub and GitLab draw in Markdown.

    What is ``varied`` has a thick border of one colour.
    """
    shapes = {"input": ("([", "])"), "object": ("(", ")"), "region": ("[", "]")}
    arrows = {"takes": "-->", "uses": "-.->", "inherits": "==>"}
    number = {node: f"n{i}" for i, node in enumerate(graph.nodes)}
    lines = ["flowchart LR", "  %% --> takes from   ==> inherits   -.-> uses"]
    for node in graph.nodes:
        opening, closing = shapes[node.kind]
        lines.append(f'  {number[node]}{opening}"{node.name}"{closing}:::{node.kind}')
    for edge in graph.edges:
        lines.append(f"  {number[edge.source]} {arrows[edge.kind]} {number[edge.target]}")
    for kind, (fill, line) in _COLOURS.items():
        lines.append(f"  classDef {kind} fill:{fill},stroke:{line},color:#222222")
    if marked := [number[node] for node in graph.nodes if node in varied]:
        lines.append(f"  classDef varied stroke:{_VARIED},stroke-width:3px")
        lines.append(f"  class {','.join(marked)} varied")
    return "\n".join(lines)


def as_dot(graph: Graph, varied: frozenset[Node] = frozenset()) -> str:
    """Return a directed graph in Graphviz' language: ``dot -Tsvg`` draws it.

    What is ``varied`` has a thick border of one colour.
    """
    styles = {
        "takes": "",
        "inherits": ", penwidth=2",
        "uses": ", style=dashed, arrowsize=0.6",
    }
    number = {node: f"n{i}" for i, node in enumerate(graph.nodes)}
    lines = [
        "digraph analysis {",
        "  // thin: takes from; thick: inherits; dashed: uses",
        "  rankdir=LR; nodesep=0.25; ranksep=0.7;",
        '  node [fontname="Helvetica", fontsize=12, shape=box, height=0.35];',
        "  edge [arrowsize=0.7];",
    ]
    for node in graph.nodes:
        fill, line = _COLOURS[node.kind]
        shape = "filled" if node.kind == "region" else "filled,rounded"
        if node in varied:
            line = f'{_VARIED}", penwidth="3'
        style = f'style="{shape}", fillcolor="{fill}", color="{line}"'
        lines.append(f'  {number[node]} [label="{node.name}", {style}];')
    for edge in graph.edges:
        # What comes from an object to a region is the most and says the least.
        used = edge.kind == "uses" and edge.source.kind != "region"
        style = f'color="{_FAINT if used else _COLOURS[edge.source.kind][1]}"{styles[edge.kind]}'
        lines.append(f"  {number[edge.source]} -> {number[edge.target]} [{style}];")
    if inputs := [number[node] for node in graph.nodes if node.kind == "input"]:
        lines.append(f"  {{ rank=source; {'; '.join(inputs)} }}")
    return "\n".join([*lines, "}"])


# Of a node: what fills it and what draws it.
_COLOURS: dict[NodeKind, tuple[str, str]] = {
    "input": ("#eeeeee", "#888888"),
    "object": ("#dbe9f6", "#3b6ea5"),
    "region": ("#fde8d0", "#b0651d"),
}
_FAINT = "#a8a8a8"
_VARIED = "#c0182b"

GRAPHS = {"mermaid": as_mermaid, "dot": as_dot}
