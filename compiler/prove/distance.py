"""How far an event is from passing a condition: a number to search by, as a node.

0 just where the condition holds, else between 0 and 1 for a comparison, the more the farther the
numbers are apart; conditions that all have to hold add up. It guides a search and proves nothing.
"""

from __future__ import annotations

from adl.compiler.ir import (
    TRUE,
    Call,
    Const,
    Node,
    Reduce,
    as_real,
    both,
    call,
    invert,
    opened,
    reduce,
)

_ZERO, _ONE = Const(0.0), Const(1.0)
_OPPOSITE = {"lt": "ge", "ge": "lt", "gt": "le", "le": "gt", "eq": "ne", "ne": "eq"}
_NEVER = 0.05  # of what fails by nothing, as 30 > 30


class Distance:
    """Makes distances, and remembers them."""

    def __init__(self) -> None:
        self._known: dict[tuple[Node, bool], Node] = {}

    def __call__(self, condition: Node, wanted: bool = True) -> Node:
        """Return how far an event is from a condition, or from its opposite."""
        stack = [(condition, wanted, False)]
        while stack:  # not by recursion: a chain of cuts is deep
            node, want, ready = stack.pop()
            if (node, want) in self._known:
                continue
            needed = [] if ready else [n for n in _needed(node, want) if n not in self._known]
            if needed:
                stack.append((node, want, True))
                stack += [(n, w, False) for n, w in needed]
            else:
                self._known[node, want] = self._of(node, want)
        return self._known[condition, wanted]

    def _of(self, node: Node, want: bool) -> Node:
        known = self._known
        match node:
            case Const(value):
                return _ZERO if value is want else _ONE
            case Call("not", (x,)):
                return known[x, not want]
            case Call("and" | "or", (x, y)):
                a, b = known[x, want], known[y, want]
                return a + b if (node.function == "and") is want else _least(a, b)
            case Call("where", (c, x, y)):
                yes, no = known[c, True] + known[x, want], known[c, False] + known[y, want]
                return _least(yes, no)
            case Call(operator, (x, y)) if operator in _OPPOSITE and x.kind != "bool":
                return self._apart(node, x, y, want)
            case Reduce("any" | "all"):
                return self._reduced(node, want)
        return call("where", node, *((_ZERO, _ONE) if want else (_ONE, _ZERO)))

    def _apart(self, node: Node, x: Node, y: Node, want: bool) -> Node:
        """Return how far two numbers are apart, where they do not compare as wanted."""
        a, b = as_real(x), as_real(y)
        if isinstance(y, Const):  # too few: an element that nearly counts makes it nearer
            a = call("where", call("lt", x, y), self._nearly(x), a)
        gap = abs(a - b)
        far = Const(_NEVER) + Const(1.0 - _NEVER) * call("div", gap, gap + abs(b) + _ONE)
        far = call("where", call("eq", far, far), far, _ONE)  # NaN: one is missing or infinite
        return call("where", node if want else invert(node), _ZERO, far)

    def _nearly(self, number: Node) -> Node:
        """Return a count, and a part of one more for the element that is nearest to be counted."""
        match number:
            case Call("add", (x, y)):
                return self._nearly(x) + self._nearly(y)
            case Reduce("count"):
                axes, (_, mask) = opened(number)
                near = call("div", Const(0.9), _ONE + Const(3.0) * self(mask))
                best = reduce("max", axes, call("where", mask, _ZERO, near), TRUE)
                return as_real(number) + call("where", best > _ZERO, best, _ZERO)
        return as_real(number)

    def _reduced(self, node: Reduce, want: bool) -> Node:
        axes, (value, mask) = opened(node)
        every = (node.operation == "all") is want
        inside = both(mask, invert(value) if node.operation == "all" else value)
        if every:  # none may be inside: the more are, the farther
            number = as_real(reduce("count", axes, Const(1), inside))
            return call("div", number, number + _ONE)
        nearest = reduce("min", axes, self(inside, True), TRUE)
        return call("where", nearest < Const(1e9), call("div", nearest, nearest + _ONE), _ONE)


def _needed(node: Node, want: bool) -> list[tuple[Node, bool]]:
    match node:
        case Call("not", (x,)):
            return [(x, not want)]
        case Call("and" | "or", (x, y)):
            return [(x, want), (y, want)]
        case Call("where", (c, x, y)) if node.kind == "bool":
            return [(c, True), (c, False), (x, want), (y, want)]
    return []


def _least(a: Node, b: Node) -> Node:
    return call("where", call("lt", a, b), a, b)
