"""Which outputs are filled in which body of a kernel: whole regions together."""

from __future__ import annotations

from adl.compiler.actions import Action, output_action, weights_of
from adl.compiler.ir import Axis, Fill, Record
from adl.compiler.program import Program
from adl.compiler.variations import group_of


def parts_of(
    program: Program, body: int
) -> tuple[list[list[Action]], dict[Axis, list[list[Action]]]]:
    """Cut the outputs into parts of whole regions: the event's own, and those of each group."""
    nominal: list[list[Action]] = [[]]
    groups: dict[Axis, list[list[Action]]] = {}
    for outputs in _regions(program):
        for group in dict.fromkeys((None, *(_turned(o) for o in outputs))):
            own = [output_action(o) for o in outputs if _turned(o) == group]
            if group is None:
                parts = nominal
            else:  # in a body the group's axis is the first that is at hand
                parts = groups.setdefault(group, [[]])
                own = [Action(a.conditions, a.loops[1:], a.effect) for a in own]
            if parts[-1] and len(parts[-1]) + len(own) > body:
                parts.append([])
            parts[-1] += own
    return nominal, groups


def _turned(output: Fill | Record) -> Axis | None:
    """Return the group in whose turns an output is filled; by name, whatever its slot."""
    group = group_of(output)
    if group is None or weights_of(output) is not None:
        return None
    return Axis(group.source, 0)


def _regions(program: Program) -> list[list[Fill | Record]]:
    """Return the outputs region by region; one stands with the first that has it."""
    regions: list[list[Fill | Record]] = []
    seen: set[Fill | Record] = set()
    of_none = (*program.inputs, *(record for rows in program.own_rows for record in rows.records))
    every: list[tuple[Fill | Record, ...]] = [of_none]
    every += [(*region.fills, *region.records) for region in program.every_region]
    for found in every:
        outputs = [o for o in dict.fromkeys(found) if o not in seen]
        seen.update(outputs)
        regions.append(outputs)
    return regions
