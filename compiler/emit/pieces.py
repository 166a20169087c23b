"""A kernel in pieces: functions that are compiled and kept on their own, a few in a module.

What an edit leaves alone is not compiled again: a function's text says nothing of where its numbers,
columns and callees are (``own.py``), functions of one text are one, and the module in which a function
stands depends on nothing but its text. LLVM takes some five milliseconds for any module, so small
functions share one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import NamedTuple

from adl.compiler.emit import ahead, variations
from adl.compiler.emit.arguments import Arguments
from adl.compiler.emit.decisions import SUPPORT as DECISIONS
from adl.compiler.emit.decisions import walk, walk_name
from adl.compiler.emit.elementary import emit_again, emit_elementary
from adl.compiler.emit.evaluate import declaration
from adl.compiler.emit.module import METADATA, NOTHING, body, inline_fills, memo, numbered, turns
from adl.compiler.emit.operations import INTRINSICS
from adl.compiler.emit.own import NAME, Own
from adl.compiler.emit.support import SUPPORT, filler
from adl.compiler.emit.tables import lookup, lookup_name
from adl.compiler.ir import Evaluate
from adl.compiler.kernel import Kernel
from adl.compiler.layout import Layout
from adl.compiler.program import Program
from adl.compiler.python.code import code
from adl.stdlib.registry import FUNCTIONS
from adl.syntax.collecting import uncollected

_TOGETHER = 6  # small functions of a module, about
# Bodies are guards and fills: O1 takes two thirds of the time for code that is 1.5 % slower. The loops
# over objects are in memoised values, which most edits leave alone.
_BODIES, _LOOPS = 1, 2


@dataclass(frozen=True)
class Piece:
    """One function of a kernel."""

    name: str  # in this kernel
    symbol: str  # that of its text
    arguments: Own
    flag: int  # of the event's flags the first that it sees


class Unit(NamedTuple):
    """A module, and how much LLVM optimises it."""

    text: str
    level: int


@dataclass(frozen=True)
class Pieces:
    """All functions of a kernel and the modules that have them; ``roots`` run for every event."""

    modules: tuple[Unit, ...]
    pieces: tuple[Piece, ...]
    roots: tuple[str, ...]
    flags: int
    arguments: Arguments


@uncollected
def emit_pieces(program: Program, kernel: Kernel, layout: Layout) -> Pieces:
    """Write a kernel in pieces."""
    arguments = Arguments.of(program, layout)
    pieces, texts, bodies, alone = [], dict[str, str](), set[str](), set[str]()
    for name, flag, own, text in _functions(kernel, arguments):
        symbol = f"piece_{hashlib.sha256(text.encode()).hexdigest()[:32]}"
        pieces.append(Piece(name, symbol, own, flag))
        texts[symbol] = text.replace(f"@{NAME}(", f"@{symbol}(", 1)
        if name.startswith(("body", "turns")):
            bodies.add(symbol)
        if not name.startswith("memo"):
            alone.add(symbol)
    written = _written(program, [piece.arguments for piece in pieces])
    modules = tuple(
        Unit(
            _module("".join(texts[symbol] for symbol in symbols), written),
            _BODIES if bodies.issuperset(symbols) else _LOOPS,
        )
        for symbols in _together(texts, alone)
    )
    roots = [f"body_{n}" for n, _ in enumerate(kernel.bodies)]
    roots += [f"turns_{n}" for n, _ in enumerate(kernel.turns)]
    return Pieces(modules, tuple(pieces), tuple(roots), len(kernel.memoised), arguments)


def _functions(kernel: Kernel, arguments: Arguments) -> Iterator[tuple[str, int, Own, str]]:
    """Yield every function: its name, the first flag that it sees, its arguments, its text."""
    order = numbered(kernel)

    def own() -> Own:
        return Own.within(arguments)

    for number, nodes in enumerate(kernel.memoised):
        yield f"memo_{number}", number, (a := own()), memo(number, nodes, kernel, a, order, 0)
    for number, item in enumerate(kernel.ahead):
        yield f"ahead_{number}", 0, (a := own()), ahead.computed(item, number, 0, a)
    for number, block in enumerate(kernel.bodies):
        yield f"body_{number}", 0, (a := own()), body(str(number), block, kernel, a, order)
    for number, group in enumerate(kernel.turns):
        for place, block in enumerate(group.bodies):
            name = f"{number}_{place}"
            yield f"body_{name}", 0, (a := own()), body(name, block, kernel, a, order, group.axis)
        own_flags = (n for n, nodes in enumerate(kernel.memoised) if group.axis in nodes[0].free)
        first = next(own_flags, 0)
        yield f"turns_{number}", first, (a := own()), turns(number, kernel, a, order, 0)


def _together(texts: dict[str, str], alone: set[str]) -> Iterator[list[str]]:
    """Yield the functions of each module: small ones where their own names say, others alone."""
    small = [symbol for symbol in texts if symbol not in alone]
    number = 1
    while number * _TOGETHER < len(small):
        number *= 2
    for which in range(number):
        chosen = sorted(s for s in small if int(s[-8:], 16) % number == which)
        if chosen:
            yield chosen
    yield from ([symbol] for symbol in texts if symbol in alone)


def _module(text: str, written: Mapping[str, Callable[[], str]]) -> str:
    """Write a module: functions, and all that they call."""
    called: dict[str, str] = {}
    waiting = _names(text)
    while waiting:
        name = waiting.pop()
        if name in written and name not in called:
            called[name] = written[name]()
            waiting += _names(called[name])
    support = (called[name] for name in sorted(called))
    return "\n".join([INTRINSICS, NOTHING, *support, text, *METADATA])


def _names(text: str) -> list[str]:
    return _NAME.findall(text)


_NAME = re.compile(r"call \S+ @(\w+)\(")


def _written(program: Program, arguments: list[Own]) -> dict[str, Callable[[], str]]:
    """Return what writes each function that pieces may call by name."""
    inline = inline_fills(program)
    found: dict[str, Callable[[], str]] = {n: partial(str, t) for n, t in _support().items()}
    for name in FUNCTIONS:
        found[f"adl_{name}"] = partial(emit_elementary, name)
        found[f"adl_inlined_{name}"] = partial(emit_elementary, name, inlined=True)
    for own in arguments:
        found |= {name: partial(filler, fill, inline) for name, fill in own.fillers.items()}
        found |= {n: partial(variations.cell_function, n, b) for n, b in own.cells.items()}
        found |= {f"adl_again_{n}": partial(emit_again, n, many) for n, many in own.again.items()}
        found |= {walk_name(n): partial(walk, n) for n in own.walks}
        found |= {lookup_name(n): partial(lookup, n) for n in own.lookups}
    python = (n for n in program.nodes if isinstance(n, Evaluate))
    return found | {code(n.function).symbol: partial(declaration, n) for n in python}


@cache
def _support() -> dict[str, str]:
    """Return every function of what kernels call that is the same in all, by its name."""
    texts = re.split(r"(?m)^(?=define )", SUPPORT + DECISIONS + variations.SUPPORT)
    return {_DEFINED.findall(text)[0]: text for text in texts if text.startswith("define")}


_DEFINED = re.compile(r"define internal \S+ @(\w+)\(")
