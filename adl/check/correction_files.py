"""Corrections: ``correction("file.json.gz", "name", inputs…)``, a number of correctionlib.

The file is looked for beside the analysis and everything that can be wrong with a call is found
here. ``find`` and ``applied`` are for who declares corrections in other words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from adl.check.analysis import CorrectionAt, DefineRef, Literal_, Open, Text_, Value
from adl.check.constants import has_places, interpolated, is_open
from adl.check.context import Context, Found
from adl.check.scope import Scope, mistake
from adl.check.types import convert, number
from adl.stdlib.corrections.contents import NotYet, content, nothing
from adl.stdlib.corrections.files import Correction, CorrectionFileError, Input, read
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.source import Span
from adl.syntax.tree import Call, Expr, Named, Text

Check = Callable[[Scope, Expr], Value | None]

_FORM = 'correction("muons.json.gz", "scale_factor", "nominal", abs(eta(this)), pt(this))'
_KINDS = {"string": "a text", "int": "a whole number", "real": "a number"}
# What is written for an input: an expression, or a text that is already known.
Written = Expr | str


def correction(scope: Scope, expr: Call, check: Check) -> Value | None:
    """Return a call's value; open where the dataset decides which correction it is."""
    file, name = (*expr.arguments[:2], None, None)[:2]
    if not isinstance(file, Text) or not isinstance(name, Text):
        message = "correction begins with a file and the name of a correction in it"
        return mistake(scope, "E293", message, expr.span, f"as in {_FORM}")
    found = find(scope.context, file, name)
    if found is None:
        return None
    written = expr.arguments[2:]
    if found.meaning is None:
        for argument in written:
            if not isinstance(argument, Text):
                check(scope, argument)
        return Open(scope.context.words(expr.span), type="real", span=expr.span)
    return applied(scope, found.meaning, written, expr.span, check)


def find(context: Context, file: Text, name: Text) -> Found[Correction] | None:
    """Return the correction of a file; a meaning of None where only a dataset says which it is.

    None after a mistake, which has been reported.
    """
    if any(is_open(context, t.value) for t in (file, name)):
        return Found(None)
    path, wanted = (interpolated(context, t.value, t.span) for t in (file, name))
    if has_places(path) or has_places(wanted):  # the dataset does not say it: reported
        return None
    where = Path(context.source.name).parent / path
    try:
        known = read(where).corrections
    except CorrectionFileError as error:
        code = "E291" if error.version else "E290"
        help = (
            "correctionlib 2 reads and writes version 2: its model is schemav2"
            if error.version
            else ""
        )
        context.findings.error(code, f"{path} is no file of corrections: {error}", file.span, help)
        return None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        help = "a path is relative to the folder of the analysis"
        context.findings.error("E290", f"{where}: {reason}", file.span, help)
        return None
    if wanted in known:
        return Found(known[wanted])
    hints = filter(None, (did_you_mean(wanted, list(known)), _listed("it has", list(known))))
    message = f"{path} has no correction {wanted}"
    context.findings.error("E292", message, name.span, "\n".join(hints))
    return None


def applied(
    scope: Scope, known: Correction, written: Sequence[Written], span: Span, check: Check
) -> Value | None:
    """Return a correction's value for what is written for its inputs, in their order."""
    if len(written) != len(known.inputs) or any(isinstance(w, Named) for w in written):
        message = f"correction {known.name} takes {len(known.inputs)} inputs, not {len(written)}"
        return mistake(scope, "E293", message, span, _inputs(known))
    given: list[str | int | None] = []
    arguments: list[Value] = []
    complete, unsettled = True, False
    for need, one in zip(known.inputs, written, strict=True):
        if need.kind == "string":
            text = _text(scope, known, need, one, check)
            complete, unsettled = complete and text is not None, unsettled or text == ""
            given.append(text)
            continue
        value = _number(scope, known, need, one, span, check)
        if value is None:
            complete = False
        elif isinstance(value, Literal_) and need.kind == "int":
            given.append(int(value.value))
        else:
            given.append(None)
            arguments.append(value)
    if not complete:
        return None
    if unsettled:
        return Open(scope.context.words(span), type="real", span=span)
    if not has_content(scope, known, given, written, span):
        return None
    return CorrectionAt(known, tuple(given), tuple(arguments), type="real", span=span)


# ----------------------------------------------------------------------------------- inputs


def _text(
    scope: Scope, known: Correction, wanted: Input, written: Written, check: Check
) -> str | None:
    """Return the text of an input; empty where the dataset says it, None after a mistake."""
    if isinstance(written, str):
        return written
    if isinstance(written, Text):
        text = interpolated(scope.context, written.value, written.span)
        return "" if is_open(scope.context, written.value) else text
    value = check(scope, written)
    while isinstance(value, DefineRef):
        value = value.define.value
    if isinstance(value, Text_):
        return value.text
    if isinstance(value, Open) and value.type == "text":
        return ""
    if value is not None:
        message = f"{wanted.name} of correction {known.name} is a text"
        words = scope.context.words(written.span)
        help = _listed("one of", [f'"{c}"' for c in known.categories(wanted.name)])
        mistake(scope, "E293", f"{message}, {words} is none", written.span, help)
    return None


def _number(
    scope: Scope, known: Correction, wanted: Input, written: Written, span: Span, check: Check
) -> Value | None:
    """Return the number of an input, of the kind that the correction declares."""
    what = f"{wanted.name} of correction {known.name} is {_KINDS[wanted.kind]}"
    if isinstance(written, (str, Text)):
        at = written.span if isinstance(written, Text) else span
        return mistake(scope, "E293", f"{what}, not a text", at, _inputs(known))
    asking = scope.asking(f"{wanted.name} of correction {known.name} needs one number")
    value = number(scope, check(asking, written))
    if value is None:
        return None
    if wanted.kind == "int" and value.type == "real":
        words = scope.context.words(written.span)
        message = f"{what}, {words} is a real one"
        return mistake(scope, "E293", message, written.span, _inputs(known))
    return convert(value, "int" if wanted.kind == "int" else "real")


# ----------------------------------------------------------------------------------- content


def has_content(
    scope: Scope,
    known: Correction,
    given: Sequence[str | int | None],
    written: Sequence[Written],
    span: Span,
) -> bool:
    """Report a category that the correction does not have, and what cannot be translated yet."""
    by_name = {i.name: g for i, g in zip(known.inputs, given, strict=True) if g is not None}
    try:
        for part in known.stack or (known,):
            own = {i.name: by_name[i.name] for i in part.inputs if i.name in by_name}
            lacking = nothing(content(part, own))
            if lacking is None:
                continue
            at = written[known.place(lacking.input)]
            place = span if isinstance(at, str) else at.span
            message = f"correction {part.name} has no {lacking.input} {lacking.given}"
            near = did_you_mean(lacking.given, list(lacking.known))
            help = "\n".join(filter(None, (near, _listed("it has", list(lacking.known)))))
            mistake(scope, "E294", message, place, help)
            return False
    except NotYet as problem:
        message = f"correction {known.name} has {problem}, which is not supported yet"
        help = 'onnx("model.onnx", [inputs], output=0) runs a network of a file of its own'
        mistake(scope, "E190", message, span, help)
        return False
    return True


def refuse_default(scope: Scope, known: Correction, wanted: Input, text: str, span: Span) -> None:
    """Report a category for which a correction has its default: no variation is made of that."""
    keys = known.categories(wanted.name)
    if not keys or text in keys:
        return
    message = f"correction {known.name} has no {wanted.name} {text}, only a default for all others"
    help = filter(None, (did_you_mean(text, [*map(str, keys)]), _listed("it has", keys)))
    mistake(scope, "E294", message, span, "\n".join(help))


def _inputs(known: Correction) -> str:
    return f"its inputs are {', '.join(f'{i.name} ({i.kind})' for i in known.inputs)}"


def _listed(words: str, names: Sequence[object]) -> str:
    """Return a line of names, not too many."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{words} {', '.join(map(str, names[:_SHOWN]))}{more}" if names else ""


_SHOWN = 20
