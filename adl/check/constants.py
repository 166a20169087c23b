"""What a run knows of its input beside the columns, and what that decides in an analysis.

``isData``, ``era``, ``process`` and ``dataset.x_…`` are constants: conditions of them are decided
while an analysis is checked, and what they exclude needs no branches. A check without a dataset
leaves them open and looks at both sides of everything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from adl.check.analysis import DefineRef, Literal_, Logic, Open, Text_, Type, Value
from adl.check.context import Context
from adl.check.dataset import Dataset
from adl.check.trees import subtrees
from adl.stdlib.models import Schema
from adl.stdlib.ops import COMPARISON
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.source import Span
from adl.syntax.tree import Name, Tree

# Names of constants; each hides a column of the input that is called so.
NAMES = ("isData", "era", "process")
KINDS = ("simulation", "data")
# What is not known -> the option that says it.
_OPTIONS = {
    "kind": "--data or --simulation says it; files with generator columns are simulation",
    "era": "--era 2018 says it",
    "process": "--process ttbar says it",
    "stream": "--stream SingleMuon says it",
}
_PLACE = re.compile(r"\{(era|process)\}")


def recognised(dataset: Dataset | None, schema: Schema) -> Dataset | None:
    """Return a dataset whose kind is known where only simulation has some of the columns.

    That they lack says nothing: a skim may have dropped them.
    """
    if dataset is None or dataset.kind or not (schema.complete and schema.generated):
        return dataset
    return replace(dataset, kind="simulation")


def constant(context: Context, name: str, span: Span) -> Value | None:
    """Return ``isData``, ``era`` or ``process``; None where a run does not know it."""
    dataset = context.dataset
    type: Type = "bool" if name == "isData" else "text"
    if dataset is None:
        return Open(name, type=type, span=span)
    if name == "isData":
        kind = known(context, "kind", span)
        return Literal_(kind == "data", settled=True, type="bool", span=span) if kind else None
    text = known(context, name, span)
    return Text_(text, type="text", span=span) if text else None


def own_constant(context: Context, name: str, span: Span) -> Value | None:
    """Return ``dataset.NAME``, a field that the user has added; None where there is none."""
    if context.dataset is None:
        return Open(f"dataset.{name}", type="real", span=span)
    constants = context.dataset.constants
    if name not in constants:
        help = f"--constant {name}=1.5 says it, or a dataset list"
        hints = filter(None, (did_you_mean(name, list(constants)), help))
        message = f"the dataset has no constant {name}"
        context.findings.everywhere("E251", message, span, "\n".join(hints))
        return None
    found = constants[name]
    if isinstance(found, str):
        return Text_(found, type="text", span=span)
    type: Type = "bool" if found is True or found is False else "real"
    number = found if type == "bool" else float(found)
    return Literal_(number, settled=True, type=type, span=span)


def known(context: Context, what: str, span: Span) -> str:
    """Return a field of the dataset; an empty one is a mistake of the run."""
    found: str = getattr(context.dataset, what)
    if not found:
        words = "whether it is data or simulation" if what == "kind" else f"its {what}"
        message = f"the input does not say {words}"
        context.findings.everywhere("E251", message, span, _OPTIONS[what])
    return found


# --------------------------------------------------------------------------------- decisions


def decided(value: Value | None) -> bool | None:
    """Return the outcome of a condition that the dataset settles; None where it does not."""
    while isinstance(value, DefineRef):
        value = value.define.value
    if isinstance(value, Literal_) and value.settled:
        return bool(value.value)
    return None


def settled(truth: bool, span: Span) -> Value:
    """Return a condition that the dataset has settled."""
    return Literal_(truth, settled=True, type="bool", span=span)


def folded(name: str, left: Value, right: Value, span: Span) -> Value | None:
    """Return the outcome of a comparison of constants of the dataset; None if it is open."""
    a, b = _literal(left), _literal(right)
    if a is None or b is None or not (a.settled or b.settled):
        return None
    return settled(COMPARISON[name](a.value, b.value), span)


def _literal(value: Value) -> Literal_ | None:
    while isinstance(value, DefineRef):
        value = value.define.value
    return value if isinstance(value, Literal_) else None


def compared_texts(
    context: Context, operator: str, left: Value, right: Value, span: Span
) -> Value | None:
    """Return ``era == "2018"``; a number beside a text means its digits."""
    sides = [_text(context, side) for side in (left, right)]
    if None in sides:
        text, other = (right, left) if sides[0] is None else (left, right)
        message = f"{context.words(text.span)} is a text, {context.words(other.span)} is none"
        context.findings.error("E211", message, text.span, 'era == "2018", process == "qcd"')
        return None
    if operator not in ("==", "!="):
        message = f"{operator} does not compare texts"
        context.findings.error("E211", message, span, 'era == "2018", process != "qcd"')
        return None
    if "" in sides:
        found = _open_comparison(left, right, sides, span)
        return _not(found) if operator == "!=" else found
    return settled((sides[0] == sides[1]) == (operator == "=="), span)


def _open_comparison(left: Value, right: Value, texts: Sequence[str | None], span: Span) -> Value:
    """Return whether a constant that is not known is a text, or is another constant."""
    names = sorted(v.words for v in map(_defined, (left, right)) if isinstance(v, Open))
    text = next(filter(None, texts), None)
    if len(names) == 1 or text is not None:
        return Open(names[0], text, type="bool", span=span)
    return Open(" == ".join(names), type="bool", span=span)


def _defined(value: Value) -> Value:
    while isinstance(value, DefineRef):
        value = value.define.value
    return value


def _text(context: Context, value: Value) -> str | None:
    """Return a text, or the digits of a number; empty if it is open, None if it is neither."""
    while isinstance(value, DefineRef):
        value = value.define.value
    match value:
        case Text_():
            return value.text
        case Open():
            return ""
        case Literal_(type="int", settled=False):
            return context.words(value.span)
    return None


# --------------------------------------------------------------------------------------- only


def included(context: Context, words: Sequence[str], what: str, span: Span) -> bool:
    """Return whether a statement belongs to the dataset, by the words after ``only``.

    Words of one sort are alternatives, ``only ttbar wjets``; several sorts hold together.
    """
    sorts = _sorted_words(context, words, what, span)
    if sorts is None or context.dataset is None:
        return True
    fields = {sort: known(context, sort, span) for sort in sorts}
    return all(field in sorts[sort] for sort, field in fields.items())


def belonging(context: Context, words: Sequence[str], span: Span) -> Value | None:
    """Return the condition that ``only`` asks for, where no dataset decides it."""
    if context.dataset is not None:
        return None
    sorts: dict[str, list[Value]] = {}
    rest = iter(words)
    for word in rest:
        if word in KINDS:
            data: Value = Open("isData", type="bool", span=span)
            sorts.setdefault("kind", []).append(data if word == "data" else _not(data))
        elif word != "nominal":
            name, text = ("era", next(rest, "")) if word == "era" else ("process", word)
            sorts.setdefault(name, []).append(Open(name, text, type="bool", span=span))
    return _joined("and", [_joined("or", own) for own in sorts.values()]) if sorts else None


def _joined(operator: Literal["and", "or"], values: Sequence[Value]) -> Value:
    """Return several conditions as one."""
    first = values[0]
    return (
        first if len(values) == 1 else Logic(operator, tuple(values), type="bool", span=first.span)
    )


def _not(value: Value) -> Value:
    return Logic("not", (value,), type="bool", span=value.span)


def _sorted_words(
    context: Context, words: Sequence[str], what: str, span: Span
) -> dict[str, list[str]] | None:
    """Return the words by what they are about; None after a mistake or for ``only nominal``."""
    sorts: dict[str, list[str]] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "nominal":
            if what != "histo":
                message = f"only nominal stands after a histo, not after a {what}"
                context.findings.error("E252", message, span, "only simulation, only era 2018")
                return None
        elif word in KINDS:
            sorts.setdefault("kind", []).append(word)
        elif word == "era":
            if not rest:
                context.findings.error("E252", "only era: which one?", span, "only era 2018")
                return None
            sorts.setdefault("era", []).append(rest.pop(0))
        else:
            _warn_of_a_slip(context, word, span)
            sorts.setdefault("process", []).append(word)
    return sorts


def _warn_of_a_slip(context: Context, word: str, span: Span) -> None:
    listed = context.dataset.processes if context.dataset is not None else ()
    if listed:
        if word not in listed:  # no error: a list can be a part of what the analysis is for
            message = f"only {word}: no process of the list is called {word}"
            near = did_you_mean(word, [*listed, *KINDS, "nominal", "era"])
            help = near or f"its processes are {', '.join(listed)}"
            context.findings.warning("W340", message, span, help)
        return
    near = did_you_mean(word, [*KINDS, "nominal", "era"])
    if near:
        message = f"only {word} is read as the process {word}"
        context.findings.warning("W340", message, span, near)


def interpolated(context: Context, text: str, span: Span) -> str:
    """Return a title or label with the dataset's era and process in the place of their names."""
    if context.dataset is None:
        return text
    return _PLACE.sub(lambda found: known(context, found[1], span) or found[0], text)


def is_open(context: Context, text: str) -> bool:
    """Whether a text has places of the dataset's, and there is none."""
    return context.dataset is None and has_places(text)


def has_places(text: str) -> bool:
    """Whether something of the dataset's stands in a text, not yet put there."""
    return _PLACE.search(text) is not None


# ------------------------------------------------------------------------------ what is excluded


def exclude(context: Context, tree: Tree) -> None:
    """Remember a part of the analysis that the dataset has no use for."""
    context.excluded.append(tree)


def excluded_names(context: Context) -> set[str]:
    """Return the names that only excluded parts use: their columns need not be there."""
    found: set[str] = set()
    todo = list(context.excluded)
    while todo:
        names = {t.name for t in subtrees(todo.pop()) if isinstance(t, Name)}
        new = names - found - context.checked - context.fired
        found |= new
        todo += [context.blocks[name] for name in new if name in context.blocks]
    return found
