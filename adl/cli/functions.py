"""``adl functions``: the functions of the library, by subject, or one with all that it says."""

from __future__ import annotations

import inspect
import itertools
import json
import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import UserError
from adl.cli.options import format_option
from adl.cli.words import WORDS

if TYPE_CHECKING:
    from adl.stdlib.prelude import Definition
    from adl.stdlib.registry import Function


_SENTENCE = re.compile(r"(?<=[^.][a-z0-9)])\. (?=[A-Z])")  # where one ends


@dataclass(frozen=True)
class _Entry:
    """What there is to say about a function."""

    name: str
    usage: str
    aliases: tuple[str, ...]
    subject: str
    kinds: tuple[str, ...]
    result: str
    doc: str

    @property
    def summary(self) -> str:
        """The first sentence of the docstring."""
        paragraph = " ".join(self.doc.split("\n\n")[0].split())
        return _SENTENCE.split(paragraph, 1)[0].removesuffix(".")


@click.command("functions", short_help="List the functions of the library.")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@format_option("json", help="Lines for people, or everything for programs.")
def command(names: tuple[str, ...], form: str) -> None:
    """List the functions of the library by subject; or print all about some of them.

    That is the formula, where it comes from, the units, and an example. Names are found as in an
    analysis: by an alias, or in another case. Words of the language that are called like functions,
    such as size and any, stand at the end.

    \b
    Example:
      adl functions fMT2
    """
    chosen = _chosen(names)
    if form == "json":
        click.echo(json.dumps([_fields(entry) for entry in chosen], indent=2))
    elif names:
        click.echo("\n\n".join(map(_whole, chosen)))
    else:
        click.echo(_list(chosen))


def _chosen(names: tuple[str, ...]) -> list[_Entry]:
    """Return what there is to say about the functions of these names, or about all."""
    from adl.stdlib.library import find_function
    from adl.stdlib.prelude import definitions, named
    from adl.stdlib.registry import FUNCTIONS
    from adl.syntax.diagnostics import did_you_mean

    public = [d for d in definitions() if d.doc]
    words = [_word(usage, *about) for usage, about in WORDS.items()]
    if not names:
        return [*map(_entry, FUNCTIONS.values()), *map(_defined, public), *words]
    found: list[_Entry] = []
    for name in names:
        function = find_function(name)
        entries = [_entry(function)] if function is not None else []
        entries += [_defined(d) for d in named(name) if d.doc]
        entries += [word for word in words if word.name.lower() == name.lower()]
        if not entries:
            known = [*FUNCTIONS, *(a for f in FUNCTIONS.values() for a in f.aliases)]
            known += [*(d.name for d in public), *(word.name for word in words)]
            near = did_you_mean(name, known) or "adl functions lists all of them"
            raise UserError(f"no function is called {name}\n  help: {near}")
        found += entries
    return found


def _defined(definition: Definition) -> _Entry:
    """Return what there is to say about a function that ADL itself expresses."""
    examples = [f"{expression} is {value}" for expression, value in definition.examples]
    doc = "\n".join([definition.doc, "", *examples] if examples else [definition.doc])
    return _Entry(
        definition.name,
        definition.heading,
        (),
        "What ADL itself can express, with parameters",
        tuple(p.kind for p in definition.parameters),
        definition.result,
        f"{doc}\n\nIt is the text: {definition.body}",
    )


def _word(usage: str, meaning: str, section: str) -> _Entry:
    """Return what there is to say about a word of the language."""
    doc = f"{meaning}.\n\nIn the manual: {section}."
    return _Entry(usage.partition("(")[0], usage, (), "Words of the language", (), "", doc)


def _entry(function: Function) -> _Entry:
    module = sys.modules[function.body.__module__]
    subject = (module.__doc__ or "").splitlines()[0].partition(":")[0].rstrip(".").replace("``", "")
    doc = _in_adl(function, inspect.cleandoc(function.body.__doc__ or "").removeprefix("Return "))
    return _Entry(
        function.name,
        usage(function),
        function.aliases,
        subject,
        function.arguments,
        function.result,
        doc if doc[1:2] == " " else doc[:1].upper() + doc[1:],  # "x to the power y"
    )


# What an argument can be in an analysis, by its kind; of a second particle the next element.
_ARGUMENTS = {"particle": ("jets[0]", "jets[1]", "jets[2]"), "collection": ("jets",)}
_PLAIN = re.compile(r"\w+\([-\d., ]+\)")


def _in_adl(function: Function, doc: str) -> str:
    """Return a docstring with examples of ADL in place of those of Python."""
    text, _, tests = doc.partition(">>> ")
    examples = []
    lines = f">>> {tests}".splitlines() if tests else []
    for test, value in itertools.pairwise(lines):
        expression = test.removeprefix(">>> ")
        if test.startswith(">>> ") and _PLAIN.fullmatch(expression):
            examples.append(f"{expression} is {value}")
    if not examples:
        left = {kind: iter(words) for kind, words in _ARGUMENTS.items()}
        own = inspect.signature(function.body).parameters
        names = (function.parameters or [*own])[: function.least]
        words = [
            "MET" if name == "met" else next(left.get(kind, iter(())), name)
            for name, kind in zip(names, function.arguments, strict=False)
        ]
        examples = [f"{function.name}({', '.join(words)})"] if words else []
    if function.arguments == ("particle",):
        examples.append(f"jets[0].{function.name}")
    shown = f"In an analysis: {', '.join(examples)}" if examples else ""
    return "\n\n".join(filter(None, (text.strip(), shown)))


def usage(function: Function) -> str:
    """Return how a function is called: ``fSphericity(collection, power = 2)``."""
    words = function.parameters
    if not words:
        named = [p.replace("_", " ") for p in inspect.signature(function.body).parameters]
        algorithm = function.form == "algorithm"
        words = function.arguments if algorithm else tuple(named)
    defaults = ("",) * function.least + tuple(f" = {value:g}" for value in function.defaults)
    written = (word + default for word, default in zip(words, defaults, strict=True))
    return f"{function.name}({', '.join(written)})"


def _fields(entry: _Entry) -> dict[str, Any]:
    return {
        "name": entry.name,
        "usage": entry.usage,
        "aliases": list(entry.aliases),
        "subject": entry.subject,
        "arguments": list(entry.kinds),
        "result": entry.result,
        "summary": entry.summary,
        "doc": entry.doc,
    }


def _list(entries: list[_Entry]) -> str:
    lines: list[str] = []
    for subject in dict.fromkeys(entry.subject for entry in entries):
        lines += [*([""] if lines else []), click.style(subject, bold=True)]
        own = [entry for entry in entries if entry.subject == subject]
        width = max(len(entry.usage) for entry in own)
        lines += [f"  {e.usage:{width}}  {e.summary}{_also(e)}" for e in own]
    return "\n".join(lines)


def _also(entry: _Entry) -> str:
    return f" (also {', '.join(entry.aliases)})" if entry.aliases else ""


def _whole(entry: _Entry) -> str:
    kinds = ", ".join(entry.kinds)
    lines = [click.style(entry.usage, bold=True)]
    lines += [f"  of {kinds or 'nothing'}; gives {entry.result}"] if entry.result else []
    if entry.aliases:
        lines.append(f"  also {', '.join(entry.aliases)}")
    return "\n".join([*lines, "", *(f"  {line}".rstrip() for line in entry.doc.splitlines())])
