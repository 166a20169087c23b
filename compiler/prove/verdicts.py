"""What is known of the events of two regions, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from adl.compiler.layout import Chunk

# disjoint: no event passes both; equal: the same events; subset: who passes the first passes the
# second; superset: the other way round; overlapping: a witness passes both.
Relation = Literal["disjoint", "equal", "subset", "superset", "overlapping", "unknown"]
DECIDED: tuple[Relation, ...] = ("disjoint", "equal", "subset", "superset", "overlapping")
MIRRORED: dict[Relation, Relation] = {"subset": "superset", "superset": "subset"}


@dataclass(frozen=True)
class Limits:
    """How long to try: seconds a pair for the solver, and for the search of a witness."""

    seconds: float = 1.0
    splits: int = 400  # cases that the interval solver tries
    solver: bool = True  # use z3 where it is installed
    search: bool = True  # look for a witness beyond the events at hand


@dataclass(frozen=True)
class Witness:
    """One event that passes both regions, as the interpreter has confirmed."""

    chunk: Chunk
    event: int = 0
    origin: str = "random"  # "random", "search", or the file of a real event


@dataclass(frozen=True)
class Verdict:
    """How region a relates to region b.

    ``reason`` is one sentence, ``facts`` the background facts that the proof used (names of
    ``facts.FACTS``), ``term`` what blocked a decision. ``empty`` says that one of the regions
    passes no event at all.
    """

    relation: Relation
    reason: str = ""
    facts: tuple[str, ...] = ()
    witness: Witness | None = None
    term: str = ""
    method: Literal["", "same", "intervals", "z3", "event"] = ""
    empty: bool = False

    @property
    def decided(self) -> bool:
        """Whether there is a proof or a witness."""
        return self.relation != "unknown"

    @property
    def mirrored(self) -> Verdict:
        """What holds of b and a."""
        return replace(self, relation=MIRRORED.get(self.relation, self.relation))
