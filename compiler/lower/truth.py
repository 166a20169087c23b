"""Values that can be missing.

``Lowered`` carries a value, whether it is there (``defined``), and for conditions whether the
outcome stands whatever the missing values were (``certain``, Kleene's logic): a cutflow counts the
events for which it does not.
"""

from __future__ import annotations

from typing import NamedTuple

from adl.compiler.ir import (
    FALSE,
    NAN,
    TRUE,
    Axis,
    Const,
    Node,
    as_real,
    both,
    call,
    either,
    invert,
    reduce,
)


class Lowered(NamedTuple):
    """A value; a condition's value is already false where a missing one decided."""

    value: Node
    defined: Node = TRUE
    certain: Node = TRUE


def choose(condition: Node, yes: Node, no: Node) -> Node:
    """Return ``yes`` where the condition holds, else ``no``; of equal kinds or promoted."""
    if condition is TRUE or yes is no:
        return yes
    if condition is FALSE:
        return no
    if yes.kind != no.kind:
        yes, no = as_real(yes), as_real(no)
    return call("where", condition, yes, no)


def known(x: Lowered) -> Node:
    """Return a number for a fill: NaN, which is never filled but counted, where it is missing."""
    return choose(x.defined, as_real(x.value), NAN)


def truth(x: Lowered) -> Lowered:
    """Use a boolean as a condition: a missing one is false."""
    return Lowered(both(x.defined, x.value), TRUE, both(x.defined, x.certain))


def comparison(value: Node, *operands: Lowered) -> Lowered:
    """Return the outcome of a comparison: false where an operand is missing."""
    defined = defined_all(*operands)
    return Lowered(both(defined, value), TRUE, both(defined, certain_all(*operands)))


def certain_all(*operands: Lowered) -> Node:
    """Return whether no operand was chosen by a condition that a missing value decided."""
    out: Node = TRUE
    for x in operands:
        out = both(out, x.certain)
    return out


def defined_all(*operands: Lowered) -> Node:
    """Return whether every operand is there."""
    out: Node = TRUE
    for x in operands:
        out = both(out, x.defined)
    return out


def negation(x: Lowered) -> Lowered:
    """Return not x."""
    x = truth(x)
    return Lowered(invert(x.value), TRUE, x.certain)


def conjunction(x: Lowered, y: Lowered) -> Lowered:
    """Return x and y: certain where both are, or where one certainly is false."""
    x, y = truth(x), truth(y)
    return Lowered(
        both(x.value, y.value),
        TRUE,
        _decided(x, y, invert(x.value), invert(y.value)),
    )


def disjunction(x: Lowered, y: Lowered) -> Lowered:
    """Return x or y: certain where both are, or where one certainly is true."""
    x, y = truth(x), truth(y)
    return Lowered(either(x.value, y.value), TRUE, _decided(x, y, x.value, y.value))


def _decided(x: Lowered, y: Lowered, x_settles: Node, y_settles: Node) -> Node:
    if x.certain is TRUE and y.certain is TRUE:
        return TRUE
    settled = either(both(x.certain, x_settles), both(y.certain, y_settles))
    return either(both(x.certain, y.certain), settled)


def any_of(axes: tuple[Axis, ...], x: Lowered, mask: Node) -> Lowered:
    """Return whether the condition holds for a tuple that passes the mask."""
    # In the mask its conjuncts become guards, cheap ones first as written.
    value = reduce("any", axes, TRUE, both(mask, x.value))
    if x.certain is TRUE:
        return Lowered(value)
    settled = reduce("any", axes, TRUE, both(mask, both(x.value, x.certain)))
    return Lowered(value, TRUE, either(settled, reduce("all", axes, x.certain, mask)))


def all_of(axes: tuple[Axis, ...], x: Lowered, mask: Node) -> Lowered:
    """Return whether the condition holds for every tuple that passes the mask."""
    value = reduce("all", axes, x.value, mask)
    if x.certain is TRUE:
        return Lowered(value)
    settled = reduce("any", axes, both(invert(x.value), x.certain), mask)
    return Lowered(value, TRUE, either(settled, reduce("all", axes, x.certain, mask)))


def literal(value: bool | float, datum: bool) -> Lowered:
    """Return a number that was written."""
    return Lowered(Const(value, datum and not isinstance(value, bool)))
