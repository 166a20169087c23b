"""Conditions as what they allow each quantity to be: interval reasoning, one quantity at a time.

Two quantities are the same where their checked values are equal. What is no comparison with a
constant is a quantity itself, which is 1 where it is true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from adl.check.analysis import Cut, Interval, Literal_, Logic, Operation, RegionRef, Value
from adl.check.lints.allowed import Allowed, compared, complement, outside, within
from adl.check.lints.domains import Numbers, inner, never_missing

_MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}
_TRUE = Allowed(((1.0, 1.0),))


@dataclass(frozen=True)
class Meaning:
    """What a true condition allows; ``exact`` if it is true wherever all of that holds.

    ``never`` is a condition that is false in every event.
    """

    allowed: Mapping[Value, Allowed] = field(default_factory=dict)
    exact: bool = True
    never: bool = False


@dataclass
class Reader:
    """Reads the conditions of an analysis, each once."""

    numbers: Numbers
    known: dict[tuple[int, bool], tuple[Value, Meaning]] = field(default_factory=dict)

    def meaning(self, condition: Value, negated: bool = False) -> Meaning:
        """Return what a condition, or its opposite, allows."""
        key = (id(condition), negated)
        if key not in self.known:  # with the condition, so that its id stays its own
            self.known[key] = (condition, self._read(inner(condition), negated))
        return self.known[key][1]

    def everything(self, conditions: Iterable[Value]) -> Meaning:
        """Return what holds where all conditions do."""
        found = Meaning()
        for condition in conditions:
            found = self.both(found, self.meaning(condition))
        return found

    def both(self, a: Meaning, b: Meaning) -> Meaning:
        """Return what holds where both hold."""
        allowed = dict(a.allowed)
        for quantity, own in b.allowed.items():
            allowed[quantity] = allowed[quantity].meet(own) if quantity in allowed else own
        never = a.never or b.never or not all(allowed[q] for q in b.allowed)
        return Meaning(allowed, a.exact and b.exact, never)

    def either(self, a: Meaning, b: Meaning) -> Meaning:
        """Return what holds where one of both holds."""
        if a.never or b.never:
            return b if a.never else a
        shared = {q: own.join(b.allowed[q]) for q, own in a.allowed.items() if q in b.allowed}
        exact = len(shared) == len(a.allowed) == len(b.allowed) == 1
        return Meaning(shared, exact and a.exact and b.exact)

    def _read(self, condition: Value, negated: bool) -> Meaning:
        match condition:
            case Literal_():
                return Meaning(never=bool(condition.value) == negated)
            case Logic(operator="not", operands=(operand,)):
                return self.meaning(operand, not negated)
            case Logic(operands=(left, right)):
                a, b = self.meaning(left, negated), self.meaning(right, negated)
                joined = (condition.operator == "and") != negated
                return self.both(a, b) if joined else self.either(a, b)
            case RegionRef() if not negated:
                cuts = (s for s in condition.region.statements if isinstance(s, Cut))
                return self.everything(cut.condition for cut in cuts)
            case Operation() if condition.name in _MIRRORED:
                left, right = condition.arguments
                limit, quantity, name = self.numbers.constant(right), left, condition.name
                if limit is None:
                    limit, quantity, name = self.numbers.constant(left), right, _MIRRORED[name]
                if limit is not None:
                    return self._limited(quantity, compared(name, limit), negated)
            case Interval():
                lower, upper = (
                    self.numbers.constant(condition.lower),
                    self.numbers.constant(condition.upper),
                )
                if lower is not None and upper is not None:
                    kind = within if condition.operator == "[]" else outside
                    return self._limited(condition.value, kind(lower, upper), negated)
        return self._limited(condition, _TRUE, negated)

    def _limited(self, quantity: Value, allowed: Allowed, negated: bool) -> Meaning:
        """Return that a quantity is what is allowed, within what it can be at all."""
        quantity = inner(quantity)
        if negated:
            allowed = complement(allowed)
        low, high = self.numbers.domain(quantity)
        possible = Allowed(((low, high),), other=not never_missing(quantity))
        allowed = allowed.meet(possible)
        if quantity.type in ("bool", "int"):
            allowed = allowed.whole()
        return Meaning({quantity: allowed}, never=not allowed)
