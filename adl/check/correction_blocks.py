"""``correction bSF "btagging.json.gz" deepJet_comb``: a correction as a function, and its variations.

``inputs $, "M", *`` says what stands at the correction's inputs: ``$`` the category that varies (at
first, if it stands nowhere), a text or number as it is, and ``*`` the arguments of a call. A call with
one text more before its arguments chooses the category itself, and does not vary.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from adl.check.analysis import CorrectionAt, Value
from adl.check.constants import has_places, interpolated
from adl.check.context import Context
from adl.check.correction_files import Check, applied, find, has_content, refuse_default
from adl.check.declarations import warn_of_hidden_function
from adl.check.scope import Scope, mistake
from adl.stdlib.corrections.files import Correction as Meaning
from adl.syntax.source import Span
from adl.syntax.tree import Call, Clause, Correction, Expr, File, Name, Number, Text

CATEGORY, ARGUMENTS = "$", "*"
_SHOWN = 20  # categories in a message
_INPUTS = 'inputs $, "M", *'


@dataclass(frozen=True)
class Varied:
    """``vary btag_bc up "up_correlated" down "down_correlated"``, for one systematic.

    ``correlate`` is the label behind it, if there is one.
    """

    systematic: str
    up: Text
    down: Text
    span: Span
    correlate: Text | None = None


@dataclass
class Declared:
    """A correction block: what stands at the inputs, and the categories."""

    name: str
    file: Text
    entry: Text
    span: Span
    inputs: tuple[Expr, ...] = (Name(ARGUMENTS),)
    nominal: Text | None = None
    varied: list[Varied] = field(default_factory=list)
    called: bool = False
    follows: bool = False  # a call leaves the category open: it varies


def corrections(context: Context, file: File) -> dict[str, Declared | None]:
    """Return the correction blocks of a file by name; None after a mistake in a block."""
    found: dict[str, Declared | None] = {}
    spans = {name: block.name.span for name, block in context.blocks.items()}
    for block in file.blocks:
        if not isinstance(block, Correction):
            continue
        name = block.name.name
        first = spans.setdefault(name, block.name.span)
        if first is not block.name.span:
            help = "give one of them another name"
            message = f"{name} is declared twice, first on line {context.line(first)}"
            context.findings.error("E207", message, block.name.span, help)
            _declared(context, block)  # for its own mistakes
            continue
        warn_of_hidden_function(block.name, "this correction", context.findings)
        found[name] = _declared(context, block)
    return found


def _declared(context: Context, block: Correction) -> Declared | None:
    declared = Declared(block.name.name, block.file, block.entry, block.name.span)
    before = len(context.findings.items)
    for i, clause in enumerate(block.clauses):
        if not _once(context, block.clauses[:i], clause):
            continue
        values = dict(clause.settings)
        match clause.word, values.get("", ()):
            case "inputs", tuple() as written if _reads(written):
                declared.inputs = written
            case "nominal", (Text() as text,):
                declared.nominal = text
            case "vary", (Name() as name,):
                _vary(context, declared, name, clause)
            case _:
                forms = {"inputs": _INPUTS, "nominal": 'nominal "central"'}
                help = forms.get(clause.word, 'vary btag up "up" down "down"')
                message = f"this {clause.word} line cannot be read"
                context.findings.error("E268", message, clause.span, help)
    if declared.varied and declared.nominal is None:
        message = f"{declared.name} has variations, and no nominal category"
        context.findings.error("E268", message, block.name.span, 'nominal "central"')
    elif declared.nominal is not None and not any(_is(one, CATEGORY) for one in declared.inputs):
        declared.inputs = (Name(CATEGORY), *declared.inputs)
    return declared if len(context.findings.items) == before else None


def _once(context: Context, before: Sequence[Clause], clause: Clause) -> bool:
    """Whether a line, and each word in it, stands once; what stands twice is reported."""
    words = [word for word, _ in clause.settings]
    double = next((w for i, w in enumerate(words) if w in words[:i]), None)
    first = next((c for c in before if c.word == clause.word and c.word != "vary"), None)
    if double is not None:
        context.findings.error("E268", f"{double} stands twice here", clause.span, "remove one")
    elif first is not None:
        message = f"there is a {clause.word} line already, line {context.line(first.span)}"
        context.findings.error("E268", message, clause.span, "remove one")
    return double is None and first is None


def uncalled(context: Context) -> None:
    """Look for the files of blocks that nothing calls: a mistake there is one all the same.

    What other datasets call, or an unused define, is called.
    """
    for declared in context.corrections.values():
        if declared is None or declared.called or is_written(context, declared):
            continue
        found = find(context, declared.file, declared.entry)
        if found is not None and found.meaning is not None:
            _check_categories(Scope(context), declared, found.meaning)
        if not declared.varied:
            message = f"nothing calls {declared.name}: it corrects nothing"
            help = f"weight sf prod(jets j, {declared.name}(…)), or without the block"
            context.findings.warning("W341", message, declared.span, help)


def _check_categories(scope: Scope, declared: Declared, meaning: Meaning) -> None:
    """Report categories of a block that its correction lacks, whatever its arguments are."""
    rest = len(meaning.inputs) - sum(not _is(one, ARGUMENTS) for one in declared.inputs)
    place = _place(declared, rest)
    for text in filter(None, (declared.nominal, *_texts(declared))):
        written = _written(declared, [Number("0")] * rest, text)
        if place is None or len(written) != len(meaning.inputs):
            return  # a call is told what it lacks
        texts = [one.value if isinstance(one, Text) else None for one in written]
        given = [None if t is None else interpolated(scope.context, t, text.span) for t in texts]
        needs = zip(meaning.inputs, given, strict=True)
        if any((i.kind == "string") == (t is None) or has_places(t or "") for i, t in needs):
            continue  # only a call or a dataset says the rest
        has = has_content(scope, meaning, given, written, text.span)
        if has and text is not declared.nominal:
            refuse_default(scope, meaning, meaning.inputs[place], given[place] or "", text.span)


def is_written(context: Context, declared: Declared) -> bool:
    """Whether a call of a block stands anywhere, be it for another dataset."""
    return re.search(rf"\b{declared.name}\s*\(", context.source.text) is not None


def _reads(written: Sequence[Expr]) -> bool:
    """Whether inputs are texts, numbers, at most one category and the arguments."""
    marks = [one.name for one in written if isinstance(one, Name)]
    plain = all(isinstance(one, (Text, Number, Name)) for one in written)
    return plain and set(marks) <= {CATEGORY, ARGUMENTS} and len(marks) == len(set(marks))


def _vary(context: Context, declared: Declared, name: Name, clause: Clause) -> None:
    values = dict(clause.settings)
    match values.get("up", ()), values.get("down", ()), values.get("correlate", ()):
        case (Text() as up,), (Text() as down,), ():
            own = interpolated(context, name.name, name.span)
            declared.varied.append(Varied(own, up, down, name.span))
        case (Text() as up,), (Text() as down,), (Text() as label,):
            own = interpolated(context, name.name, name.span)
            declared.varied.append(Varied(own, up, down, name.span, label))
        case (Text(),), (Text(),), (first, *_):
            message = "correlate has one label, a text"
            help = 'correlate "b-tagging", or "b-tagging: SOURCE"'
            context.findings.error("E268", message, first.span, help)
        case _:
            message = f"{name.name} needs a category for up and one for down"
            context.findings.error("E268", message, clause.span, 'vary btag up "up" down "down"')


def _is(written: Expr, mark: str) -> bool:
    return isinstance(written, Name) and written.name == mark


def call(scope: Scope, expr: Call, declared: Declared, check: Check) -> Value | None:
    """Return the value of a call of a correction block."""
    declared.called = True
    found = find(scope.context, declared.file, declared.entry)
    arguments = expr.arguments
    first = arguments[0] if arguments else None
    own = isinstance(first, Text) and any(_is(one, CATEGORY) for one in declared.inputs)
    if found is not None and found.meaning is not None and own:
        fixed = sum(not _is(one, ARGUMENTS) for one in declared.inputs)
        own = len(arguments) > len(found.meaning.inputs) - fixed
    declared.follows |= not own or found is None or found.meaning is None
    rest = arguments[1:] if own else arguments
    chosen = first if own else declared.nominal
    written = _written(declared, rest, chosen)
    if found is None:
        return None
    if found.meaning is None:  # only a dataset says which file it is
        return _open(scope, declared, written, expr, check)
    if chosen is None and _lacks_one(found.meaning, written):
        count = f"{len(found.meaning.inputs)} inputs, not {len(written)}"
        lacks = f"{declared.name} has no nominal category"
        message = f"correction {found.meaning.name} takes {count}: {lacks}"
        return mistake(scope, "E293", message, expr.span, _nominal(scope, declared, found.meaning))
    value = applied(scope, found.meaning, written, expr.span, check)
    place = None if own else _place(declared, len(rest))
    if place is None:
        return value
    if not isinstance(value, CorrectionAt):
        _check_categories(scope, declared, found.meaning)
        return value
    complete = True
    for text in _texts(declared):
        varied = applied(scope, found.meaning, _written(declared, rest, text), text.span, check)
        complete = complete and varied is not None
        if varied is not None:
            own_name = interpolated(scope.context, text.value, text.span)
            refuse_default(scope, found.meaning, found.meaning.inputs[place], own_name, text.span)
    return replace(value, block=declared.name, place=place) if complete else None


def _texts(declared: Declared) -> Iterator[Text]:
    """Yield the categories that vary."""
    for varied in declared.varied:
        yield from (varied.up, varied.down)


def _place(declared: Declared, rest: int) -> int | None:
    """Return which input is the category, among so many arguments; None if it is none."""
    category = next((i for i, one in enumerate(declared.inputs) if _is(one, CATEGORY)), None)
    if category is None:
        return None
    before = any(_is(one, ARGUMENTS) for one in declared.inputs[:category])
    return category + (rest - 1 if before else 0)


def _lacks_one(meaning: Meaning, written: Sequence[Expr]) -> bool:
    """Whether one input is missing, and more texts are needed than are written."""
    texts = sum(need.kind == "string" for need in meaning.inputs)
    given = sum(isinstance(one, Text) for one in written)
    return len(written) == len(meaning.inputs) - 1 and given < texts


def _nominal(scope: Scope, declared: Declared, meaning: Meaning) -> str:
    """Return the line that a block lacks, with the categories of the file."""
    texts = [need.name for need in meaning.inputs if need.kind == "string"]
    known = meaning.categories(texts[0]) if len(texts) == 1 else ()
    form = f'nominal "{known[0] if known else "central"}"'
    line = scope.context.line(declared.span)
    every = f": one of {', '.join(map(str, known[:_SHOWN]))}" if len(known) > 1 else ""
    return f"a line {form} in the block of line {line}{every}"


def _written(declared: Declared, rest: Sequence[Expr], category: Expr | None) -> list[Expr]:
    """Return what is written for the correction's inputs, in their order."""
    out: list[Expr] = []
    for one in declared.inputs:
        if _is(one, ARGUMENTS):
            out += rest
        elif _is(one, CATEGORY):
            out += [category] if category is not None else []
        else:
            out.append(one)
    return out


def _open(
    scope: Scope, declared: Declared, written: Sequence[Expr], expr: Call, check: Check
) -> Value | None:
    for argument in written:
        if not isinstance(argument, (Text, Number)) and check(scope, argument) is None:
            return None
    call = Call(Name("correction", span=expr.span), (declared.file, declared.entry), span=expr.span)
    return check(scope, call)
