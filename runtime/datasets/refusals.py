"""What pydantic found wrong with the values of a dataset list, in words and at its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from adl.runtime.datasets import entries
from adl.runtime.datasets.texts import EXAMPLE, Document, Path
from adl.syntax.diagnostics import Diagnostic, did_you_mean
from adl.syntax.source import Span

# Fields that a path leads to -> the part of the list that has them.
_PARTS: tuple[tuple[tuple[str, ...], type[BaseModel]], ...] = (
    ((), entries.ListEntry),
    (("datasets", "*"), entries.DatasetEntry),
    (("datasets", "*", "friends", "*"), entries.FriendEntry),
    (("datasets", "*", "generator_weight"), entries.GeneratorWeight),
    (("generator_weight",), entries.GeneratorWeight),
    (("stitch", "*"), entries.Stitch),
    (("stitch", "*", "slices", "*"), entries.Slice),
)
# How other tools and people call a field -> our name.
_HABITS = {
    **dict.fromkeys(("xsec", "xs", "sigma", "xsection", "crosssection"), "cross_section"),
    **dict.fromkeys(("lumi", "int_lumi"), "luminosity"),
    **dict.fromkeys(("type", "is_data", "isdata", "ismc", "is_mc"), "kind"),
    **dict.fromkeys(("year", "period", "campaign"), "era"),
    **dict.fromkeys(("path", "paths", "filelist", "input", "inputs"), "files"),
    **dict.fromkeys(("kfactor", "k-factor", "kfac"), "k_factor"),
    **dict.fromkeys(("sumw", "sum_w", "sumweights", "sumofweights", "ngen"), "sum_of_weights"),
    **dict.fromkeys(("samples", "processes"), "datasets"),
}
_KINDS = {
    "string_type": "a text is expected here",
    "float_type": "a number is expected here",
    "int_type": "a whole number is expected here",
    "int_from_float": "a whole number is expected here",
    "bool_type": "true or false is expected here",
    "list_type": "a list is expected here",
    "dict_type": "`name: …` lines are expected here",
    "model_type": "`name: …` lines are expected here",
    "model_attributes_type": "`name: …` lines are expected here",
    "too_short": "at least one is needed here",
}


def refusals(document: Document, error: ValidationError) -> Iterator[Diagnostic]:
    """Yield what is wrong, once a place: of alternatives that fail the deepest mistake."""
    found: dict[Path, Diagnostic] = {}
    missing: list[Diagnostic] = []
    placed = [(place_of(document, wrong["loc"]), wrong) for wrong in error.errors()]
    for path, wrong in sorted(placed, key=lambda pair: -len(pair[0])):
        if wrong["type"] == "missing":
            missing.append(_mistake(document, path, wrong))
        elif not any(known[: len(path)] == path for known in found):
            found[path] = _mistake(document, path, wrong)
    yield from sorted([*found.values(), *missing], key=lambda d: d.span.start)


def place_of(document: Document, location: tuple[str | int, ...]) -> Path:
    """Return a location as far as it is in the text, where no alternative has its name."""
    path: Path = ()
    for part in location:
        if (*path, part) in document.places or (*path, part) in document.names:
            path = (*path, part)
    return path


def _mistake(document: Document, path: Path, wrong: Any) -> Diagnostic:
    if not wrong["loc"]:
        found = "nothing" if wrong["input"] is None else _FOUND[type(wrong["input"])]
        span = document.places.get((), Span(0, 1))
        message = f"a dataset list has `name: …` lines, and this is {found}"
        return Diagnostic("E504", "error", message, span, EXAMPLE)
    kind, name = wrong["type"], str(wrong["loc"][-1])
    if kind == "extra_forbidden":
        known = [*_fields(path[:-1])]
        meant = _HABITS.get(name.lower(), "")
        near = f"did you mean {meant}?" if meant in known else did_you_mean(name, known)
        help = near or f"it has {', '.join(known)}; a field of yours is x-…"
        return Diagnostic("E502", "error", f"unknown field {name}", document.names[path], help)
    if kind == "missing":
        whose = f"{path[-1]} has" if path else "the list has"
        span = document.names.get(path) or Span(0, 1)
        return Diagnostic("E503", "error", f"{whose} no {name}", span, _HELPS.get(name, ""))
    message = _KINDS.get(kind) or _own_words(wrong)
    return Diagnostic("E504", "error", message, document.place(path), _meaning(path))


_HELPS = {
    "datasets": EXAMPLE,
    "files": "files: ttbar/*.root, or a list of files, globs and .txt lists",
}
# What a text is of which nothing is a list of datasets.
_FOUND = {
    str: "a text",
    int: "a number",
    float: "a number",
    bool: "a truth value",
    list: "a list without names",
}


def _own_words(wrong: Any) -> str:
    if wrong["type"] == "literal_error":
        return f"{wrong['input']!r} is not what is expected here: {wrong['ctx']['expected']}"
    text: str = wrong["msg"]
    return text.removeprefix("Value error, ")


def _meaning(path: Path) -> str:
    """Return what the field at a path is for; nothing of what is in no part of a list."""
    fields = _fields(path[:-1]) if path else {}
    field = fields.get(str(path[-1])) if fields else None
    return f"{path[-1]}: {field.description}" if field and field.description else ""


def _fields(path: Path) -> dict[str, FieldInfo]:
    """Return the fields of the part of a list to which a path leads, by name."""
    for pattern, part in _PARTS:
        if len(pattern) == len(path) and all(
            p in ("*", q) for p, q in zip(pattern, path, strict=True)
        ):
            return {name: field for name, field in part.model_fields.items() if name != "own"}
    return {}
