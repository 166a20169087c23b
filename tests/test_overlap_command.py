"""``adl overlap``: what it prints, its exit codes, and that witnesses are events that pass."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

from adl.cli.overlap import command
from tests.conftest import TOP

ANALYSIS = """
object jets
  take Jet
  select pT > 30 and abs(eta) < 2.4
region low
  select MET [] 100 200
  select size(jets) >= 2
  bin "two" size(jets) == 2
  bin "three" size(jets) >= 3
region high
  select MET > 200
  select size(jets) >= 2
  select MET > 150
region any
  select size(jets) >= 1
  bin "some" MET > 50
  bin "more" MET > 100
region never
  select size(jets) > 3
  select size(jets) < 2
region dijet
  select size(jets) == 2
  select MET < 150
  bin size(jets) 3 4
"""


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("overlap") / "a.adl"
    path.write_text(ANALYSIS)
    return path


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, ["-j", "1", "-q", *map(str, arguments)])


@pytest.fixture(scope="module")
def found(analysis: Path) -> dict[str, Any]:
    result = run(analysis, "--format", "json")
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def relation(found: dict[str, Any], a: str, b: str) -> str:
    names = [region["name"] for region in found["regions"]]
    pairs = {(names[p["a"]], names[p["b"]]): p["relation"] for p in found["pairs"]}
    return str(pairs[a, b])


def test_every_pair_is_decided(found: dict[str, Any]) -> None:
    assert relation(found, "low", "high") == "disjoint"
    assert relation(found, "low", "any") == "subset"
    assert relation(found, "low", "dijet") == "overlapping"
    assert relation(found, "high", "dijet") == "disjoint"
    assert relation(found, "low", "never") == "disjoint"


def test_the_document_is_as_its_schema_says(found: dict[str, Any]) -> None:
    schema = json.loads((TOP / "adl/cli/overlap.schema.json").read_text())
    jsonschema.validate(found, schema)


def test_single_regions_give_away_what_is_wrong_with_them(found: dict[str, Any]) -> None:
    said = {(f["kind"], f["region"]) for f in found["findings"]}
    assert said == {
        ("idle cut", "high"),
        ("empty", "never"),
        ("overlapping bins", "any"),
        ("gap between bins", "any"),
        ("gap between bins", "dijet"),
    }
    with_events = [f["witness"] for f in found["findings"] if "bins" in f["kind"]]
    assert all(with_events)


def test_a_witness_can_be_run(found: dict[str, Any]) -> None:
    overlapping = next(p for p in found["pairs"] if p["relation"] == "overlapping")
    columns = overlapping["witness"]["columns"]
    assert 100 <= columns["MET_pt"][0] < 150
    passing = zip(columns["Jet_pt"], columns["Jet_eta"], strict=True)
    assert sum(pt > 30 and abs(eta) < 2.4 for pt, eta in passing) == 2


def test_the_text_says_how_many_are_decided(analysis: Path) -> None:
    text = run(analysis).stdout
    assert "5 regions, 10 pairs: 10 decided (100 %)" in text
    parts = [part.split(" ", 1) for part in text.splitlines()[1].split(", ")]
    assert sum(int(number) for number, _ in parts) == 10
    assert {words for _, words in parts} <= {"disjoint", "within", "containing", "overlapping"}
    assert "low is within any" in text
    assert "idle cut: high: MET > 150 cuts nothing" in text


def test_one_pair_is_told_as_one(tmp_path: Path) -> None:
    (tmp_path / "a.adl").write_text("region r\n  select MET > 10\nregion s\n  select MET > 20\n")
    lines = run(tmp_path / "a.adl").stdout.splitlines()
    assert lines[0].startswith("2 regions, 1 pair: 1 decided (100 %)")
    assert lines[1:4] == ["1 containing", "", "r contains s"]


def test_a_region_that_only_z3_finds_empty_is_named(tmp_path: Path) -> None:
    pytest.importorskip("z3")
    text = (
        ANALYSIS.partition("region")[0] + "region soft\n  select pT(jets[0]) + pT(jets[1]) < 40\n"
    )
    (tmp_path / "a.adl").write_text(f"{text}region r\n  select MET > 10\n")
    found = json.loads(run(tmp_path / "a.adl", "--format", "json").stdout)
    assert [(f["kind"], f["region"]) for f in found["findings"]] == [("empty", "soft")]
    assert [(p["relation"], p["empty"]) for p in found["pairs"]] == [("disjoint", True)]
    (tmp_path / "a.adl").write_text(text)
    assert "empty: soft: no event passes it" in run(tmp_path / "a.adl").stdout


def test_an_event_between_bins_is_shown(analysis: Path) -> None:
    lines = run(analysis).stdout.splitlines()
    at = lines.index("gap between bins: any: some events that pass the region are in no bin")
    (met,) = (line for line in lines[at + 1 : at + 4] if line.startswith("    MET_pt = "))
    assert float(met.split()[-1]) <= 50


def test_a_matrix_has_a_letter_for_each_pair(analysis: Path) -> None:
    lines = run(analysis, "--matrix").stdout.splitlines()
    rows = {line.split()[0]: line.split()[-1] for line in lines if line.split()[1:2] == ["1"]}
    assert rows["low"] == "\\.<.O"


def test_a_pair_is_explained_by_its_facts_or_its_event(analysis: Path) -> None:
    empty = run(analysis, "--explain", "low", "high").stdout
    assert "low is disjoint from high: no event passes the cuts of both" in empty
    event = run(analysis, "--explain", "dijet", "low").stdout
    assert "an event that passes both" in event
    assert "Jet[0]: eta" in event


def test_a_pair_is_explained_for_programs_too(analysis: Path) -> None:
    found = json.loads(run(analysis, "--explain", "low", "high", "--format", "json").stdout)
    assert [(r["name"], r["bin"]) for r in found["regions"]] == [("low", ""), ("high", "")]
    assert [(p["a"], p["b"], p["relation"]) for p in found["pairs"]] == [(0, 1, "disjoint")]


@pytest.mark.parametrize("more", [("--matrix",), ("-o", "x.png")])
def test_one_pair_has_no_picture(more: tuple[str, ...], analysis: Path) -> None:
    result = run(analysis, "--explain", "low", "high", *more)
    assert result.exit_code == 2
    assert "--explain tells of one pair" in result.stderr


def test_pairs_come_in_the_order_of_the_regions_whatever_proves_them(tmp_path: Path) -> None:
    path = tmp_path / "many.adl"
    regions = (f"region r{i}\n  select MET [] {10 * i} {10 * i + 15}\n" for i in range(14))
    path.write_text("".join(regions))
    found = json.loads(run(path, "-j", "2", "--format", "json").stdout)
    places = [(pair["a"], pair["b"]) for pair in found["pairs"]]
    assert places == sorted(places)
    assert len(places) == 91


def test_a_region_that_is_not_there_is_an_error(analysis: Path) -> None:
    result = run(analysis, "--explain", "low", "hihg")
    assert result.exit_code == 2
    assert "no region hihg" in result.output
    assert "high" in result.output


def test_each_name_that_is_no_region_is_said_with_its_own_way_out(
    analysis: Path, tmp_path: Path
) -> None:
    result = run(analysis, "--explain", "lwo", "hihg")
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert lines[-4:] == [
        "error: no region lwo",
        "  help: name one of low",
        "no region hihg",
        "  help: name one of high",
    ]
    other = tmp_path / "b.adl"
    other.write_text("region high\n  select MET > 300\n")
    stem = analysis.stem
    both = run(analysis, other, "--explain", "high", "b:hgih").stderr
    assert f"high is the name of 2 regions\n  help: name one of {stem}:high, b:high" in both
    assert "no region b:hgih\n  help: name one of b:high" in both


def test_single_bins_are_regions_to_explain(analysis: Path) -> None:
    bins = run(analysis, "--explain", "low: two", "low: three").stdout
    assert "low: two is disjoint from low: three: no event passes the cuts of both" in bins
    assert "low: two is within any" in run(analysis, "--bins").stdout
    mistaken = run(analysis, "--explain", "low: to", "dijet")
    assert mistaken.exit_code == 2
    assert 'no region low: to\n  help: name one of "low: two", ' in mistaken.stderr


def test_a_name_like_no_other_is_answered_with_some(tmp_path: Path) -> None:
    path = tmp_path / "a.adl"
    path.write_text("".join(f"region r{i}\n  select MET > {i}\n" for i in range(7)))
    result = run(path, "--explain", "xyz", "r1")
    assert result.exit_code == 2
    assert "no region xyz\n  help: name one of r0, r1, r2, r3, r4 or 2 others" in result.stderr


SHIFTED = """systematic odd
  set MET up -1 * MET down MET
region high
  select MET > 150
region low
  select MET < 45
region negative
  select MET < 0
"""


def test_disjoint_pairs_are_told_with_their_variations(tmp_path: Path) -> None:
    path = tmp_path / "a.adl"
    path.write_text(SHIFTED)
    whole = run(path).stdout
    assert "2 of 3 disjoint pairs are so under every variation" in whole
    assert "  low, negative: not proven under oddUp" in whole
    assert run(path, "--explain", "high", "low").stdout.endswith("so under every variation\n")
    one = run(path, "--explain", "low", "negative").stdout
    assert one.endswith("not proven to be disjoint under oddUp\n")
    without = tmp_path / "b.adl"
    without.write_text(SHIFTED[SHIFTED.index("region") :])
    assert "variation" not in run(without).stdout


def test_ci_can_fail_on_an_overlap(analysis: Path, tmp_path: Path) -> None:
    assert run(analysis, "--fail-on", "overlap").exit_code == 1
    assert run(analysis, "--fail-on", "unproven").exit_code == 0
    apart = tmp_path / "b.adl"
    apart.write_text("region a\n  select MET > 1\nregion b\n  select MET < 1\n")
    assert run(apart, "--fail-on", "overlap").exit_code == 0


def test_a_region_overlaps_with_others_not_with_its_own_bins(tmp_path: Path) -> None:
    path = tmp_path / "a.adl"
    text = "region r\n  select MET > 50\n  bin MET 50 100\n"
    for more, code in (("", 0), ("region s\n  select MET > 90\n", 1)):
        path.write_text(text + more)
        assert run(path, "--bins", "--fail-on", "overlap").exit_code == code


def test_files_are_compared_with_each_other(analysis: Path, tmp_path: Path) -> None:
    other = tmp_path / "b.adl"
    other.write_text("region high\n  select MET > 300\n")
    text = run(analysis, other).stdout
    assert "a:high overlaps b:high" in text


def test_mistakes_of_all_files_come_in_one_run(tmp_path: Path) -> None:
    for name, cut in (("a.adl", "foo > 3"), ("b.adl", "MET >"), ("c.adl", "bar > 3")):
        (tmp_path / name).write_text(f"region r\n  select {cut}\n")
    result = run(*(tmp_path / f"{name}.adl" for name in "abca"))
    assert result.exit_code == 2
    for place in ("a.adl:2:10: error[E201]", "b.adl:2:15: error[E101]", "c.adl:2:10: error[E201]"):
        assert result.stderr.count(place) == 1


def test_one_file_named_twice_has_two_names(tmp_path: Path) -> None:
    path = tmp_path / "a.adl"
    path.write_text("region r\n  select MET > 10\n")
    assert f"{path}#1:r equals {path}#2:r" in run(path, path).stdout


def test_a_heat_map_is_drawn(analysis: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    assert run(analysis, "-o", tmp_path / "m.png").exit_code == 0
    assert (tmp_path / "m.png").read_bytes().startswith(b"\x89PNG")
    assert run(analysis, "-o", tmp_path / "m.txt").exit_code == 2


def test_bins_that_share_a_closed_edge_do_not_overlap(tmp_path: Path) -> None:
    path = tmp_path / "a.adl"
    path.write_text(
        'region r\n  select MET > 0\n  bin "a" MET [] 0 50\n  bin "b" MET >= 50\n'
        "define mjj = m(Jet[0] + Jet[1])\nregion s\n  select size(Jet) > 1\n"
        '  bin "peak" mjj [] 118 130\n  bin "rest" mjj ][ 118 130\n'
    )
    assert "bins" not in run(path).stdout


def test_disjoint_regions_are_asked_about_under_every_variation() -> None:
    result = run(TOP / "examples/systematics/ttbar_agc.adl", "--format", "json")
    found = json.loads(result.stdout)
    unproven = [p["unproven_variations"] for p in found["pairs"] if p["relation"] == "disjoint"]
    assert unproven == [[]]


def test_a_witness_can_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.adl"
    path.write_text("region a\n  select size(Jet) > 3\nregion b\n  select size(Jet) == 5\n")
    text = run(path, "--events", TOP / "examples/sample/ttbar.root").stdout
    assert "b is within a" in text or "a contains b" in text


def test_a_network_is_never_asked() -> None:
    text = run(TOP / "tests/corpus/functional_network_stau.adl").stdout
    assert re.search(r"SR\w+ is not decided with SR\w+\n    the network", text)
    assert "twoTaus contains SRlow" in text


def test_a_function_of_the_user_is_equal_when_its_code_is(tmp_path: Path) -> None:
    code = "def score(pt: float) -> float:\n    return {} * pt\n"
    for name, factor in (("one.py", 1.5), ("two.py", 2.5), ("copy.py", 1.5)):
        (tmp_path / name).write_text(code.format(factor))
    for name in ("one", "two", "copy"):
        (tmp_path / f"{name}.adl").write_text(
            f'function score\n  code "{name}.py"\n'
            "region a\n  select score(MET) > 10\nregion b\n  select score(MET) <= 10\n"
        )
    text = run(tmp_path / "one.adl", tmp_path / "two.adl", "--matrix").stdout
    rows = {line.split()[0]: line.split()[-1] for line in text.splitlines() if ":" in line}
    assert rows["one:a"][1] == "."
    assert rows["one:a"][3] != "."
    text = run(tmp_path / "one.adl", tmp_path / "copy.adl", "--matrix").stdout
    rows = {line.split()[0]: line.split()[-1] for line in text.splitlines() if ":" in line}
    assert rows["one:a"] == "\\.=."


def test_without_z3_a_note_says_so(analysis: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adl.compiler.prove.smt.available", lambda: False)
    result = run(analysis, "--explain", "low", "high")
    assert "pip install 'adlc[prove]'" in result.stderr
    assert "low is disjoint from high" in result.stdout


DATASETS = """
region a
  select MET > 100 only data
region b
  select MET < 50
region c
  select isData and MET < 50
region d
  select MET > 20
  select era == 2017
region e
  select "2018" == era
region f
  select MET < 70 only era 2018 era 2019
region g
  select era == 2018 and MET > 80
region h
  select process == "a process of many letters"
region i
  select process != "a process of many letters"
region j
  select a and MET > 10
"""


def test_what_is_for_some_datasets_only_is_asked_in_these_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.adl"
    path.write_text(DATASETS)
    result = run(path, "--format", "json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    expected = {
        ("a", "b"): "overlapping",  # simulation has no cut in a
        ("a", "c"): "disjoint",
        ("d", "e"): "disjoint",  # no event is of two eras
        ("f", "g"): "disjoint",
        ("e", "f"): "overlapping",
        ("d", "f"): "subset",  # which asks for nothing in 2017
        ("h", "i"): "disjoint",
        ("a", "j"): "superset",
    }
    assert {pair: relation(found, *pair) for pair in expected} == expected
    result = run(path, "--explain", "e", "f")
    assert 'era = "2018"' in result.stdout
