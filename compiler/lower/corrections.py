"""Corrections: a content tree for given texts becomes one value of its numbers.

Decisions become a ``Decide``; leaves of one form become one expression whose constants are read by
leaf. So code grows with the forms that there are, not with the bins.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from adl.check import analysis as core
from adl.compiler.decisions import FLOWS, Decide, Entry, Reasons, Reject, Tree, numbers
from adl.compiler.ir import TRUE, Const, Evaluate, Node, as_real, both, call, lift
from adl.compiler.lower.truth import Lowered, certain_all, choose, defined_all
from adl.stdlib import ops
from adl.stdlib.corrections import draws, normal
from adl.stdlib.corrections.contents import (
    Content,
    Even,
    Expression,
    Grid,
    Keys,
    Leaf,
    Nothing,
    Random,
    Rewrite,
    content,
)
from adl.stdlib.corrections.files import Correction
from adl.stdlib.corrections.formulas import evaluate

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
        found = _Flat(self.whole, self.names)
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
        written = self.value(_mapped(tree, place, lambda leaf: leaf.rule), point)
        if self.kinds[place] == "int":
            written = _rounded(written)
        inner = _mapped(tree, place, lambda leaf: _moved(leaf.content, place, after))
        names, kinds = [*self.names, self.names[place]], [*self.kinds, self.kinds[place]]
        return _Part(self.whole, names, kinds).value(inner, [*point, written])


# ------------------------------------------------------------------------------------ decisions


@dataclass
class _Flat:
    """A tree of decisions as words, and the leaves in the order of their results."""

    whole: _Whole
    names: list[str]
    words: list[int] = field(default_factory=list)
    leaves: list[Leaf] = field(default_factory=list)
    fails: bool = False

    def child(self, node: Content) -> int:
        """Return the word for a node, which is written if it is a decision."""
        match node:
            case Grid():
                return self.grid(node)
            case Keys():
                return self.keys(node)
            case Nothing():
                known = ", ".join(node.known)
                return self.failure(f"{node.input} has no {node.given} there, only {known}")
        self.leaves.append(node)
        return 2 * (len(self.leaves) - 1) + 1

    def failure(self, text: str) -> int:
        """Return the word for no value."""
        self.fails = True
        return 2 * self.whole.reason(text) + 1

    def grid(self, node: Grid) -> int:
        """Write bins."""
        start = len(self.words)
        self.words.append(len(node.axes))
        sides = []
        for place, bins in node.axes:
            even = isinstance(bins, Even)
            sides.append(len(self.words) + 3)
            self.words += [place, int(even), FLOWS[node.flow], 0, 0, 0, bins.number]
            self.words += map(
                _bits, (bins.low, bins.high) if isinstance(bins, Even) else bins.edges
            )
        first = len(self.words)
        self.words += [0] * len(node.contents)
        for i, inner in enumerate(node.contents):
            self.words[first + i] = self.child(inner)
        outside = None if node.outside is None else self.child(node.outside)
        for at, (place, bins) in zip(sides, node.axes, strict=True):
            self.words[at : at + 3] = self.sides(node, self.names[place], bins, outside)
        return 2 * start

    def sides(self, node: Grid, name: str, bins: Any, outside: int | None) -> list[int]:
        """Return the words for below, above and nowhere."""
        nan = self.failure(f"{name} is not a finite number") if _can_be_nan(node, bins) else 0
        if outside is not None:
            return [outside, outside, nan]
        if node.flow != "error":
            return [0, 0, nan]
        below = self.failure(f"{name} is below {bins.low:g}")
        return [below, self.failure(f"{name} is not below {bins.high:g}"), nan]

    def keys(self, node: Keys) -> int:
        """Write a choice by keys."""
        start = len(self.words)
        known = ", ".join(str(key) for key, _ in node.contents)
        count = len(node.contents)
        self.words += [0, node.input, count, 0, *(_bits(float(key)) for key, _ in node.contents)]
        self.words += [0] * count
        for i, (_, inner) in enumerate(node.contents):
            self.words[start + 4 + count + i] = self.child(inner)
        if node.otherwise is not None:
            self.words[start + 3] = self.child(node.otherwise)
        else:
            text = f"{self.names[node.input]} is none of {known}"
            self.words[start + 3] = self.failure(text)
        return 2 * start


def _can_be_nan(node: Grid, bins: Any) -> bool:
    return node.flow == "wrap" or isinstance(bins, Even)


def _bits(x: float) -> int:
    return int(ops.bits(x))


# ----------------------------------------------------------------------------------- leaves


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
    if where is None or len({_bits(v) for v in values}) == 1:
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
    return call("where", call("eq", x, x), call("bits", x), Const(_bits(float("nan"))))


def _rounded(x: Node) -> Node:
    """Round to an integer, halves away from zero; what does not fit becomes the least one."""
    size = abs(x)
    whole = ops.floor(size)
    up = ops.where(size - whole >= 0.5, whole + 1.0, whole)
    near = ops.truncate(ops.where(x < 0.0, -up, up))
    return lift(ops.where(size < 2.0**63, near, _LEAST))


def _mapped(tree: Content, place: int, change: Any) -> Content:
    """Return a tree with ``change`` of the leaves that rewrite an input, and 0 for the others."""
    match tree:
        case Grid():
            contents = tuple(_mapped(c, place, change) for c in tree.contents)
            outside = None if tree.outside is None else _mapped(tree.outside, place, change)
            return replace(tree, contents=contents, outside=outside)
        case Keys():
            inner = tuple((key, _mapped(c, place, change)) for key, c in tree.contents)
            rest = None if tree.otherwise is None else _mapped(tree.otherwise, place, change)
            return replace(tree, contents=inner, otherwise=rest)
        case Rewrite() if tree.input == place:
            return change(tree)  # type: ignore[no-any-return]
    return tree if isinstance(tree, Nothing) else 0.0


def _moved(tree: Content, old: int, new: int) -> Content:
    """Return a tree that reads one input at another place."""

    def of(place: int) -> int:
        return new if place == old else place

    match tree:
        case Grid():
            axes = tuple((of(place), bins) for place, bins in tree.axes)
            contents = tuple(_moved(c, old, new) for c in tree.contents)
            outside = None if tree.outside is None else _moved(tree.outside, old, new)
            return replace(tree, axes=axes, contents=contents, outside=outside)
        case Keys():
            inner = tuple((key, _moved(c, old, new)) for key, c in tree.contents)
            rest = None if tree.otherwise is None else _moved(tree.otherwise, old, new)
            return replace(tree, input=of(tree.input), contents=inner, otherwise=rest)
        case Expression():
            return replace(tree, variables=tuple(map(of, tree.variables)))
        case Random():
            return replace(tree, inputs=tuple(map(of, tree.inputs)))
        case Rewrite():
            rule = _moved(tree.rule, old, new)
            return Rewrite(of(tree.input), rule, _moved(tree.content, old, new))
    return tree
