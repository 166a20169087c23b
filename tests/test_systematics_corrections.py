"""Correction blocks: functions with a category that varies, equal to correctionlib's own numbers."""

from __future__ import annotations

import json
import math
from pathlib import Path

import correctionlib
import pytest

from adl.check.checker import check
from adl.check.dataset import Dataset
from adl.compiler.pipeline import Compiled, build
from adl.compiler.variations import group_of
from adl.syntax.diagnostics import AnalysisError
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.test_differential import differences
from tests.variations import jets, results, schema

FILE = schema()
KEYS = ("nom", "up", "down")
EDGES = [0.0, 20.0, 50.0, 1000.0]


def corrections(path: Path) -> correctionlib.CorrectionSet:
    """Write a file with one correction, by category and pT, and return it as its library has it."""
    numbers = {"nom": [1.0, 0.9, 0.95], "up": [1.1, 0.95, 1.0], "down": [0.9, 0.85, 0.9]}
    bins = [
        {
            "key": key,
            "value": {
                "nodetype": "binning",
                "input": "pt",
                "edges": EDGES,
                "content": numbers[key],
                "flow": "clamp",
            },
        }
        for key in KEYS
    ]
    content = {
        "schema_version": 2,
        "corrections": [
            {
                "name": "sf",
                "version": 1,
                "inputs": [{"name": "sys", "type": "string"}, {"name": "pt", "type": "real"}],
                "output": {"name": "weight", "type": "real"},
                "data": {"nodetype": "category", "input": "sys", "content": bins},
            }
        ],
    }
    (path / "sf.json").write_text(json.dumps(content))
    return correctionlib.CorrectionSet.from_file(str(path / "sf.json"))


BLOCK = """
correction sf "sf.json" sf
  inputs $, *
  nominal "nom"
  vary id  up "up"  down "down"
"""
REGION = """
region r
  weight id prod(Jet j, sf(pt(j)))
  select size(Jet) > 0
  histo h, "h", 5, 0, 100, pt(Jet[0])
"""


def compiled(folder: Path, text: str) -> Compiled:
    source = Source(str(folder / "a.adl"), text)
    return build(check(parse(source), source, FILE, "adl")[0])


@pytest.mark.parametrize("inputs", ["", "  inputs $, *\n", "  inputs *\n"])
def test_a_block_without_a_nominal_category_says_so_where_it_is_called(
    tmp_path: Path, inputs: str
) -> None:
    corrections(tmp_path)
    with pytest.raises(AnalysisError) as caught:
        compiled(tmp_path, f'correction sf "sf.json" sf\n{inputs}{REGION}')
    (found,) = (d for d in caught.value.diagnostics if d.severity == "error")
    assert found.code == "E293"
    assert found.message == "correction sf takes 2 inputs, not 1: sf has no nominal category"
    assert found.help == 'a line nominal "nom" in the block of line 1: one of nom, up, down'


PTS: tuple[list[float], ...] = ([40.0, 15.0], [80.0], [], [30.0, 25.0, 10.0])


def test_categories_are_variations_with_the_numbers_of_correctionlib(tmp_path: Path) -> None:
    known = corrections(tmp_path)["sf"]
    analysis, chunk = compiled(tmp_path, BLOCK + REGION), jets(*PTS)
    assert not differences(analysis.interpret(chunk), analysis.run(chunk))
    found = results(analysis, chunk)
    assert found.labels() == {"nominal", "idUp", "idDown"}
    for label, key in (("nominal", "nom"), ("idUp", "up"), ("idDown", "down")):
        weights = [math.prod(float(known.evaluate(key, pt)) for pt in event) for event in PTS]
        assert found.yields(label)[1] == pytest.approx(sum(weights), rel=1e-14)
        assert found.yields(label)[2] == pytest.approx(sum(weights) - 1, rel=1e-14)
        assert found.values(label, "h")[3] == pytest.approx(weights[0], rel=1e-14)


def test_a_line_of_categories_can_have_a_label(tmp_path: Path) -> None:
    corrections(tmp_path)
    labelled = BLOCK.replace('down "down"', 'down "down"  correlate "muon_id"')
    (found,) = results(compiled(tmp_path, labelled + REGION), jets(*PTS)).systematics
    assert found.correlate == "muon identification"
    again = BLOCK.replace("correction sf", "correction other")
    both = labelled + again + REGION.replace("sf(pt(j))", "sf(pt(j)) * other(pt(j))")
    (found,) = results(compiled(tmp_path, both), jets(*PTS)).systematics
    assert found.correlate == "muon identification"


@pytest.mark.parametrize(
    ("label", "code", "message"),
    [
        ('"muon ids"', "E276", '"muon ids" is no label that all experiments know'),
        ("3", "E268", "correlate has one label, a text"),
        ('"b-tagging"', "E268", "id is b-tagging in another block"),
    ],
)
def test_a_label_of_categories_is_in_the_vocabulary(
    tmp_path: Path, label: str, code: str, message: str
) -> None:
    corrections(tmp_path)
    text = BLOCK.replace('down "down"', f'down "down"\n    correlate {label}')
    if "tagging" in label:
        other = BLOCK.replace("correction sf", "correction other")
        text += other.replace('down "down"', 'down "down"  correlate "muon_id"')
    with pytest.raises(AnalysisError) as caught:
        compiled(tmp_path, text + REGION)
    (found,) = (d for d in caught.value.diagnostics if d.severity == "error")
    assert (found.code, found.message) == (code, message)
    assert found.help


def test_categories_of_one_binning_are_counted_in_one_loop(tmp_path: Path) -> None:
    corrections(tmp_path)
    (together,) = compiled(tmp_path, BLOCK + REGION).program.variations
    assert [v.label for v in together.members] == ["idUp", "idDown"]
    assert all(group_of(step.fill) for step in together.regions[0].steps[1:])


def test_a_variation_is_the_call_with_its_category_written_out(tmp_path: Path) -> None:
    corrections(tmp_path)
    chunk = jets(*PTS)
    found = results(compiled(tmp_path, BLOCK + REGION), chunk)
    for label, key in (("nominal", "nom"), ("idUp", "up"), ("idDown", "down")):
        for text in (
            BLOCK + REGION.replace("sf(pt(j))", f'sf("{key}", pt(j))'),
            REGION.replace("sf(pt(j))", f'correction("sf.json", "sf", "{key}", pt(j))'),
        ):
            by_hand = results(compiled(tmp_path, text), chunk)
            assert by_hand.yields("nominal") == found.yields(label)
            assert by_hand.labels() <= {"nominal", "idUp", "idDown"}
            assert not any(k[0] != "nominal" for k in by_hand.cutflows)


def test_a_corrected_column_varies_with_its_category(tmp_path: Path) -> None:
    corrections(tmp_path)
    text = BLOCK + "systematic jer\n  scale pt(Jet) nominal sf(pt)\n  keep MET\n"
    text += "region r\n  select any(pt(Jet) > 37)\n"
    found = results(compiled(tmp_path, text), jets([40.0], [42.0], [80.0]))
    assert found.yields("nominal") == [3, 2]  # 36, 37.8, 76
    assert found.yields("idUp") == [3, 3]  # 38, …
    assert found.yields("idDown") == [3, 1]  # 34, 35.7, 72


def test_a_category_that_varies_stands_first_where_inputs_do_not_say(tmp_path: Path) -> None:
    corrections(tmp_path)
    chunk = jets(*PTS)
    found, same = (
        results(compiled(tmp_path, block + REGION), chunk)
        for block in (BLOCK, BLOCK.replace("  inputs $, *\n", ""))
    )
    assert [found.yields(x) for x in sorted(found.labels())] == [
        same.yields(x) for x in sorted(same.labels())
    ]


MISTAKES = {
    '"sf.json" sf|"nope.json" sf': "E290",
    '"sf.json" sf|"sf.json" other': "E292",
    'nominal "nom"|nominal "nope"': "E294",
    'up "up"|up "upp"': "E294",
    "inputs $, *|inputs $, $": "E268",
    'nominal "nom"|nominal 3': "E268",
    'nominal "nom"|nominal "nom"\n  nominal "up"': "E268",
    'nominal "nom"|': "E268",
    'up "up" |up "up" up "nom" ': "E268",
    'up "up" |': "E268",
    "sf(pt(j))|sf(pt(j), eta(j))": "E293",
    "correction sf |correction r ": "E207",
}


@pytest.mark.parametrize("change", MISTAKES)
def test_a_mistake_has_its_code(change: str, tmp_path: Path) -> None:
    corrections(tmp_path)
    old, new = change.split("|")
    text = (BLOCK + REGION).replace(old, new, 1)
    with pytest.raises(AnalysisError) as caught:
        compiled(tmp_path, text)
    assert MISTAKES[change] in [d.code for d in caught.value.diagnostics if d.severity == "error"]


@pytest.mark.parametrize("region", [REGION, "region r\n  select MET > 20\n"])
def test_all_wrong_categories_are_told_each_at_its_place(tmp_path: Path, region: str) -> None:
    corrections(tmp_path)
    text = BLOCK.replace('"nom"', '"nominall"').replace('"up"', '"upp"').replace('"down"', '"dwn"')
    with pytest.raises(AnalysisError) as caught:
        compiled(tmp_path, text + region)
    found = [d for d in caught.value.diagnostics if d.severity == "error"]
    assert [d.code for d in found] == ["E294"] * 3
    places = [text[d.span.start : d.span.end] for d in found]
    assert places == ['"nominall"', '"upp"', '"dwn"']


def test_what_is_wrong_with_a_block_is_marked(tmp_path: Path) -> None:
    corrections(tmp_path)
    marked = {
        BLOCK.replace("sf.json", "no.json"): ("E290", '"no.json"'),
        BLOCK.replace('"sf.json" sf', '"sf.json" fs'): ("E292", "fs"),
        f"{BLOCK}systematic id\n  rate 1.1\n": ("E207", "id"),
        f'{BLOCK}  vary id  up "up"  down "down"\n': ("E207", "id"),
    }
    for text, (code, words) in marked.items():
        with pytest.raises(AnalysisError) as caught:
            compiled(tmp_path, text + REGION)
        (found,) = (d for d in caught.value.diagnostics if d.severity == "error")
        assert (found.code, text[found.span.start : found.span.end]) == (code, words)
        if code == "E207":
            line = text[: text.index("systematic id" if "systematic" in text else "vary")].count(
                "\n"
            )
            assert f"on line {line + 1}" in found.message


def test_a_default_is_no_category_of_a_variation(tmp_path: Path) -> None:
    corrections(tmp_path)
    document = json.loads((tmp_path / "sf.json").read_text())
    document["corrections"][0]["data"]["default"] = 1.0
    (tmp_path / "sf.json").write_text(json.dumps(document))
    text = BLOCK.replace('down "down"', 'down "dwn"') + REGION
    with pytest.raises(AnalysisError) as caught:
        compiled(tmp_path, text)
    (found,) = (d for d in caught.value.diagnostics if d.severity == "error")
    assert (found.code, text[found.span.start : found.span.end]) == ("E294", '"dwn"')
    assert found.message == "correction sf has no sys dwn, only a default for all others"
    assert "did you mean down?" in found.help
    # The nominal value can be what the file has for all others.
    compiled(tmp_path, BLOCK.replace('nominal "nom"', 'nominal "central"') + REGION)


def test_calls_that_choose_a_category_do_not_vary_and_that_is_said(tmp_path: Path) -> None:
    corrections(tmp_path)

    def found(region: str) -> list[tuple[str, str]]:
        source = Source(str(tmp_path / "a.adl"), BLOCK + region)
        return [(d.code, d.message) for d in check(parse(source), source, FILE)[1]]

    fixed = REGION.replace("sf(pt(j))", 'sf("up", pt(j))')
    message = "every call of sf has a category of its own: id changes nothing of it"
    assert found(fixed) == [("W341", message)]
    assert found(fixed + "  weight other prod(Jet j, sf(pt(j)))\n") == []


def test_variations_of_a_correction_that_nothing_calls_are_a_warning(tmp_path: Path) -> None:
    corrections(tmp_path)
    source = Source(str(tmp_path / "a.adl"), BLOCK + "region r\n  select MET > 20\n")
    assert [d.code for d in check(parse(source), source, FILE)[1]] == ["W341"]


FACTOR = """
object jets
  take Jet
  select pt > 20
  define factor = Jet.flavour > 3 ? sf(pt) : 1
"""


@pytest.mark.parametrize("weight", ["prod(Jet j, sf(pt(j)))", "prod(jets.factor)"])
def test_what_a_dataset_does_not_call_varies_nothing_there(tmp_path: Path, weight: str) -> None:
    corrections(tmp_path)
    define = FACTOR if "factor" in weight else ""
    cut = "select size(jets) > 0" if define else "select size(Jet) > 0"
    text = f"{BLOCK}{define}region r\n  weight id {weight}  only simulation\n  {cut}\n"
    other = Source(str(tmp_path / "a.adl"), text)
    found = {}
    for kind in ("data", "simulation"):
        known = schema(Jet_flavour="int32") if kind == "simulation" else FILE
        analysis, findings = check(parse(other), other, known, "adl", Dataset(kind))
        assert "W341" not in {d.code for d in findings}
        found[kind] = [s.name for s in analysis.systematics]
    assert found == {"data": [], "simulation": ["id"]}
