"""A Python function as one LLVM module: numba's IR, our elementary functions, a plain C function.

The C function takes what ``parameters`` says. It is one object file, which every kernel and the
interpreter share, and the module's text is cached, so that a cached run never imports numba.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from adl.compiler import cache as disk
from adl.compiler.emit.elementary import emit_elementary
from adl.compiler.emit.operations import INTRINSICS
from adl.compiler.emit.text import real
from adl.compiler.python.sources import description
from adl.stdlib.registry import FLATTENED, Function

# What numba calls for Python's mathematics -> an intrinsic that is exact, or a function of ours.
_EXACT = ("sqrt", "floor", "ceil", "trunc", "rint", "fabs", "copysign")
_OURS = (
    *("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "exp", "log", "log10"),
    *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "pow", "erf"),
)
_DECLARED = re.compile(r'^declare [^@]*@"?([\w.$]+)"?\(.*$', re.MULTILINE)
_HARMLESS = re.compile(
    r"llvm\.(sqrt|floor|ceil|trunc|rint|fabs|copysign|minnum|maxnum|abs|smin|smax|umin|umax|"
    r"[su](add|sub|mul)\.with\.overflow|ctpop|ctlz|cttz|memset|memcpy|memmove|lifetime|expect|"
    r"assume|is\.fpclass|fptosi\.sat)\b.*|adl_\w+"
)


@dataclass(frozen=True)
class Code:
    """The text of a module, and the name of the C function in it."""

    symbol: str
    text: str


class Unavailable(Exception):
    """A function calls what has no version of ours."""


@cache
def code(function: Function) -> Code:
    """Return the module of an algorithm or of a user's function, from the cache if it is there.

    Raises:
        NotCompiled: numba refuses it.
        Unavailable: it needs a function that nobody has made reproducible.
    """
    key = disk.key("python function", _FORM, description(function))
    symbol = f"alg_{function.name}_{key[:16]}"
    known = disk.load(key)
    if known is not None:
        return Code(symbol, known.decode())
    from adl.compiler.python.frontend import compile_python

    compiled = compile_python(function)
    text = _module(function, symbol, compiled.text, compiled.symbol)
    disk.save(key, text.encode())
    return Code(symbol, text)


_FORM = "2"  # of the wrapper below: another one is another key


# -------------------------------------------------------------------------- the C function


def parameters(function: Function) -> tuple[str, ...]:
    """Return the C types of the arguments, in order.

    Numbers are double, or int64; a collection is four pointers and its length, an array one and
    its length. Then pointers to the result, if it is flags or a collection, and to working memory.
    Last come a pointer to five int64 for a fault (number, address, event, last event, events), and the event.
    """
    types: list[str] = []
    for kind in function.arguments:
        flat = FLATTENED[kind]
        arrays = flat.count("array")
        types += ["ptr"] * arrays + ["i64"] if arrays else [_NUMBERS[f] for f in flat]
    types += ["ptr"] * (outputs(function) + function.scratch)
    return (*types, "ptr", "i64")


def result_type(function: Function) -> str:
    """Return the C type of the result: the number of elements of a collection, 0 for flags."""
    return "double" if function.result == "real" else "i64"


def outputs(function: Function) -> int:
    """Return how many arrays a function fills."""
    return {"flags": 1, "collection": 4}.get(function.result, 0)


_NUMBERS = {"real": "double", "int": "i64", "bool": "i64"}


def _module(function: Function, symbol: str, text: str, inner: str) -> str:
    """Return the whole module; only the C function can be seen from outside."""
    text = _defined(_internal(_renamed(text)))
    called = set(re.findall(r"@adl_(\w+)\(", text))
    # Those that numba declares are defined here.
    text = re.sub(r"^declare .*@adl_\w+\(.*$", "", text, flags=re.MULTILINE)
    declared = set(re.findall(r"^declare .*@(llvm\.[\w.]+)\(", text, re.MULTILINE))
    own = [line for line in INTRINSICS.splitlines() if not _names_one_of(line, declared)]
    elementary = [emit_elementary(name) for name in sorted(called)]
    wrapper = _wrapper(function, symbol, inner)
    return "\n".join([text, *own, *elementary, wrapper])


def _renamed(text: str) -> str:
    """Replace the functions of libm by exact intrinsics and by ours.

    Raises:
        Unavailable: one of them is neither.
    """
    wanted = {name: f"llvm.{name}.f64" for name in _EXACT}
    wanted |= {name: f"adl_{name}" for name in _OURS}
    wanted |= {f"llvm.{name}.f64": f"adl_{name}" for name in _OURS}
    for name in _DECLARED.findall(text):
        new = wanted.get(name, name)
        if not _HARMLESS.fullmatch(new):
            raise Unavailable(
                name.removeprefix("llvm.").removeprefix("numba_").removesuffix(".f64")
            )
        if new != name:
            known = re.search(rf"^declare .*@{re.escape(new)}\(", text, re.MULTILINE)
            declaration = re.compile(rf"^declare .*@{re.escape(name)}\(.*$", re.MULTILINE)
            signature = declaration.search(text)
            assert signature is not None
            number = signature[0].partition("(")[2].partition(")")[0].count("double")
            fresh = f"declare double @{new}({', '.join(['double'] * number)})"
            text = declaration.sub("" if known else fresh, text)
            text = text.replace(f"@{name}(", f"@{new}(")
    return text


def _internal(text: str) -> str:
    """Let nothing of numba's be seen from outside, so that what is not called goes."""
    text = re.sub(r"^define (linkonce_odr )?i32", "define internal i32", text, flags=re.MULTILINE)
    text = re.sub(r"= (common|linkonce) global", "= internal global", text)
    assert "NRT_" not in text, "a function needs numba's runtime"
    return text


def _defined(text: str) -> str:
    """Have conversions to integers give the same everywhere, of what does not fit and of NaN, too."""
    return re.sub(
        r"fptosi double (\S+) to i64", r"call i64 @llvm.fptosi.sat.i64.f64(double \1)", text
    )


def _names_one_of(line: str, declared: set[str]) -> bool:
    found = re.search(r"@(llvm\.[\w.]+)\(", line)
    return found is not None and found[1] in declared


def _wrapper(function: Function, symbol: str, inner: str) -> str:
    types = parameters(function)
    names = [f"%a{i}" for i, _ in enumerate(types)]
    *plain, fault, event = names
    numba, lengths = _arguments(function, plain)
    result = {"real": "double", "bool": "i8"}.get(function.result, "i64")
    nothing = real(float("nan")) if result == "double" else "0"
    guard = [name for name, kind in zip(plain, types, strict=False) if kind == "double"]
    lines = [
        f"define {result_type(function)} @{symbol}({_joined(types, names)}) nounwind noinline {{",
        "entry:",
        f"  %result = alloca {result if function.result != 'flags' else 'ptr'}",
        "  %exception = alloca ptr",
        *_total(lengths),
        *_cleared(function, plain, types),
        *(_unless_nan(guard, result, nothing) if function.form == "algorithm" else ()),
        f"  %status = call i32 @{inner}(ptr %result, ptr %exception{''.join(numba)})",
        *_after(function, result, nothing, fault, event),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _joined(types: tuple[str, ...], names: list[str]) -> str:
    return ", ".join(f"{t} {n}" for t, n in zip(types, names, strict=True))


def _arguments(function: Function, names: list[str]) -> tuple[list[str], list[str]]:
    """Return the arguments as numba passes them, and the names of the lengths of collections."""
    left: Iterator[str] = iter(names)
    passed: list[str] = []
    lengths: list[str] = []
    for kind in function.arguments:
        flat = FLATTENED[kind]
        if "array" in flat:
            pointers = [next(left) for _ in flat]
            lengths.append(next(left))
            passed += [_array(pointer, lengths[-1], 8) for pointer in pointers]
            continue
        for number in flat:
            name = next(left)
            # A truth value is a byte to numba.
            typed = {"real": f", double {name}", "int": f", i64 {name}"}
            passed.append(typed.get(number, f", i8 {name}.byte"))
    rest = list(left)
    if function.result == "flags":
        passed += [_array(pointer, lengths[0], 1) for pointer in rest[:1]]
    if function.result == "collection":
        passed += [_array(pointer, "%total", 8) for pointer in rest[:4]]
    work = rest[outputs(function) :]
    return passed + [_array(pointer, "%more", 8) for pointer in work], lengths


def _array(data: str, length: str, size: int) -> str:
    """Write an array of numba's: two owners (none), length, size of an entry, data, shape, step."""
    return f", ptr null, ptr null, i64 {length}, i64 {size}, ptr {data}, i64 {length}, i64 {size}"


def _total(lengths: list[str]) -> list[str]:
    lines = ["  %total.0 = add i64 0, 0"]
    for i, length in enumerate(lengths):
        lines.append(f"  %total.{i + 1} = add i64 %total.{i}, {length}")
    return [*lines, f"  %total = add i64 %total.{len(lengths)}, 0", "  %more = add i64 %total, 1"]


def _cleared(function: Function, names: list[str], types: tuple[str, ...]) -> list[str]:
    """Write what comes before the call: bytes of truth values, cleared flags."""
    lines = []
    at = 0
    for kind in function.arguments:
        flat = FLATTENED[kind]
        if kind == "bool":
            lines.append(f"  {names[at]}.byte = trunc i64 {names[at]} to i8")
        at += len(flat) + ("array" in flat)
    if function.result == "flags":
        lines.append(
            f"  call void @llvm.memset.p0.i64(ptr {names[at]}, i8 0, i64 %total, i1 false)"
        )
    return lines


def _unless_nan(numbers: list[str], result: str, nothing: str) -> list[str]:
    """Write that an algorithm of a NaN is not called: its result is NaN, or has no element."""
    if not numbers:
        return []
    lines = []
    for i, name in enumerate(numbers):
        before = "false" if i == 0 else f"%nan.{i - 1}"
        lines += [
            f"  %is.{i} = fcmp uno double {name}, {name}",
            f"  %nan.{i} = or i1 {before}, %is.{i}",
        ]
    returned = "i64 0" if result != "double" else f"double {nothing}"
    return [
        *lines,
        f"  br i1 %nan.{len(numbers) - 1}, label %not, label %do",
        "not:",
        f"  ret {returned}",
        "do:",
    ]


def _after(function: Function, result: str, nothing: str, fault: str, event: str) -> list[str]:
    """Write what comes after the call: the result, or a note of the first exception."""
    returned = result_type(function)
    value = ["  %value = load " + (f"{result}, ptr %result")]
    if function.result == "flags":
        value = ["  %value = add i64 0, 0"]
    if result == "i8":
        value += ["  %truth = zext i8 %value to i64", "  ret i64 %truth"]
    else:
        value += [f"  ret {returned} %value"]
    return [
        # 0 and -2 (None) are the good ends.
        "  %raised = icmp sgt i32 %status, 0",
        "  br i1 %raised, label %fault, label %good",
        "good:",
        *value,
        "fault:",
        f"  %number = load i64, ptr {fault}",
        f"  %address.at = getelementptr i64, ptr {fault}, i64 1",
        f"  %event.at = getelementptr i64, ptr {fault}, i64 2",
        "  %address = load ptr, ptr %exception",
        "  %first = icmp eq i64 %number, 0",
        "  %next = add i64 %number, 1",
        f"  store i64 %next, ptr {fault}",
        # The event counts once: its calls come one after the other.
        f"  %last.at = getelementptr i64, ptr {fault}, i64 3",
        f"  %events.at = getelementptr i64, ptr {fault}, i64 4",
        "  %last = load i64, ptr %last.at",
        f"  %other = icmp ne i64 %last, {event}",
        "  %new = or i1 %first, %other",
        "  %one = zext i1 %new to i64",
        "  %events = load i64, ptr %events.at",
        "  %events.now = add i64 %events, %one",
        "  store i64 %events.now, ptr %events.at",
        f"  store i64 {event}, ptr %last.at",
        "  br i1 %first, label %note, label %end",
        "note:",
        "  store ptr %address, ptr %address.at",
        f"  store i64 {event}, ptr %event.at",
        "  br label %end",
        "end:",
        f"  ret {returned} {nothing}",
    ]
