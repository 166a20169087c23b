# ruff: noqa: D102 - a method is documented by the rule of its name in grammar/adl.lark
"""Grammar rules to trees: the blocks that hold no expressions, and the lines of systematics."""

from __future__ import annotations

from typing import Any

from lark import Token

from adl.syntax.build_basics import Misread, across, place
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.keywords import ALONE, TABLE_WORDS
from adl.syntax.source import Span
from adl.syntax.tokens import touch
from adl.syntax.tree import (
    Clause,
    Correction,
    Counted,
    Counts,
    CountsFormat,
    CountsProcess,
    Expr,
    Flag,
    Function,
    Histo,
    HistoList,
    LegacySystematic,
    Name,
    Number,
    Systematic,
    Table,
    Text,
    Title,
    Trigger,
)

SWITCHES = {"true": True, "on": True, "false": False, "off": False}
TablePart = tuple[Token | None, Any, Span]  # the word of the header, or None for a number
MISSING = frozenset({"-", "NA"})


class BlockBuilder:
    """One method for each rule; every ``parts`` holds what the rule's line shows."""

    # ---------------------------------------------------------------------------------- tables

    def table(self, parts: list[Any]) -> Table:
        keyword, name, *rest = parts
        span = place(keyword).to(rest[-1][2] if rest else name.span)
        numbers: list[Number] = []
        header: dict[str, Any] = {}
        for word, value, where in rest:
            if word is None:
                numbers.append(value)
            elif word.type in header:
                raise Misread(f"the table says its {word} twice", where)
            else:
                header[word.type] = value
        if "NVARS" not in header:
            help = "nvars 1 after the name: each row has a value and a range of one variable"
            raise Misread("the table does not say how many variables it has", name.span, help)
        kind, outside = header.get("TABLETYPE", ""), header.get("OUTSIDE", "")
        errors = header.get("ERRORS", False)
        return Table(name, kind, header["NVARS"], errors, outside, tuple(numbers), span=span)

    def table_kind(self, parts: list[Any]) -> TablePart:
        word, kind = parts
        return word, kind.value if isinstance(kind, Text) else kind.name, across(word, kind)

    def table_variables(self, parts: list[Any]) -> TablePart:
        word, number = parts
        return word, _small(number), across(word, number)

    def table_errors(self, parts: list[Any]) -> TablePart:
        word, name = parts
        return word, _switch(name), across(word, name)

    def table_outside(self, parts: list[Any]) -> TablePart:
        word, name = parts
        if name.name.lower() not in ("nearest", "zero"):
            help = "outside nearest, outside zero, or neither: then it is an error"
            raise Misread("outside a table its value is nearest or zero", name.span, help)
        return word, name.name.lower(), across(word, name)

    def number(self, parts: list[Any]) -> TablePart:
        sign, value = parts
        minus = sign is not None and sign.type == "MINUS"
        span = across(sign or value, value)
        if isinstance(value, Name):
            if value.name.lower() != "inf":
                near = did_you_mean(value.name, [*TABLE_WORDS])
                help = near or "the rows of a table are numbers; a comment begins with #"
                raise Misread(f"`{value.name}` is no number", value.span, help)
            return None, Number("-inf" if minus else "inf", span=span), span
        return None, Number(f"-{value.text}" if minus else value.text, span=span), span

    # ---------------------------------------------------------------------- published numbers

    def counts_format(self, parts: list[Any]) -> CountsFormat:
        keyword, name, *processes = parts
        return CountsFormat(name, tuple(processes), span=across(keyword, (processes or [name])[-1]))

    def process(self, parts: list[Any]) -> CountsProcess:
        keyword, name, title, *errors = parts
        names = tuple(error.name for error in errors)
        return CountsProcess(name, title.value, names, span=across(keyword, parts[-1]))

    def counts(self, parts: list[Any]) -> Counts:
        keyword, name, *values = parts
        return Counts(name, tuple(values), span=across(keyword, values[-1]))

    def counted(self, parts: list[Any]) -> Counted:
        span = across(parts[0], parts[-1])
        words = "".join(_text(part) for part in parts)
        if words.upper() in MISSING:
            return Counted("", (), span=span)
        value, at = _signed(parts, 0)
        upwards: list[str] = []
        downwards: list[str] = []
        while at < len(parts):
            sign, after = _sign(parts, at)
            error, at = _signed(parts, after)
            if sign in ("+", "+-"):
                upwards.append(error)
            if sign in ("-", "+-"):
                downwards.append(error)
        # 5 + 1 + 2 - 3 - 4: the first upward error belongs to the first downward one.
        if len(upwards) != len(downwards):
            help = "12.3 +- 1.1, or 12.3 + 0.5 - 0.4: each error upwards has one downwards"
            raise Misread("the errors of a number are not in pairs", span, help)
        return Counted(value, tuple(zip(upwards, downwards, strict=True)), span=span)

    def title(self, parts: list[Any]) -> Title:
        keyword, text = parts
        return Title(text.value, span=across(keyword, text))

    # -------------------------------------------------------------------------- other blocks

    def histo_list(self, parts: list[Any]) -> HistoList:
        keyword, name, *histos = parts
        found: list[Histo] = histos
        return HistoList(name, tuple(found), span=across(keyword, (histos or [name])[-1]))

    def function(self, parts: list[Any]) -> Function:
        keyword, name, *lines = parts
        arguments = tuple(
            name.name for kind, values, _ in lines if kind == "arg" for name in values
        )
        codes = [text.value for kind, values, _ in lines if kind == "code" for text in values]
        span = Span(place(keyword).start, lines[-1][2].end if lines else name.span.end)
        return Function(name, arguments, codes[-1] if codes else "", span=span)

    def arg(self, parts: list[Any]) -> tuple[str, list[Name], Span]:
        keyword, *names = parts
        return "arg", names, across(keyword, names[-1])

    def code(self, parts: list[Any]) -> tuple[str, list[Text], Span]:
        keyword, file = parts
        return "code", [file], across(keyword, file)

    def flag(self, parts: list[Any]) -> Flag:
        keyword, _, number = parts
        name = Name(keyword.value, span=place(keyword))
        return Flag(name, _small(number), span=across(keyword, number))

    def trigger(self, parts: list[Any]) -> Trigger:
        keyword, name, *rest, stream = parts
        paths = tuple(part for part in rest if isinstance(part, tuple))
        words = stream.value if isinstance(stream, Text) else stream.name if stream else ""
        last = stream.span if stream else paths[-1][0].span
        return Trigger(name, paths, words, span=Span(place(keyword).start, last.end))

    def path(self, parts: list[Any]) -> tuple[Text, bool]:
        optional, text = parts
        return text, optional is not None

    # ----------------------------------------------------------------------------- variations

    def systematic(self, parts: list[Any]) -> Systematic:
        keyword, name, *clauses = parts
        span = across(keyword, (clauses or [name])[-1])
        return Systematic(name.name, tuple(clauses), span=span)

    def auto(self, parts: list[Any]) -> Systematic:
        keyword, pattern = parts
        text = pattern if isinstance(pattern, Text) else Text(pattern.name, span=pattern.span)
        span = across(keyword, pattern)
        clause = Clause("auto", (("", (text,)),), span=span)
        return Systematic("auto", (clause,), span=span)

    def legacy(self, parts: list[Any]) -> LegacySystematic:
        keyword, switch, up, down, kind = parts
        enabled = _switch(switch)
        return LegacySystematic(
            enabled, up.value, down.value, kind.name, span=across(keyword, kind)
        )

    def correction(self, parts: list[Any]) -> Correction:
        keyword, name, file, entry, *clauses = parts
        text = entry if isinstance(entry, Text) else Text(entry.name, span=entry.span)
        span = across(keyword, (clauses or [entry])[-1])
        return Correction(name, file, text, tuple(clauses), span=span)

    def clause(self, parts: list[Any]) -> Clause:
        keyword, *rest = parts
        own: list[Expr] = []
        settings: list[tuple[str, tuple[Expr, ...]]] = []
        span = place(keyword)
        for part in rest:
            if isinstance(part, tuple):
                word, values, where = part
                settings.append((word, values))
            else:
                own.append(part)
                where = part.span
            span = span.to(where)
        first = [("", tuple(own))] if own else []
        return Clause(keyword.lower(), (*first, *settings), span=span)

    def setting(self, parts: list[Any]) -> tuple[str, tuple[Expr, ...], Span]:
        word, *values = parts
        name = "normalise" if word.lower() == "normalize" else word.lower()
        if not values and name not in ALONE:
            end = place(word).end
            help = f"{name} 1.1, or the name of a column"
            raise Misread(f"a value must follow `{word}`", Span(end, end), help, code="E101")
        if values and name in ALONE:
            raise Misread(f"`{word}` has no value", across(values[0], values[-1]))
        return name, tuple(values), across(word, parts[-1])


def _text(part: Token | Number | Name) -> str:
    match part:
        case Number():
            return part.text
        case Name():
            return part.name
    return str(part)


def _sign(parts: list[Any], at: int) -> tuple[str, int]:
    """Return the sign of an error, ``+-`` for both, and where its number begins."""
    match parts[at : at + 2]:
        case [Token() as first, Token() as second] if first != second and touch(first, second):
            return "+-", at + 2
        case [Token() as sign, *_]:
            return str(sign), at + 1
    help = "12.3 +- 1.1 has one error, 12.3, 1.1 are the numbers of two processes"
    raise Misread("`+-`, `+`, `-` or `,` must stand between two numbers", place(parts[at]), help)


def _signed(parts: list[Any], at: int) -> tuple[str, int]:
    """Return a number with its sign and where the next part begins."""
    minus = ""
    if at + 1 < len(parts) and isinstance(parts[at], Token):
        minus = "-" if parts[at].type == "MINUS" else ""
        at += 1
    if at == len(parts) or not isinstance(parts[at], Number):
        where = place(parts[min(at, len(parts) - 1)])
        help = "a number that was not published is a - or NA"
        raise Misread("a number must stand here", where, help)
    return minus + parts[at].text, at + 1


def _small(number: Number) -> int:
    if len(number.text.lstrip("0")) > 9:
        raise Misread("this number is too large", number.span)
    return int(number.text)


def _switch(name: Name) -> bool:
    if name.name.lower() not in SWITCHES:
        raise Misread(f"`{name.name}` is neither true nor false", name.span)
    return SWITCHES[name.name.lower()]
