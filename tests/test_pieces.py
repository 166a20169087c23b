"""A kernel in pieces counts what the interpreter counts; an edit changes the pieces that it concerns."""

from __future__ import annotations

from random import Random

import pytest

from adl.check.checker import check
from adl.compiler.emit.pieces import Pieces, emit_pieces
from adl.compiler.layout import layout
from adl.compiler.pipeline import Compiled, build
from adl.compiler.schedule import schedule
from adl.compiler.targets import linked, reference
from adl.stdlib.models import load_model
from adl.syntax.parse import parse
from adl.syntax.source import Source
from benchmarks.compile_time import analysis
from tests.adltext.analysis import text
from tests.adltext.comparison import compile_text, differences
from tests.adltext.events import events
from tests.strategies import EXAMPLES, batches


def in_pieces(compiled: Compiled) -> Pieces:
    """Return an analysis with a body for each region."""
    kernel = schedule(compiled.program, body=1)
    return emit_pieces(compiled.program, kernel, layout(compiled.program))


@pytest.mark.parametrize("batch", batches(EXAMPLES // 25))
def test_pieces_count_what_the_interpreter_counts(batch: int) -> None:
    for number in range(4):
        random = Random(4 * batch + number)
        # Tables, corrections, records and turns come by chance; functions take a second to compile.
        compiled = compile_text(text(random, "adl", functions=number == 0), "adl")
        chunk = compiled.fed(events(random, 12), Compiled.interpret)
        expected = reference.run(compiled.program, chunk)
        kernel = linked.load(in_pieces(compiled))
        assert not differences(expected, kernel.run(chunk))
        assert not differences(expected, kernel.run(chunk)), "the second time"


# --------------------------------------------------------------------------------- what changes


def of(written: str) -> Compiled:
    source = Source("a.adl", written)
    return build(check(parse(source), source, load_model("nanoaod").schema())[0])


def changed(before: str, after: str) -> tuple[set[str], int]:
    """Return the functions that an edit changes, and how many modules have to be compiled."""
    assert before != after
    old, new = (in_pieces(of(written)) for written in (before, after))
    known = {piece.symbol for piece in old.pieces}
    found = {piece.name for piece in new.pieces if piece.symbol not in known}
    return found, len(set(new.modules) - set(old.modules))


REGIONS = "".join(
    f"region r{i}\n  select MET > {10 + i}\n  select size(jets) > {i % 4}\n"
    f'  histo h, "ht", 20, 0, 500, sum(pT(jets))\n  histo m, "MET", 10, 0, 100, MET\n'
    for i in range(8)
)
TEXT = f"object jets\n  take Jet\n  select pT > 30\n{REGIONS}"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("MET > 13\n", "MET / 2 > 13 + size(jets)\n"),
        ("MET > 13\n", "MET > 13\n  select MET < 300\n"),
        ("MET > 13\n", 'MET > 13\n  histo new, "x", 7, 0, 1, MET\n'),
        ("MET > 13\n", "MET > 13\n  weight w 1.5\n"),
    ],
)
def test_an_edit_of_a_region_changes_its_body_alone(old: str, new: str) -> None:
    functions, modules = changed(TEXT, TEXT.replace(old, new))
    assert functions == {"body_3"}
    assert modules == 1


def test_a_new_column_before_all_others_changes_one_body() -> None:
    functions, modules = changed(
        TEXT, TEXT.replace("MET > 13\n", "MET > 13\n  select default(pT(Electron[0]), 0) > 3\n")
    )
    assert functions == {"body_3"}
    assert modules == 1


def test_functions_of_one_text_are_one() -> None:
    pieces = in_pieces(of(TEXT))
    assert len({piece.symbol for piece in pieces.pieces}) < len(pieces.pieces)


def test_many_bodies_come_in_pieces_and_few_do_not() -> None:
    large, small = of(analysis(40)), of(TEXT)
    assert len(large.modules) > len(large.kernel.bodies) > 4
    assert len(small.modules) == 1
