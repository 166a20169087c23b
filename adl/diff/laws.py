"""Laws by which terms that compute the same have one number: of logic, comparisons and sums.

They hold for floating-point numbers and for missing values: the order of ``and`` and ``+``, sides of
a comparison, ``not`` inside, ``size(x) > 0`` as a search. ``not a < b`` stays: NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import ceil, floor, isnan
from operator import eq, le, lt, ne
from typing import Any

from adl.compiler.ir import Axis

_COMPARED: dict[str, Callable[[float, float], bool]] = {"lt": lt, "le": le, "eq": eq, "ne": ne}
_EXACT = 2**53  # up to here an integer and the real number of it compare alike


class Number(int):
    """What stands for a value: one value, one number."""


Term = tuple[Any, ...]


class Laws:
    """Makes terms and gives each its number; ``terms`` and ``kinds`` have those of a number.

    A term is a number's meaning: the words of an operation and the numbers of its operands.
    """

    def __init__(self) -> None:
        self.terms: list[Term] = []
        self.kinds: list[str] = []
        self.free: list[frozenset[Axis]] = []
        self._numbers: dict[Term, Number] = {}
        self.true = self._make(("const", "True"), "bool")
        self.false = self._make(("const", "False"), "bool")

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
        parts = sorted(self._bounds(operator, {*self._parts(operator, *numbers)} - {neutral}))
        if settles in parts:
            return settles
        if len(parts) < 2:
            return parts[0] if parts else neutral
        return self._make((operator, *parts), "bool")

    def _bounds(self, operator: str, parts: set[Number]) -> set[Number]:
        """Return conditions without those that another bound of the same quantity decides.

        ``x > 50 and x > 100`` is ``x > 100``, and with ``or`` it is ``x > 50``; of NaN, too.
        """
        bounds: dict[Any, list[tuple[Any, Number]]] = {}
        for part in parts:
            found = self._bound(part)
            if found is not None:
                bounds.setdefault(found[0], []).append((found[1], part))
        for own in bounds.values():
            decides = max(own) if operator == "and" else min(own)
            parts = parts - {part for _, part in own if part != decides[1]}
        return parts

    def _bound(self, x: Number) -> tuple[Any, tuple[float, bool]] | None:
        """Return what a comparison with a number bounds, on which side, and how hard it is to pass."""
        match self.terms[x]:
            case ("lt" | "le" as operator, a, b):
                for number, other, sign in ((a, b, 1), (b, a, -1)):
                    word, *content = self.terms[number]
                    if word == "const" and self.kinds[number] != "bool":
                        value = (int if self._is_whole(number) else float)(content[0])
                        if not isnan(value):
                            return (other, sign), (sign * value, operator == "lt")
        return None

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
        truth = self._of_truth(operator, a, b)
        if truth is not None:
            return truth
        operator, a, b = self._rounded(operator, a, b)
        a, b = self._whole(a, b), self._whole(b, a)
        if self._is_whole(a) and self._is_whole(b):
            low, high = self._constant(a), self._constant(b)
            if operator == "lt" and low is not None:
                a, operator = self._make(("const", repr(low + 1)), "int"), "le"
            elif operator == "lt" and high is not None:
                b, operator = self._make(("const", repr(high - 1)), "int"), "le"
            return self._sized(operator, a, b)
        return self._around_zero(operator, a, b) or self._make((operator, a, b), "bool")

    def _around_zero(self, operator: str, a: Number, b: Number) -> Number | None:
        """Return |x| < c as -c < x and x < c, and c < |x| as what is beyond one of them; of NaN, too.

        Of columns only: |a - b| is |b - a|, which is seen as long as it is a size.
        """
        for size, number, is_less in ((a, b, True), (b, a, False)):
            match self.terms[size], self.terms[number]:
                case ("abs", x), ("const", _) if (
                    self.terms[x][0] == "column"
                    and self.kinds[size] == self.kinds[number] == "real"
                ):
                    low = self._call("neg", (number,), "real")
                    if is_less:
                        sides = self._less(operator, low, x), self._less(operator, x, number)
                        return self._all_of("and", sides)
                    sides = self._less(operator, x, low), self._less(operator, number, x)
                    return self._all_of("or", sides)
        return None

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

    def _of_truth(self, operator: str, a: Number, b: Number) -> Number | None:
        """Return a comparison of a truth value with a constant: ``tight == 1`` is ``tight``."""
        for x, other, first in ((a, b, True), (b, a, False)):
            condition, constant = self._truth(x), self.terms[other]
            if condition is None or constant[0] != "const":
                continue
            number = float(constant[1] == "True") if self.kinds[other] == "bool" else constant[1]
            sides = [(i, float(number)) if first else (float(number), i) for i in (0.0, 1.0)]
            if_not, if_so = (_COMPARED[operator](*side) for side in sides)
            if if_so == if_not:
                return self.true if if_so else self.false
            return condition if if_so else self._not(condition)
        return None

    def _truth(self, x: Number) -> Number | None:
        """Return the truth value that a number is."""
        if self.kinds[x] == "bool":
            return None if self.terms[x][0] == "const" else x
        match self.terms[x]:
            case ("int" | "real", inner) if self.kinds[inner] == "bool":
                return Number(inner)
        return None

    def _rounded(self, operator: str, a: Number, b: Number) -> tuple[str, Number, Number]:
        """Return n > 2.5 of a whole number as n >= 3."""
        for x, other, towards in ((a, b, floor), (b, a, ceil)):
            match self.terms[x], self.terms[other]:
                case ("real", inner), ("const", word) if self._is_whole(inner):
                    value = float(word)
                    if value.is_integer() or not abs(value) < _EXACT:  # NaN, too
                        continue
                    limit = self._make(("const", repr(towards(value))), "int")
                    return ("le", inner, limit) if x == a else ("le", limit, inner)
        return operator, a, b

    def _equal(self, operator: str, a: Number, b: Number) -> Number:
        truth = self._of_truth(operator, a, b)
        if truth is not None:
            return truth
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
