"""Comparisons of two quantities with each other: which of their orders a condition lets through."""

from __future__ import annotations

from adl.check import analysis as core

# Of a comparison, the orders of its two quantities in which it holds.
_ORDERS = {"lt": "<", "le": "<=", "gt": ">", "ge": "=>", "eq": "=", "ne": "<>"}
_WRITTEN = {"<": "<", "=": "=", ">": ">", "<=": "<=", "=>": ">=", "<>": "!="}


def sides(value: core.Value) -> tuple[str, core.Value, core.Value] | None:
    """Return the sign of a comparison, and what stands on both sides of it."""
    match value:
        case core.Operation(name=name, arguments=(x, y)) if name in _ORDERS:
            return name, x, y
    return None


def beyond(name: str, other: str) -> str:
    """Return the sign of the orders that one comparison lets through and another does not.

    >>> beyond("ge", "gt")
    '='
    """
    orders = "".join(order for order in _ORDERS[name] if order not in _ORDERS[other])
    return _WRITTEN.get(orders, "")
