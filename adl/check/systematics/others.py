"""Lines about no column and no weight: ``rate``, ``table``, ``tree``, ``correlate``."""

from __future__ import annotations

import math

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
from adl.syntax.tree import Clause, Expr, Name, Number, Table, Text, Unary


def rate(draft: Draft, clause: Clause) -> None:
    """Read ``rate 1.025 0.975``: factors of the whole yield, upwards and downwards.

    One number is that of a log-normal uncertainty: ``rate 1.025`` divides by it downwards.
    """
    if not allowed(draft, clause, ()):
        return
    written = settings(clause).get("", ())
    factors = [found for value in written if (found := _signed(value)) is not None]
    if len(factors) != len(written) or len(factors) not in (1, 2):
        message = "rate has two numbers, upwards and downwards"
        draft.mistake("E262", message, clause.span, "rate 1.025 0.975")
        return
    for value, factor in zip(written, factors, strict=True):
        if not 0 < factor < math.inf:
            message = (
                f"a rate multiplies the yield, {draft.context.words(value.span)} is not above 0"
            )
            help = "1.025 is 2.5 % more, 0.975 is 2.5 % less"
            draft.mistake("E262", message, value.span, help)
            return
    draft.rate = factors[0], factors[1] if len(factors) == 2 else 1 / factors[0]
    draft.kind = draft.kind or "rate"


def _signed(written: Expr) -> float | None:
    match written:
        case Number(text=text):
            return float(text)
        case Unary(operator="-", operand=Number(text=text)):
            return -float(text)
    return None


def table(draft: Draft, clause: Clause) -> None:
    """Read ``table muEff``: its values with their upper, and with their lower errors."""
    if not allowed(draft, clause, ()):
        return
    for written in settings(clause).get("", ()):
        blocks = draft.context.blocks
        if not isinstance(written, Name) or not isinstance(blocks.get(written.name), Table):
            tables = [name for name, block in blocks.items() if isinstance(block, Table)]
            words = draft.context.words(written.span)
            known = f"the tables are {', '.join(tables)}" if tables else "the file has no table"
            help = did_you_mean(words, tables) or known
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
