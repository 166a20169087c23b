"""Every systematic block of a file: its lines by ``LINES``, then what they make together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from adl.check.analysis import RegionDef
from adl.check.context import Context
from adl.check.systematics import columns, others, suffixes, weights
from adl.check.systematics.categories import of_corrections
from adl.check.systematics.contradictions import contradictions, said_once
from adl.check.systematics.draft import DIRECTIONS, Draft, belongs
from adl.check.systematics.families import Member, members
from adl.check.systematics.legacy import legacy
from adl.check.variations import NewValue, Stage, SystematicDef, Variation
from adl.syntax.diagnostics import Mistake
from adl.syntax.tree import (
    Clause,
    File,
    LegacySystematic,
    Systematic,
    Text,
)

LINES: dict[str, Callable[[Draft, Clause], None]] = {
    "scale": columns.scale,
    "set": columns.set_,
    "suffix": suffixes.suffix,
    "propagate": columns.propagate,
    "keep": columns.keep,
    "reweight": weights.reweight,
    "rate": others.rate,
    "table": others.table,
    "tree": others.tree,
    "correlate": others.correlate,
}

_ACCOMPANY = frozenset(("propagate", "keep", "correlate"))  # say nothing alone
_CHANGES = frozenset(("scale", "set", "suffix"))  # columns, which propagate can follow

Wanted = Callable[[str], bool]


def check_systematics(
    context: Context, file: File, regions: Iterable[RegionDef], wanted: Wanted
) -> tuple[tuple[Stage, ...], tuple[SystematicDef, ...], tuple[Draft, ...]]:
    """Return what the systematics of a file change, and their drafts, for what looks at them.

    Of those that are not ``wanted`` only what corrects the nominal values remains.
    """
    regions = tuple(regions)
    drafts: list[Draft] = []
    names: dict[str, Systematic | LegacySystematic] = {}
    for block in _blocks(context, file):
        for member in _members(context, block, regions):
            is_new = _is_new(context, names, member, block)
            if not is_new and names[member.name] == block:
                continue
            with context.asking():
                draft = _draft(context, member, regions, wanted(member.name))
            drafts += [draft] if is_new else []  # of a double only its mistakes count
    stages = tuple(stage for draft in drafts for stage in _stages(draft, wanted))
    found = [_systematic(d) for d in drafts if d.kind is not None and wanted(d.member.name)]
    spans = {name: block.span for name, block in names.items()}
    found += [s for s in of_corrections(context, spans) if wanted(s.name)]
    return stages, tuple(found), tuple(drafts)


def _blocks(context: Context, file: File) -> Iterator[Systematic | LegacySystematic]:
    """Yield the blocks of systematics; a line of the other tool counts once."""
    seen: set[LegacySystematic] = set()
    for block in file.blocks:
        if isinstance(block, LegacySystematic):
            if block in seen:
                context.findings.note("N411", "this line stands above too", block.span)
                continue
            seen.add(block)
        if isinstance(block, (Systematic, LegacySystematic)):
            yield block


def _is_new(
    context: Context,
    names: dict[str, Systematic | LegacySystematic],
    member: Member,
    block: Systematic | LegacySystematic,
) -> bool:
    first = names.setdefault(member.name, block)
    if first is block:  # words of a family differ, so its names do
        return True
    line = context.line(first.span)
    message = f"{member.name} is declared twice, first as the systematic on line {line}"
    if first == block:
        reading = "one, they say the same"
        context.findings.repaired(Mistake("E207", message, block.span, reading, "remove one"))
    else:
        help = "give one of them another name"
        context.findings.error("E207", message, block.span, help)
    return False


def _members(
    context: Context, block: Systematic | LegacySystematic, regions: tuple[RegionDef, ...]
) -> Iterator[Member]:
    if isinstance(block, LegacySystematic):
        yield from legacy(context, block, regions)
    elif block.clauses and block.clauses[0].word == "auto":
        clause = block.clauses[0]
        (pattern,) = dict(clause.settings)[""]
        assert isinstance(pattern, Text)
        for name in suffixes.matching(context, pattern.value, block.span):
            yield Member(name, (clause,), block.span, f"auto {pattern.value}")
    else:
        yield from members(context, block)


def _draft(context: Context, member: Member, regions: tuple[RegionDef, ...], wanted: bool) -> Draft:
    draft = Draft(context, member)
    before = len(context.findings.items)
    lines: list[Clause] = []  # those for this dataset
    for clause in _followers_last(member):
        corrects = any(word == "nominal" for word, _ in clause.settings)
        with_it = clause.word in ("propagate", "keep")
        if not (wanted or corrects or with_it) or not belongs(draft, clause):
            continue
        if clause.word == "propagate" and _follows_nothing_here(draft):
            continue
        if not said_once(draft, clause):
            continue
        lines.append(clause)
        if clause.word == "weight":
            weights.weight(draft, clause, regions)
        elif clause.word == "auto":
            pairs = suffixes.offered(context.schema)[member.name]
            suffixes.add_pairs(draft, pairs, member.span)
        else:
            LINES[clause.word](draft, clause)
    _check_alone(draft)
    contradictions(draft, lines)
    if len(context.findings.items) == before:
        _check_something(draft)
        if wanted:
            _check_followed(draft)
    return draft


def _followers_last(member: Member) -> list[Clause]:
    return sorted(member.clauses, key=lambda clause: clause.word == "propagate")


def _follows_nothing_here(draft: Draft) -> bool:
    """Whether the lines that change columns are all for other datasets: so is what follows them."""
    return not draft.lines and any(_is_excluded(draft, c) for c in draft.member.clauses)


def _is_excluded(draft: Draft, clause: Clause) -> bool:
    return clause.word in _CHANGES and any(clause is c for c in draft.context.excluded)


def _check_something(draft: Draft) -> None:
    """Report a block without a line that changes anything."""
    words = {clause.word for clause in draft.member.clauses}
    if not words <= _ACCOMPANY:
        return
    name = draft.member.name
    message = f"the systematic {name} says nothing that changes"
    help = "a line below: scale, set, suffix, weight, reweight, table, tree or rate"
    if name == "auto":
        help = 'systematic auto "jes*" takes the variations that a file has as columns'
    draft.mistake("E262", message, draft.member.span, help)


def _check_alone(draft: Draft) -> None:
    """Report lines beside ``tree`` that say what changes: the tree has all of it."""
    others = [c for c in draft.member.clauses if c.word not in ("tree", "correlate")]
    if draft.trees and others:
        first = others[0]
        message = f"a systematic with trees of its own has no {first.word} line"
        help = "the trees hold all that changes; another systematic can have the line"
        draft.mistake("E262", message, first.span, help)


def _check_followed(draft: Draft) -> None:
    """Report ``propagate MET from FatJet`` where no line of the block changes FatJet.

    Where a line that can change it is for other datasets, nothing follows here.
    """
    lines = (v for line in draft.lines for values in line.values() for v in values)
    changed = {v.collection.name for v in lines if v.collection is not None}
    elsewhere = any(_is_excluded(draft, c) for c in draft.member.clauses)
    for follows in tuple(draft.propagations):
        source = follows.collection.name
        if source in changed:
            continue
        if elsewhere:
            draft.propagations.remove(follows)
            continue
        message = f"{follows.met.name} follows {source}, and no line here changes {source}"
        every = " or ".join(sorted(changed))
        help = f"propagate … from {every}" if every else f"scale pt({source})  up …  down …"
        draft.mistake("E262", message, follows.span, help)


# ------------------------------------------------------------------------- what lines make


def _label(draft: Draft, direction: str) -> str:
    if direction in DIRECTIONS:
        return f"{draft.member.name}{direction.capitalize()}"
    return f"{draft.member.name}_{direction}"


def _stages(draft: Draft, wanted: Wanted) -> Iterator[Stage]:
    """Yield the lines that change columns; what is propagated follows each of them."""
    for line in draft.lines:
        by_label: dict[str, tuple[NewValue, ...]] = {}
        if wanted(draft.member.name):
            by_label = {_label(draft, d): line[d] for d in DIRECTIONS if d in line}
        nominal = line.get("", ())
        if nominal or by_label:
            yield Stage(nominal, by_label, tuple(draft.propagations))


def _systematic(draft: Draft) -> SystematicDef:
    assert draft.kind is not None
    mirror = "" if draft.mirror is None else _label(draft, draft.mirror)
    return SystematicDef(
        draft.member.name,
        draft.kind,
        tuple(_variations(draft)),
        draft.member.span,
        draft.correlate,
        draft.combine,
        draft.normalise,
        mirror,
        draft.rate,
        draft.member.family,
    )


def _variations(draft: Draft) -> Iterator[Variation]:
    given: set[str] = {d for line in draft.lines for d in line if d}
    given |= {d for new in draft.weights.values() for d in new} | draft.factors.keys()
    given |= set(DIRECTIONS) if draft.tables else set()
    given |= set(draft.trees)
    numbers = sorted((d for d in given if d not in DIRECTIONS), key=int)
    for direction in (*(d for d in DIRECTIONS if d in given), *numbers):
        by_name = {n: new[direction] for n, new in draft.weights.items() if direction in new}
        yield Variation(
            _label(draft, direction),
            direction,
            by_name,
            draft.factors.get(direction),
            direction in draft.mirrored,
            dict.fromkeys(draft.tables, 1 if direction == "up" else -1),
            tree=draft.trees.get(direction),  # type: ignore[call-overload]  # or a replica: none
        )
