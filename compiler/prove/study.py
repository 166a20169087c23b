"""All pairs of some regions: events first, then proofs for what no event has settled.

An event that passes both shows that a pair is not disjoint, and one that passes the first alone
that it is no subset; only what is left is tried to be proven, and what is neither is searched for.
"""

from __future__ import annotations

import multiprocessing
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from adl.compiler.ir import Node
from adl.compiler.layout import Chunk
from adl.compiler.prove import smt
from adl.compiler.prove.decide import ALL, NOT_PROVEN, Prover, Question
from adl.compiler.prove.nearest import blocking
from adl.compiler.prove.promises import Promises
from adl.compiler.prove.regions import Region
from adl.compiler.prove.search import Pair, Search
from adl.compiler.prove.varied import Change
from adl.compiler.prove.verdicts import Limits, Verdict

CHUNK = 40  # pairs that a process is given at a time
ALONE = 0.05  # seconds a region, to find events that pass it
AGAIN = 5  # generations, even if events are found: they may refute that a region is within another
MOST_SECONDS = 300.0  # of a search
SEARCHED = 0.3  # of a pair's time: the share of the search, of which pairs that are found take less
Progress = Callable[[str, int, int], None]  # what is being done, how many pairs of how many


class Task(NamedTuple):
    """What to prove of a pair."""

    pair: Pair
    asked: tuple[Question, ...]
    solver: bool = False
    change: int | None = None  # the variation under which to prove it


class Answer(NamedTuple):
    """What was proven of a pair, in how many seconds."""

    task: Task
    verdict: Verdict
    seconds: float

    @property
    def pair(self) -> Pair:
        """The pair that was asked about."""
        return self.task.pair


class Study:
    """How all pairs of some regions relate."""

    def __init__(
        self,
        regions: Sequence[Region],
        promises: Promises,
        limits: Limits,
        events: Iterable[tuple[str, Chunk]] = (),
        jobs: int = 1,
    ) -> None:
        self.regions = list(regions)
        self.limits = limits
        self.jobs = jobs
        self.prover = Prover(promises, limits)
        self.pairs = list(combinations(range(len(self.regions)), 2))
        self.verdicts: dict[Pair, Verdict] = {}
        self._late: dict[Pair, str] = {}
        self.seconds: dict[Pair, float] = dict.fromkeys(self.pairs, 0.0)
        self._proving: dict[Pair, float] = dict.fromkeys(self.pairs, 0.0)  # of these
        self.changes: Sequence[Change] = ()
        self.search: Search | None = None
        if limits.search and self.regions:
            self.search = Search([r.mask for r in self.regions], promises, self.prover.facts.normal)
            for origin, chunk in events:
                self.search.add(origin, chunk)

    def run(self, progress: Progress | None = None) -> dict[Pair, Verdict]:
        """Return the verdict of every pair of numbers of regions, the smaller first."""
        if self.search is not None:
            alone = [(i, i) for i in range(len(self.regions))]
            self.search.run(alone, ALONE * len(alone), again=AGAIN)
        self._prove(self._disjoint(), progress)
        open_ = [p for p in self.pairs if p not in self.verdicts]
        if self.search is not None and open_:
            begin = time.monotonic()
            seconds = min(SEARCHED * self.limits.seconds * len(open_), MOST_SECONDS)
            self.search.run(open_, seconds, _told(progress, "searching", len(open_)))
            for pair in open_:
                self.seconds[pair] += (time.monotonic() - begin) / len(open_)
        self._prove(self._contained(), progress)
        if self.limits.solver and smt.available():
            self._prove(self._unsettled(open_), progress)
        for pair in open_:
            if pair not in self.verdicts:
                begin = time.monotonic()
                self.verdicts[pair] = self._rest(pair)
                self.seconds[pair] += time.monotonic() - begin
        # Processes answer in any order.
        self.verdicts = {pair: self.verdicts[pair] for pair in self.pairs}
        return self.verdicts

    def vary(
        self, changes: Sequence[Change], progress: Progress | None = None
    ) -> dict[Pair, tuple[str, ...]]:
        """Return, of each disjoint pair, the variations under which it is not proven to be so.

        Each variation of a pair may take as long as a pair.
        """
        self.changes = changes
        asked: dict[tuple[Pair, Node, Node], Task] = {}  # what several variations do is asked once
        tasks: dict[Pair, dict[str, Task]] = {}
        for pair in (p for p in self.pairs if self.verdicts[p].relation == "disjoint"):
            tasks[pair] = {}
            for number, change in enumerate(changes):
                key = (pair, *self._masks(pair, number))
                if key[1:] == self._masks(pair) or (change.alone and key in asked):
                    continue
                task = Task(pair, ("disjoint",), self.limits.solver, number)
                tasks[pair][change.label] = asked.setdefault(key, task)
        proven = set()
        for done, answer in enumerate(self._answers(list(asked.values())), 1):
            if answer.verdict.relation == "disjoint":
                proven.add(answer.task)
            if progress is not None:
                progress("varying", done, len(asked))
        return {
            pair: tuple(label for label, task in own.items() if task not in proven)
            for pair, own in tasks.items()
        }

    def _rest(self, pair: Pair) -> Verdict:
        """Return the verdict of a pair of which nothing was proven."""
        witness = None if self.search is None else self.search.witness(*pair)
        if witness is not None:
            return Verdict("overlapping", "an event passes both", witness=witness, method="event")
        term, late = "", self._late.get(pair, "")
        if self.search is not None:
            term = blocking([self.regions[i] for i in pair], self.search.nearest(*pair))
        term = f"{term} ({late})" if term and late else term or late
        return Verdict("unknown", NOT_PROVEN.reason, term=term)

    # ---------------------------------------------------------------------------- proofs

    def _prove(self, tasks: Sequence[Task], progress: Progress | None) -> None:
        for done, answer in enumerate(self._answers(tasks), 1):
            self.seconds[answer.pair] += answer.seconds
            self._proving[answer.pair] += answer.seconds
            if answer.verdict.decided:
                self.verdicts[answer.pair] = answer.verdict
            elif answer.verdict.term:
                self._late[answer.pair] = answer.verdict.term
            if progress is not None:
                progress("proving", done, len(tasks))

    def _disjoint(self) -> list[Task]:
        """Return what to ask first: whether pairs are disjoint that no event has refuted."""
        search = self.search
        open_ = (p for p in self.pairs if search is None or not search.together[p])
        return [Task(pair, ("disjoint",)) for pair in open_]

    def _contained(self) -> list[Task]:
        """Return what to ask then: whether one contains the other, if no event has refuted it."""
        tasks = []
        for i, j in self.pairs:
            apart = (False, False)
            if self.search is not None:
                apart = bool(self.search.apart[i, j]), bool(self.search.apart[j, i])
            asked: list[Question] = []
            asked += [] if apart[0] else ["subset"]
            asked += [] if apart[1] else ["superset"]
            if asked and (i, j) not in self.verdicts:
                tasks.append(Task((i, j), tuple(asked)))
        return tasks

    def _unsettled(self, open_: Sequence[Pair]) -> list[Task]:
        """Return what to ask z3: pairs that neither intervals nor events have settled."""
        search = self.search
        left = (p for p in open_ if p not in self.verdicts)
        unseen = (p for p in left if search is None or search.witness(*p) is None)
        return [Task(pair, ALL, solver=True) for pair in unseen]

    def _answers(self, tasks: Sequence[Task]) -> Iterator[Answer]:
        # Nodes are interned, so processes inherit them: without fork there is one process.
        forks = "fork" in multiprocessing.get_all_start_methods()
        if self.jobs == 1 or len(tasks) < 2 * CHUNK or not forks:
            yield from map(self.answer, tasks)
            return
        global _STUDY
        _STUDY = self
        with warnings.catch_warnings():
            # Python 3.12 and later warn of other threads: what is forked here uses no lock of theirs.
            warnings.simplefilter("ignore", DeprecationWarning)
            pool = multiprocessing.get_context("fork").Pool(self.jobs)
        with pool:
            yield from pool.imap_unordered(_answer, tasks, CHUNK)

    def answer(self, task: Task) -> Answer:
        """Return what can be proven of one pair."""
        begin = time.monotonic()
        spent = self._proving[task.pair] if task.change is None else 0.0
        masks = self._masks(task.pair, task.change)
        verdict = self.prover.prove(*masks, task.asked, task.solver, spent)
        return Answer(task, verdict, time.monotonic() - begin)

    def _masks(self, pair: Pair, change: int | None = None) -> tuple[Node, Node]:
        """Return the masks of a pair, nominal or under a variation."""
        changed = {} if change is None else self.changes[change].masks
        first, second = (changed.get(i, self.regions[i].mask) for i in pair)
        return first, second


_STUDY: Study | None = None  # of a process that proves


def _answer(task: Task) -> Answer:
    assert _STUDY is not None
    return _STUDY.answer(task)


def _told(progress: Progress | None, what: str, total: int) -> Callable[[int], None] | None:
    if progress is None:
        return None
    return lambda open_: progress(what, total - open_, total)
