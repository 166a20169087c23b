"""Searches: ``select m(Z) ~= 91.2`` finds the elements that the negative indices in it stand for.

A search is an argmin: over all tuples of different elements, of the distance of both sides. From
its statement on, the unknowns of a region are the elements found; nothing is left to be found when
a region has been checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from adl.check.analysis import (
    Choice,
    Collection,
    CompositeDef,
    Literal_,
    Loop,
    Member,
    Operation,
    Picked,
    Solutions,
    Unknown,
    Value,
    Variable,
)
from adl.check.bindings import apart_from, before
from adl.check.collections import share_input
from adl.check.context import Context
from adl.check.expressions import SEARCHES, value
from adl.check.operators import comparison
from adl.check.scope import Scope
from adl.check.substitute import substituted
from adl.check.tuples import fresh, in_order, members_for, needs
from adl.check.types import condition, negated, number, unify
from adl.check.values import placed, unknowns
from adl.syntax.source import Span
from adl.syntax.tree import Binary, Expr, Ternary

MOST_UNKNOWNS = 6

# A collection, by its name, its index and which of the equal ones in a particle.
Key = tuple[str, int, int]


@dataclass(frozen=True)
class Found:
    """What a search statement asks of an event, and what is found from there on."""

    condition: Value
    solutions: Solutions


def is_search(expr: Expr) -> bool:
    """Whether a condition is a search, or a ternary with one in a branch."""
    if isinstance(expr, Ternary):
        return is_search(expr.then) or (expr.otherwise is not None and is_search(expr.otherwise))
    return isinstance(expr, Binary) and expr.operator in SEARCHES


def search(
    scope: Scope, expr: Expr, known: Solutions, guards: tuple[Value, ...] = ()
) -> Found | None:
    """Return the meaning of a search statement, made where ``guards`` hold; None after a mistake."""
    match expr:
        case Ternary():
            return _choice(scope, expr, known, guards)
        case Binary():
            distance = _distance(scope, expr, known)
            if distance is None:
                return None
            if not list(unknowns(distance)):
                return _equality(scope, expr, known)
            solutions = _solve(scope, distance, guards, known, expr.span)
            return None if solutions is None else Found(_always(expr.span), solutions)
    raise AssertionError("no search")


def resolved(context: Context, found: Value | None, known: Solutions) -> Value | None:
    """Return a value with the elements that searches found; an unknown that none did is a mistake."""
    if found is None:
        return None
    if next(unknowns(found), None) is None:
        return found
    done = with_solutions(found, known)
    for unknown in unknowns(done):
        text = _text(unknown)
        message = f"{text} is an unknown that no search has found yet"
        help = "a negative index is found by a search before: select m(…) ~= 91.2"
        if isinstance(unknown.collection, CompositeDef) or unknown.index == -1:
            help += f"; last({unknown.collection.name}) is the last element"
        context.findings.error("E231", message, unknown.span, help)
        return None
    return done


def with_solutions(found: Value, known: Solutions) -> Value:
    """Return a value with what is known in the place of unknowns."""

    def rule(part: Value) -> Value | None:
        solution = known.get(key_of(part)) if isinstance(part, Unknown) else None
        if solution is None or not isinstance(part, Unknown):
            return None
        return placed(solution[part.loop], part.span)

    return substituted(found, rule)


def key_of(unknown: Unknown) -> Key:
    """Return what tells an unknown from others."""
    kind = type(unknown.collection).__name__
    return f"{kind} {unknown.collection.name}", unknown.index, unknown.number


def _text(unknown: Unknown) -> str:
    return f"{unknown.collection.name}[{unknown.index}]"


# --------------------------------------------------------------------------------- statements


def _choice(
    scope: Scope, expr: Ternary, known: Solutions, guards: tuple[Value, ...]
) -> Found | None:
    """Return the searches of a ternary's branches: each is made where its branch is taken.

    Where both find an unknown, it is what the search of the branch that is taken has found.
    """
    decision = resolved(scope.context, condition(scope, value(scope, expr.condition)), known)
    if decision is None:
        return None
    then = _branch(scope, expr.then, known, (*guards, decision))
    other = (*guards, negated(decision))
    otherwise = (
        Found(_always(expr.span), {})
        if expr.otherwise is None
        else _branch(scope, expr.otherwise, known, other)
    )
    if then is None or otherwise is None:
        return None
    passes = (then.condition, otherwise.condition)
    solutions: dict[Key, Mapping[Loop | None, Value]] = {**then.solutions, **otherwise.solutions}
    for key in then.solutions.keys() & otherwise.solutions.keys():
        mine, others = then.solutions[key], otherwise.solutions[key]
        solutions[key] = {
            loop: Choice(decision, found, others[loop], type="particle", span=expr.span)
            for loop, found in mine.items()
        }
    return Found(Choice(decision, *passes, type="bool", span=expr.span), solutions)


def _branch(
    scope: Scope, branch: Expr, known: Solutions, guards: tuple[Value, ...]
) -> Found | None:
    """Return what one branch asks for and finds; it can be a ternary itself."""
    if is_search(branch):
        return search(scope, branch, known, guards)
    passing = resolved(scope.context, condition(scope, value(scope, branch)), known)
    return None if passing is None else Found(passing, {})


def _distance(scope: Scope, expr: Binary, known: Solutions) -> Value | None:
    """Return |left - right|, or its negative for ``~!``: what a search makes least."""
    sides = [number(scope, value(scope, side)) for side in (expr.left, expr.right)]
    left, right = sides
    if left is None or right is None:
        return None
    a, b = unify(left, right)
    difference = Operation("sub", (a, b), type=a.type, span=expr.span)
    distance: Value = Operation("abs", (difference,), type=a.type, span=expr.span)
    if expr.operator == "~!":
        distance = Operation("neg", (distance,), type=a.type, span=expr.span)
    return with_solutions(distance, known)


def _equality(scope: Scope, expr: Binary, known: Solutions) -> Found | None:
    """Return what a search without an unknown is: a test of equality."""
    words = scope.context.words(expr.span)
    message = f"nothing is unknown in {words}: it is read as =="
    help = "a negative index such as jets[-1] is an unknown"
    if known:
        help = "what an earlier search found is known from there on"
    scope.context.findings.warning("W311", message, expr.span, help)
    operator = "==" if expr.operator == "~=" else "!="
    test = comparison(scope, operator, value(scope, expr.left), value(scope, expr.right), expr.span)
    found = resolved(scope.context, test, known)
    return None if found is None else Found(found, {})


def _always(span: Span) -> Value:
    return Literal_(True, type="bool", span=span)


# ------------------------------------------------------------------------------------ solving


def _solve(
    scope: Scope, distance: Value, guards: Sequence[Value], known: Solutions, span: Span
) -> Solutions | None:
    """Return the tuple of different elements for which the distance is least."""
    wanted = _wanted(distance)
    if len(wanted) > MOST_UNKNOWNS:
        message = f"a search has at most {MOST_UNKNOWNS} unknowns, this one has {len(wanted)}"
        scope.context.findings.error("E234", message, span)
        return None
    loops: list[Loop] = []
    owners: list[tuple[Unknown, list[Loop]]] = []  # each unknown with its loops
    elements: dict[Key, dict[Loop | None, Value]] = {}
    where: list[Value] = []
    tuples: list[tuple[CompositeDef, list[Loop]]] = []
    for unknown in wanted:
        if isinstance(unknown.collection, CompositeDef):
            own, conditions, _ = fresh(unknown.collection, span)
            tuples.append((unknown.collection, own))
            where += conditions
            places: dict[Loop | None, Value] = {
                old: Variable(new, type="particle", span=span)
                for old, new in zip(unknown.collection.loops, own, strict=True)
            }
        else:
            own = [Loop(unknown.collection, _text(unknown), object())]
            places = {None: Variable(own[0], type="particle", span=span)}
        loops += own
        owners.append((unknown, own))
        elements[key_of(unknown)] = places
    different = _different(owners, span)
    excluded = _excluded(owners, known, span)
    key = with_solutions(distance, elements)
    picked = Picked(
        " and ".join(dict.fromkeys(_text(unknown) for unknown in wanted)),
        tuple(loops),
        (*different, *excluded, *where, *guards),
        key,
        needs=_needed(owners, known),
        ordered=in_order(tuples, span),
    )
    return {
        name: {old: members_for(place, picked, span) for old, place in places.items()}
        for name, places in elements.items()
    }


def _wanted(distance: Value) -> list[Unknown]:
    """Return the unknowns, collections in the order of mention, then -1, -2, …, each once."""
    found = {key_of(unknown): unknown for unknown in unknowns(distance)}
    names = list(dict.fromkeys(name for name, _, _ in found))
    ordered = sorted(found, key=lambda key: (names.index(key[0]), -key[1], key[2]))
    return [found[key] for key in ordered]


def _different(owners: Sequence[tuple[Unknown, list[Loop]]], span: Span) -> list[Value]:
    """Return the conditions that unknowns are different objects, and equal ones in order."""
    found: list[Value] = []
    for (a, left), (b, right) in combinations(owners, 2):
        if key_of(a)[:2] == key_of(b)[:2]:
            if b.number == a.number + 1:
                found.append(before(left[0], right[0], span))
            continue
        found += _all_apart(
            [Variable(loop, type="particle", span=span) for loop in left],
            [Variable(loop, type="particle", span=span) for loop in right],
            span,
        )
    return found


def _excluded(
    owners: Sequence[tuple[Unknown, list[Loop]]], known: Solutions, span: Span
) -> list[Value]:
    """Return the conditions that nothing is found again in its own collection."""
    found: list[Value] = []
    for unknown, own in owners:
        for name, solution in known.items():
            if name[0] == key_of(unknown)[0]:
                new: list[Value] = [Variable(loop, type="particle", span=span) for loop in own]
                found += _all_apart(new, list(solution.values()), span)
    return found


def _all_apart(left: Sequence[Value], right: Sequence[Value], span: Span) -> list[Value]:
    return [
        apart_from(a, b, span)
        for a in left
        for b in right
        if share_input([_collection(a)], [_collection(b)])
    ]


def _collection(element: Value) -> Collection:
    if isinstance(element, Choice):  # of what the branches of a ternary have found
        return _collection(element.then)
    assert isinstance(element, (Variable, Member)), "an element of a loop"
    assert element.loop.collection is not None, "not the current element of an object block"
    return element.loop.collection


def _needed(
    owners: Sequence[tuple[Unknown, list[Loop]]], known: Solutions
) -> tuple[tuple[Collection | CompositeDef, int], ...]:
    """Return the sizes with which a search finds something."""
    composites = [u.collection for u, _ in owners if isinstance(u.collection, CompositeDef)]
    loops = [loop for unknown, own in owners for loop in own]
    collections = {key_of(u)[0]: u.collection for u, _ in owners}
    found = [collections[name] for name, _, _ in known if name in collections]
    taken = [c for c in found if not isinstance(c, CompositeDef)]
    return needs(loops, taken, composites)
