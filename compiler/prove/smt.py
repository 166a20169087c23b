"""Whether no event can pass, by z3: what intervals miss, as sums of several quantities.

A double is a rational number, infinity the number 2^1024, NaN a truth of its own. The rounding of
an operation is between the exact result times 1 - 2^-53 and times 1 + 2^-53. What is not linear is
a number of which only the bounds are known. So z3 is asked about more than can happen, and only
its answer *unsatisfiable* counts.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from fractions import Fraction
from functools import cache
from importlib.util import find_spec
from typing import Any, cast

from adl.compiler.ir import Call, Const, Node
from adl.compiler.prove.boxes import Outcome
from adl.compiler.prove.facts import Facts
from adl.compiler.prove.formulas import And, Formula, Hole, Literal, Or, Over, literals
from adl.compiler.prove.known import Clause, Instance, Order, Sum
from adl.compiler.prove.values import Number, Values

_INFINITY = Fraction(2) ** 1024
_ROUNDING = Fraction(1, 2**53)
_SMALLEST = Fraction(1, 2**1074)
_EXACT = 2**53  # whole numbers up to here are doubles
_ARITHMETIC = ("add", "sub", "mul", "div", "neg", "abs", "where", "real")

Term = Any  # z3 has no types


@cache
def available() -> bool:
    """Whether z3 is installed."""
    return find_spec("z3") is not None


def empty(over: Over, facts: Facts, end: float) -> Outcome:
    """Return whether nothing can pass an over-approximation, if that is known at the time ``end``."""
    import z3

    asked = list(dict.fromkeys(item.quantity for item in literals(over.formula)))
    known = facts.about([over.formula], _leaves(asked))
    solver = z3.SolverFor("QF_LIRA")
    encoding = _Encoding(facts, z3)
    solver.add(encoding.formula(over.formula))
    for number, instance in enumerate(known.instances):
        solver.assert_and_track(encoding.fact(instance), f"{instance.fact}/{number}")
        if time.monotonic() > end:  # writing the question takes time, too
            return Outcome(False, late=True, method="z3")
    solver.add(*encoding.definitions)
    left = end - time.monotonic()
    if left <= 0:
        return Outcome(False, late=True, method="z3")
    solver.set("timeout", max(1, int(1000 * left)))
    answer = solver.check()
    if answer != z3.unsat:
        return Outcome(False, late=answer == z3.unknown, method="z3")
    used = (str(name).partition("/")[0] for name in solver.unsat_core())
    return Outcome(True, frozenset(used), method="z3")


def _leaves(quantities: Iterable[Node]) -> list[Node]:
    """Return what arithmetic inside quantities is made of."""
    found: dict[Node, None] = {}
    stack = list(quantities)
    while stack:
        node = stack.pop()
        if node in found or isinstance(node, Const):
            continue
        found[node] = None
        if isinstance(node, Call) and node.function in (*_ARITHMETIC, "lt", "le", "eq"):
            stack += [c for c in node.children if c.kind != "bool"]
    return list(found)


class _Encoding:
    """Numbers and truths of z3 for quantities; ``definitions`` say how they hang together."""

    def __init__(self, facts: Facts, z3: Any) -> None:
        self.facts = facts
        self.z3 = z3
        self.definitions: list[Term] = []
        self._numbers: dict[Node, Term] = {}
        self._nans: dict[Node, Term] = {}

    # -------------------------------------------------------------------------- formulas

    def formula(self, formula: Formula) -> Term:
        """Return a formula as z3 has it."""
        match formula:
            case Literal(quantity, allowed):
                return self.inside(quantity, allowed)
            case And(parts):
                return self.z3.And([self.formula(part) for part in parts])
            case Or(parts):
                return self.z3.Or([self.formula(part) for part in parts])
            case Hole():
                raise AssertionError("an approximation has no holes")

    def inside(self, quantity: Node, allowed: Values) -> Term:
        """Return that a quantity is one of the allowed values."""
        if quantity.kind == "bool":
            truth = self.number(quantity)
            return truth if allowed.has(1) else self.z3.Not(truth)
        x, nan = self.number(quantity), self.nan(quantity)
        cases = [self._between(x, low, high) for low, high in allowed.spans]
        number = self.z3.And(self.z3.Not(nan), self.z3.Or(cases))
        return self.z3.Or(nan, number) if allowed.nan else number

    def _between(self, x: Term, low: Number, high: Number) -> Term:
        ends = []
        if low != float("-inf"):
            ends.append(x >= self._constant(low))
        if high != float("inf"):
            ends.append(x <= self._constant(high))
        return self.z3.And(ends)

    def _constant(self, value: Number) -> Term:
        if isinstance(value, int):
            return self.z3.IntVal(value)
        return self._rational(_finite(value))

    def _rational(self, value: Fraction) -> Term:
        return self.z3.Q(value.numerator, value.denominator)

    def fact(self, instance: Instance) -> Term:
        """Return an instance of a fact as z3 has it."""
        z3 = self.z3
        match instance:
            case Clause(_, formula):
                return self.formula(formula)
            case Order(_, least, most, guard):
                numbers = z3.And(z3.Not(self.nan(least)), z3.Not(self.nan(most)))
                asked = z3.And(self.formula(guard), numbers)
                return z3.Implies(asked, self.number(least) <= self.number(most))
            case Sum(_, terms, bound):
                return z3.Sum([factor * self.number(q) for q, factor in terms]) <= bound

    # ----------------------------------------------------------------------- quantities

    def number(self, node: Node) -> Term:
        """Return the number of a node, or the truth of a condition that is a quantity."""
        if node not in self._numbers:
            name = f"q{len(self._numbers)}"
            make = {"bool": self.z3.Bool, "int": self.z3.Int, "real": self.z3.Real}[node.kind]
            self._numbers[node] = make(name)
            self._define(node)
        return self._numbers[node]

    def nan(self, node: Node) -> Term:
        """Return whether a number is NaN."""
        if node.kind != "real":
            return self.z3.BoolVal(False)
        if node not in self._nans:
            self._nans[node] = self.z3.Bool(f"nan{len(self._nans)}")
        return self._nans[node]

    def _define(self, node: Node) -> None:
        if node.kind != "bool":
            self.definitions.append(self.inside(node, self.facts.bounds(node)))
        match node:
            case Const(value):
                if node.kind == "bool":
                    self.definitions.append(self._numbers[node] == bool(value))
            case Call("lt" | "le" | "eq" as operator, (x, y)) if x.kind != "bool":
                self._compare(node, operator, x, y)
            case Call(function, arguments) if function in _ARITHMETIC and node.kind == "real":
                self._arithmetic(node, function, arguments)

    def _compare(self, node: Node, operator: str, x: Node, y: Node) -> None:
        a, b = self.number(x), self.number(y)
        holds = {"lt": a < b, "le": a <= b, "eq": a == b}[operator]
        numbers = self.z3.And(self.z3.Not(self.nan(x)), self.z3.Not(self.nan(y)))
        self.definitions.append(self._numbers[node] == self.z3.And(numbers, holds))

    def _arithmetic(self, node: Node, function: str, arguments: tuple[Node, ...]) -> None:
        z3, result, nan = self.z3, self._numbers[node], self.nan(node)
        if function == "where":
            condition, x, y = arguments
            holds = self.formula(self.facts.formula(condition))
            same = [z3.And(result == self.number(v), nan == self.nan(v)) for v in (x, y)]
            self.definitions.append(z3.If(holds, *same))
            return
        if function == "real":
            known = self.facts.bounds(arguments[0])
            if arguments[0].kind == "int" and max(abs(known.low), abs(known.high)) <= _EXACT:
                self.definitions.append(result == z3.ToReal(self.number(arguments[0])))
            return
        if function in ("mul", "div") and not _linear(function, arguments):
            return
        terms = [self.number(a) for a in arguments]
        self.definitions.append(z3.Implies(z3.Or([self.nan(a) for a in arguments]), nan))
        finite = [z3.Not(self.nan(a)) for a in arguments]
        finite += [z3.And(t < self._infinity, t > -self._infinity) for t in terms]
        if function in ("neg", "abs"):
            exact = -terms[0] if function == "neg" else z3.If(terms[0] < 0, -terms[0], terms[0])
            here = z3.And(z3.Not(nan), result == exact)
            self.definitions.append(z3.Implies(z3.And(finite), here))
            return
        exact = self._exact(function, arguments, terms)
        size = z3.If(exact < 0, -exact, exact)
        most = self._infinity / 2  # below, nothing overflows
        error = size * self._rational(_ROUNDING) + self._rational(_SMALLEST)
        near = z3.And(result - exact <= error, exact - result <= error)
        # What overflows is large still, and infinite operands make it so without their rounding.
        large = z3.If(exact > 0, result >= most / 2, result <= -most / 2)
        here = z3.And(z3.Not(nan), z3.If(size <= most, near, large))
        self.definitions.append(z3.Implies(z3.And(finite), here))
        self._infinite(function, arguments, terms, result, nan)

    def _infinite(
        self, function: str, arguments: tuple[Node, ...], terms: list[Term], result: Term, nan: Term
    ) -> None:
        """Say what holds of infinite operands, too: what is added to a number moves it one way."""
        z3 = self.z3
        numbers = z3.And([z3.Not(n) for n in (nan, *map(self.nan, arguments))])
        if function in ("add", "sub"):
            a, b = terms
            for kept, moved, sign in ((a, b, 1 if function == "add" else -1), (b, a, 1)):
                if function == "sub" and kept is b:
                    continue
                up, down = (moved >= 0, moved <= 0) if sign > 0 else (moved <= 0, moved >= 0)
                self.definitions += [
                    z3.Implies(z3.And(numbers, up), result >= kept),
                    z3.Implies(z3.And(numbers, down), result <= kept),
                ]
            return
        x, positive = self._scaled(arguments, terms)
        ends = [(x >= self._infinity, positive), (x <= -self._infinity, not positive)]
        for infinite, up in ends:
            far = result >= self._infinity if up else result <= -self._infinity
            self.definitions.append(z3.Implies(z3.And(numbers, infinite), far))

    def _scaled(self, arguments: tuple[Node, ...], terms: list[Term]) -> tuple[Term, bool]:
        """Return what is multiplied or divided by a constant, and whether that is positive."""
        first = isinstance(arguments[0], Const)
        constant = cast("Const", arguments[0] if first else arguments[1]).value
        return terms[1 if first else 0], constant > 0

    @property
    def _infinity(self) -> Term:
        return self._rational(_INFINITY)

    def _exact(self, function: str, arguments: tuple[Node, ...], terms: list[Term]) -> Term:
        a, b = terms
        first, second = arguments
        if function == "add":
            return a + b
        if function == "sub":
            return a - b
        if function == "div":
            return a * self._rational(1 / Fraction(cast("Const", second).value))
        if isinstance(first, Const):
            return b * self._rational(Fraction(first.value))
        return a * self._rational(Fraction(cast("Const", second).value))


def _linear(function: str, arguments: tuple[Node, ...]) -> bool:
    """Whether a product or quotient is one by a finite constant."""
    first, second = arguments
    constants = [second] if function == "div" else [first, second]
    values = [c.value for c in constants if isinstance(c, Const)]
    return len(values) == 1 and abs(values[0]) < float("inf") and values[0] != 0


def _finite(value: float) -> Fraction:
    if value == float("inf"):
        return _INFINITY
    return -_INFINITY if value == float("-inf") else Fraction(value)
