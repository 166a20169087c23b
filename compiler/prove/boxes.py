"""Whether no event can pass, by intervals: each quantity has a set of values that only shrinks.

Formulas and facts shrink the sets until nothing changes; what is left of an ``or`` is tried case
by case, up to a limit. Only the answer *empty* means anything: everything else is no proof.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from adl.compiler.ir import Node
from adl.compiler.prove.bounds import Bounds
from adl.compiler.prove.formulas import And, Formula, Literal, Or, Over, literals
from adl.compiler.prove.known import Known, Order, Sum
from adl.compiler.prove.values import LEAST, MOST, Kind, Values, between

Names = frozenset[str]
_NONE: Names = frozenset()


@dataclass(frozen=True)
class Outcome:
    """Whether no event passes, by which facts; ``gave_up`` if the limit was reached."""

    empty: bool
    facts: Names = _NONE
    gave_up: bool = False


@dataclass
class _Box:
    """What the quantities can still be, and the facts that have shrunk each."""

    bounds: Bounds
    values: dict[Node, Values] = field(default_factory=dict)
    reasons: dict[Node, Names] = field(default_factory=dict)
    conflict: Names | None = None

    def copy(self) -> _Box:
        return _Box(self.bounds, dict(self.values), dict(self.reasons))

    def of(self, quantity: Node) -> Values:
        found = self.values.get(quantity)
        return self.bounds(quantity) if found is None else found

    def why(self, quantities: Iterable[Node]) -> Names:
        return _NONE.union(*(self.reasons.get(q, _NONE) for q in quantities))

    def shrink(self, quantity: Node, allowed: Values, why: Names) -> bool:
        """Leave a quantity only what is allowed; whether that changed something."""
        before = self.of(quantity)
        now = before & allowed
        if now == before:
            return False
        self.values[quantity] = now
        self.reasons[quantity] = self.reasons.get(quantity, _NONE) | why
        if now.empty:
            self.conflict = self.reasons[quantity]
        return True

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


def empty(over: Over, known: Known, bounds: Bounds, splits: int) -> Outcome:
    """Return whether nothing can pass an over-approximation, given what is known."""
    box = _Box(bounds)
    left = [splits]
    return _solve(box, [(over.formula, _NONE)], known, left)


def narrowed(over: Over, known: Known, bounds: Bounds, quantity: Node) -> Values:
    """Return what a quantity can be where something passes, without trying cases."""
    box = _Box(bounds)
    _propagate(box, [(over.formula, _NONE)], known)
    return Values(cast("Kind", quantity.kind)) if box.conflict is not None else box.of(quantity)


Pending = list[tuple[Formula, Names]]


def _solve(box: _Box, formulas: Pending, known: Known, left: list[int]) -> Outcome:
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
        if left[0] <= 0:
            return Outcome(False, gave_up=True)
        left[0] -= 1
        found = _solve(box.copy(), [*pending, (case, why)], known, left)
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
    """Shrink the box until nothing changes; return what has several cases still."""
    pending: Pending = formulas
    facts: Pending = [(clause.formula, frozenset([clause.fact])) for clause in known.clauses]
    changed = True
    while changed and box.conflict is None:
        changed, pending = _assert_all(box, pending)
        if box.conflict is None:
            more, facts = _assert_all(box, facts)
            changed |= more
        for order in known.orders:
            if box.conflict is None:
                changed |= _order(box, order)
        for total in known.sums:
            if box.conflict is None:
                changed |= _sum(box, total)
    return pending


def _assert_all(box: _Box, formulas: Pending) -> tuple[bool, Pending]:
    """Let formulas shrink the box; return whether they did, and what of them is undecided."""
    changed = False
    left: Pending = []
    stack = list(reversed(formulas))
    while stack:
        formula, why = stack.pop()
        match formula:
            case Literal(quantity, allowed):
                changed |= box.shrink(quantity, allowed, why)
            case And(parts):
                stack += [(part, why) for part in reversed(parts)]
            case Or(parts):
                open_, excluded = [], _NONE
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
                        box.conflict = excluded | why
                    elif len(open_) == 1:
                        stack.append((open_[0], why | excluded))
                    else:
                        left.append((Or(tuple(open_)), why | excluded))
        if box.conflict is not None:
            return True, []
    return changed, left


def _order(box: _Box, order: Order) -> bool:
    """Let x <= y, where the guard holds and neither is NaN, shrink both."""
    truth, _ = box.truth(order.guard)
    if truth is not True:
        return False
    x, y = box.of(order.least), box.of(order.most)
    kind = x.kind
    asked = (order.least, order.most, *(item.quantity for item in literals(order.guard)))
    why = frozenset([order.fact]) | box.why(asked)
    changed = False
    if y.spans and not y.nan and y.high < MOST[kind]:
        changed |= box.shrink(order.least, between(kind, LEAST[kind], y.high, True), why)
    if x.spans and not x.nan and x.low > LEAST[kind]:
        changed |= box.shrink(order.most, between(kind, x.low, MOST[kind], True), why)
    return changed


def _sum(box: _Box, total: Sum) -> bool:
    """Let ``sum of factor * quantity <= most`` shrink the quantities."""
    lows = [_least_part(box.of(q), factor) for q, factor in total.terms]
    why = frozenset([total.fact]) | box.why(q for q, _ in total.terms)
    changed = False
    for (quantity, factor), own in zip(total.terms, lows, strict=True):
        rest = total.most - (sum(lows) - own)  # what factor * quantity may be at most
        if factor > 0:
            allowed = between("int", LEAST["int"], rest // factor)
        else:
            allowed = between("int", -(rest // -factor), MOST["int"])
        changed |= box.shrink(quantity, allowed, why)
        if box.conflict is not None:
            return True
    return changed


def _least_part(values: Values, factor: int) -> int:
    return int(factor * (values.low if factor > 0 else values.high))
