"""Values that are computed: constants, operations, reductions, functions, networks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from adl.check.analysis.typed import Typed
from adl.stdlib.models import Branch
from adl.stdlib.registry import Function

if TYPE_CHECKING:
    from adl.check.analysis.objects import Collection, CompositeDef, Loop, Ordered
    from adl.check.analysis.particles import Element, Variable
    from adl.check.analysis.values import Value


@dataclass(frozen=True)
class Literal_(Typed):
    """A number or truth value; a ``datum`` was written by the user as a threshold or factor.

    A ``settled`` one is a constant of the dataset, or a condition that such constants decide.
    """

    value: bool | int | float
    datum: bool = False
    settled: bool = False


@dataclass(frozen=True)
class Text_(Typed):
    """A text: it is compared with other texts while an analysis is checked, and then is gone."""

    text: str


@dataclass(frozen=True)
class Open(Typed):
    """A constant of the dataset in a check without one, by its words; a run has none.

    With ``text`` it is the condition that the constant is this text.
    """

    words: str
    text: str | None = None


@dataclass(frozen=True)
class EventValue(Typed):
    """A number of the event."""

    branch: Branch


@dataclass(frozen=True)
class Apply(Typed):
    """A function of the library; argument kinds fit its signature (int is made real)."""

    function: Function
    arguments: tuple[Value, ...]


@dataclass(frozen=True)
class Whole(Typed):
    """All elements of a collection, or all tuples as particles, the argument of an algorithm."""

    collection: Collection | CompositeDef


@dataclass(frozen=True)
class Each(Typed):
    """A number of each element of a loop, or of each tuple, that a user's function is given.

    Elements for which it is missing, or for which a ``where`` does not hold, are left out.
    """

    loops: tuple[Loop, ...]
    value: Value
    where: tuple[Value, ...] = ()
    ordered: tuple[Ordered, ...] = ()


# Operations on two elements: whether they are one object, whether they are two.
IDENTITY = frozenset(("same", "differ"))


@dataclass(frozen=True)
class Operation(Typed):
    """A primitive of stdlib.ops: arithmetic and comparisons, operands of one kind or promoted.

    ``same`` and ``differ`` compare the identity of two elements; ``div`` always is real.
    """

    name: str
    arguments: tuple[Value, ...]


@dataclass(frozen=True)
class Power(Typed):
    """An integer power, by multiplication."""

    base: Value
    exponent: int


@dataclass(frozen=True)
class Logic(Typed):
    """``and``, ``or`` (two operands) or ``not`` (one)."""

    operator: Literal["and", "or", "not"]
    operands: tuple[Value, ...]


@dataclass(frozen=True)
class Interval(Typed):
    """``x [] lower upper`` or ``x ][ lower upper``."""

    operator: Literal["[]", "]["]
    value: Value
    lower: Value
    upper: Value


@dataclass(frozen=True)
class Choice(Typed):
    """``c ? a : b``, of numbers or of particles."""

    condition: Value
    then: Value
    otherwise: Value


@dataclass(frozen=True)
class Reduction(Typed):
    """``sum prod count min max ave any all`` over tuples for which every ``where`` holds.

    ``count`` has a bool value and counts the tuples where it is true; ``ave`` of none is missing.
    """

    operation: str
    loops: tuple[Loop, ...]
    value: Value
    where: tuple[Value, ...] = ()


@dataclass(frozen=True)
class Extremum(Typed):
    """``min(a, b, ...)`` or ``max(a, b, ...)`` of numbers; missing ones are skipped.

    ``equal_is_zero``: of two equal numbers it is 0, as in the dialect cutlang.
    """

    operation: Literal["min", "max"]
    values: tuple[Value, ...]
    equal_is_zero: bool = False


@dataclass(frozen=True)
class Size(Typed):
    """The number of elements, or of a composite's tuples."""

    collection: Collection | CompositeDef


@dataclass(frozen=True)
class Default(Typed):
    """``default(x, v)``: v where x is missing."""

    value: Value
    otherwise: Value


@dataclass(frozen=True)
class List_(Typed):
    """``{ ht, 1.5 pT(jets[0]) }``: numbers in order, for a network."""

    items: tuple[Value, ...]


@dataclass(frozen=True)
class Network(Typed):
    """``onnx("model.onnx", a, b)``: one number of what a network gives for real inputs.

    ``path`` is the file that was found, ``output`` a place in its flattened first output.
    """

    name: str  # as it was written
    path: str
    inputs: tuple[Value, ...]
    output: int


@dataclass(frozen=True)
class Draw(Typed):
    """A random number of an element, or of the event (None), the same for one name in every use.

    It lies in [0, 1), or is normal: of mean 0 and variance 1.
    """

    particle: Variable | Element | None
    name: str
    event: tuple[EventValue, ...]  # run, block, number: what tells events apart
    distribution: Literal["uniform", "normal"] = "uniform"
