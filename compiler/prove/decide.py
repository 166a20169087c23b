"""Deciding pairs of regions: proofs by intervals, then by z3, and events that pass both."""

from __future__ import annotations

from collections.abc import Sequence

from adl.compiler.ir import Node
from adl.compiler.program import Program, RegionOutput
from adl.compiler.prove.boxes import Outcome, empty
from adl.compiler.prove.facts import Facts
from adl.compiler.prove.formulas import Formula, Over, over, under
from adl.compiler.prove.promises import Promises
from adl.compiler.prove.regions import mask_of
from adl.compiler.prove.verdicts import Limits, Verdict


class Prover:
    """Decides pairs of masks; what it finds out about quantities serves all of them."""

    def __init__(self, promises: Promises | None = None, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.facts = Facts(promises or Promises())

    def prove(
        self, a: Node, b: Node, asked: Sequence[str] = ("disjoint", "subset", "superset")
    ) -> Verdict:
        """Return what can be proven of two masks, of the relations asked for."""
        first, second = self.facts.normal(a), self.facts.normal(b)
        if first is second:
            return Verdict("equal", "both have the same cuts", method="same")
        f, g = self.facts.encode(first), self.facts.encode(second)
        if "disjoint" in asked:
            found = self._empty(over(f) & over(g))
            if found.empty:
                return self._disjoint(f, g, found)
        within = self._empty(over(f) & under(g).opposite) if "subset" in asked else Outcome(False)
        around = self._empty(over(g) & under(f).opposite) if "superset" in asked else Outcome(False)
        used = tuple(sorted(within.facts | around.facts))
        if within.empty and around.empty:
            return Verdict("equal", "each passes what the other passes", used, method="intervals")
        if within.empty:
            return Verdict(
                "subset", "every event of the first passes the second", used, method="intervals"
            )
        if around.empty:
            return Verdict(
                "superset", "every event of the second passes the first", used, method="intervals"
            )
        return Verdict("unknown", "neither a proof nor a witness was found")

    def _disjoint(self, f: Formula, g: Formula, found: Outcome) -> Verdict:
        nothing = any(self._empty(over(side)).empty for side in (f, g))
        reason = "one of them passes no event" if nothing else "no event passes the cuts of both"
        facts = tuple(sorted(found.facts))
        return Verdict("disjoint", reason, facts, method="intervals", empty=nothing)

    def _empty(self, question: Over) -> Outcome:
        known = self.facts.about([question.formula])
        return empty(question, known, self.facts.bounds, self.limits.splits)


def decide(
    program: Program,
    region_a: Node | RegionOutput | str,
    region_b: Node | RegionOutput | str,
    limits: Limits | None = None,
    promises: Promises | None = None,
) -> Verdict:
    """Return how two regions of a program relate: given by mask, by output or by name.

    For many pairs make one ``Prover``: it remembers what it found out.
    """
    first, second = _mask(program, region_a), _mask(program, region_b)
    return Prover(promises, limits).prove(first, second)


def _mask(program: Program, region: Node | RegionOutput | str) -> Node:
    if isinstance(region, Node):
        return region
    if isinstance(region, RegionOutput):
        return mask_of(region)
    return next(mask_of(r) for r in program.regions if r.name == region)
