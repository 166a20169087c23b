"""Numbers for values: two nodes with one number compute the same, whatever they were written as.

Interning makes one node of equal spellings up to operators. What is left are laws that hold for
floating-point numbers and for missing values: the order of ``and`` and ``+``, sides of a comparison,
``not`` inside, ``all`` as a negated ``any``, ``size(x) > 0`` as a search. ``not a < b`` stays: NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
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
    postorder,
)
from adl.diff.contents import cells, code_of, content
from adl.stdlib.registry import Function

_DERIVED = frozenset(("kind", "free", "height", "costly"))
_CASES = 6  # what may be there or not, of which all cases are looked at
_EXACT = 2**53  # up to here an integer and the real number of it compare alike


class Number(int):
    """What stands for a value: one value, one number."""


Term = tuple[Any, ...]
Columns = Callable[[Column], Any]  # what stands for a column


class Facts(NamedTuple):
    """Conditions that hold, and such that do not."""

    true: frozenset[Number] = frozenset()
    false: frozenset[Number] = frozenset()

    def __add__(self, other: tuple[Any, ...]) -> Facts:
        return Facts(self.true | other[0], self.false | other[1])


def by_name(column: Column) -> Any:
    """Return a column's own name: both analyses read the same input."""
    return column.name, column.dtype


NOTHING = Facts()


class Canonical:
    """Gives each value its number; values of several analyses can be compared with one of it.

    A term is a number's meaning: the words of an operation and the numbers of its operands.
    """

    def __init__(self) -> None:
        self.terms: list[Term] = []
        self.kinds: list[str] = []
        self.free: list[frozenset[Axis]] = []
        self._numbers: dict[Term, Number] = {}
        self._nodes: dict[tuple[Columns, Node], Number] = {}
        self._simpler: dict[tuple[Number, Facts], Number] = {}
        self.true = self._make(("const", "True"), "bool")
        self.false = self._make(("const", "False"), "bool")

    def number(self, node: Node, columns: Columns = by_name) -> Number:
        """Return the number of a value."""
        done = self._nodes
        for one in postorder([node]):
            if (columns, one) not in done:
                done[columns, one] = self._of(one, lambda child: done[columns, child], columns)
        return done[columns, node]

    def conjuncts(self, number: Number) -> tuple[Number, ...]:
        """Return the conditions that a condition is the conjunction of."""
        return tuple(p for p in self._parts("and", number) if p != self.true)

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

    def _of(self, node: Node, of: Callable[[Node], Number], columns: Columns) -> Number:
        match node:
            case Const():
                return self._make(("const", repr(node.value)), node.kind)
            case Column():
                at = tuple(map(of, node.children))
                return self._make(("column", columns(node), *at), node.kind)
            case Call():
                return self._call(node.function, tuple(map(of, node.arguments)), node.kind)
            case Reduce(operation="any" | "all" as operation):
                value, mask = of(node.value), of(node.mask)
                if operation == "any":
                    return self._any(node.axes, self._all_of("and", (mask, value)))
                return self._not(
                    self._any(node.axes, self._all_of("and", (mask, self._not(value))))
                )
            case Lookup(table=table):
                looked_up = "look up", cells(table), *map(of, node.arguments)
                return self._make(looked_up, node.kind)
            case Reject() if node.reasons.line:  # a table's: its value is NaN there already
                return of(node.value)
            case Infer():
                inferred = "infer", content(node.network), node.output, *map(of, node.arguments)
                return self._make(inferred, node.kind)
        own = tuple(_word(getattr(node, f.name), of) for f in fields(node) if _is_own(f.name))
        return self._make((type(node).__name__, *own), node.kind)

    def _make(self, term: Term, kind: str) -> Number:
        number = self._numbers.setdefault(term, Number(len(self.terms)))
        if number == len(self.terms):
            self.terms.append(term)
            self.kinds.append(kind)
            self.free.append(self._free(term))
        return number

    def _free(self, term: Term) -> frozenset[Axis]:
        """Return the axes of loops that are open around a term."""
        if term[0] == "Index":
            return frozenset((term[1],))
        found: set[Axis] = set()
        bound: set[Axis] = set()
        todo = [*term]
        while todo:
            word = todo.pop()
            if isinstance(word, Number):
                found |= self.free[word]
            elif isinstance(word, Axis):
                bound.add(word)
            elif type(word) is tuple:
                todo += word
        return frozenset(found - bound)

    def _any(self, axes: Any, mask: Number) -> Number:
        return self.false if mask == self.false else self._make(("any", axes, mask), "bool")

    # -------------------------------------------------------------------------------- calls

    def _call(self, function: str, arguments: tuple[Number, ...], kind: str) -> Number:
        match function, arguments:
            case (("and" | "or"), _):
                return self._all_of(function, arguments)
            case "not", (x,):
                return self._not(x)
            case (("lt" | "le"), (a, b)):
                return self._less(function, a, b)
            case (("gt" | "ge"), (a, b)):
                return self._less({"gt": "lt", "ge": "le"}[function], b, a)
            case (("eq" | "ne"), (a, b)):
                return self._equal(function, a, b)
            case "where", (condition, yes, no):
                return self._where(condition, yes, no, kind)
            case (("add" | "mul"), _):
                if function == "mul" and arguments[0] == arguments[1]:
                    arguments = (self._unsigned(arguments[0]),) * 2
                arguments = tuple(sorted(arguments))
            case "abs", (x,):
                arguments = (self._unsigned(x),)
            case "neg", (x,) if self.terms[x][0] == "const":
                value = -float(self.terms[x][1]) if kind == "real" else -int(self.terms[x][1])
                return self._make(("const", repr(value)), kind)
        return self._make((function, *arguments), kind)

    def _unsigned(self, x: Number) -> Number:
        """Return what has the same size: a - b and b - a are one."""
        match self.terms[x]:
            case "sub", a, b if a > b:
                return self._make(("sub", b, a), self.kinds[x])
            case "neg", y:
                return self._unsigned(y)
        return x

    def _parts(self, operator: str, *numbers: Number) -> Iterable[Number]:
        for number in numbers:
            term = self.terms[number]
            yield from term[1:] if term[0] == operator else (number,)

    def _all_of(self, operator: str, numbers: tuple[Number, ...]) -> Number:
        """Return a conjunction or disjunction: flat, each part once, what decides nothing left out."""
        neutral, settles = (self.true, self.false) if operator == "and" else (self.false, self.true)
        parts = sorted(set(self._parts(operator, *numbers)) - {neutral})
        if settles in parts:
            return settles
        if len(parts) < 2:
            return parts[0] if parts else neutral
        return self._make((operator, *parts), "bool")

    def _not(self, x: Number) -> Number:
        match self.terms[x]:
            case ("const", word):
                return self.false if word == "True" else self.true
            case ("not", y):
                return Number(y)
            case ("and" | "or" as operator, *parts):
                other = "or" if operator == "and" else "and"
                return self._all_of(other, tuple(map(self._not, parts)))
            case ("eq" | "ne" as operator, a, b):
                return self._make(("ne" if operator == "eq" else "eq", a, b), "bool")
            case ("lt" | "le" as operator, a, b) if self._is_whole(a) and self._is_whole(b):
                return self._less("le" if operator == "lt" else "lt", b, a)
        return self._make(("not", x), "bool")

    def _is_whole(self, x: Number) -> bool:
        return self.kinds[x] == "int"

    def _less(self, operator: str, a: Number, b: Number) -> Number:
        """Return a < b or a <= b; of whole numbers one of the two, and sizes as searches."""
        a, b = self._whole(a, b), self._whole(b, a)
        if self._is_whole(a) and self._is_whole(b):
            low, high = self._constant(a), self._constant(b)
            if operator == "lt" and low is not None:
                a, operator = self._make(("const", repr(low + 1)), "int"), "le"
            elif operator == "lt" and high is not None:
                b, operator = self._make(("const", repr(high - 1)), "int"), "le"
            return self._sized(operator, a, b)
        return self._make((operator, a, b), "bool")

    def _sized(self, operator: str, a: Number, b: Number) -> Number:
        """Return a comparison of whole numbers, where one is a size or a search as that of a size."""
        low, high = self._constant(a), self._constant(b)
        match operator, self.terms[a], self.terms[b]:
            case "le", _, ("Part", pick, _) if low == 0 and self.terms[pick][0] == "Pick":
                _, axes, mask, _, k = self.terms[pick]
                return self._at_least(axes, mask, k + 1)
            case "le", ("Part", pick, _), _ if high == -1 and self.terms[pick][0] == "Pick":
                _, axes, mask, _, k = self.terms[pick]
                return self._not(self._at_least(axes, mask, k + 1))
            case "le", _, ("Reduce", "count", axes, one, mask) if low is not None:
                if self._constant(one) == 1:
                    return self._at_least(axes, mask, low)
            case "le", ("Reduce", "count", axes, one, mask), _ if high is not None:
                if self._constant(one) == 1:
                    return self._not(self._at_least(axes, mask, high + 1))
        return self._make((operator, a, b), "bool")

    def _at_least(self, axes: Any, mask: Number, number: int) -> Number:
        if number <= 0:
            return self.true
        if number == 1:
            return self._any(axes, mask)
        return self._make(("at least", axes, mask, number), "bool")

    def _equal(self, operator: str, a: Number, b: Number) -> Number:
        a, b = self._whole(a, b), self._whole(b, a)
        for size, other in ((a, b), (b, a)):
            match self.terms[size]:
                case ("Reduce", "count", axes, one, mask) if self._constant(one) == 1:
                    number = self._constant(other)
                    if number is not None and number >= 0:
                        enough = self._at_least(axes, mask, number)
                        more = self._not(self._at_least(axes, mask, number + 1))
                        equal = self._all_of("and", (enough, more))
                        return equal if operator == "eq" else self._not(equal)
        return self._make((operator, *sorted((a, b))), "bool")

    def _whole(self, x: Number, other: Number) -> Number:
        """Return x as a whole number where it and what it is compared with are whole."""
        match self.terms[x], self.terms[other]:
            case ("real", inner), ("const", word) if (
                self._is_whole(inner) and _whole_word(word) is not None
            ):
                return Number(inner)
            case ("const", word), ("real", inner) if self._is_whole(inner):
                whole = _whole_word(word)
                return x if whole is None else self._make(("const", repr(whole)), "int")
        return x

    def _constant(self, x: Number) -> int | None:
        term = self.terms[x]
        return int(term[1]) if term[0] == "const" and self.kinds[x] == "int" else None

    def _where(self, condition: Number, yes: Number, no: Number, kind: str) -> Number:
        if yes == no or condition == self.true:
            return yes
        if condition == self.false:
            return no
        term = self.terms[condition]
        if term[0] == "not":
            condition, yes, no = term[1], no, yes
        if kind == "bool":
            return self._all_of(
                "or",
                (
                    self._all_of("and", (condition, yes)),
                    self._all_of("and", (self._not(condition), no)),
                ),
            )
        return self._make(("where", condition, yes, no), kind)


def _whole_word(word: str) -> int | None:
    try:
        value = float(word)
    except ValueError:
        return None
    return int(value) if value.is_integer() and abs(value) < _EXACT else None


def _is_own(name: str) -> bool:
    return name not in _DERIVED


def _word(value: Any, of: Callable[[Node], Number]) -> Any:
    """Return what a field of a node says, nodes as their numbers."""
    if isinstance(value, Node):
        return of(value)
    if isinstance(value, Function):
        return code_of(value)
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(_word(item, of) for item in value)
    return value


assert {"axes", "mask", "order", "k"} == {f.name for f in fields(Pick)} - _DERIVED
assert {"pick", "place"} == {f.name for f in fields(Part)} - _DERIVED
