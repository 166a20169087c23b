"""Corrections: a content tree for given texts becomes one value of its numbers.

Decisions become a ``Decide``; leaves of one form become one expression whose constants are read by
leaf. So code grows with the forms that there are, not with the bins.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from adl.check import analysis as core
from adl.compiler.decisions import Decide, Entry, Reasons, Reject, Tree, numbers
from adl.compiler.ir import TRUE, Const, Evaluate, Node, as_real, both, call, lift
from adl.compiler.lower.flat import Flat, bits
from adl.compiler.lower.truth import Lowered, certain_all, choose, defined_all
from adl.stdlib import ops
from adl.stdlib.corrections import draws, normal
from adl.stdlib.corrections.contents import Content, Expression, Leaf, Random, Rewrite, content
from adl.stdlib.corrections.files import Correction
from adl.stdlib.corrections.formulas import evaluate
from adl.stdlib.corrections.rewrites import mapped, moved

_LEAST = -(1 << 63)


def corrected(value: core.CorrectionAt, arguments: Sequence[Lowered], under: Node) -> Lowered:
    """Return a correction's value at lowered arguments; ``under`` says when it is looked at.

    Where the correction has none the value is NaN, which is not certain and is said after the run.
    """
    defined = defined_all(*arguments)
    point = [a.value for a in arguments]
    found, result, reasons = apply(value.correction, value.given, point)
    held = TRUE if result is None else call("ge", result, Const(0))
    accepted = _accepted(found, result, both(defined, under), reasons)
    return Lowered(accepted, defined, both(certain_all(*arguments), held))


def corrected_at(
    correction: Correction,
    given: Sequence[str | int | None],
    point: Sequence[Node],
    mask: Node,
) -> Node:
    """Return a correction's value at a point; where it has none, NaN, said where ``mask`` holds.

    ``given`` are the inputs that are known, each at its place; ``point`` are the other ones.
    """
    found, result, reasons = apply(correction, given, point)
    return _accepted(found, result, mask, reasons)


def _accepted(found: Node, result: Node | None, mask: Node, reasons: Reasons) -> Node:
    return found if result is None else Reject(found, result, mask, reasons)


def apply(
    correction: Correction, given: Sequence[str | int | None], point: Sequence[Node]
) -> tuple[Node, Node | None, Reasons]:
    """Return a correction's value, and an int below 0 where it has none (None: it always has one).

    ``given`` are the inputs that are known, each at its place; ``point`` are the other ones.
    """
    rest = iter(point)
    every: list[Node | str | int] = [next(rest) if g is None else g for g in given]
    whole = _Whole()
    found = whole.compound(correction, every) if correction.stack else whole.one(correction, every)
    name = f"correction {correction.name}"
    return found, whole.result(), Reasons(name, correction.path, tuple(whole.reasons))


@dataclass
class _Whole:
    """What all parts of a correction share: the ways to have no value, and who may find one."""

    reasons: dict[str, int] = field(default_factory=dict)
    results: list[Node] = field(default_factory=list)

    def reason(self, text: str) -> int:
        """Return the result below 0 that stands for a reason."""
        return -1 - self.reasons.setdefault(text, len(self.reasons))

    def result(self) -> Node | None:
        """Return the first result below 0 of those that there are."""
        if not self.reasons:
            return None
        first, *others = self.results
        for other in others:
            first = choose(call("lt", first, Const(0)), first, other)
        return first

    def compound(self, correction: Correction, inputs: Sequence[Node | str | int]) -> Node:
        """Return what the corrections of a stack give, one after the other."""
        now = dict(zip((i.name for i in correction.inputs), inputs, strict=True))
        out: Node | None = None
        for part in correction.stack:
            factor = self.one(part, [now[i.name] for i in part.inputs])
            for name in correction.updated:
                before = now[name]
                assert isinstance(before, Node), "checked: what is updated is real"
                now[name] = call(correction.update, before, factor)
            if out is None or correction.join == "last":
                out = factor
            else:
                out = call(correction.join, out, factor)
        return Const(0.0) if out is None else out

    def one(self, correction: Correction, inputs: Sequence[Node | str | int]) -> Node:
        """Return the value of a correction that is no compound one."""
        known = {
            i.name: given
            for i, given in zip(correction.inputs, inputs, strict=True)
            if not isinstance(given, Node)
        }
        point = [Const(0) if isinstance(x, str) else lift(x) for x in inputs]
        names = [i.name for i in correction.inputs]
        kinds = [i.kind for i in correction.inputs]
        return _Part(self, names, kinds).value(content(correction, known), point)


@dataclass
class _Part:
    """One correction being lowered; its point grows by what transforms write."""

    whole: _Whole
    names: list[str]
    kinds: Sequence[str]

    def value(self, tree: Content, point: list[Node]) -> Node:
        """Return the value of a tree at a point."""
        found = Flat(self.whole.reason, self.names)
        child = found.child(tree)
        if not found.words:  # a leaf alone
            (leaf,) = found.leaves or (0.0,)
            if not found.leaves:
                self.whole.results.append(Const(child >> 1))
            return self.leaves([(0, leaf)], 1, None, tree, point)
        arguments = tuple(as_real(x) for x in point)
        where = Decide(Tree(struct.pack(f"<{len(found.words)}q", *found.words)), arguments)
        if found.fails:
            self.whole.results.append(where)
        return self.by_form(list(enumerate(found.leaves)), where, tree, point)

    def by_form(
        self, leaves: list[tuple[int, Leaf]], where: Node, tree: Content, point: list[Node]
    ) -> Node:
        """Return the value of the leaf ``where``: each form of leaves is one expression."""
        forms: dict[object, list[tuple[int, Leaf]]] = {}
        for place, leaf in leaves:
            forms.setdefault(_form(leaf), []).append((place, leaf))
        number = [0.0] * len(leaves)
        for form, own in enumerate(forms.values()):
            for place, _ in own:
                number[place] = float(form)
        which = Entry(numbers(number), where)
        out: Node | None = None
        for form, own in reversed(list(enumerate(forms.values()))):
            value = self.leaves(own, len(leaves), where, tree, point)
            is_form = call("eq", which, Const(float(form)))
            out = value if out is None else choose(is_form, value, out)
        return Const(0.0) if out is None else out

    def leaves(
        self,
        own: list[tuple[int, Leaf]],
        size: int,
        where: Node | None,
        tree: Content,
        point: list[Node],
    ) -> Node:
        """Return the value of leaves of one form."""
        first = own[0][1]
        if isinstance(first, Rewrite):
            return self.rewritten(first, tree, point)
        if isinstance(first, Random):
            return _drawn(first.distribution, [_word(point[i]) for i in first.inputs])
        rows = [leaf.constants if isinstance(leaf, Expression) else (leaf,) for _, leaf in own]
        columns = list(zip(*rows, strict=True))
        places = [place for place, _ in own]
        constants = [_constant(places, column, size, where) for column in columns]
        if not isinstance(first, Expression):
            return constants[0]
        variables = [as_real(point[i]) for i in first.variables]
        return as_real(lift(evaluate(first.shape, variables, constants)))

    def rewritten(self, first: Rewrite, tree: Content, point: list[Node]) -> Node:
        """Return the value of the leaves that rewrite one input: their rules, then contents.

        Decisions above them still see the input as it was: what is written has a place of its own.
        """
        place, after = first.input, len(point)
        written = self.value(mapped(tree, place, lambda leaf: leaf.rule), point)
        if self.kinds[place] == "int":
            written = _rounded(written)
        inner = mapped(tree, place, lambda leaf: moved(leaf.content, place, after))
        names, kinds = [*self.names, self.names[place]], [*self.kinds, self.kinds[place]]
        return _Part(self.whole, names, kinds).value(inner, [*point, written])


def _form(leaf: Leaf) -> object:
    """Return what leaves that are one expression have in common."""
    match leaf:
        case Expression():
            return leaf.shape, leaf.variables
        case Random():
            return leaf
        case Rewrite():
            return "rewrite", leaf.input
    return "number"


def _constant(
    places: Sequence[int], values: Sequence[float], size: int, where: Node | None
) -> Node:
    """Return a number of the leaves at ``places``: data of the kernel, one if all are the same."""
    if where is None or len({bits(v) for v in values}) == 1:
        return Const(values[0], True)
    every = [0.0] * size
    for place, value in zip(places, values, strict=True):
        every[place] = value
    return Entry(numbers(every), where)


def _drawn(distribution: str, words: Sequence[Node]) -> Node:
    """Return the number that words choose."""
    if distribution == "stdflat":
        return lift(draws.flat(words))
    return Evaluate(normal.FUNCTIONS[distribution], (lift(draws.first(words)),), TRUE)


def _word(x: Node) -> Node:
    """Return the 64 bits of an input; processors do not agree on the sign of a NaN."""
    if x.kind == "int":
        return x
    return call("where", call("eq", x, x), call("bits", x), Const(bits(float("nan"))))


def _rounded(x: Node) -> Node:
    """Round to an integer, halves away from zero; what does not fit becomes the least one."""
    size = abs(x)
    whole = ops.floor(size)
    up = ops.where(size - whole >= 0.5, whole + 1.0, whole)
    near = ops.truncate(ops.where(x < 0.0, -up, up))
    return lift(ops.where(size < 2.0**63, near, _LEAST))
