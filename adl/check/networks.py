"""Networks: ``onnx("model.onnx", a, b)``, ``OME("model.onnx", inputs, means, sigmas, 0)``.

Inputs may stand in lists; with means and sigmas each is (x - mean) / sigma. The model is one of one
input and is looked for beside the analysis and in the folders of --model-path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from adl.check.analysis import DefineRef, List_, Literal_, Network, Operation, Value
from adl.check.context import Context
from adl.check.scope import Scope, mistake
from adl.check.types import convert, number
from adl.stdlib.onnxfile import ModelFileError, Signature, signature
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.source import Span
from adl.syntax.tree import Call, Expr, ListOf, Named, Number, Text

Check = Callable[[Scope, Expr], Value | None]

NAMES = frozenset(("onnx", "ome"))
_SETTINGS = ("means", "sigmas", "output")
_FORMS = 'onnx("model.onnx", [a, b], means=[1, 2], sigmas=[1, 1], output=0)'
# Outputs of a model are counted in the first of them, laid out in a row.
_NUMBERS = frozenset(("float32", "float64"))


@dataclass(frozen=True)
class _Written:
    """The parts of a call as they were written."""

    inputs: tuple[Expr, ...]
    means: Expr | None = None
    sigmas: Expr | None = None
    output: Expr | None = None


def list_of(scope: Scope, expr: ListOf, check: Check) -> List_ | None:
    """Return the numbers of ``{ a b c }``; a list in it adds its own."""
    items: list[Value] = []
    complete = True
    for item in expr.items:
        found = _numbers(scope, item, check)
        complete = complete and found is not None
        items += found or ()
    return List_(tuple(items), type="list", span=expr.span) if complete else None


def network(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return a number that a network gives."""
    name = expr.function.name
    if not expr.arguments or not isinstance(expr.arguments[0], Text):
        message = f"{name} begins with the file of a model"
        return mistake(scope, "E283", message, expr.span, f"as in {_FORMS}")
    written = _parts(scope, expr)
    if written is None:
        return None
    lists = [
        _all_numbers(scope, part, check)
        for part in (written.inputs, _several(written.means), _several(written.sigmas))
    ]
    output = _output(scope, written.output)
    if any(part is None for part in lists) or output is None:
        return None
    inputs, means, sigmas = ([convert(v, "real") for v in part or ()] for part in lists)
    if not inputs:
        return mistake(scope, "E283", f"{name} has no input", expr.span, f"as in {_FORMS}")
    if not _fit(scope, inputs, means, "means", expr.span):
        return None
    if not _fit(scope, inputs, sigmas, "sigmas", expr.span) or _has_zero(scope, sigmas):
        return None
    path = _model(scope.context, expr.arguments[0], len(inputs), output, expr.span)
    if path is None:
        return None
    standard = tuple(_standardised(inputs, means, sigmas))
    file = expr.arguments[0].value
    return Network(file, path, standard, output, type="real", span=expr.span)


# ------------------------------------------------------------------------------ the arguments


def _parts(scope: Scope, expr: Call) -> _Written | None:
    """Return the parts of a call; None after a mistake that has been reported."""
    plain = [a for a in expr.arguments[1:] if not isinstance(a, Named)]
    named = {a.name.name.lower(): a for a in expr.arguments[1:] if isinstance(a, Named)}
    for word, argument in named.items():
        if word not in _SETTINGS:
            message = f"{expr.function.name} has no setting {argument.name.name}"
            help = did_you_mean(word, _SETTINGS) or f"as in {_FORMS}"
            mistake(scope, "E283", message, argument.name.span, help)
            return None
    # OME("model.onnx", inputs, means, sigmas, 0): three lists and a place.
    in_lists = expr.function.name.lower() == "ome" or all(_is_list(scope, p) for p in plain[:3])
    if in_lists and not named and len(plain) == 4 and isinstance(plain[3], Number):
        return _Written((plain[0],), plain[1], plain[2], plain[3])
    return _Written(tuple(plain), *(named[s].value if s in named else None for s in _SETTINGS))


def _is_list(scope: Scope, expr: Expr) -> bool:
    block = scope.context.blocks.get(getattr(expr, "name", ""))
    return isinstance(expr, ListOf) or isinstance(getattr(block, "value", None), ListOf)


def _several(expr: Expr | None) -> tuple[Expr, ...]:
    return () if expr is None else (expr,)


def _all_numbers(scope: Scope, exprs: Sequence[Expr], check: Check) -> list[Value] | None:
    found = [_numbers(scope, expr, check) for expr in exprs]
    if any(part is None for part in found):
        return None
    return [value for part in found for value in part or ()]


def _numbers(scope: Scope, expr: Expr, check: Check) -> tuple[Value, ...] | None:
    """Return the numbers of a list, written here or defined, or the one that an argument is."""
    if isinstance(expr, ListOf):
        found = list_of(scope, expr, check)
        return None if found is None else found.items
    value = check(scope, expr)
    if isinstance(value, DefineRef) and isinstance(value.define.value, List_):
        return value.define.value.items
    one = number(scope, value)
    return None if one is None else (one,)


def _output(scope: Scope, expr: Expr | None) -> int | None:
    """Return the place of the output that is meant, the first by default."""
    if expr is None:
        return 0
    if isinstance(expr, Number) and isinstance(expr.value, int):
        return expr.value
    words = scope.context.words(expr.span)
    message = f"the output of a network is a whole number, not {words}"
    mistake(scope, "E283", message, expr.span, "output=0 is the first")
    return None


def _fit(scope: Scope, inputs: list[Value], others: list[Value], what: str, span: Span) -> bool:
    if not others or len(others) == len(inputs):
        return True
    message = f"{len(inputs)} inputs have {len(others)} {what}"
    mistake(scope, "E283", message, span, "there is one for each input")
    return False


def _has_zero(scope: Scope, sigmas: list[Value]) -> bool:
    """Report a sigma of 0: every input is divided by its own."""
    for sigma in sigmas:
        if isinstance(sigma, Literal_) and sigma.value == 0:
            mistake(scope, "E283", "a sigma is 0, and inputs are divided by it", sigma.span)
            return True
    return False


def _standardised(inputs: list[Value], means: list[Value], sigmas: list[Value]) -> Iterator[Value]:
    """Yield (x - mean) / sigma of each input."""
    for i, x in enumerate(inputs):
        if means:
            x = Operation("sub", (x, means[i]), type="real", span=x.span)
        if sigmas:
            x = Operation("div", (x, sigmas[i]), type="real", span=x.span)
        yield x


# ---------------------------------------------------------------------------------- the model


def _model(context: Context, file: Text, inputs: int, output: int, span: Span) -> str | None:
    """Return the file of a model that fits; None after a mistake, "" for one of another machine.

    A path of another machine is a mistake only where something is to be run.
    """
    found = next((p for p in _places(context, file.value) if p.is_file()), None)
    if found is None:
        if _is_absolute(file.value) and not context.schema.complete:
            return ""
        searched = ", ".join(dict.fromkeys(str(p) for p in _places(context, file.value)))
        message = f"there is no model {file.value}"
        help = f"looked for {searched}; --model-path FOLDER names another folder"
        context.findings.error("E284", message, file.span, help)
        return None
    try:
        known = signature(found)
    except OSError as error:
        reason = error.strerror or str(error)
        context.findings.error("E284", f"{found}: {reason}".lower(), file.span)
        return None
    except ModelFileError as error:
        context.findings.error("E284", f"{found} cannot be read: {error}", file.span)
        return None
    misfit = _misfit(known, inputs, output)
    if misfit is None:
        return str(found)
    context.findings.error("E283", f"{file.value} {misfit}", span)
    return None


def _places(context: Context, path: str) -> Iterator[Path]:
    """Yield where a model may be, the likeliest first."""
    if _is_absolute(path):
        yield Path(path)
    else:
        yield Path(context.source.name).parent / path
    name = PureWindowsPath(path).name  # which knows both kinds of slashes
    for folder in (Path(context.source.name).parent, *map(Path, context.model_path)):
        if not _is_absolute(path):
            yield folder / path
        yield folder / name


def _is_absolute(path: str) -> bool:
    return Path(path).is_absolute() or PureWindowsPath(path).is_absolute()


def _misfit(known: Signature, inputs: int, output: int) -> str | None:
    """Return why a model does not fit so many inputs and this output, in words after its name."""
    if len(known.inputs) != 1:
        names = ", ".join(tensor.name for tensor in known.inputs)
        return f"has {len(known.inputs)} inputs ({names}): only models of one can be used"
    (taken,), given = known.inputs, known.outputs[0]
    if taken.dtype not in _NUMBERS:
        return f"takes {taken.dtype or 'no numbers'}: only float32 and float64 can be given"
    if taken.shape is not None:
        if len(taken.shape) not in (1, 2):
            return f"takes an array of {len(taken.shape)} dimensions: a list of numbers is given"
        if taken.shape[-1] not in (None, inputs):
            return f"takes {taken.shape[-1]} inputs, and {inputs} are given"
    if not given.dtype:
        return "gives no numbers as its first output"
    numbers = _numbers_given(known)
    if numbers is not None and output >= numbers:
        return f"gives {numbers} number{'s' if numbers > 1 else ''}: there is no output {output}"
    return None


def _numbers_given(known: Signature) -> int | None:
    """Return how many numbers a model gives for one set of inputs; None if it does not say."""
    shape, taken = known.outputs[0].shape, known.inputs[0].shape
    if shape is None or taken is None:
        return None
    rest = shape[1:] if len(taken) == 2 and len(shape) > 0 else shape
    total = 1
    for size in rest:
        if size is None:
            return None
        total *= size
    return total
