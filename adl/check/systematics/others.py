"""Lines about no column and no weight: ``rate``, ``table``, ``tree``, ``correlate``."""

from __future__ import annotations

from adl.check.analysis import TableDef
from adl.check.systematics.draft import (
    Direction,
    Draft,
    allowed,
    directions,
    opposite,
    settings,
)
from adl.check.systematics.families import word
from adl.check.systematics.labels import label_of
from adl.check.variations import OwnTree
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.tree import Clause, Name, Number, Table, Text


def rate(draft: Draft, clause: Clause) -> None:
    """Read ``rate 1.025 0.975``: factors of the whole yield, upwards and downwards."""
    if not allowed(draft, clause, ()):
        return
    match settings(clause).get("", ()):
        case (Number() as up, Number() as down):
            draft.rate = float(up.text), float(down.text)
        case (Number() as up,):
            draft.rate = float(up.text), 1 / float(up.text) if float(up.text) else 0.0
        case _:
            message = "rate has two numbers, upwards and downwards"
            draft.mistake("E262", message, clause.span, "rate 1.025 0.975")
            return
    if min(draft.rate) <= 0:
        draft.mistake("E262", "a rate is above 0", clause.span, "rate 1.025 0.975")
        return
    draft.kind = draft.kind or "rate"


def table(draft: Draft, clause: Clause) -> None:
    """Read ``table muEff``: its values with their upper, and with their lower errors."""
    if not allowed(draft, clause, ()):
        return
    for written in settings(clause).get("", ()):
        blocks = draft.context.blocks
        if not isinstance(written, Name) or not isinstance(blocks.get(written.name), Table):
            tables = [name for name, block in blocks.items() if isinstance(block, Table)]
            words = draft.context.words(written.span)
            help = did_you_mean(words, tables)
            draft.mistake("E266", f"no table is called {words}", written.span, help)
            continue
        found = draft.context.definition(written.name, written.span)
        if not isinstance(found, TableDef):
            continue
        if any(row.errors is None for row in found.rows):
            message = f"{found.name} has no errors, so it has no variations"
            draft.mistake("E266", message, written.span, "errors true, and two errors in each row")
            continue
        draft.tables.append(found.name)
        draft.kind = draft.kind or "table"


def tree(draft: Draft, clause: Clause) -> None:
    """Read ``tree up "a" down "b"``: trees of the same files with the events of each direction."""
    given = directions(draft, clause)
    found = settings(clause)
    if given is None or not allowed(draft, clause, ("up", "down", "mirror")):
        return
    names: dict[Direction, Text] = {}
    for direction in given:
        match found[direction]:
            case (Text(value=name) as text,) if name:
                names[direction] = text
    if not given or found.get("") or len(names) < len(given):
        message = "tree has the names of two trees, as texts"
        help = 'tree up "nominal_JMSup" down "nominal_JMSdown"'
        draft.mistake("E262", message, clause.span, help)
        return
    if draft.trees:
        draft.mistake("E262", f"{draft.member.name} has two tree lines", clause.span)
        return
    if len({text.value for text in names.values()}) < len(names):
        message = f"up and down are the same tree {names['up'].value}"
        help = "name two trees, or one and mirror"
        draft.mistake("E262", message, names["down"].span, help)
        return
    draft.trees = {d: OwnTree(text.value, text.span) for d, text in names.items()}
    if "mirror" in found:
        draft.mirror = opposite(given[0])
    draft.kind = "tree"


def correlate(draft: Draft, clause: Clause) -> None:
    """Read ``correlate "jet energy scale"``: the name that other analyses know."""
    match settings(clause).get("", ()):
        case ((Text() | Name()) as written,):
            pass
        case _:
            help = 'correlate "jet energy scale", or "jet energy scale: SOURCE"'
            draft.mistake("E262", "correlate has one name", clause.span, help)
            return
    draft.correlate = label_of(draft.context, word(written) or "", written.span)
