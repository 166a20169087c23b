"""W332: cuts of a region that exclude each other, so that it stays empty."""

from __future__ import annotations

from adl.check.analysis import Cut, RegionDef
from adl.check.lints.conditions import Meaning, Reader
from adl.check.lints.subject import Subject, own_cuts


def unreachable(subject: Subject) -> None:
    """Warn of regions that no event can pass, once for each pair of cuts.

    It is said at the later cut; where a region inherits both, at its name.
    """
    reader = Reader(subject.numbers)
    known: set[tuple[Cut | None, Cut]] = set()
    inherited: list[tuple[RegionDef, tuple[Cut | None, Cut]]] = []
    for region in subject.regions:
        pair = _contradiction(reader, region)
        if pair is None:
            continue
        if pair[1] in own_cuts(subject, region):
            known.add(pair)
            if not _is_meant(reader, pair):
                _warn(subject, region, pair, own=True)
        else:
            inherited.append((region, pair))
    for region, pair in inherited:
        if pair not in known or _is_meant(reader, pair):
            known.add(pair)
            _warn(subject, region, pair, own=False)


def _contradiction(reader: Reader, region: RegionDef) -> tuple[Cut | None, Cut] | None:
    """Return the cut at which nothing is left, and the one before that excludes it."""
    before: list[Cut] = []
    held = Meaning()
    for cut in region.statements:
        if not isinstance(cut, Cut):
            continue
        own = reader.meaning(cut.condition)
        if own.never:
            return None, cut
        held = reader.both(held, own)
        if held.never:
            single = (c for c in before if reader.both(reader.meaning(c.condition), own).never)
            return next(single, None), cut
        before.append(cut)
    return None


def _is_meant(reader: Reader, pair: tuple[Cut | None, Cut]) -> bool:
    """Whether a cut says none: switching off a region is a habit of CutLang's users.

    What inherits from it is switched off, too, and that is said.
    """
    meaning = reader.meaning(pair[1].condition)
    return meaning.never and not meaning.allowed


def _warn(subject: Subject, region: RegionDef, pair: tuple[Cut | None, Cut], own: bool) -> None:
    earlier, cut = pair
    context = subject.context
    if earlier is not None:
        line = context.line(earlier.span)
        reason = f"`{cut.label}` excludes `{earlier.label}` of line {line}"
    elif not own and _is_meant(Reader(subject.numbers), pair):
        reason = f"it inherits `{cut.label}` of line {context.line(cut.span)}"
    elif _alone(subject, cut):
        reason = f"`{cut.label}` is never true"
    else:
        reason = f"`{cut.label}` excludes the cuts before it"
    message = f"no event can pass {region.name}: {reason}"
    context.findings.warning("W332", message, cut.span if own else region.span)


def _alone(subject: Subject, cut: Cut) -> bool:
    """Whether a cut is false whatever stands before it."""
    return Reader(subject.numbers).meaning(cut.condition).never
