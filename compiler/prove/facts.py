"""Background facts: what holds of quantities in every event, whatever the analysis.

``FACTS`` is the audited table: each fact with its justification. The instances that concern some
formulas are made by ``Facts``; tests confront instances with random events.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from adl.compiler.ir import Axis, Node, Part, Reduce, opened, rename
from adl.compiler.prove.bounds import Bounds
from adl.compiler.prove.boxes import empty, narrowed
from adl.compiler.prove.encode import Encoder
from adl.compiler.prove.formulas import Formula, Literal, Over, literals, over, under
from adl.compiler.prove.known import Clause, Instance, Known, Order, Sum
from adl.compiler.prove.normal import normal
from adl.compiler.prove.promises import Promises
from adl.compiler.prove.values import Values

FACTS: Mapping[str, str] = {
    "subset": "elements that pass a harder selection are among those that pass a softer one: there "
    "are at most as many",
    "covered": "what passes a selection that others cover is in one of these: if they are all empty, "
    "so is it",
    "exclusive": "elements of two exclusive selections, both within a third, are together at most "
    "as many as those of the third",
    "parts": "a sum of whole numbers is the sum of its parts: none is large enough to wrap",
    "found": "the k-th element of a selection is there just if more than k elements pass",
    "passes": "an element that is found passes the selection that it was searched in",
    "counted": "different elements that pass a selection are counted by it",
    "order": "what is sorted, or stored in an order that the model promises, does not ascend; the "
    "k-th of a softer selection is no lower than that of a harder one",
    "threshold": "in a sorted selection the k-th element is beyond a threshold just if more than k "
    "elements are",
    "sum of none": "a sum over no element is 0",
    "sum grows": "a sum of what is not negative is no less over more elements, and no less than "
    "one of them: rounding keeps the order of what is rounded",
    "sum of many": "a sum of what is at least c is, over k elements, at least c added up k times",
    "comparison": "of two numbers one is less than the other, or they are equal, or one is NaN",
}

MOST_QUANTITIES = 300  # beyond, no more facts are looked for
ROUNDS = 3  # facts about quantities that only facts have brought in
SPLITS = 40  # cases to try for a question about an element
DEPTH = 2  # questions about elements that questions about elements ask
_ELEMENT = 1 << 40  # slots of the elements that questions are about

Maker = Callable[..., Iterable[Instance]]


class Late(Exception):
    """The time is over in which facts may be looked for; what is known by then is remembered."""


class Facts:
    """Makes the instances of facts that concern some formulas, and remembers them."""

    def __init__(self, promises: Promises) -> None:
        self.promises = promises
        self.bounds = Bounds(promises.columns)
        self.encode = Encoder(self.bounds)
        self._normal_forms: dict[Node, Node] = {}
        self._made: dict[tuple[object, ...], tuple[Instance, ...]] = {}
        self._answers: dict[tuple[object, ...], bool] = {}
        self._depth = 0
        self._end = math.inf
        self._parts: dict[Node, tuple[Part, ...]] = {}
        self._keys: dict[Part, tuple[Node, Node] | None] = {}

    def normal(self, node: Node) -> Node:
        """Return a node in normal form."""
        return normal(node, self._normal_forms)

    def formula(self, condition: Node) -> Formula:
        """Return the formula of a condition."""
        return self.encode(self.normal(condition))

    def once(self, make: Maker, *arguments: object) -> tuple[Instance, ...]:
        """Return what a maker of instances makes, remembered."""
        key = (make, *arguments)
        if key not in self._made:
            self._made[key] = tuple(make(self, *arguments))
        return self._made[key]

    def about(self, formulas: Iterable[Formula], more: Iterable[Node] = ()) -> Known:
        """Return what is known of the quantities of some formulas, and of ``more``."""
        from adl.compiler.prove.instances import instances

        known: dict[Instance, None] = {}
        asked = dict.fromkeys(item for formula in formulas for item in literals(formula))
        quantities = dict.fromkeys((*(item.quantity for item in asked), *more))
        for _ in range(ROUNDS):
            before = len(asked) + len(quantities)
            found = [i for i in instances(self, list(asked), list(quantities)) if i not in known]
            known |= dict.fromkeys(found)
            asked |= dict.fromkeys(item for i in found for item in _literals_of(i))
            quantities |= dict.fromkeys(item.quantity for item in asked)
            quantities |= dict.fromkeys(q for i in found for q in _terms_of(i))
            if len(asked) + len(quantities) == before or len(quantities) > MOST_QUANTITIES:
                break
        return Known(tuple(known), selections(quantities), self.covers)

    @contextmanager
    def until(self, end: float) -> Iterator[None]:
        """Let what is asked in here raise ``Late`` once the time ``end`` is over."""
        before, self._end = self._end, end
        try:
            yield
        finally:
            self._end = before

    # ------------------------------------------------------- questions about one element

    def implies(self, harder: Reduce, softer: Reduce) -> bool:
        """Return whether every tuple that the mask of one count lets pass passes the other's."""
        if harder is softer:
            return True
        return self._ask("implies", harder, softer)

    def excludes(self, one: Reduce, other: Reduce) -> bool:
        """Return whether no tuple passes the masks of both counts."""
        return self._ask("excludes", one, other)

    def _ask(self, question: str, one: Reduce, other: Reduce) -> bool:
        def passing() -> Over:
            first, second = map(self.encode, on_one_element(one, other))
            if question == "implies":
                return over(first) & under(second).opposite
            return over(first) & over(second)

        return self._never((question, one, other), passing)

    def _never(self, key: tuple[object, ...], passing: Callable[[], Over]) -> bool:
        """Return whether no element passes, remembered."""
        if key not in self._answers:
            self._answers[key] = False  # while it is being found out
            try:
                self._answers[key] = self._none(passing())
            except Late:
                del self._answers[key]
                raise
        return self._answers[key]

    def _none(self, passing: Over) -> bool:
        """Return whether no element passes; facts about it may ask in turn, a few times deep."""
        if time.monotonic() > self._end:
            raise Late
        if empty(passing, Known(), self.bounds, SPLITS).empty:
            return True
        if self._depth >= DEPTH:
            return False
        with self._deeper():
            known = self.about([passing.formula])
            return bool(known.instances) and empty(passing, known, self.bounds, SPLITS).empty

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def parts(self, quantity: Node) -> tuple[Part, ...]:
        """Return the found elements of which a quantity is computed."""
        if quantity not in self._parts:
            from adl.compiler.prove.elements import parts_in

            self._parts[quantity] = parts_in(quantity)
        return self._parts[quantity]

    def key(self, part: Part) -> tuple[Node, Node] | None:
        """Return what does not ascend in the order of a pick: of the element, and in general."""
        if part not in self._keys:
            from adl.compiler.prove.elements import key

            self._keys[part] = key(self, part)
        return self._keys[part]

    def covers(self, count: Reduce, others: tuple[Reduce, ...]) -> bool:
        """Return whether every tuple that passes the mask of a count passes one of the others'."""

        def passing() -> Over:
            left = over(self.encode(on_one_element(count, count)[0]))
            for other in others:
                left = left & under(self.encode(on_one_element(other, count)[0])).opposite
            return left

        return self._never(("covers", count, others), passing)

    def same_value(self, one: Reduce, other: Reduce) -> bool:
        """Return whether two reductions over the same collections are of the same value."""
        first, second = on_one_element(one, other, 0)
        return first is second

    def under_mask(self, node: Reduce) -> Values:
        """Return what the reduced value can be for tuples that pass the mask."""
        _, (value, mask) = opened(node)
        formula = over(self.formula(mask))
        value, known = self.normal(value), Known()
        if self._depth < DEPTH:  # sums in the masks of sums ask in turn
            with self._deeper():
                known = self.about([formula.formula])
        return narrowed(formula, known, self.bounds, value)


def on_one_element(one: Reduce, other: Reduce, which: int = 1) -> tuple[Node, Node]:
    """Return the masks (values: 0) of two reductions, of the same elements."""
    free = one.free | other.free
    above = max((axis.slot + 1 for axis in free), default=_ELEMENT)
    found = []
    for node in (one, other):
        axes, children = opened(node)
        new = (Axis(a.source, max(above, _ELEMENT) + i) for i, a in enumerate(axes))
        found.append(rename(children[which], dict(zip(axes, new, strict=True))))
    return found[0], found[1]


def selections(quantities: Iterable[Node]) -> tuple[tuple[Reduce, ...], ...]:
    """Return the counts among some quantities, those over the same collections together."""
    groups: dict[tuple[object, ...], list[Reduce]] = {}
    for node in quantities:
        if isinstance(node, Reduce) and node.operation == "count":
            key = (*(axis.source for axis in node.axes), *sorted(node.free))
            groups.setdefault(key, []).append(node)
    return tuple(map(tuple, groups.values()))


def _terms_of(instance: Instance) -> Iterable[Node]:
    if isinstance(instance, Sum):
        yield from (quantity for quantity, _ in instance.terms)


def _literals_of(instance: Instance) -> Iterable[Literal]:
    match instance:
        case Clause(formula=formula):
            yield from literals(formula)
        case Order(guard=guard):
            yield from literals(guard)
