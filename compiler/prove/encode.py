"""From a normal mask to a formula: each comparison with a constant becomes a literal.

A comparison is pushed towards the column: ``abs(eta) < 2.4`` is ``-2.4 < eta < 2.4``, ``where``
becomes cases, a min or max says something of how many elements there are. What is left is a
quantity. Nothing is approximated here: the formula holds in an event just if the mask does.
"""

from __future__ import annotations

from typing import cast

from adl.compiler.ir import Call, Const, Node, Reduce, both, call, invert, opened, reduce
from adl.compiler.prove.bounds import Bounds
from adl.compiler.prove.formulas import (
    FALSE,
    TRUE,
    Formula,
    conjunction,
    disjunction,
    literal,
    opposite,
)
from adl.compiler.prove.through import THROUGH
from adl.compiler.prove.values import (
    LEAST,
    MOST,
    Kind,
    Number,
    Values,
    after,
    before,
    between,
    compared,
    just,
)

MIRROR = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "eq", "ne": "ne"}
DEEPEST = 8  # ternaries in each other: cases double with each
MOST_CASES = 32  # of ternaries in one comparison: beyond, they are quantities


class Encoder:
    """Makes formulas of conditions, and remembers them."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._known: dict[Node, Formula] = {}

    def __call__(self, condition: Node) -> Formula:
        """Return the formula of a condition in normal form."""
        stack = [(condition, False)]
        while stack:  # not by recursion: a chain of cuts is deep
            node, ready = stack.pop()
            if node in self._known:
                continue
            parts = () if ready else _conditions(node)
            if ready or not parts:
                self._known[node] = self._formula(node)
            else:
                stack.append((node, True))
                stack += [(part, False) for part in parts if part not in self._known]
        return self._known[condition]

    def _formula(self, node: Node) -> Formula:
        known = self._known
        match node:
            case Const(value):
                return TRUE if value else FALSE
            case Call("and", arguments):
                return conjunction(known[a] for a in arguments)
            case Call("or", arguments):
                return disjunction(known[a] for a in arguments)
            case Call("not", (x,)):
                return opposite(known[x])
            case Call("where", (condition, x, y)):
                return _cases(known[condition], known[x], known[y])
            case Call("eq" | "ne", (x, y)) if x.kind == "bool":
                same = _cases(known[x], known[y], opposite(known[y]))
                return same if node.function == "eq" else opposite(same)
            case Call(operator, (x, y)) if operator in MIRROR:
                return self.comparison(operator, x, y)
        return literal(node, just("bool", 1))

    def comparison(self, operator: str, x: Node, y: Node) -> Formula:
        """Return the formula of a comparison of two numbers."""
        kind = cast("Kind", x.kind)
        if isinstance(y, Const):
            return self.member(x, compared(operator, kind, y.value))
        if isinstance(x, Const):
            return self.member(y, compared(MIRROR[operator], kind, x.value))
        return self._related(operator, x, y)

    # ------------------------------------------------------- a value among those allowed

    def member(self, value: Node, allowed: Values, depth: int = 0) -> Formula:
        """Return that a value is one of those allowed; ``depth`` ternaries are around it."""
        known = self.bounds(value)
        if (known & allowed).empty:
            return FALSE
        if known.within(allowed):
            return TRUE
        match value:
            case Call("where", (condition, x, y)) if condition in self._known and depth < DEEPEST:
                yes, no = self.member(x, allowed, depth + 1), self.member(y, allowed, depth + 1)
                return _cases(self._known[condition], yes, no)
            case Call("int" | "real", (x,)) if x.kind == "bool":
                truth = self._known.get(x, literal(x, just("bool", 1)))
                return truth if allowed.has(1) else opposite(truth)
            case Reduce("min" | "max"):
                return self._extreme(value, allowed)
            case Call(function, arguments) if function in THROUGH:
                found = THROUGH[function](arguments, allowed, self.bounds)
                if found is not None:
                    return self.member(*found, depth)
        # Outside of the bounds nothing counts: equal conditions become equal literals.
        return literal(value, allowed | ~known)

    def _extreme(self, value: Reduce, allowed: Values) -> Formula:
        """Return that a min or max is allowed, as what it says of the elements.

        A NaN among them makes the result NaN. Of nothing a min is the greatest value there is.
        """
        cases = [self._in_span(value, low, high) for low, high in allowed.spans]
        if allowed.nan:
            cases.append(self.some(value, Values("real", (), True)))
        return disjunction(cases)

    def _in_span(self, value: Reduce, low: Number, high: Number) -> Formula:
        kind = cast("Kind", value.kind)
        least, most = LEAST[kind], MOST[kind]
        nan = Values(kind, (), kind == "real")
        one = None
        if value.operation == "min":  # none is below low, and one is at most high
            outside = between(kind, least, before(low, kind)) if low > least else Values(kind)
            one = between(kind, least, high) if high < most else None
        else:
            outside = between(kind, after(high, kind), most) if high < most else Values(kind)
            one = between(kind, low, most) if low > least else None
        parts = [opposite(self.some(value, outside | nan))]
        if one is not None:
            parts.append(self.some(value, one))
        return conjunction(parts)

    def some(self, value: Reduce, allowed: Values) -> Formula:
        """Return that what is reduced is among some values for at least one element."""
        if allowed.empty:
            return FALSE
        axes, (inner, mask) = opened(value)
        found = reduce("count", axes, Const(1), both(mask, asked(inner, allowed)))
        return self.member(found, compared("ge", "int", 1))

    # ---------------------------------------------------------------- two quantities

    def _related(self, operator: str, x: Node, y: Node) -> Formula:
        """Return a comparison of two quantities as a truth that is a quantity: lt, le or eq."""
        if x is y:
            nan = self.member(x, Values("real", (), True)) if x.kind == "real" else FALSE
            return {"lt": FALSE, "gt": FALSE, "ne": nan}.get(operator, opposite(nan))
        if operator in ("gt", "ge"):
            return self._related(MIRROR[operator], y, x)
        if operator == "ne":
            return opposite(self._related("eq", x, y))
        for side, value in enumerate((x, y)):
            if isinstance(value, Call) and value.function == "where":
                condition, yes, no = value.arguments
                if condition in self._known:
                    each = [(v, y) if side == 0 else (x, v) for v in (yes, no)]
                    first, second = (self.comparison(operator, a, b) for a, b in each)
                    return _cases(self._known[condition], first, second)
        return self._by_bounds(operator, x, y)

    def _by_bounds(self, operator: str, x: Node, y: Node) -> Formula:
        a, b = self.bounds(x), self.bounds(y)
        if not a.spans or not b.spans:
            return FALSE  # NaN compares with nothing
        never = a.low > b.high or (operator == "lt" and a.low >= b.high)
        if never or (operator == "eq" and a.high < b.low):
            return FALSE
        always = a.high < b.low or (operator == "le" and a.high <= b.low)
        if operator != "eq" and always and not (a.nan or b.nan):
            return TRUE
        if operator == "eq" and id(y) < id(x):  # (one node for x == y and y == x)
            x, y = y, x
        return literal(call(operator, x, y), just("bool", 1))


def _conditions(node: Node) -> tuple[Node, ...]:
    """Return the conditions whose formulas that of a condition is made of."""
    match node:
        case Call("and" | "or" | "not", arguments):
            return arguments
        case Call("where", arguments) if node.kind == "bool":
            return arguments
        case Call("eq" | "ne", (x, y)) if x.kind == "bool":
            return (x, y)
        case Call(operator, arguments) if operator in MIRROR:
            return tuple(c for a in arguments for c in _asked_on_the_way(a))
    return ()


def _asked_on_the_way(value: Node) -> list[Node]:
    """Return the conditions of the ternaries that a comparison is pushed through."""
    found: list[Node] = []
    stack = [value]
    while stack:
        node = stack.pop()
        match node:
            case Call("where", (condition, x, y)) if len(found) < MOST_CASES:
                found.append(condition)
                stack += [x, y]
            case Call("int" | "real", (x,)) if x.kind == "bool":
                found.append(x)
            case Call(function, arguments) if function in THROUGH:
                stack += [a for a in arguments if not isinstance(a, Const)]
    return found


def _cases(condition: Formula, yes: Formula, no: Formula) -> Formula:
    """Return that ``yes`` holds under a condition and ``no`` without it."""
    if yes == no:
        return yes
    first = conjunction((condition, yes))
    return disjunction((first, conjunction((opposite(condition), no))))


def asked(value: Node, allowed: Values) -> Node:
    """Return the condition that a value is among some, as a node."""
    kind = cast("Kind", value.kind)
    conditions = [_inside(value, kind, low, high) for low, high in allowed.spans]
    if allowed.nan:
        conditions.append(invert(call("eq", value, value)))
    out = conditions[0]
    for condition in conditions[1:]:
        out = call("or", out, condition)
    return out


def _inside(value: Node, kind: Kind, low: Number, high: Number) -> Node:
    def constant(x: Number) -> Const:
        return Const(float(x) if kind == "real" else int(x))

    if low == high:
        return call("eq", value, constant(low))
    ends = []
    if low > LEAST[kind]:
        ends.append(call("ge", value, constant(low)))
    if high < MOST[kind]:
        ends.append(call("le", value, constant(high)))
    return both(ends[0], ends[-1]) if ends else call("eq", value, value)
