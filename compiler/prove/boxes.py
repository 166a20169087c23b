"""Whether no event can pass, by intervals: each quantity has a set of values that only shrinks.

Formulas and facts shrink the sets until nothing changes; what is left of an ``or`` is tried case
by case, up to a limit. Only the answer *empty* means anything: everything else is no proof.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal as Words
from typing import cast

from adl.compiler.ir import Node
from adl.compiler.prove.bounds import Bounds
from adl.compiler.prove.formulas import And, Formula, Literal, Or, Over, literals
from adl.compiler.prove.known import Clause, Instance, Known, Order, Sum
from adl.compiler.prove.values import LEAST, MOST, Kind, Values, between

Names = frozenset[str]
_NONE: Names = frozenset()
MOST_ROUNDS = 200  # in which what is known of quantities shrinks a box


@dataclass(frozen=True)
class Outcome:
    """Whether no event passes, by which facts and method; ``late`` if the time was over."""

    empty: bool
    facts: Names = _NONE
    late: bool = False
    method: Words["intervals", "z3"] = "intervals"


@dataclass
class _Box:
    """What the quantities can still be, and the facts that have shrunk each."""

    bounds: Bounds
    values: dict[Node, Values] = field(default_factory=dict)
    reasons: dict[Node, Names] = field(default_factory=dict)
    conflict: Names | None = None
    changed: dict[Node, None] = field(default_factory=dict)
    fresh: bool = True  # no fact has been looked at

    def failed(self) -> bool:
        """Whether a quantity can be nothing."""
        return self.conflict is not None

    def copy(self) -> _Box:
        return _Box(self.bounds, dict(self.values), dict(self.reasons), fresh=self.fresh)

    def of(self, quantity: Node) -> Values:
        found = self.values.get(quantity)
        return self.bounds(quantity) if found is None else found

    def why(self, quantities: Iterable[Node]) -> Names:
        return _NONE.union(*(self.reasons.get(q, _NONE) for q in quantities))

    def shrink(self, quantity: Node, allowed: Values, why: Names) -> None:
        """Leave a quantity only what is allowed."""
        before = self.of(quantity)
        now = before & allowed
        if now == before:
            return
        self.values[quantity] = now
        self.changed[quantity] = None
        self.reasons[quantity] = self.reasons.get(quantity, _NONE) | why
        if now.empty:
            self.conflict = self.reasons[quantity]

    def truth(self, formula: Formula) -> tuple[bool | None, Names]:
        """Return whether a formula holds in all of the box or nowhere, and why nowhere."""
        match formula:
            case Literal(quantity, allowed):
                now = self.of(quantity)
                both = now & allowed
                if both.empty:
                    return False, self.reasons.get(quantity, _NONE)
                return (True if both == now else None), _NONE
            case And(parts):
                known = True
                for part in parts:
                    truth, why = self.truth(part)
                    if truth is False:
                        return False, why
                    known = known and truth is True
                return (True if known else None), _NONE
            case Or(parts):
                every = _NONE
                never = True
                for part in parts:
                    truth, why = self.truth(part)
                    if truth is True:
                        return True, _NONE
                    never = never and truth is False
                    every |= why
                return (False, every) if never else (None, _NONE)
        return None, _NONE


def empty(over: Over, known: Known, bounds: Bounds, splits: int, end: float = math.inf) -> Outcome:
    """Return whether nothing can pass an over-approximation, given what is known.

    At most so many cases are tried, up to the time ``end``.
    """
    budget = _Budget(splits, end)
    return _solve(_Box(bounds), [(over.formula, _NONE)], known, budget)


@dataclass
class _Budget:
    """How many cases may still be tried, and until when."""

    splits: int
    end: float

    def spent(self) -> Outcome | None:
        """Take one case; return what is known if there is none left."""
        self.splits -= 1
        if self.splits < 0:
            return Outcome(False)
        return Outcome(False, late=True) if time.monotonic() > self.end else None


def narrowed(over: Over, known: Known, bounds: Bounds, quantity: Node) -> Values:
    """Return what a quantity can be where something passes, without trying cases."""
    box = _Box(bounds)
    _propagate(box, [(over.formula, _NONE)], known)
    return Values(cast("Kind", quantity.kind)) if box.conflict is not None else box.of(quantity)


Pending = list[tuple[Formula, Names]]


def _solve(box: _Box, formulas: Pending, known: Known, budget: _Budget) -> Outcome:
    pending = _propagate(box, formulas, known)
    if box.conflict is not None:
        return Outcome(True, box.conflict)
    if not pending:
        covered = _covered(box, known)
        return Outcome(covered is not None, covered or _NONE)
    # The shortest first: it has the fewest cases.
    number = min(range(len(pending)), key=lambda i: _cases(pending[i][0]))
    chosen, why = pending.pop(number)
    used = why
    assert isinstance(chosen, Or)
    for case in chosen.parts:
        spent = budget.spent()
        if spent is not None:
            return spent
        found = _solve(box.copy(), [*pending, (case, why)], known, budget)
        if not found.empty:
            return found
        used |= found.facts
    return Outcome(True, used)


def _covered(box: _Box, known: Known) -> Names | None:
    """Return why there are elements that only empty selections could have; None if there are not."""
    for counts in known.selections:
        empty_ = tuple(c for c in counts if box.of(c).high == 0)
        some = [c for c in counts if box.of(c).low > 0] if empty_ else []
        for count in some:
            if known.covers(count, empty_):
                return box.why((count, *empty_)) | {"covered"}
    return None


def _cases(formula: Formula) -> int:
    return len(formula.parts) if isinstance(formula, Or) else 0


def _propagate(box: _Box, formulas: Pending, known: Known) -> Pending:
    """Shrink the box until nothing changes; return what has several cases still.

    Whole numbers that push each other up by one would take as many rounds as there are numbers:
    a box that is left too large proves less, and nothing wrong.
    """
    pending = formulas
    for _ in range(MOST_ROUNDS):
        if box.failed():
            break
        pending = _assert_all(box, pending)
        changed, box.changed = box.changed, {}
        if box.failed() or not (changed or box.fresh):
            break
        touched = range(len(known.instances)) if box.fresh else _touched(changed, known)
        box.fresh = False
        for number in touched:
            _apply(box, known.instances[number])
            if box.failed():
                break
    return pending


def _touched(changed: Iterable[Node], known: Known) -> list[int]:
    return sorted({n for q in changed for n in known.touching.get(q, ())})


def _apply(box: _Box, instance: Instance) -> None:
    match instance:
        case Clause(fact, formula):
            _assert_all(box, [(formula, frozenset([fact]))])
        case Order():
            _order(box, instance)
        case Sum():
            _sum(box, instance)


def _assert_all(box: _Box, formulas: Pending) -> Pending:
    """Let formulas shrink the box; return what of them has several cases still."""
    left: Pending = []
    stack = list(reversed(formulas))
    while stack and not box.failed():
        formula, why = stack.pop()
        match formula:
            case Literal(quantity, allowed):
                box.shrink(quantity, allowed, why)
            case And(parts):
                stack += [(part, why) for part in reversed(parts)]
            case Or(parts):
                open_, excluded = [], why
                for part in parts:
                    truth, reason = box.truth(part)
                    if truth is True:
                        break
                    if truth is False:
                        excluded |= reason
                    else:
                        open_.append(part)
                else:
                    if not open_:
                        box.conflict = excluded
                    elif len(open_) == 1:
                        stack.append((open_[0], excluded))
                    else:
                        left.append((Or(tuple(open_)), excluded))
    return left


def _order(box: _Box, order: Order) -> None:
    """Let x <= y, where the guard holds and neither is NaN, shrink both."""
    if box.truth(order.guard)[0] is not True:
        return
    x, y = box.of(order.least), box.of(order.most)
    kind = x.kind
    asked = (order.least, order.most, *(item.quantity for item in literals(order.guard)))
    why = box.why(asked) | {order.fact}
    if y.spans and not y.nan and y.high < MOST[kind]:
        box.shrink(order.least, between(kind, LEAST[kind], y.high, True), why)
    if x.spans and not x.nan and x.low > LEAST[kind]:
        box.shrink(order.most, between(kind, x.low, MOST[kind], True), why)


def _sum(box: _Box, total: Sum) -> None:
    """Let ``sum of factor * quantity <= most`` shrink the quantities."""
    lows = [_least_part(box.of(q), factor) for q, factor in total.terms]
    room = total.most - sum(lows)  # what the quantities may be more than they are at least
    for (quantity, factor), own in zip(total.terms, lows, strict=True):
        now = box.of(quantity)
        if room + own >= max(factor * now.low, factor * now.high):
            continue
        why = box.why(q for q, _ in total.terms) | {total.fact}
        if factor > 0:
            allowed = between("int", LEAST["int"], (room + own) // factor)
        else:
            allowed = between("int", -((room + own) // -factor), MOST["int"])
        box.shrink(quantity, allowed, why)
        if box.conflict is not None:
            return


def _least_part(values: Values, factor: int) -> int:
    return int(factor * (values.low if factor > 0 else values.high))
