"""Numbers for values: two nodes with one number compute the same, whatever they were written as.

Interning makes one node of equal spellings up to operators. What is left are the laws of
``laws.py``, ``all`` as a negated ``any``, and what conditions that hold decide.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, NamedTuple

from adl.compiler.decisions import Reject
from adl.compiler.ir import (
    Axis,
    Call,
    Column,
    Const,
    Infer,
    Lookup,
    Node,
    Part,
    Pick,
    Reduce,
    factors,
    postorder,
    times,
)
from adl.diff.contents import cells, code_of, content
from adl.diff.laws import Laws, Number, Term
from adl.stdlib.registry import Function

_DERIVED = frozenset(("kind", "free", "height", "costly"))
_CASES = 6  # what may be there or not, of which all cases are looked at


class Inputs:
    """What stands for columns and collections: their own names, if both analyses read one input."""

    def column(self, column: Column) -> Any:
        """Return what stands for a column."""
        return column.name, column.dtype

    def value(self, node: Node) -> tuple[Column, Any] | None:
        """Return a column of which a node is only another unit, and what stands for that."""
        return None

    def collection(self, name: str) -> str:
        """Return what stands for a collection."""
        return name

    def shown(self) -> Mapping[str, str]:
        """Return what stands for the names of collections and columns, where not they themselves."""
        return {}

    def axis(self, axis: Axis) -> Axis:
        """Return a loop over what stands for its collections."""
        names = (times(map(self.collection, factors(source))) for source in axis.source)
        return axis._replace(source=tuple(names))


BY_NAME = Inputs()


class Facts(NamedTuple):
    """Conditions that hold, and such that do not."""

    true: frozenset[Number] = frozenset()
    false: frozenset[Number] = frozenset()

    def __add__(self, other: tuple[Any, ...]) -> Facts:
        return Facts(self.true | other[0], self.false | other[1])


NOTHING = Facts()


class Canonical(Laws):
    """Gives each value its number; values of several analyses can be compared with one of it.

    A term is a number's meaning: the words of an operation and the numbers of its operands.
    """

    def __init__(self) -> None:
        super().__init__()
        self._nodes: dict[tuple[Inputs, Node], Number] = {}
        self._simpler: dict[tuple[Number, Facts], Number] = {}

    def number(self, node: Node, inputs: Inputs = BY_NAME) -> Number:
        """Return the number of a value."""
        done = self._nodes
        for one in postorder([node]):
            if (inputs, one) not in done:
                done[inputs, one] = self._of(one, lambda child: done[inputs, child], inputs)
        return done[inputs, node]

    def conjuncts(self, number: Number) -> tuple[Number, ...]:
        """Return the conditions that a condition is the conjunction of."""
        return tuple(p for p in self._parts("and", number) if p != self.true)

    def follows(self, number: Number, known: Iterable[Number]) -> bool:
        """Whether a condition holds where others do, as far as that is seen."""
        other = tuple(known)
        return self._all_of("and", (number, *other)) == self._all_of("and", other)

    def under(self, number: Number, known: Facts = NOTHING) -> Number:
        """Return a value where some conditions hold, rid of what they decide.

        After ``size(jets) > 0`` the leading jet is there: what stands for a missing one is gone.
        """
        if number in known.true or number in known.false:
            return self.true if number in known.true else self.false
        key = number, known
        if key not in self._simpler:
            self._simpler[key] = self._under(number, known)
        return self._simpler[key]

    def same(self, a: Number, b: Number, known: Facts = NOTHING, cases: int = _CASES) -> bool:
        """Whether two values are one in every case of what is there, where some conditions hold."""
        a, b = self.under(a, known), self.under(b, known)
        if a == b:
            return True
        there = next(self._absences(a, b), None) if cases else None
        if there is None:
            return False
        with_it = Facts(frozenset((there, *self._fewer(there))))
        without = Facts(false=frozenset((there,)))
        return self.same(a, b, known + with_it, cases - 1) and self.same(
            a, b, known + without, cases - 1
        )

    def _absences(self, *numbers: Number) -> Iterator[Number]:
        """Yield what may be there or not, of what a value asks for, outer questions first."""
        seen: set[Number] = set()
        todo = [*numbers]
        while todo:
            number = todo.pop(0)
            if number in seen:
                continue
            seen.add(number)
            term = self.terms[number]
            if term[0] in ("any", "at least") and not self.free[number]:
                yield number
            todo += [word for word in term if isinstance(word, Number)]

    def facts(self, numbers: Iterable[Number]) -> Facts:
        """Return what conditions that hold say of what is there."""
        true: set[Number] = set()
        false: set[Number] = set()
        for number in numbers:
            term = self.terms[number]
            negated = term[0] == "not"
            inner = term[1] if negated else number
            # In an open loop the same words can be about another element.
            if self.terms[inner][0] in ("any", "at least") and not self.free[inner]:
                (false if negated else true).add(inner)
                if not negated:
                    true.update(self._fewer(inner))
        return Facts(frozenset(true), frozenset(false))

    def _fewer(self, number: Number) -> Iterable[Number]:
        """Yield that there are fewer elements, which follows from that there are more."""
        term = self.terms[number]
        if term[0] == "at least":
            _, axes, mask, least = term
            for other in range(1, least):
                yield self._at_least(axes, mask, other)

    def _under(self, number: Number, known: Facts) -> Number:
        match self.terms[number]:
            case ("and" | "or" as operator, *parts):
                new = []
                for part in parts:
                    others = [p for p in parts if p != part]
                    if operator == "or":
                        others = [self._not(p) for p in others]
                    new.append(self.under(part, known + self.facts(others)))
                return self._all_of(operator, tuple(new))
            case "where", condition, yes, no:
                then = self.facts(self.conjuncts(condition))
                other = self.facts(self.conjuncts(self._not(condition)))
                return self._where(
                    self.under(condition, known),
                    self.under(yes, known + then),
                    self.under(no, known + other),
                    self.kinds[number],
                )
            case term:
                new_term = tuple(self._words_under(word, known) for word in term)
                return number if new_term == term else self._rebuilt(new_term, number)

    def _words_under(self, word: Any, known: Facts) -> Any:
        if isinstance(word, Number):
            return self.under(word, known)
        if type(word) is tuple:
            return tuple(self._words_under(w, known) for w in word)
        return word

    def _rebuilt(self, term: Term, number: Number) -> Number:
        kind = self.kinds[number]
        match term:
            case "not", x:
                return self._not(x)
            case "any", axes, mask:
                return self._any(axes, mask)
            case (
                ("lt" | "le" | "eq" | "ne" | "add" | "mul" | "neg" | "abs" as function),
                *arguments,
            ):
                return self._call(function, tuple(arguments), kind)
        return self._make(term, kind)

    # -------------------------------------------------------------------------------- nodes

    def _of(self, node: Node, of: Callable[[Node], Number], inputs: Inputs) -> Number:
        match node:
            case Const():
                return self._make(("const", repr(node.value)), node.kind)
            case Column():
                at = tuple(map(of, node.children))
                return self._make(("column", inputs.column(node), *at), node.kind)
            case Call() if (converted := inputs.value(node)) is not None:
                column, called = converted
                return self._make(("column", called, *map(of, column.children)), node.kind)
            case Call():
                return self._call(node.function, tuple(map(of, node.arguments)), node.kind)
            case Reduce(operation="any" | "all" as operation):
                value, mask = of(node.value), of(node.mask)
                axes = tuple(map(inputs.axis, node.axes))
                if operation == "any":
                    return self._any(axes, self._all_of("and", (mask, value)))
                return self._not(self._any(axes, self._all_of("and", (mask, self._not(value)))))
            case Lookup(table=table):
                looked_up = "look up", cells(table), *map(of, node.arguments)
                return self._make(looked_up, node.kind)
            case Reject() if node.reasons.line:  # a table's: its value is NaN there already
                return of(node.value)
            case Reject():  # a correction's: what is said of it names its file
                return self._make(("reject", *map(of, node.children)), node.kind)
            case Infer():
                inferred = "infer", content(node.network), node.output, *map(of, node.arguments)
                return self._make(inferred, node.kind)
        named = (f.name for f in fields(node) if _is_own(f.name))
        own = tuple(_word(getattr(node, name), of, inputs) for name in named)
        return self._make((type(node).__name__, *own), node.kind)


def _is_own(name: str) -> bool:
    return name not in _DERIVED


def _word(value: Any, of: Callable[[Node], Number], inputs: Inputs) -> Any:
    """Return what a field of a node says, nodes as their numbers."""
    if isinstance(value, Node):
        return of(value)
    if isinstance(value, Function):
        return code_of(value)
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(_word(item, of, inputs) for item in value)
    if isinstance(value, Axis):
        return inputs.axis(value)
    return value


assert {"axes", "mask", "order", "k"} == {f.name for f in fields(Pick)} - _DERIVED
assert {"pick", "place"} == {f.name for f in fields(Part)} - _DERIVED
