"""What a region inherits from another: its cuts, weights and searches, and in cutlang all else."""

from __future__ import annotations

from adl.check.analysis import Cut, RegionDef, RegionRef, Rows, WeightBy
from adl.check.context import Context
from adl.check.guarantees import NEVER
from adl.check.names import meaning
from adl.check.region_draft import RegionDraft
from adl.check.scope import Scope
from adl.check.sorts import inherit_orders
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.keywords import OWN_WORDS, STATEMENTS
from adl.syntax.source import Span
from adl.syntax.tree import Expr, Name, Region

_KEYWORDS = (*STATEMENTS, *OWN_WORDS["REGION"])


def inherit_line(region: RegionDraft, parent: Name) -> None:
    """Insert what the parent region hands down that stands in a line of names.

    A misspelt keyword looks like such a name: ``weigth genWeight``. What follows it is none.
    """
    line = region.context.line(parent.span)
    if line == region.misread:
        return
    unknown = parent.name not in region.context.blocks
    near = did_you_mean(parent.name, _KEYWORDS, limit=1, alike=0.75) if unknown else ""
    if near and not did_you_mean(parent.name, _regions(region.context)):
        region.misread = line
        region.facts = NEVER
        message = f"no region is called {parent.name}"
        region.context.findings.error("E213", message, parent.span, near)
        return
    inherit(region, parent)


def inherit(region: RegionDraft, parent: Expr) -> None:
    """Insert what a parent region hands down; what is there already counts once."""
    found = _parent(region.scope, parent)
    if found is None:
        region.facts = NEVER  # what the parent may guarantee is no second mistake
        return
    inherit_orders(region.context, found)
    everything = region.context.dialect == "cutlang"
    here: set[object] = {*region.statements}
    for inherited in found.statements:
        if isinstance(inherited, Rows):
            # The parent's own file has these rows. Pasted, as cutlang has all else, a save would
            # write each event twice into one file, and a print the same rows into a second one.
            continue
        handed_down = everything or isinstance(inherited, (Cut, WeightBy))
        if handed_down and inherited not in here:
            region.add(inherited)
    _inherit_found(region, found, parent.span)
    if everything:
        known = set(region.bins)
        region.bins += [b for b in found.bins if b not in known]
    here = {*region.statements, *region.bins}
    region.counts += [c for c in found.counts if c[0] in here and c not in region.counts]


def _inherit_found(region: RegionDraft, parent: RegionDef, span: Span) -> None:
    """Take over what a parent's searches found."""
    for key, solution in parent.found.items():
        if region.found.get(key, solution) is not solution:
            name = f"{key[0].split()[-1]}[{key[1]}]"
            message = f"{name} is found by two searches, one before and one of {parent.name}"
            region.context.findings.error("E235", message, span, "give one another index")
            return
    region.found = {**region.found, **parent.found}


def _regions(context: Context) -> list[str]:
    return [name for name, block in context.blocks.items() if isinstance(block, Region)]


def _parent(scope: Scope, parent: Expr) -> RegionDef | None:
    context = scope.context
    if isinstance(parent, Name) and parent.name not in context.blocks:
        regions = _regions(context)
        if parent.name.lower() not in (name.lower() for name in regions):
            message = f"no region is called {parent.name}"
            help = did_you_mean(parent.name, regions)
            context.findings.error("E213", message, parent.span, help)
            return None
    found = meaning(scope, parent) if isinstance(parent, Name) else None
    if isinstance(found, RegionRef):
        return found.region
    if found is not None or not isinstance(parent, Name):
        message = f"a region inherits from a region, {context.words(parent.span)} is none"
        context.findings.error("E213", message, parent.span)
    return None
