"""Looking for events that pass two regions: random ones, and changed ones that come nearer.

All regions are asked at once, by one kernel that gives for each event whether it passes each
region, and how far it is from that. For each open pair the nearest events are changed a little, in
one batch for all pairs. What the kernel says only guides: a witness is what the interpreter lets
pass.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from adl.compiler.ir import FALSE, TRUE, Infer, Node, conjuncts, postorder, record
from adl.compiler.layout import Chunk
from adl.compiler.passes import run_passes
from adl.compiler.pipeline import Compiled
from adl.compiler.program import Program
from adl.compiler.prove.distance import Distance
from adl.compiler.prove.events import Array, Events, joined
from adl.compiler.prove.promises import Promises
from adl.compiler.prove.space import Space
from adl.compiler.prove.verdicts import Witness
from adl.compiler.targets.reference import evaluate_in_time

Pair = tuple[int, int]

FIRST = 4096  # random events to begin with
SOME = 256  # of these, to see how long an event takes
PARENTS = 6  # nearest events of a pair, which are changed
CHILDREN = 12, 500  # changed events of a pair in each generation: of many pairs, of few
TOGETHER = 16  # regions in one kernel: LLVM's work grows faster than its size
BATCH = 24_000  # events at a time
PACE = 0.5  # seconds that they may take together, after which the time is looked at again
GROWTH = 4  # how many times as many they may be as those before
PATIENCE = 0.3  # seconds that the interpreter may take for an event
LATE = 3  # events that took it longer, after which it is not asked about a pair again
FEW = 4_000  # events at a time, if there are few pairs
RESTART = 8  # generations without a new witness after which to begin from other events
STALE = 32  # generations without a new witness after which to stop


class Search:
    """A growing set of events, which of them pass which regions, and the witnesses among them."""

    def __init__(
        self,
        masks: Sequence[Node],
        promises: Promises,
        normal: Callable[[Node], Node] = lambda mask: mask,
        seed: int = 1,
    ) -> None:
        self.masks = list(masks)
        self.promises = promises
        self.draw = np.random.default_rng(seed)
        # Networks are run by nobody here: no event passes what asks one.
        known = [FALSE if _has_network(m) else m for m in masks]
        self.space = Space(known, promises)
        self.owners = {c.name: of for c, of in self.space.elements.items()}
        self._asked = known
        self._compiled = [
            _compiled(known[i : i + TOGETHER], [normal(mask) for mask in known[i : i + TOGETHER]])
            for i in range(0, len(known), TOGETHER)
        ]
        self.together = np.zeros((len(masks), len(masks)), np.bool_)  # an event passes both
        self.apart = np.zeros_like(self.together)  # an event passes the first alone
        self._said = np.zeros_like(self.together)  # the interpreter was asked about such an event
        self._late = np.zeros(self.together.shape, np.int64)  # how often it took too long
        self._confirmed: dict[Pair, Witness] = {}
        self._number, self._pace = SOME, 1.0  # of the last events that were asked; seconds an event
        first = self.space.random(FIRST, self.draw)
        self._ask(first.take(np.arange(SOME)).chunk(promises.counters))
        self.events = first.take(np.arange(np.clip(int(PACE / self._pace), SOME, FIRST)))
        self.passes, self.far = self._ask(self.events.chunk(promises.counters))
        self._note(self.events, self.passes)

    def add(self, origin: str, chunk: Chunk) -> None:
        """Ask of real events, too: they can be witnesses."""
        passes, _ = self._ask(chunk)
        self._note(chunk, passes, origin)

    # ------------------------------------------------------------------------- questions

    def _ask(self, chunk: Chunk) -> tuple[Array, Array]:
        """Return whether each event passes each region, and how far it is from that."""
        begin = time.monotonic()
        passes: list[Array] = []
        far: list[Array] = []
        for compiled in self._compiled:
            (rows,) = compiled.run(chunk).rows
            number = len(rows.values) // 2
            passes += rows.values[:number]
            far += rows.values[number:]
        self._number = max(chunk.events, 1)
        self._pace = max(time.monotonic() - begin, 1e-9) / self._number
        return np.stack(passes, 1), np.stack(far, 1).astype(np.float32)

    def _in_time(self, least: int, most: int) -> int:
        """Return how many events to ask about before the time is looked at again.

        Those that come near to a region can be far slower than random ones: numbers grow slowly.
        """
        return int(np.clip(min(PACE / self._pace, GROWTH * self._number), least, most))

    def _note(
        self, events: Events | Chunk, passes: Array, origin: str = "random", end: float = math.inf
    ) -> None:
        """Remember which pairs an event passes, or passes one of; confirm the new ones."""
        some = passes.astype(np.float32)
        both = some.T @ some > 0
        self.apart |= some.T @ (1 - some) > 0
        self.together |= both
        # Of events that pass as many pairs, that with the fewest elements: loops are shorter.
        small = 1 / (2 + _elements(events))
        chosen, open_ = [], np.argwhere(np.triu(both & ~self._said))
        while len(open_):  # the event that passes most pairs first
            inside = passes[:, open_[:500, 0]] & passes[:, open_[:500, 1]]
            best = int(np.argmax(inside.sum(1) + small))
            covered = passes[best, open_[:, 0]] & passes[best, open_[:, 1]]
            chosen.append((best, open_[covered]))
            open_ = open_[~covered]
        if chosen:
            self._confirm(events, sorted(chosen, key=lambda c: -small[c[0]]), origin, end)

    def _confirm(
        self,
        events: Events | Chunk,
        chosen: Sequence[tuple[int, Array]],
        origin: str,
        end: float,
    ) -> None:
        """Let the interpreter say which pairs events pass, and keep them as witnesses.

        Pairs that there is no time for are open still: other events may come.
        """
        numbers = [number for number, _ in chosen]
        chunk = _some(events, numbers, self.promises, self.owners)
        said = evaluate_in_time(self._asked, chunk, range(len(numbers)), PATIENCE)
        late = 0
        for place, ((_, pairs), passed) in enumerate(zip(chosen, said, strict=True)):
            i, j = pairs.T
            if passed is None:
                late += 1
                self._late[i, j] += 1
                self._said[i, j] |= self._late[i, j] >= LATE
            else:
                self._said[i, j] = True
                witness = Witness(_some(chunk, [place], self.promises, self.owners), 0, origin)
                for first, second in pairs.tolist():
                    if passed[first] is True and passed[second] is True:
                        self._confirmed[first, second] = witness
            if late >= LATE or time.monotonic() > end:
                return

    def witness(self, i: int, j: int) -> Witness | None:
        """Return an event that passes both, as the interpreter says."""
        return self._confirmed.get((min(i, j), max(i, j)))

    def nearest(self, i: int, j: int) -> tuple[Chunk, float]:
        """Return the event that came nearest to passing both, and how near."""
        total = self.far[:, i] + self.far[:, j]
        best = int(np.argmin(total))
        return _some(self.events, [best], self.promises, self.owners), float(total[best])

    # ---------------------------------------------------------------------------- search

    def run(
        self,
        pairs: Iterable[Pair],
        seconds: float,
        progress: Callable[[int], None] | None = None,
        again: int = 0,
    ) -> None:
        """Look for events for some pairs, for so long; ``progress`` is told how many are open.

        ``again`` generations are made even for pairs that have an event.
        """
        end = time.monotonic() + seconds
        self._note(self.events, self.passes, "search", end)  # what there was no time for
        pairs = [p for p in pairs if again or self.witness(*p) is None]
        parents = {p: self._best(p) for p in pairs}
        self._number = SOME
        stale = generation = 0
        while pairs and stale < STALE and time.monotonic() < end:
            before = len(pairs)
            generation += 1
            children = int(np.clip(FEW // len(pairs), *CHILDREN))
            start = 0
            while start < len(pairs) and time.monotonic() < end:
                size = max(self._in_time(children, BATCH) // children, 1)
                self._generation(pairs[start : start + size], parents, children, end)
                start += size
            if generation >= again:
                pairs = [p for p in pairs if self.witness(*p) is None]
            stale = stale + 1 if len(pairs) == before else 0
            self._forget(pairs, parents)
            if stale and stale % RESTART == 0:
                parents |= {p: self._one_of_each(p) for p in pairs}
            if progress is not None:
                progress(len(pairs))

    def _best(self, pair: Pair) -> Array:
        total = self.far[:, pair[0]] + self.far[:, pair[1]]
        return np.argpartition(total, PARENTS)[:PARENTS]

    def _one_of_each(self, pair: Pair) -> Array:
        """Return events that are near to one of the regions, whatever they are to the other."""
        half = PARENTS // 2
        near = [
            np.argsort(self.far[:, i] + self.draw.random(self.events.size))[:half] for i in pair
        ]
        return np.concatenate(near)

    def _generation(
        self, pairs: Sequence[Pair], parents: dict[Pair, Array], number: int, end: float
    ) -> None:
        """Change the nearest events of each pair, and keep what is nearer."""
        chosen = np.concatenate([self.draw.choice(parents[p], number, replace=True) for p in pairs])
        children = self.events.take(chosen)
        self.space.mutate(children, self.events, self.draw)
        passes, far = self._ask(children.chunk(self.promises.counters))
        self._note(children, passes, "search", end)
        first = self.events.size
        improved = []
        for place, pair in enumerate(pairs):
            own = np.arange(place * number, (place + 1) * number)
            old = parents[pair]
            totals = np.concatenate(
                [
                    self.far[old, pair[0]] + self.far[old, pair[1]],
                    far[own, pair[0]] + far[own, pair[1]],
                ]
            )
            places = np.concatenate([old, first + own])
            # Children before parents of the same distance: what is level wanders.
            best = np.argsort(np.concatenate([totals[: len(old)] + 1e-6, totals[len(old) :]]))[
                :PARENTS
            ]
            parents[pair] = places[best]
            improved.append(places[best][places[best] >= first] - first)
        kept = np.unique(np.concatenate(improved)) if improved else np.zeros(0, np.int64)
        moved = {int(first + old): first + new for new, old in enumerate(kept)}
        for pair in pairs:
            parents[pair] = np.array([moved.get(int(p), int(p)) for p in parents[pair]])
        self.events = joined([self.events, children.take(kept)])
        self.passes = np.concatenate([self.passes, passes[kept]])
        self.far = np.concatenate([self.far, far[kept]])

    def _forget(self, pairs: Sequence[Pair], parents: dict[Pair, Array]) -> None:
        """Drop the events that nobody needs: not nearest to an open pair, nor to a region."""
        if self.events.size < 4 * FIRST:
            return
        needed = [parents[p] for p in pairs]
        needed += [np.argpartition(column, 8)[:8] for column in self.far.T]
        kept = np.unique(np.concatenate(needed))
        place = np.full(self.events.size, -1)
        place[kept] = np.arange(len(kept))
        for pair in pairs:
            parents[pair] = place[parents[pair]]
        self.events = self.events.take(kept)
        self.passes, self.far = self.passes[kept], self.far[kept]


def _elements(events: Events | Chunk) -> Array:
    """Return how many elements each event has."""
    if isinstance(events, Events):
        size, lengths = events.size, [*events.lengths.values()]
    else:
        size, lengths = events.events, [np.diff(o) for o in events.offsets.values()]
    total: Array = np.sum([np.zeros(size), *lengths], axis=0)
    return total


def _has_network(mask: Node) -> bool:
    return any(isinstance(node, Infer) for node in postorder([mask]))


def _compiled(masks: Sequence[Node], normal: Sequence[Node]) -> Compiled:
    """Return what says of each event which masks it passes, and how far it is from each."""
    distance = Distance()
    far = []
    for mask in normal:
        total: Node = distance(TRUE)
        for condition in conjuncts(mask):
            total = total + distance(condition)
        far.append(total)
    program = Program((), inputs=(record((), (*masks, *far), TRUE),))
    return Compiled(run_passes(program))


def _some(
    events: Events | Chunk,
    numbers: Sequence[int],
    promises: Promises,
    elements: Mapping[str, str],
) -> Chunk:
    """Return some events as a chunk of their own; ``elements`` says whose elements columns are of."""
    if isinstance(events, Events):
        return events.take(np.array(numbers)).chunk(promises.counters)
    inside = {
        name: np.concatenate([np.arange(o[n], o[n + 1]) for n in numbers])
        for name, o in events.offsets.items()
    }
    columns = {
        name: values[inside[elements[name]] if name in elements else np.array(numbers)]
        for name, values in events.columns.items()
    }
    offsets = {
        name: np.concatenate([[0], np.cumsum([o[n + 1] - o[n] for n in numbers])]).astype(np.int64)
        for name, o in events.offsets.items()
    }
    return Chunk(len(numbers), columns, offsets)
