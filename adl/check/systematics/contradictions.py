"""Lines of one block that cannot all be true: each is reported, since one of them would be lost."""

from __future__ import annotations

from collections.abc import Sequence

from adl.check.systematics.draft import DIRECTIONS, Draft, settings
from adl.syntax.tree import Clause

_ONCE = frozenset(("rate", "correlate"))  # a systematic has one of each
_CODE = "E273"


def said_once(draft: Draft, clause: Clause) -> bool:
    """Whether no word of a line stands in it twice: ``up 1.1 up 1.2`` is reported."""
    words = [word for word, _ in clause.settings]
    double = next((w for i, w in enumerate(words) if w and w in words[:i]), None)
    if double is None:
        return True
    message = f"{double} stands twice in this line"
    other = {"up": "down", "down": "up"}.get(double)
    help = f"is one of them {other}?" if other and other not in words else "remove one"
    draft.mistake(_CODE, message, clause.span, help)
    return False


def contradictions(draft: Draft, lines: Sequence[Clause]) -> None:
    """Report the lines of a block, those for this dataset, that do not go together."""
    _twice(draft, lines)
    _beside_replicas(draft, lines)
    _beside_rate(draft, lines)
    _mirrored_and_given(draft, lines)
    _moved_and_kept(draft, lines)


def _twice(draft: Draft, lines: Sequence[Clause]) -> None:
    for i, clause in enumerate(lines):
        first = next((c for c in lines[:i] if c.word == clause.word), None)
        if first is None:
            continue
        where = draft.context.line(first.span)
        if clause.word in _ONCE:
            message = f"{draft.member.name} has a {clause.word} line already, line {where}"
            help = "remove one, or say of each for which datasets it is: only ttbar"
            draft.mistake(_CODE, message, clause.span, help)
        elif clause.word == "propagate" and clause in lines[:i]:
            message = "this line stands above too, and the missing momentum would follow twice"
            draft.mistake(_CODE, message, clause.span, "remove one")


def _beside_replicas(draft: Draft, lines: Sequence[Clause]) -> None:
    """Report up and down beside replicas: neither a replica nor a band has a direction for them."""
    if not any(c.word == "reweight" and "" in settings(c) for c in lines):
        return
    for clause in lines:
        directed = clause.word == "table" or any(d in settings(clause) for d in DIRECTIONS)
        if directed and clause.word not in ("reweight", "tree"):  # reported where they are read
            message = (
                f"the variations of {draft.member.name} are replicas: they have no up and down"
            )
            help = f"two systematics: this {clause.word} line in a block of its own"
            draft.mistake(_CODE, message, clause.span, help)


def _beside_rate(draft: Draft, lines: Sequence[Clause]) -> None:
    """Report lines beside ``rate``: it is a factor of the whole yield, and nothing is computed."""
    rate = next((c for c in lines if c.word == "rate"), None)
    others = [c for c in lines if c.word not in ("rate", "correlate", "tree")]
    if rate is None or not others or draft.trees:
        return
    message = f"a systematic with a rate has no {others[0].word} line"
    help = "two systematics: the rate in a block of its own"
    draft.mistake(_CODE, message, rate.span, help)


def _mirrored_and_given(draft: Draft, lines: Sequence[Clause]) -> None:
    """Report a direction that results get from the other one, and that a line gives as well."""
    mirrored = [c for c in lines if c.word in ("scale", "set") and "mirror" in settings(c)]
    if draft.mirror is None or not mirrored:
        return
    for clause in lines:
        given = draft.mirror in settings(clause) or clause.word == "table"
        if given or ("mirror" in settings(clause) and clause.word in ("weight", "reweight")):
            where = draft.context.line(mirrored[-1].span)
            message = f"mirror on line {where} makes {draft.mirror} of the other direction"
            help = f"a value for {draft.mirror} in every line, or two systematics"
            draft.mistake(_CODE, f"{message}, and this line gives it", clause.span, help)


def _moved_and_kept(draft: Draft, lines: Sequence[Clause]) -> None:
    both = sorted({p.met.name for p in draft.propagations} & draft.kept)
    for clause in (c for c in lines if c.word == "keep" and both):
        message = f"keep says that {both[0]} stays as it is, and a propagate line changes it"
        draft.mistake(_CODE, message, clause.span, "one of the two lines")
        return
