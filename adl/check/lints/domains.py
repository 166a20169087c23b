"""Numbers that are known without an event: constants, and the range of every other value."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, cast

from adl.check.analysis import (
    Apply,
    AttributeOf,
    Choice,
    Default,
    DefineRef,
    Draw,
    Element,
    Extremum,
    Literal_,
    Member,
    Operation,
    OwnAttribute,
    Reduction,
    Singleton,
    Size,
    TableAt,
    Value,
    Variable,
)
from adl.check.collections import inputs
from adl.check.context import Context
from adl.stdlib.models import CollectionSchema

ANY = (-math.inf, math.inf)
POSITIVE = (0.0, math.inf)
UNIT = (0.0, 1.0)
# The range of the library's functions; of the others nothing is known.
FUNCTIONS = {
    "dphi": (0.0, math.pi),
    "deta": POSITIVE,
    "dr": POSITIVE,
    "dry": POSITIVE,
    "abseta": POSITIVE,
    "pt": POSITIVE,
    "p": POSITIVE,
    "theta": (0.0, math.pi),
    "exp": POSITIVE,
    "sin": (-1.0, 1.0),
    "cos": (-1.0, 1.0),
    "tanh": (-1.0, 1.0),
    "hstep": UNIT,
}
_ARITHMETIC: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
}


def inner(value: Value) -> Value:
    """Return the quantity that a value is: without conversions, defined names resolved."""
    while True:
        match value:
            case Operation(name="real" | "int", arguments=(argument,)):
                value = argument
            case DefineRef():
                value = value.define.value
            case _:
                return value


def of_any(value: Value) -> Value:
    """Return what a value is for some element: attributes of object blocks as they are defined."""
    value = inner(value)
    while isinstance(value, OwnAttribute):
        value = inner(value.definition.value)
    return value


T = TypeVar("T")


@dataclass
class Numbers:
    """What is known of the values of an analysis; each is looked at once.

    A define can stand in another twice, so that going through all uses would take for ever.
    """

    context: Context
    known: dict[tuple[str, int], tuple[Value, object]] = field(default_factory=dict)

    def constant(self, value: Value) -> float | None:
        """Return the number that a value is in every event; None if events decide."""
        return self._once("constant", value, self._constant)

    def domain(self, value: Value) -> tuple[float, float]:
        """Return the least and the largest number that a value can be, ends included."""
        return self._once("domain", value, self._domain)

    def is_exact(self, value: Value) -> bool:
        """Whether a value is a whole number in every event, so that == of it means something."""
        return self._once("exact", value, self._is_exact)

    def _once(self, what: str, value: Value, find: Callable[[Value], T]) -> T:
        key = (what, id(value))
        if key not in self.known:  # with the value, so that its id stays its own
            self.known[key] = (value, find(value))
        return cast("T", self.known[key][1])

    def is_probability(self, value: Value) -> bool:
        """Whether the object model says that a stored attribute lies between 0 and 1."""
        value = of_any(value)
        if not isinstance(value, AttributeOf):
            return False
        known = [stored.probabilities for stored in _stored_in(self.context, value.particle)]
        return bool(known) and all(value.attribute in names for names in known)

    def _constant(self, value: Value) -> float | None:
        value = inner(value)
        match value:
            case Literal_():
                number = float(value.value)
                return None if math.isnan(number) else number
            case Operation() if value.name in _ARITHMETIC:
                known = [self.constant(argument) for argument in value.arguments]
                numbers = [n for n in known if n is not None]
                if len(numbers) < len(known):
                    return None
                result: float = _ARITHMETIC[value.name](*numbers)
                return None if math.isnan(result) else result
            case _:
                return None

    def _domain(self, value: Value) -> tuple[float, float]:
        value = of_any(value)
        number = self.constant(value)
        if number is not None:
            return number, number
        if value.type == "bool":
            return UNIT
        match value:
            case Size() | Reduction(operation="count"):
                return POSITIVE
            case Operation(name="abs" | "sqrt"):
                return POSITIVE
            case Apply():
                return FUNCTIONS.get(value.function.name, ANY)
            case AttributeOf(attribute="pt"):
                return POSITIVE
            case Draw(distribution="uniform"):
                return UNIT
            case TableAt():
                values = [row.value for row in value.table.rows]
                zero = [0.0] if value.outside == "zero" else []
                return min(values + zero), max(values + zero)
            case Choice():
                return self._hull(value.then, value.otherwise)
            case Default():
                return self._hull(value.value, value.otherwise)
            case Extremum():
                return _extreme(value.operation, self._hull(*value.values))
            case Reduction(operation="min" | "max"):
                return _extreme(value.operation, self.domain(value.value))
            case Reduction(operation="sum"):
                least, _ = self.domain(value.value)
                return POSITIVE if least >= 0 else ANY
            case Reduction(operation="ave"):
                return self.domain(value.value)
            case _:
                return ANY

    def _hull(self, *values: Value) -> tuple[float, float]:
        ranges = [self.domain(value) for value in values]
        return min(low for low, _ in ranges), max(high for _, high in ranges)

    def _is_exact(self, value: Value) -> bool:
        value = of_any(value)
        if value.type in ("bool", "int"):
            return True
        match value:
            case Literal_():
                return float(value.value).is_integer()
            case AttributeOf(attribute="charge"):  # some formats store it as a real number
                return True
            case Operation(name="floor"):
                return True
            case Operation(name="add" | "sub" | "mul" | "neg" | "abs"):
                return all(map(self.is_exact, value.arguments))
            case Reduction(operation="sum" | "prod" | "min" | "max"):
                return self.is_exact(value.value)
            case Extremum():
                return all(map(self.is_exact, value.values))
            case Choice():
                return self.is_exact(value.then) and self.is_exact(value.otherwise)
            case Default():
                return self.is_exact(value.value) and self.is_exact(value.otherwise)
            case Apply():
                return value.function.name in ("hstep", "delta")
            case _:
                return isinstance(value, Size)


def _extreme(operation: str, of: tuple[float, float]) -> tuple[float, float]:
    """Return the range of a smallest or largest value, which of none is infinite."""
    low, high = of
    return (low, math.inf) if operation == "min" else (-math.inf, high)


def _stored_in(context: Context, particle: Value) -> list[CollectionSchema]:
    """Return the input collections of which an element is."""
    match particle:
        case Element():
            return list(inputs((particle.collection,)))
        case Variable() | Member():
            return list(inputs(context.sources_of(particle.loop)))
        case _:
            return []


def never_missing(value: Value) -> bool:
    """Whether a quantity is there in every event."""
    value = inner(value)
    return isinstance(value, Size) or (
        isinstance(value, AttributeOf) and isinstance(value.particle, Singleton)
    )
