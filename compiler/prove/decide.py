"""Deciding pairs of masks: proofs by intervals, then by z3 where it is installed."""

from __future__ import annotations

import math
import time
from collections.abc import Collection
from typing import Literal

from adl.compiler.ir import Node
from adl.compiler.program import Program, RegionOutput
from adl.compiler.prove import smt
from adl.compiler.prove.boxes import Outcome, empty
from adl.compiler.prove.facts import Facts, Late
from adl.compiler.prove.formulas import Over, conjunction, literal, literals, over, under
from adl.compiler.prove.promises import Promises
from adl.compiler.prove.regions import mask_of
from adl.compiler.prove.values import everything
from adl.compiler.prove.verdicts import Limits, Relation, Verdict

Question = Literal["disjoint", "subset", "superset"]
ALL: tuple[Question, ...] = ("disjoint", "subset", "superset")
# Of a pair's time that all its proofs may take: the rest is for events and for z3's own work.
SHARE = 0.65
NOT_PROVEN = Verdict("unknown", "neither a proof nor a witness was found")


class Prover:
    """Decides pairs of masks; what it finds out about quantities serves all of them."""

    def __init__(self, promises: Promises | None = None, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.facts = Facts(promises or Promises())
        self._nothing: dict[Node, bool] = {}  # by masks in normal form, z3 asked

    def prove(
        self,
        a: Node,
        b: Node,
        asked: Collection[Question] = ALL,
        solver: bool = True,
        spent: float = 0.0,
    ) -> Verdict:
        """Return what can be proven of two masks, of the relations asked for.

        Without ``solver`` by intervals alone. ``spent`` are seconds that other proofs of the pair took.
        """
        solver = solver and self.limits.solver and smt.available()
        first, second = self.facts.normal(a), self.facts.normal(b)
        if first is second:
            return Verdict("equal", "both have the same cuts", method="same")
        end = time.monotonic() + SHARE * self.limits.seconds - spent
        f, g = self.facts.encode(first), self.facts.encode(second)
        late = False
        if "disjoint" in asked:
            found = self._empty(over(f) & over(g), end, solver)
            if found.empty:
                return self._disjoint(first, second, found, end)
            late |= found.late
        nothing = Outcome(False)
        within = around = nothing
        if "subset" in asked:
            within = self._empty(over(f) & under(g).opposite, end, solver)
        if "superset" in asked:
            around = self._empty(over(g) & under(f).opposite, end, solver)
        late |= within.late or around.late
        if not (within.empty or around.empty):
            late_term = "the solver ran out of time" if late else ""
            return Verdict("unknown", NOT_PROVEN.reason, term=late_term)
        relation, reason = _related(within.empty, around.empty)
        facts = tuple(sorted(within.facts | around.facts))
        return Verdict(
            relation, reason, facts, method=within.method if within.empty else around.method
        )

    def passes_nothing(self, mask: Node, numbers: bool = False) -> bool:
        """Return whether no event can pass a mask, as far as can be proven.

        With ``numbers`` only events count in which every quantity that is asked is a number.
        """
        formula = self.facts.formula(mask)
        if numbers:
            asked = dict.fromkeys(i.quantity for i in literals(formula) if i.allowed.kind == "real")
            some = everything("real", nan=False)
            formula = conjunction((formula, *(literal(q, some) for q in asked)))
        return self._empty(over(formula), time.monotonic() + self.limits.seconds).empty

    def always(self, condition: Node, given: Node) -> bool:
        """Return whether a condition holds wherever ``given`` does: as a cut it cuts nothing."""
        end = time.monotonic() + self.limits.seconds
        question = over(self.facts.formula(given)) & under(self.facts.formula(condition)).opposite
        return self._empty(question, end).empty

    def is_nothing(self, mask: Node, end: float = math.inf) -> bool:
        """Return whether no event can pass a mask, z3 asked where intervals do not say it."""
        mask = self.facts.normal(mask)
        if mask not in self._nothing:
            end = min(end, time.monotonic() + self.limits.seconds)
            solver = self.limits.solver and smt.available()
            found = self._empty(over(self.facts.encode(mask)), end, solver)
            if found.late:
                return False  # for now
            self._nothing[mask] = found.empty
        return self._nothing[mask]

    def _disjoint(self, a: Node, b: Node, found: Outcome, end: float) -> Verdict:
        if found.method == "z3":
            nothing = any(self.is_nothing(side, end) for side in (a, b))
        else:
            sides = (self.facts.encode(side) for side in (a, b))
            nothing = any(self._empty(over(side), end).empty for side in sides)
        reason = "one of them passes no event" if nothing else "no event passes the cuts of both"
        facts = tuple(sorted(found.facts))
        return Verdict("disjoint", reason, facts, method=found.method, empty=nothing)

    def _empty(self, question: Over, end: float, solver: bool = False) -> Outcome:
        try:
            with self.facts.until(end):
                known = self.facts.about([question.formula])
                found = empty(question, known, self.facts.bounds, self.limits.splits, end)
                if found.empty or not solver or time.monotonic() >= end:
                    return found
                return smt.empty(question, self.facts, end)
        except Late:
            return Outcome(False, late=True)


def _related(within: bool, around: bool) -> tuple[Relation, str]:
    if within and around:
        return "equal", "each passes what the other passes"
    if within:
        return "subset", "every event of the first passes the second"
    return "superset", "every event of the second passes the first"


def decide(
    program: Program,
    region_a: Node | RegionOutput | str,
    region_b: Node | RegionOutput | str,
    limits: Limits | None = None,
    promises: Promises | None = None,
) -> Verdict:
    """Return how two regions of a program relate: given by mask, by output or by name.

    For many pairs make one ``Study`` (``study.py``), which shares all work between them.
    """
    from adl.compiler.prove.regions import Region
    from adl.compiler.prove.study import Study

    masks = [_mask(program, region) for region in (region_a, region_b)]
    regions = [Region(name, mask) for name, mask in zip("ab", masks, strict=True)]
    return Study(regions, promises or Promises(), limits or Limits()).run()[0, 1]


def _mask(program: Program, region: Node | RegionOutput | str) -> Node:
    if isinstance(region, Node):
        return region
    if isinstance(region, RegionOutput):
        return mask_of(region)
    return next(mask_of(r) for r in program.regions if r.name == region)
