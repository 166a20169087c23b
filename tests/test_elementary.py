"""Elementary functions: error against mpmath, special values against C, and their traces.

``python tests/test_elementary.py 400000`` measures the bounds that the docstrings state.
"""

from __future__ import annotations

import itertools
import math
import random
import re
import struct
import sys
from collections.abc import Callable
from typing import Any

import mpmath  # type: ignore[import-untyped] # it has no annotations
import pytest
from mpmath import mp, mpf

from adl.stdlib import elementary, ops, polynomials
from adl.stdlib.registry import FUNCTIONS

NAMES = [
    name for name, function in FUNCTIONS.items() if function.body.__module__ == elementary.__name__
]
POINTS, SEED = 3000, 20240607
PRECISION = 240  # bits; the nearest double to a multiple of pi/2 takes away 60 of them

Random = random.Random
Point = tuple[float, ...]


def logarithmic(low: int, high: int) -> Callable[[Random], float]:
    """Return a sampler of numbers of both signs from 2^low to 2^high."""
    return lambda r: (
        r.choice((-1.0, 1.0)) * math.ldexp(r.uniform(1.0, 2.0), r.randint(low, high - 1))
    )


def uniform(low: float, high: float) -> Callable[[Random], float]:
    """Return a sampler of numbers from low to high."""
    return lambda r: r.uniform(low, high)


def around(step: float, most: int) -> Callable[[Random], float]:
    """Return a sampler of numbers near multiples of step."""
    return lambda r: r.randint(-most, most) * step * (1.0 + r.uniform(-1e-6, 1e-6))


def quarter_turn(r: Random) -> float:
    """Return the double next to a multiple of pi/2."""
    return float(r.randint(1, r.choice((1000, 683565275))) * mp.pi / 2)


def positive(sampler: Callable[[Random], float]) -> Callable[[Random], float]:
    """Return a sampler of the absolute values."""
    return lambda r: abs(sampler(r))


SUBNORMAL = logarithmic(-1074, -1022)
ALL = logarithmic(-1074, 1024)
ANGLES = (
    uniform(-7.0, 7.0),
    uniform(-0.8, 0.8),
    uniform(-1e4, 1e4),
    uniform(-(2.0**30), 2.0**30),
    logarithmic(-1074, 30),
    around(math.pi / 4, 100),
    quarter_turn,
    uniform(0.7, 0.87),
    SUBNORMAL,
)
RAPIDITIES = (
    uniform(-7.0, 7.0),
    uniform(-1.1, 1.1),
    uniform(-0.4, 0.4),
    uniform(0.3, 0.5),
    uniform(-25.0, 25.0),
    uniform(-710.5, 710.5),
    logarithmic(-1074, 0),
    around(math.log(2.0) / 2, 81),
    SUBNORMAL,
)
POSITIVES = (
    positive(ALL),
    uniform(0.0, 10.0),
    uniform(0.5, 2.0),
    uniform(0.999, 1.001),
    lambda r: 1.0 + logarithmic(-50, -3)(r),
    lambda r: math.sqrt(0.5) * 2.0 ** r.randint(-5, 5) * (1.0 + r.uniform(-1e-6, 1e-6)),
    positive(SUBNORMAL),
)
COSINES = (
    uniform(-1.0, 1.0),
    uniform(-0.55, 0.55),
    lambda r: r.choice((-1.0, 1.0)) * (1.0 - abs(logarithmic(-53, -1)(r))),
    lambda r: r.choice((-0.5, 0.5)) * (1.0 + r.uniform(-1e-3, 1e-3)),
    logarithmic(-1074, 0),
    SUBNORMAL,
)
REALS = (
    ALL,
    uniform(-1.0, 1.0),
    uniform(-5.0, 5.0),
    uniform(-0.5, 0.5),
    uniform(0.34, 0.44),
    uniform(-1000.0, 1000.0),
    logarithmic(-30, 30),
    SUBNORMAL,
)
FROM_ONE = (
    lambda r: 1.0 + abs(logarithmic(-52, 3)(r)),
    uniform(1.0, 10.0),
    uniform(1.2, 1.3),
    lambda r: math.sqrt(0.5) * 2.0 ** r.randint(1, 40) * (1.0 + r.uniform(-1e-6, 1e-6)),
    positive(logarithmic(0, 60)),
    positive(logarithmic(0, 1024)),
)
TANGENTS = (
    uniform(-1.0, 1.0),
    uniform(-0.2, 0.2),
    uniform(0.16, 0.18),
    lambda r: r.choice((-1.0, 1.0)) * (1.0 - abs(logarithmic(-53, -1)(r))),
    logarithmic(-1074, 0),
    SUBNORMAL,
)
ERRORS = (
    uniform(-6.1, 6.1),
    uniform(-1.0, 1.0),
    uniform(0.8, 0.9),
    uniform(0.84375, 1.25),
    uniform(1.2, 1.6),
    logarithmic(-1074, 10),
    SUBNORMAL,
)
EXPONENTS = (
    uniform(-745.2, 709.8),
    uniform(-1.0, 1.0),
    uniform(-40.0, 40.0),
    uniform(-745.2, -708.0),
    logarithmic(-60, 9),
    around(math.log(2.0) / 2, 81),
    SUBNORMAL,
)
PLANE: tuple[Callable[[Random], Point], ...] = (
    lambda r: (r.uniform(-100.0, 100.0), r.uniform(-100.0, 100.0)),
    lambda r: (logarithmic(-10, 10)(r), logarithmic(-10, 10)(r)),
    lambda r: (ALL(r), ALL(r)),
    lambda r: (SUBNORMAL(r), SUBNORMAL(r)),
    lambda r: (SUBNORMAL(r), logarithmic(-2, 2)(r)),
    # the diagonal, the boundary between two octants, and the horizontal axis
    lambda r: near_line(r, 1.0, logarithmic(-50, -5)(r)),
    lambda r: near_line(r, math.sqrt(2.0) - 1.0, r.uniform(-1e-3, 1e-3)),
    lambda r: near_line(r, 1e-3, r.uniform(-1.0, 1.0)),
    # a subnormal angle
    lambda r: (logarithmic(-1074, -48)(r), logarithmic(900, 1024)(r)),
)
POWERS: tuple[Callable[[Random], Point], ...] = (
    lambda r: (r.uniform(0.0, 10.0), r.uniform(-10.0, 10.0)),
    lambda r: (r.uniform(0.0, 100.0), r.uniform(-150.0, 150.0)),
    lambda r: (r.uniform(0.0, 1000.0), r.choice((2.0, 3.0, 0.5, -1.0, -0.5, 1.5))),
    lambda r: (r.uniform(-50.0, 50.0), float(r.randint(-100, 100))),
    lambda r: (r.uniform(0.5, 2.0), r.uniform(-1000.0, 1000.0)),
    lambda r: (1.0 + r.uniform(-1e-3, 1e-3), logarithmic(-10, 20)(r)),
    lambda r: (abs(ALL(r)), r.uniform(-1.0, 1.0)),
    lambda r: (abs(SUBNORMAL(r)), r.uniform(-1.0, 1.0)),
    lambda r: (math.sqrt(r.choice((0.75, 1.5))) * (1.0 + r.uniform(-1e-3, 1e-3)), 1000.0),
    # as large or as small as a result can be
    lambda r: with_logarithm(r.uniform(0.6, 1.7), r.uniform(-745.0, 709.7)),
    lambda r: with_logarithm(abs(logarithmic(-1000, -1)(r)), r.uniform(-745.0, -708.0)),
)
SAMPLERS: dict[str, tuple[Callable[[Random], Any], ...]] = {
    "sin": ANGLES,
    "cos": ANGLES,
    "tan": ANGLES,
    "asin": COSINES,
    "acos": COSINES,
    "atan": REALS,
    "atan2": PLANE,
    "exp": EXPONENTS,
    "log": POSITIVES,
    "log10": POSITIVES,
    "sinh": RAPIDITIES,
    "cosh": RAPIDITIES,
    "tanh": RAPIDITIES,
    "asinh": REALS,
    "acosh": FROM_ONE,
    "atanh": TANGENTS,
    "erf": ERRORS,
    "pow": POWERS,
}


def near_line(r: Random, slope: float, offset: float) -> Point:
    """Return a point near the line y = slope x."""
    x = logarithmic(-900, 900)(r)
    return slope * (1.0 + offset) * x, r.choice((-1.0, 1.0)) * x


def with_logarithm(x: float, logarithm: float) -> Point:
    """Return x and the y for which ln(x^y) is the logarithm."""
    return x, logarithm / math.log(x)


def sample(name: str, points: int, seed: int = SEED) -> list[Point]:
    """Return arguments of the function, the same ones for the same seed."""
    r = random.Random(f"{name} {seed}")
    values = (r.choice(SAMPLERS[name])(r) for _ in range(points))
    return [value if isinstance(value, tuple) else (value,) for value in values]


def error_in_ulp(result: float, exact: Any) -> float:
    """Return the distance of the two in units of the last place of the exact one."""
    if not math.isfinite(result):
        # Infinity is right from half a unit beyond the largest double.
        limit = mpf(2) ** 1024 - mpf(2) ** 970
        return 0.0 if math.isinf(result) and result * exact > 0 and abs(exact) >= limit else 1e9
    if exact == 0:
        return 0.0 if result == 0.0 else 1e9
    unit = mp.ldexp(mpf(1), max(mp.frexp(abs(exact))[1] - 53, -1074))
    return float(abs(mpf(result) - exact) / unit)


def worst_error(name: str, points: int) -> tuple[float, Point]:
    """Return the largest error on a sample in ULP, and where it is."""
    function = getattr(elementary, name)
    exact = getattr(mpmath, {"pow": "power"}.get(name, name))
    with mp.workprec(PRECISION):
        return max(
            (error_in_ulp(function(*point), exact(*map(mpf, point))), point)
            for point in sample(name, points)
        )


def stated_bound(name: str) -> float:
    """Return the bound of the docstring in ULP."""
    found = re.search(
        r"at most (\d\.\d+) ULP on 400 000 points", FUNCTIONS[name].body.__doc__ or ""
    )
    assert found, f"the docstring of {name} states no bound"
    return float(found[1])


def bits(x: float) -> int | str:
    """Return what must be equal for equal results: the 64 bits, or that it is NaN."""
    return "nan" if math.isnan(x) else int(struct.unpack("<q", struct.pack("<d", x))[0])


SPECIAL = (
    *(0.0, 5e-324, 2.5e-310, 2.0**-1022, 1e-300, 1e-9, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 1e5),
    *(709.0, 710.0, 711.0, 746.0, 2.0**30, math.inf),
)
VALUES = (*SPECIAL, *(-x for x in SPECIAL), math.nan)
HUGE = (1e15, 2.0**53 - 1.0, 2.0**53, 1e100, sys.float_info.max)
WIDE = (*VALUES, *HUGE, *(-x for x in HUGE))


def arguments(name: str, values: tuple[float, ...]) -> list[Point]:
    """Return every combination of the values as arguments of the function."""
    return list(itertools.product(values, repeat=len(FUNCTIONS[name].arguments)))


@pytest.mark.parametrize("name", NAMES)
def test_a_function_is_within_the_bound_that_its_docstring_states(name: str) -> None:
    error, point = worst_error(name, POINTS)
    assert 0.4 < error <= stated_bound(name) <= 1.0, f"{error:.3f} ULP at {point}"


def test_every_function_of_the_module_is_measured() -> None:
    assert sorted(NAMES) == sorted(SAMPLERS)


def test_the_error_of_a_neighbour_is_one_ulp() -> None:
    assert error_in_ulp(math.nextafter(1.5, 2.0), mpf(1.5)) == 1.0
    assert error_in_ulp(5e-324, mpf(2) ** -1073) == 1.0
    assert error_in_ulp(math.inf, mpf(2) ** 1023) > 1.0
    assert error_in_ulp(math.nan, mpf(1)) > 1.0


def c_library(name: str, point: Point) -> float:
    """Return what C returns, also where Python raises."""
    signed = name == "sinh" or (name == "pow" and point[1] % 2.0 == 1.0)
    infinity = math.copysign(math.inf, point[0] if signed else 1.0)
    try:
        return float(getattr(math, name)(*point))
    except OverflowError:
        return infinity
    except ValueError:
        if name in ("log", "log10") and point[0] == 0.0:
            return -math.inf
        if name == "atanh" and abs(point[0]) == 1.0:
            return math.copysign(math.inf, point[0])
        return infinity if name == "pow" and point[0] == 0.0 else math.nan


@pytest.mark.parametrize("name", NAMES)
def test_special_values_are_those_of_c(name: str) -> None:
    for point in arguments(name, VALUES if name in ("sin", "cos", "tan") else WIDE):
        expected = c_library(name, point)
        result = getattr(elementary, name)(*point)
        if expected == 0.0 or not math.isfinite(expected):
            assert bits(result) == bits(expected), point
        else:
            assert abs(result - expected) <= 2 * math.ulp(expected), point


@pytest.mark.parametrize("name", ["sin", "cos", "tan"])
def test_an_angle_beyond_the_reduction_is_nan(name: str) -> None:
    function = getattr(elementary, name)
    assert math.isfinite(function(2.0**30))
    assert all(math.isnan(function(x)) for x in (math.nextafter(2.0**30, 1e10), -1e10, 1e300))


@pytest.mark.parametrize(
    "name", ["sin", "tan", "asin", "atan", "sinh", "tanh", "asinh", "atanh", "erf"]
)
def test_an_odd_function_changes_its_sign_with_its_argument(name: str) -> None:
    function = getattr(elementary, name)
    for x in [*VALUES, *(x for (x,) in sample(name, 300))]:
        assert bits(function(-x)) == bits(-function(x)), x


@pytest.mark.parametrize("name", ["cos", "cosh"])
def test_an_even_function_ignores_the_sign_of_its_argument(name: str) -> None:
    function = getattr(elementary, name)
    for x in [*VALUES, *(x for (x,) in sample(name, 300))]:
        assert bits(function(-x)) == bits(function(x)), x


def test_atan2_is_odd_in_y() -> None:
    for y, x in [*arguments("atan2", VALUES), *sample("atan2", 300)]:
        assert bits(elementary.atan2(-y, x)) == bits(-elementary.atan2(y, x)), (y, x)


def test_atan2_of_one_is_atan() -> None:
    for (x,) in sample("atan", 300):
        assert bits(elementary.atan2(x, 1.0)) == bits(elementary.atan(x)), x


def test_powers_of_ten_have_whole_logarithms() -> None:
    assert [elementary.log10(float(10**n)) for n in range(23)] == list(map(float, range(23)))


def test_a_power_that_a_double_holds_is_exact() -> None:
    for x, n in itertools.product(range(-20, 21), range(12)):
        assert elementary.pow(float(x), float(n)) == float(x**n), (x, n)
    for n in range(-1074, 1024):
        assert elementary.pow(2.0, float(n)) == math.ldexp(1.0, n), n


class Node:
    """A number that is not known yet: records what is done to it, and refuses to be looked at."""

    def __init__(self, operation: str, inputs: tuple[Any, ...], kind: str) -> None:
        self.operation, self.inputs, self.kind = operation, inputs, kind

    def build_call(self, operation: str, inputs: tuple[Any, ...]) -> Node:
        """Record an operation on numbers of one kind."""
        kinds = tuple(kind_of(x) for x in inputs)
        mixed = kinds[1:] if operation == "where" else kinds
        assert len(set(mixed)) == 1, f"{operation} of {kinds}"
        assert kinds[0] == "bool" or operation not in (*ops.LOGIC, "where"), f"{operation}{kinds}"
        return Node(operation, inputs, ops.result_kind(operation, kinds))

    def __add__(self, other: Any) -> Node:
        return self.build_call("add", (self, other))

    def __radd__(self, other: Any) -> Node:
        return self.build_call("add", (other, self))

    def __sub__(self, other: Any) -> Node:
        return self.build_call("sub", (self, other))

    def __rsub__(self, other: Any) -> Node:
        return self.build_call("sub", (other, self))

    def __mul__(self, other: Any) -> Node:
        return self.build_call("mul", (self, other))

    def __rmul__(self, other: Any) -> Node:
        return self.build_call("mul", (other, self))

    def __neg__(self) -> Node:
        return self.build_call("neg", (self,))

    def __abs__(self) -> Node:
        return self.build_call("abs", (self,))

    def __lt__(self, other: Any) -> Node:
        return self.build_call("lt", (self, other))

    def __le__(self, other: Any) -> Node:
        return self.build_call("le", (self, other))

    def __gt__(self, other: Any) -> Node:
        return self.build_call("gt", (self, other))

    def __ge__(self, other: Any) -> Node:
        return self.build_call("ge", (self, other))

    def __bool__(self) -> bool:
        raise TypeError("a branch on a value that is not known yet")

    def __eq__(self, other: object) -> bool:
        raise TypeError("== on nodes is identity: use ops.eq")

    __hash__ = object.__hash__


def kind_of(x: Any) -> str:
    """Return the kind of a node or of a literal."""
    return x.kind if isinstance(x, Node) else {float: "real", int: "int", bool: "bool"}[type(x)]


def trace(name: str) -> tuple[list[Node], list[Node]]:
    """Return the arguments and the program: every operation once, inputs before users."""
    parameters = [Node("parameter", (), "real") for _ in FUNCTIONS[name].arguments]
    program: dict[int, Node] = {}

    def visit(node: Any) -> None:
        if isinstance(node, Node) and node.operation != "parameter" and id(node) not in program:
            for x in node.inputs:
                visit(x)
            program[id(node)] = node

    visit(FUNCTIONS[name].body(*parameters))
    return parameters, list(program.values())


def execute(parameters: list[Node], program: list[Node], point: Point) -> float:
    """Return what the program computes, with integers of 64 bits."""
    values: dict[int, Any] = dict(zip(map(id, parameters), point, strict=True))
    for node in program:
        inputs = [values[id(x)] if isinstance(x, Node) else x for x in node.inputs]
        values[id(node)] = ops.apply(node.operation, *inputs)
    return float(values[id(program[-1])])


@pytest.mark.parametrize("name", NAMES)
def test_a_trace_computes_the_same_bits_as_the_body(name: str) -> None:
    parameters, program = trace(name)
    assert {node.operation for node in program} <= set(ops.MEANING)
    for point in [*arguments(name, VALUES), *sample(name, 300)]:
        expected = bits(getattr(elementary, name)(*point))
        assert bits(execute(parameters, program, point)) == expected, point


@pytest.mark.parametrize(
    "body",
    [
        lambda x: x if x < 0.0 else -x,
        lambda x: x / 2.0,
        lambda x: 2 * x,
        lambda x: math.floor(x),
        lambda x: x**2.0,
        lambda x: x == 0.0,
    ],
)
def test_a_body_that_looks_at_a_value_cannot_be_traced(body: Callable[[Any], Any]) -> None:
    with pytest.raises((TypeError, AssertionError)):
        body(Node("parameter", (), "real"))


# The part of each function that its polynomial in z approximates, as in the comments of the module.
def odd_part(function: Any) -> Callable[[Any], Any]:
    """Return (f(x) - x)/x^3 as a function of z = x^2."""
    return lambda z: (function(mp.sqrt(z)) / mp.sqrt(z) - 1) / z


def log_part(z: Any) -> Any:
    """Return (ln((1 + s)/(1 - s)) - 2 s)/s^3 for z = s^2."""
    return 2 * odd_part(mp.atanh)(z)


ERF_AT = mpf(0.84375)


def erf_part(z: Any) -> Any:
    """Return (erf x / x - 2/sqrt(pi))/z for z = x^2."""
    x = mp.sqrt(z)
    return (mp.erf(x) / x - 2 / mp.sqrt(mp.pi)) / z


def erf_rest(z: Any) -> Any:
    """Return e^(x^2) erfc(x)/(z + 1/8) for z = 1/(x + 2) - 1/8."""
    x = 1 / (z + mpf(1) / 8) - 2
    return mp.exp(x * x) * mp.erfc(x) / (z + mpf(1) / 8)


RECIPES = {
    "SINH": (odd_part(mp.sinh), 0.1202),
    "COSH": (lambda z: ((mp.cosh(mp.sqrt(z)) - 1) / z - mpf(1) / 2) / z, 0.1202),
    "SIN": (odd_part(mp.sin), 0.617),
    "COS": (lambda z: ((mp.cos(mp.sqrt(z)) - 1) / z + mpf(1) / 2) / z, 0.617),
    "LOG": (log_part, 0.02945),
    "LOG_TAIL": (lambda z: (log_part(z) - mpf(2) / 3) / z, 0.01021),
    "ATAN": (odd_part(mp.atan), 0.1717),
    "ASIN": (odd_part(mp.asin), 0.2501),
    "ASINH": (odd_part(mp.asinh), 0.1251),
    "ERF": (erf_part, 0.712),
    "ERF_STEP": (lambda z: (mp.erf(ERF_AT + z) - mp.erf(ERF_AT)) / z, 0.40626),
    "ERF_REST": (erf_rest, 0.1827),
}


@pytest.mark.parametrize("name", RECIPES)
def test_a_polynomial_is_what_its_recipe_gives(name: str) -> None:
    function, end = RECIPES[name]
    coefficients = getattr(polynomials, name)
    n = len(coefficients)
    with mp.workprec(300):
        roots = [mp.cos(mp.pi * (2 * i + 1) / (2 * n + 2)) for i in range(n + 1)]
        nodes = [mpf(end) * (x - roots[-1]) / (1 - roots[-1]) for x in roots[:-1]]
        matrix = mp.matrix([[z**i for i in range(n)] for z in nodes])
        solution = mp.lu_solve(matrix, mp.matrix([function(z) for z in nodes]))
        assert tuple(map(float, solution)) == coefficients


CONSTANTS = {
    "LN2": lambda: mp.log(2),
    "LN_3_2": lambda: mp.log(mpf(3) / 2),
    "LOG10_2": lambda: mp.log10(2),
    "LOG10E": lambda: 1 / mp.log(10),
    "TWO_THIRDS": lambda: mpf(2) / 3,
    "PI_4": lambda: mp.pi / 4,
    "PI_2": lambda: mp.pi / 2,
    "PI_2_PIECES": lambda: mp.pi / 2,
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_the_parts_of_a_constant_are_exact_and_positive(name: str) -> None:
    parts = getattr(polynomials, name)
    with mp.workprec(300):
        rest = CONSTANTS[name]()
        for part in parts[:-1]:
            assert 0.0 < part <= rest
            rest -= mpf(part)
        assert parts[-1] == float(rest)


if __name__ == "__main__":
    for each in NAMES:
        print(each, *worst_error(each, int(sys.argv[1])), len(trace(each)[1]), flush=True)
