"""A systematic while its lines are read, and what every kind of line needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from adl.check.analysis import Value
from adl.check.constants import included
from adl.check.context import Context
from adl.check.dominance import absent, unguarded
from adl.check.guarantees import NOTHING
from adl.check.scope import Scope
from adl.check.systematics.families import Member
from adl.check.types import convert, number
from adl.check.variations import Combine, Kind, NewValue, OwnTree, Propagation, VariedWeight
from adl.syntax.source import Span
from adl.syntax.tree import Clause, Expr

Direction = Literal["up", "down"]
DIRECTIONS: tuple[Direction, ...] = ("up", "down")
_OPPOSITE: dict[Direction, Direction] = {"up": "down", "down": "up"}


@dataclass
class Draft:
    """One systematic while it is read."""

    context: Context
    member: Member
    kind: Kind | None = None
    # What each line puts in the place of columns: nominal ("") and by direction.
    lines: list[Mapping[str, tuple[NewValue, ...]]] = field(default_factory=list)
    propagations: list[Propagation] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)  # missing momenta that stay as they are
    weights: dict[str, dict[Direction, VariedWeight]] = field(default_factory=dict)
    factors: dict[str, Value] = field(default_factory=dict)  # by direction, or replica
    mirrored: set[str] = field(default_factory=set)  # directions of mirrored factors
    trees: dict[Direction, OwnTree] = field(default_factory=dict)
    tables: list[str] = field(default_factory=list)
    rate: tuple[float, float] | None = None
    correlate: str = ""
    combine: Combine = ""
    normalise: bool = False
    mirror: Direction | None = None  # the direction that results get from the other one
    excluded: bool = False  # a line of it is for other datasets

    def mistake(self, code: str, message: str, span: Span, help: str = "") -> None:
        """Report a mistake."""
        self.context.findings.error(code, message, span, help)


def settings(clause: Clause) -> dict[str, tuple[Expr, ...]]:
    """Return what follows each word of a line; the line's own values stand under ""."""
    return dict(clause.settings)


def belongs(draft: Draft, clause: Clause) -> bool:
    """Whether a line is for the dataset, by the words behind ``only``."""
    limits = settings(clause).get("only", ())
    if not limits:
        return True
    words = " ".join(draft.context.words(value.span) for value in limits).split()
    if included(draft.context, words, "systematic", clause.span):
        return True
    draft.context.excluded.append(clause)
    draft.excluded = True
    return False


def allowed(draft: Draft, clause: Clause, words: Sequence[str]) -> bool:
    """Whether a line has no other settings than these."""
    for word in settings(clause):
        if word and word not in (*words, "only"):
            known = ", ".join((*words, "only"))
            message = f"{word} has no meaning in a {clause.word} line"
            draft.mistake("E262", message, clause.span, f"it can have {known}")
            return False
    return True


def directions(draft: Draft, clause: Clause) -> tuple[Direction, ...] | None:
    """Return the directions that a line gives; None after a mistake.

    A line with one of them says ``mirror``; a line with none can correct the nominal values only.
    """
    found = settings(clause)
    if behind_comma(draft, clause):
        return None
    given = tuple(d for d in DIRECTIONS if d in found)
    mirror = "mirror" in found
    if len(given) == 1 and not mirror:
        other = _OPPOSITE[given[0]]
        message = f"{draft.member.name} has {given[0]}, and nothing for {other}"
        help = f"{other} and its value, or mirror: as far on the other side"
        draft.mistake("E262", message, clause.span, help)
        return None
    if mirror and len(given) != 1:
        message = "mirror makes the second direction of the first, here are both"
        if not given:
            message = "mirror needs one direction, up or down"
        draft.mistake("E262", message, clause.span, "up and its value, then mirror")
        return None
    return given


def behind_comma(draft: Draft, clause: Clause) -> bool:
    """Report ``up 1.02, down 0.98``: a comma stands between values of one direction only."""
    for word, values in clause.settings:
        for value in values[1:]:
            text = draft.context.words(value.span)
            second = text.split()[0] if text.split() else ""
            if second in (*DIRECTIONS, "mirror", "nominal"):
                owner = word or clause.word
                message = f"a comma stands before {second}: it would be one more value of {owner}"
                help = f"no comma before a direction: {owner} … {second} …"
                draft.mistake("E262", message, value.span, help)
                return True
    return False


def opposite(direction: Direction) -> Direction:
    """Return the other direction."""
    return _OPPOSITE[direction]


def real_value(draft: Draft, scope: Scope, written: Expr) -> Value | None:
    """Return a number that is always there, as a real one; None after a mistake."""
    found = always(draft, number(scope, scope.context.value(scope, written)))
    return None if found is None else convert(found, "real")


def always(draft: Draft, found: Value | None) -> Value | None:
    """Return a value that cannot be missing; None after a mistake."""
    if found is None:
        return None
    for use in unguarded(found, NOTHING):
        if use.decides:
            message, span, help = absent(use)
            help = f"{help}, or give the value for its absence: default(…, 1)"
            draft.mistake("E264", f"a variation needs a value, {message}", span, help)
            return None
    return found
