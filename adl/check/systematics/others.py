"""Lines about no column and no weight: ``rate``, ``table``, ``correlate``; ``tree`` is refused."""

from __future__ import annotations

from adl.check.analysis import TableDef
from adl.check.systematics.draft import Draft, allowed, directions, settings
from adl.check.systematics.families import word
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
    """Refuse ``tree up "a" down "b"``, and one direction alone as any line does."""
    if directions(draft, clause) is None:
        return
    message = "variations in trees of their own: not supported yet"
    draft.mistake("E190", message, clause.span)


def correlate(draft: Draft, clause: Clause) -> None:
    """Read ``correlate "jes"``: the name that other analyses know."""
    match settings(clause).get("", ()):
        case ((Text() | Name()) as label,):
            draft.correlate = word(label) or ""
        case _:
            draft.mistake("E262", "correlate has one name", clause.span, 'correlate "jes"')
