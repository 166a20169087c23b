"""Functions that ADL itself expresses: a call becomes the text of its definition, checked.

Arguments that are particles or numbers are checked once, where the call stands, and bound to the
parameters; a collection's name or slice is put in the parameter's place. A quote at the end of a
name, which nobody can write, keeps the definition's words apart from the user's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from functools import cache
from typing import Any, cast

from adl.check.analysis import Value
from adl.check.names import LOOKUPS, composite_named
from adl.check.reducers import Check
from adl.check.scope import Binder, Scope
from adl.check.slices import whole
from adl.check.trees import mentioned, subtrees
from adl.check.types import need_particle, number
from adl.stdlib.prelude import Definition, Parameter, definitions, named
from adl.syntax.parse import parse
from adl.syntax.source import Source, Span
from adl.syntax.tree import Binding, Call, Define, Expr, Name, Tree


def definition_of(expr: Call) -> Definition | None:
    """Return the definition that a call means, None if the prelude has none for it."""
    name = expr.function.name
    own = name.endswith("'")  # only a definition of the prelude can say so
    found = [d for d in named(name.removesuffix("'")) if own or d.doc]
    return next((d for d in found if d.takes(len(expr.arguments))), None)


def is_plain(scope: Scope, name: Name) -> bool:
    """Whether a bare name is a function of the prelude, of the input's own collections: ``fHT``."""
    if not any(d.takes(0) for d in named(name.name) if d.doc):
        return False
    return not any(look(scope, name) for look in LOOKUPS)


def headings(name: str) -> str:
    """Return how a function of the prelude is called, empty if there is none."""
    return " or ".join(d.heading for d in named(name) if d.doc)


def expand(scope: Scope, expr: Call, definition: Definition, check: Check) -> Value | None:
    """Return the value of a call of the prelude; None after a mistake in its arguments."""
    places: dict[str, Expr] = {}
    binder = Binder(implicit=False)
    mistaken = False
    for i, parameter in enumerate(definition.parameters):
        written = i < len(expr.arguments)
        argument = expr.arguments[i] if written else _default(parameter, expr.span)
        if parameter.kind == "collection":
            mistaken |= not _is_whole(scope, argument, f"{expr.function.name} needs a collection")
            places[parameter.name] = argument
            continue
        value = _value(scope, expr, parameter, argument, check)
        mistaken |= value is None
        if value is not None:
            binder.entries.append((f"{parameter.name}'", value))
            places[parameter.name] = Name(f"{parameter.name}'", span=expr.span)
    if mistaken:
        return None
    body = _in_places(_parsed(definition.body), places, expr.span)
    return check(scope.inside(binder), body)


def _is_whole(scope: Scope, argument: Expr, wanted: str) -> bool:
    """Whether an argument is a collection, or a composite; else a mistake."""
    composite = composite_named(scope, argument)
    if composite is not None:
        return composite.meaning is not None
    return whole(scope, argument, wanted) is not None


def _value(
    scope: Scope, expr: Call, parameter: Parameter, argument: Expr, check: Check
) -> Value | None:
    """Return an argument that is a particle or a number."""
    name = expr.function.name.removesuffix("'")
    kind = "particle" if parameter.kind == "particle" else "number"
    found = check(scope.asking(f"{name} needs one {kind} as {parameter.name}"), argument)
    if parameter.kind == "particle":
        return need_particle(scope, found, name)
    return number(scope, found)


def _default(parameter: Parameter, span: Span) -> Expr:
    assert parameter.default is not None, "the call has too few arguments"
    return cast("Expr", _moved(_parsed(parameter.default), span, {}))


@cache
def _parsed(text: str) -> Expr:
    """Return the tree of an expression of the prelude."""
    source = Source("prelude.adl", f"define prelude = {text}\n")
    (block,) = parse(source).blocks
    assert isinstance(block, Define), text
    return block.value


# ------------------------------------------------------------------------------ substitution


def _in_places(body: Expr, places: Mapping[str, Expr], span: Span) -> Expr:
    """Return a definition's text with arguments for parameters, all of it at one place."""
    words = {name.name for place in places.values() for name in mentioned(place)}
    bound = {tree.name.name for tree in subtrees(body) if isinstance(tree, Binding)}
    # An element's name stays, since a tuple's members are known by it, unless the user has it too.
    renamed = {name: Name(f"{name}'", span=span) for name in bound & words}
    return cast("Expr", _moved(body, span, {**renamed, **places}))


def _moved(content: Any, span: Span, places: Mapping[str, Expr]) -> Any:
    match content:
        case Name() if content.name in places:
            return places[content.name]
        case Call():
            name = content.function.name + "'" * _is_private(content.function.name)
            function = Name(name, span=span)
            return Call(function, _moved(content.arguments, span, places), span=span)
        case Tree():
            names = {f.name for f in fields(content)} - {"span"}
            changed: dict[str, Any] = {
                name: _moved(getattr(content, name), span, places) for name in names
            }
            return replace(content, **changed, span=span)
        case tuple():
            return tuple(_moved(part, span, places) for part in content)
    return content


@cache
def _is_private(name: str) -> bool:
    return any(d.name == name and not d.doc for d in definitions())


def known_names() -> Iterable[str]:
    """Return the names that a call may have."""
    return dict.fromkeys(d.name for d in definitions() if d.doc)
