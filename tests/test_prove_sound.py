"""Random analyses of random events: no event contradicts a proof, a fact or a formula.

``ADL_PROOFS=2000`` makes the long run: so many analyses. ``ADL_STUDIES=200`` makes that with a search
for events, which takes longer.
"""

from __future__ import annotations

import os
from collections import Counter
from random import Random

import pytest

from adl.check.analysis import AskedDialect
from adl.check.checker import check
from adl.compiler.ir import Evaluate
from adl.compiler.pipeline import lowered
from adl.compiler.program import Program
from adl.compiler.prove.decide import Prover
from adl.compiler.prove.promises import Promises
from adl.compiler.prove.regions import Region
from adl.compiler.prove.study import Study
from adl.compiler.prove.verdicts import Limits
from adl.compiler.targets.reference import evaluate_each
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.adltext.analysis import text
from tests.adltext.comparison import FOLDER, SCHEMA, SIMULATION
from tests.adltext.events import events
from tests.proofs import POSSIBLE, conditions_of, faults

ANALYSES = int(os.environ.get("ADL_PROOFS", "8"))
STUDIES = int(os.environ.get("ADL_STUDIES", "2"))
FIRST = int(os.environ.get("ADL_FIRST_PROOF", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + ANALYSES))
def test_no_event_contradicts_what_is_proven_of_random_analyses(seed: int) -> None:
    samples, relations = sample(seed)
    assert samples > 0
    assert sum(relations.values()) == PAIRS


# Sums in the masks of sums, stored values inside loops, whole numbers that push each other up;
# pairs of elements, each of which is placed by a count of its own.
FOUND = (5000027, 5000110, 5000186, 5000230, 9000585)


@pytest.mark.parametrize("seed", FOUND)
def test_what_the_long_run_has_found_stays_mended(seed: int) -> None:
    samples, _ = sample(seed)
    assert samples > 0


@pytest.mark.parametrize("seed", range(FIRST, FIRST + STUDIES))
def test_no_event_contradicts_what_is_decided_of_random_analyses(seed: int) -> None:
    random = Random(seed)
    _, program = program_of(random)
    conditions = list(dict.fromkeys(conditions_of(program, random, 5)))
    regions = [Region(f"c{number}", mask) for number, mask in enumerate(conditions)]
    verdicts = Study(regions, Promises(), Limits(0.3 if STUDIES > 2 else 0.05)).run()
    assert len(verdicts) == len(regions) * (len(regions) - 1) / 2
    chunk = events(random, 20, most=6)
    rows = list(evaluate_each(conditions, chunk, range(chunk.events)))
    shown = {id(v.witness): v.witness for v in verdicts.values() if v.witness is not None}
    passing = {n: next(evaluate_each(conditions, w.chunk, [w.event])) for n, w in shown.items()}
    for (i, j), found in verdicts.items():
        if found.witness is not None:
            assert passing[id(found.witness)][i] is True
            assert passing[id(found.witness)][j] is True
        possible = POSSIBLE.get(found.relation)
        for row in (*rows, *passing.values()):
            assert possible is None or (row[i], row[j]) in possible, (i, j, found)


PAIRS = 12


def analysis(random: Random) -> tuple[str, Program]:
    """Return a random analysis as text and as a program."""
    dialect: AskedDialect = random.choice(["adl", "adl", "cutlang"])
    written = text(random, dialect, functions=False)
    source = Source(str(FOLDER / "a.adl"), written)
    checked, _ = check(parse(source), source, SCHEMA, dialect, SIMULATION)
    return written, lowered(checked)


def program_of(random: Random) -> tuple[str, Program]:
    """Return a random analysis that calls no algorithm: numba takes its time."""
    written, program = analysis(random)
    while any(isinstance(node, Evaluate) for node in program.nodes):
        written, program = analysis(random)
    return written, program


def sample(seed: int, most: int = 5, number: int = 12) -> tuple[int, Counter[str]]:
    """Return how many samples (of an event and a pair) there were, and what was proven of pairs."""
    random = Random(seed)
    written, program = program_of(random)
    conditions = conditions_of(program, random, most)
    chunk = events(random, number, most=6)
    prover = Prover(limits=Limits(seconds=0.3, solver=seed % 4 == 0))
    found, verdicts = faults(conditions, chunk, prover, random, PAIRS)
    assert not found, f"{written}\n{found[:10]}"
    return chunk.events * len(verdicts), Counter(v.relation for v in verdicts)
