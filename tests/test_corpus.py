"""Whole analyses in the manners of the wild, of our own invention: tests/corpus/README.md."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from adl.check.checker import check
from adl.stdlib.models import Schema, load_model, model_names
from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.keywords import KEYWORDS
from adl.syntax.parse import parse, parse_with_notes
from adl.syntax.source import Source
from adl.syntax.tree import (
    Bin,
    Block,
    Counts,
    Define,
    Edges,
    File,
    Info,
    ListOf,
    Print,
    Region,
    Save,
    Systematic,
    Take,
    Use,
)

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(CORPUS.glob("*.adl"))
DIRTY = sorted((CORPUS / "dirty").glob("*.adl"))
LARGEST = "functional_multilepton_matrix"

# Words that begin no field of an info block: a statement that ended there was not read as one.
STATEMENTS = frozenset(KEYWORDS)


def read(path: Path) -> Source:
    return Source(path.name, path.read_text(encoding="utf-8"))


def findings(path: Path) -> Sequence[Diagnostic]:
    """All that is said about a file, errors included."""
    source = Source(str(path), read(path).text)  # files of functions lie beside it
    try:
        file, odd = parse_with_notes(source)
        return (
            *odd,
            *check(file, source, schema(model_of(source.text)), model_path=(str(CORPUS),))[1],
        )
    except AnalysisError as error:
        return error.diagnostics


def model_of(text: str) -> str:
    said = re.search(r"^ *inputformat +(\w+)", text, re.MULTILINE)
    return said[1] if said else "nanoaod"


@cache
def schema(model: str) -> Schema:
    assert model in model_names(), f"there is no object model {model} yet"
    return load_model(model).schema()


def parsed(path: Path) -> File:
    try:
        return parse(read(path))
    except AnalysisError as error:
        pytest.fail(error.render(), pytrace=False)


@cache
def pending(kind: str) -> frozenset[str]:
    """The files that corpus/pending.txt excuses from one kind of test."""
    lines = (CORPUS / "pending.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split() for line in lines if line and not line.startswith("#")]
    return frozenset(name for of, name in pairs if of == kind)


def cases(paths: Sequence[Path], kind: str) -> list[ParameterSet]:
    """One case a file; those that are pending have to fail."""
    missing = pytest.mark.xfail(reason="not supported yet", strict=True)
    assert pending(kind) <= {path.stem for path in paths}
    return [
        pytest.param(path, id=path.stem, marks=[missing] if path.stem in pending(kind) else [])
        for path in paths
    ]


@pytest.mark.parametrize("path", cases(FILES, "parse"))
def test_an_analysis_parses(path: Path) -> None:
    parsed(path)


@pytest.mark.parametrize("path", cases(FILES, "parse"))
def test_no_statement_is_read_as_a_field_of_the_info_block_before_it(path: Path) -> None:
    file = parsed(path)
    fields = {word for block in file.blocks if isinstance(block, Info) for word, _ in block.fields}
    assert {word.lower() for word in fields}.isdisjoint(STATEMENTS)


@pytest.mark.parametrize("path", cases(FILES, "format"))
def test_an_analysis_survives_formatting(path: Path) -> None:
    formatter = pytest.importorskip("adl.syntax.format", reason="there is no formatter yet")
    source = read(path)
    file = parsed(path)
    text = formatter.format_file(file, source)
    again = Source(path.name, text)
    reread = parse(again)
    assert reread == file
    assert Counter(c.text for c in reread.comments) == Counter(c.text for c in file.comments)
    assert formatter.format_file(reread, again) == text


@pytest.mark.parametrize("path", cases(FILES, "check"))
def test_an_analysis_has_no_mistakes(path: Path) -> None:
    found = findings(path)
    errors = [d for d in found if d.severity == "error"]
    assert not errors, AnalysisError(read(path), errors).render()
    # Indices without a guard, names in other case, sums behind commas and the like; with W307, a
    # cut of an object was not read as one on its element.
    assert not {"W301", "W302", "W304", "W305", "W306", "W307"} & {d.code for d in found}


@pytest.mark.parametrize("path", cases(DIRTY, "dirt"))
def test_dirt_is_found(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    expected = first.removeprefix("# expect: ")
    assert expected != first, "the first line says what is expected"
    found = findings(path)
    assert expected in {d.code for d in found} | {d.severity for d in found}
    errors = {d.code for d in found if d.severity == "error"}
    if expected.startswith("E"):
        assert errors == {expected}  # one kind of dirt, and nothing that follows from it
    elif expected == "error":
        assert "E190" not in errors  # that it is not supported yet is not what is wrong with it
    else:
        assert not errors


def block(stem: str, name: str) -> Block:
    """The block of a name in a file of the corpus."""
    for found in parsed(CORPUS / f"{stem}.adl").blocks:
        own = getattr(found, "name", "")
        if name in (own, getattr(own, "name", "")):
            return found
    raise LookupError(name)


def test_lists_of_values_have_their_items() -> None:
    lists = {
        "functional_network_vlq": {"inputs": 12, "mus": 12, "sigmas": 12, "shapeInputs": 2},
        "functional_network_stau": {"x": 8, "mean": 8, "width": 8},
    }
    for stem, sizes in lists.items():
        for name, size in sizes.items():
            define = block(stem, name)
            assert isinstance(define, Define)
            assert isinstance(define.value, ListOf)
            assert len(define.value.items) == size


def test_published_numbers_keep_their_errors() -> None:
    region = block("functional_hadronic_counts", "lowJets")
    assert isinstance(region, Region)
    lines = [s for s in region.statements if isinstance(s, Counts) and s.format.name == "yields"]
    first, second, third, fourth = ([(v.value, v.errors) for v in s.values] for s in lines[:4])
    assert first[0] == ("1210.4", (("21.0", "21.0"), ("88.3", "88.3")))
    assert first[1] == ("2204", (("31", "30"), ("140", "140")))
    assert second[0] == ("401.2", (("11.9", "11.9"), ("33.0", "31.5")))
    assert third[0] == ("61.8", (("4.1", "3.9"), ("6.0", "5.1")))
    assert fourth[0] == ("290.4", (("9.1", "9.0"), ("21.1", "20.4")))
    assert [len(v) for v in (first, second, third, fourth)] == [4, 4, 4, 4]
    assert [v.value for v in lines[-1].values] == ["41", "22.2", "", "66"]


def test_lines_of_systematics_are_read_word_by_word() -> None:
    found = block("modern_jet_variations", "unclustered")
    assert isinstance(found, Systematic)
    (clause,) = found.clauses
    assert clause.word == "set"
    assert [(word, len(values)) for word, values in clause.settings] == [
        ("", 2),
        ("up", 2),
        ("down", 2),
    ]
    family = block("modern_jet_variations", "jes_{s}")
    assert isinstance(family, Systematic)
    assert [c.word for c in family.clauses] == ["for", "scale", "propagate", "correlate"]
    assert len(family.clauses[0].settings[0][1]) == 8  # s and its seven sources


def test_what_is_printed_and_saved_is_a_list() -> None:
    expected = {"hardest": (5, 5), "central": (3, None), "heaviest": (None, 3), "muonPair": (3, 0)}
    for name, (printed, saved) in expected.items():
        region = block("functional_sort_print_save", name)
        assert isinstance(region, Region)
        prints = [len(s.items) for s in region.statements if isinstance(s, Print)]
        saves = [len(s.values) for s in region.statements if isinstance(s, Save)]
        assert (prints[-1] if prints else None) == printed
        assert (saves[-1] if saves else None) == saved


def test_a_file_begins_with_its_manner() -> None:
    manners = {"functional": "CutLang (functional)", "dotted": "Les Houches (dotted)"}
    for path in FILES:
        kind = path.stem.partition("_")[0]
        line = path.read_text(encoding="utf-8").splitlines()[0]
        assert line.startswith(f"# Manner: {manners.get(kind, kind)}"), path.name
        assert "\t" not in path.read_text(encoding="utf-8"), path.name


def test_the_largest_search_has_many_regions_and_bins() -> None:
    file = parsed(CORPUS / f"{LARGEST}.adl")
    regions = [block for block in file.blocks if isinstance(block, Region)]
    statements = [statement for region in regions for statement in region.statements]
    bins = sum(isinstance(s, Bin) for s in statements)
    bins += sum(len(s.edges) for s in statements if isinstance(s, Edges))
    assert len(regions) >= 50
    assert bins >= 300
    assert sum(isinstance(s, (Use, Take)) for s in statements) >= 50
