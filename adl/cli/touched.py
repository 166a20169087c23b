"""What systematic variations touch, as nodes of the graph of an analysis.

Of the input these are the collections with a column that changes, of objects all that are made of
those; a region is touched if a number of it can change, which only the compiled program says.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from adl.check.analysis import Analysis
from adl.check.computed import plain
from adl.check.dataset import Dataset
from adl.check.variations import NewValue, SystematicDef
from adl.cli.common import AnalysisMistakes, UserError, show_findings, show_note
from adl.cli.front import examine
from adl.cli.graph import Graph, Node
from adl.compiler.changes import changes
from adl.compiler.pipeline import build
from adl.stdlib.models import Schema
from adl.syntax.diagnostics import AnalysisError
from adl.syntax.source import Source


def touched(
    graph: Graph, source: Source, known: Schema, pattern: str, dataset: Dataset | None = None
) -> frozenset[Node]:
    """Return the nodes that variations touch of which the label, systematic or family fits.

    Without a dataset both sides of each choice between datasets count.
    """
    analysis, findings = examine(source, known, "auto", dataset)
    if analysis is None:
        raise AnalysisMistakes(AnalysisError(source, findings))
    show_findings((f for f in findings if f.severity == "warning"), source)
    labels = _labels(analysis, pattern)
    if not labels and any(_is_called(s, pattern) for s in analysis.systematics):
        show_note(f"{pattern} is a factor of the whole yield: it touches no value")
    elif not labels:
        whole = examine(source, known, "auto")[0] if dataset is not None else analysis
        _refuse_unknown(whole or analysis, pattern)
        show_note(f"{pattern} is for other datasets: it touches nothing of this one")
    every = (v for s in analysis.systematics for v in s.variations)
    if any(v.tree is not None and v.label in labels for v in every):  # other events: everything
        return frozenset(graph.nodes)
    inputs = set(_inputs(analysis, labels, known))
    found = {node for node in graph.nodes if node.kind == "input" and node.name in inputs}
    while more := {
        edge.target
        for edge in graph.edges
        if edge.source in found and edge.target.kind == "object" and edge.target not in found
    }:
        found |= more
    regions = set(_regions(analysis, labels))
    return frozenset(found | {n for n in graph.nodes if n.kind == "region" and n.name in regions})


def _refuse_unknown(analysis: Analysis, pattern: str) -> None:
    """Refuse a pattern that nothing of an analysis fits."""
    if not _labels(analysis, pattern) and not any(
        _is_called(s, pattern) for s in analysis.systematics
    ):
        names = ", ".join(s.name for s in analysis.systematics) or "none"
        raise UserError(f"no variation is called {pattern}; the systematics are: {names}")


def _labels(analysis: Analysis, pattern: str) -> set[str]:
    return {
        v.label
        for s in analysis.systematics
        for v in s.variations
        if _is_called(s, pattern) or fnmatchcase(v.label, pattern) or _is_made(s, pattern)
    }


def _is_made(systematic: SystematicDef, pattern: str) -> bool:
    """Whether a pattern fits what is made of the variations: the other side, edges of a band."""
    made = [systematic.mirror] if systematic.mirror else []
    made += [f"{systematic.name}{d}" for d in ("Up", "Down") if systematic.combine]
    return any(fnmatchcase(label, pattern) for label in made)


def _is_called(systematic: SystematicDef, pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in (systematic.name, systematic.family))


def _inputs(analysis: Analysis, labels: set[str], known: Schema) -> Iterator[str]:
    """Yield the collections and objects of the event of which variations change a column."""
    for stage in analysis.stages:
        if labels.isdisjoint(stage.varied):
            continue
        yield from (p.met.name for p in stage.propagations)
        for new in (v for label in labels for v in stage.varied.get(label, ())):
            yield from _owners(new, known)


def _owners(new: NewValue, known: Schema) -> Iterator[str]:
    if new.collection is not None:
        yield new.collection.name
    for single in known.singletons.values():
        if any(plain(b).name == new.branch.name for b in single.attributes.values()):
            yield single.name


def _regions(analysis: Analysis, labels: set[str]) -> Iterator[str]:
    program = build(analysis).program
    for varied in program.variations:
        for place, member in enumerate(varied.members):
            if member.label in labels:
                yield from (name.partition("/")[0] for name in changes(program, varied, place))
