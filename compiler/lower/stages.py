"""Columns through the stages of an analysis: corrections in the written order, then variations.

A stage sees the values that those before it have made. A variation has its own value at its own
stage, and the nominal one at every other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from adl.check.analysis import Analysis, Computed
from adl.check.computed import plain
from adl.check.variations import NewValue, Propagation, Stage
from adl.compiler.ir import TRUE, Axis, Index, Node, as_real, reduce
from adl.compiler.lower import computed
from adl.compiler.lower.places import Place
from adl.compiler.lower.substitution import Columns, NewColumn, Substitution, rewriter
from adl.compiler.lower.truth import Lowered, choose
from adl.compiler.lower.values import Lowering, Marks
from adl.stdlib.kinematics import Cartesian, Transverse
from adl.stdlib.models import Branch


def columns(stages: Sequence[Stage], label: str, seed: int, marks: Marks) -> Columns:
    """Return what the columns have become in the variation of a label, or in no variation.

    ``marks`` have what ``computed_by_model`` finds: that follows its columns until a line changes it,
    and has a value of its own from there on.
    """
    formulas = {b.name: _computed(b, seed) for b in _changed(stages)}
    found: Columns = formulas
    for stage in stages:
        new = stage.varied.get(label, stage.nominal)
        if new:
            found, own = _after(stage, new, found, formulas, seed, marks)
            formulas = {name: f for name, f in formulas.items() if name not in own}
    return found


def nominal(analysis: Analysis, seed: int) -> tuple[Marks, Callable[[Node], Node]]:
    """Return how single values are lowered, and what then corrects them, as in a nominal run."""
    marks = Marks(computed=computed_by_model(analysis.stages))
    found = columns(analysis.stages, "", seed, marks)
    marks = replace(marks, reordered=reordered(analysis, found))
    return marks, rewriter(Substitution(found)) if found else _as_it_is


def _as_it_is(node: Node) -> Node:
    return node


def reordered(analysis: Analysis, new: Columns) -> frozenset[str]:
    """Return the inputs of which the ordering attribute has another value."""
    if analysis.dialect == "cutlang":
        return frozenset()
    return frozenset(
        c.name
        for c in analysis.schema.collections.values()
        if c.ordered is not None and c.attributes[c.ordered].name in new
    )


def computed_by_model(stages: Sequence[Stage]) -> frozenset[str]:
    """Return the names of what the object model computes and stages change."""
    return frozenset(branch.name for branch in _changed(stages))


def _changed(stages: Sequence[Stage]) -> Iterator[Computed]:
    """Yield what the object model computes and stages change."""
    for stage in stages:
        for new in (v for values in (stage.nominal, *stage.varied.values()) for v in values):
            if isinstance(new.branch, Computed):
                yield new.branch
        for propagation in stage.propagations:
            yield from (b for b in _of_met(propagation) if isinstance(b, Computed))


def _of_met(propagation: Propagation) -> list[Branch]:
    """Return what stores pt and phi of missing momentum that follows."""
    return [plain(propagation.met.attributes[name]) for name in ("pt", "phi")]


def _computed(branch: Computed, seed: int) -> NewColumn:
    """Return what the model computes, before any stage."""
    if branch.owner is None:
        return NewColumn(_there(Lowering(seed).stored(branch)), None, branch)
    axis = Axis((branch.owner.name,), 0)
    at = Place((branch.owner,), Index(axis))
    return NewColumn(computed.attribute(branch, at), axis, branch)


def _after(
    stage: Stage,
    new: Sequence[NewValue],
    before: Columns,
    formulas: Columns,
    seed: int,
    marks: Marks,
) -> tuple[Columns, frozenset[str]]:
    """Return the columns after a stage, and which of them it changes.

    All new values are made of those before it; ``formulas`` follow what changes.
    """
    changed = {v.branch.name: _value(v, before, seed, marks) for v in new}
    after = _followed({**before, **changed}, formulas, frozenset(changed))
    for propagation in stage.propagations:
        changed |= _propagated(propagation, before, after, seed, marks)
        after = _followed({**after, **changed}, formulas, frozenset(changed))
    return after, frozenset(changed)


def _followed(now: Columns, formulas: Columns, changed: frozenset[str]) -> Columns:
    """Return the columns with what is computed of them as they are now."""
    stored = {n: c for n, c in now.items() if not isinstance(c.branch, Computed)}
    change = rewriter(Substitution(stored))
    rest = {n: f for n, f in formulas.items() if n not in changed}
    return {**now, **{n: f._replace(node=change(f.node)) for n, f in rest.items()}}


def _value(new: NewValue, before: Columns, seed: int, marks: Marks) -> NewColumn:
    lowering = Lowering(seed, marks)
    axis = None
    if new.collection is None or new.this is None:
        found = lowering.value(new.value)
    else:
        axis = Axis((new.collection.name,), 0)
        with lowering.element_is(new.this, Place((new.collection,), Index(axis))):
            found = lowering.value(new.value)
    return NewColumn(rewriter(Substitution(before))(_there(found)), axis, new.branch)


def _there(found: Lowered) -> Node:
    """Return a value as a stored one would be where it is missing."""
    return choose(found.defined, found.value, computed.NOTHING[found.value.kind])


def _propagated(
    what: Propagation, before: Columns, after: Columns, seed: int, marks: Marks
) -> Columns:
    """Return missing momentum less the change of the elements' momenta."""
    axis = Axis((what.collection.name,), 0)
    at = Place((what.collection,), Index(axis))
    then, now = rewriter(Substitution(before)), rewriter(Substitution(after))
    lowering = Lowering(seed, marks)
    stored = [as_real(at.attribute(name, lowering.cuts)) for name in ("pt", "phi")]
    old, new = (Transverse(*map(rewrite, stored)) for rewrite in (then, now))
    if old == new:
        return {}
    counts: Node = TRUE
    if what.where is not None:
        with lowering.element_is(what.this, at):
            counts = then(lowering.condition(what.where).value)
    branches = _of_met(what)
    read = (lowering.stored(what.met.attributes[name]) for name in ("pt", "phi"))
    was = Transverse(*(now(as_real(part.value)) for part in read))
    x, y = (
        getattr(was, c) - reduce("sum", (axis,), getattr(new, c) - getattr(old, c), counts)
        for c in ("px", "py")
    )
    moved = Cartesian(x, y, 0.0, 0.0)
    return {
        branch.name: NewColumn(node, None, branch)
        for branch, node in zip(branches, (moved.pt, moved.phi), strict=True)
    }
