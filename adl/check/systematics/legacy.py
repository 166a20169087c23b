"""``systematic on "pu_up" "pu_down" weight_pileup``: a line of another tool, for a weight or trees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile

from adl.check.analysis import RegionDef, WeightBy
from adl.check.context import Context
from adl.check.own_names import NOMINAL
from adl.check.systematics.families import Member
from adl.syntax.tree import Clause, Expr, Index, LegacySystematic, Name, Text

_ELEMENTS = re.compile(r"(?P<name>[^\[]+)\[(?P<places>[0-9, ]+)\]")
_PREFIX = "weight_"


def legacy(
    context: Context, block: LegacySystematic, regions: tuple[RegionDef, ...]
) -> Iterator[Member]:
    """Yield what a line declares; the name is what both of its columns begin with.

    It replaces the weight called ``weight_pileup`` or ``pileup``. A list of places in the columns,
    ``"b_up[0,1]"``, makes a systematic for each place. What is off declares nothing.
    """
    if not block.enabled:
        return
    if block.kind == "ttree":
        yield _trees(block)
        return
    up, down = (_elements(block, text) for text in (block.up, block.down))
    if [place for place, _ in up] != [place for place, _ in down]:
        message = f'"{block.up}" and "{block.down}" are not the same elements'
        context.findings.error("E262", message, block.span)
        return
    target = _weight(context, block, regions)
    if target is None:
        return
    name = _shared(_bare(block.up), _bare(block.down)).rstrip("_") or block.kind
    for (place, high), (_, low) in zip(up, down, strict=True):
        settings = (("", (target,)), ("up", (high,)), ("down", (low,)))
        clause = Clause("weight", settings, span=block.span)
        yield Member(f"{name}{place}", (clause,), block.span)


def _trees(block: LegacySystematic) -> Member:
    """Return what ``systematic on "JESup" "JESdn" ttree`` declares."""
    up, down = (Text(text, span=block.span) for text in (block.up, block.down))
    clause = Clause("tree", (("up", (up,)), ("down", (down,))), span=block.span)
    name = _shared(block.up, block.down).rstrip("_")
    # Of nominal_up and nominal_down the rest is what everything without a variation is called.
    return Member("ttree" if name.lower() in ("", NOMINAL) else name, (clause,), block.span)


def _weight(
    context: Context, block: LegacySystematic, regions: tuple[RegionDef, ...]
) -> Name | None:
    """Return the name of the weight that a line replaces; None where regions have none."""
    names = {s.name for r in regions for s in r.statements if isinstance(s, WeightBy)}
    for name in (block.kind, block.kind.removeprefix(_PREFIX)):
        if name in names:
            return Name(name, span=block.span)
    if regions:
        name = block.kind.removeprefix(_PREFIX)
        message = f"no weight statement is called {name}: this line changes nothing"
        context.findings.warning("W341", message, block.span, f"weight {name} … in a region")
    return None


def _elements(block: LegacySystematic, text: str) -> list[tuple[str, Expr]]:
    """Return the columns that a text names, with what tells them apart."""
    found = _ELEMENTS.fullmatch(text)
    if found is None:
        return [("", Name(text, span=block.span))]
    places = [int(p) for p in found["places"].split(",") if p.strip()]
    whole = Name(found["name"], span=block.span)
    return [(f"_{p}", Index(whole, p, span=block.span)) for p in places]


def _bare(text: str) -> str:
    return text.partition("[")[0]


def _shared(first: str, second: str) -> str:
    """Return what two texts begin with."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False))
    return "".join(letter for letter, _ in same)
