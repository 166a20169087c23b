"""``adl why``: the trace of an event agrees with the counts of a run, and says what was missing."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest
import uproot

from adl.check.checker import check
from adl.compiler.layout import Chunk
from adl.compiler.pipeline import build
from adl.compiler.trace.result import RegionTrace
from adl.compiler.trace.tracer import Tracer
from adl.runtime.inputs.chunks import read
from adl.runtime.inputs.opening import open_input
from adl.stdlib.models import load_model
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.commands import adl

TOP = Path(__file__).parents[1]
SAMPLE = TOP / "examples/sample/zmumu.root"
EVENTS = 400


def traced(text: str, path: Path = SAMPLE, events: int = EVENTS) -> list[tuple[RegionTrace, ...]]:
    """The traces of the first events of a file."""
    source = Source("a.adl", text)
    with open_input(str(path)) as opened:
        schema = load_model("nanoaod").schema(opened.branches())
        tracer = Tracer(check(parse(source), source, schema, "auto")[0])
        chunk = read(opened, tracer.columns, tracer.collections, 0, events)
    return [tracer.trace(chunk, event) for event in range(events)]


def run(text: str, path: Path = SAMPLE, events: int = EVENTS) -> dict[str, list[int]]:
    """The entries of each select and reject of each region, and of each bin, by the kernel."""
    source = Source("a.adl", text)
    with open_input(str(path)) as opened:
        schema = load_model("nanoaod").schema(opened.branches())
        compiled = build(check(parse(source), source, schema, "auto")[0])
        program = compiled.program
        chunk: Chunk = read(opened, program.columns, program.collections, 0, events)
    raw, places = compiled.run(chunk).raw, compiled.layout.places
    found = {}
    for region in program.regions:
        steps = [s for s in region.steps[1:] if not s.weight]
        counts = [int(raw[places[s.fill].cells]) for s in steps]
        if region.bins is not None:
            at = places[region.bins.fill].cells
            counts += raw[at + 1 : at + 1 + len(region.bins.labels)].tolist()
        found[region.name] = counts
    return found


CORRECTED = """
systematic scale
  scale pt(Muon)  nominal charge > 0 ? 1.3 : 0.8  up 1.4  down 0.7
  propagate MET from Muon pt > 10
object good
  take Muon
  select pt > 25
region r
  select size(good) >= 1
  select pt(Muon[0]) > 45
  select MET > 20
  bin sum(pt(good)) 0 60 120
"""


@pytest.mark.parametrize("name", ["zpeak", "ttbar", "search"])
def test_traces_of_all_events_add_up_to_the_cutflow(name: str) -> None:
    add_up((TOP / f"examples/{name}.adl").read_text())


def test_what_a_systematic_corrects_is_traced_corrected() -> None:
    add_up(CORRECTED)
    plain = "object" + CORRECTED.partition("object")[2]
    assert run(plain) != run(CORRECTED)


def add_up(text: str) -> None:
    counted: dict[str, Counter[int]] = {}
    lengths: dict[str, int] = {}
    for traces in traced(text):
        for trace in traces:
            count = counted.setdefault(trace.name, Counter())
            deciding = [line for line in trace.lines if line.kind in ("cut", "bin")]
            lengths[trace.name] = len(deciding)
            binned = False
            for number, line in enumerate(deciding):
                passed = line.reached and line.outcome and not (line.kind == "bin" and binned)
                if line.kind == "bin" and trace.lost_at is not None:
                    passed = False
                binned |= bool(passed) and line.kind == "bin"
                count[number] += bool(passed)
    expected = run(text)
    assert {r: [c[i] for i in range(lengths[r])] for r, c in counted.items()} == expected
    assert any(sum(counts) for counts in expected.values())


TEXT = """object mu
  take Muon
  select pT > 20
  select abs(eta) < 2.4
define Z = mu[0] + mu[1]
region r
  select size(mu) >= 1
  reject any(pT(mu) > 5000)
  select m(Z) > 60 or pT(mu[2]) > 10
  weight two 2.0
  histo h, "h", 10, 0, 100, m(Z)
"""


def test_an_object_shows_which_cut_each_element_fails() -> None:
    for (trace,) in traced(TEXT, events=50):
        (block,) = trace.objects
        ((name, candidates),) = block.candidates
        assert (block.name, name) == ("mu", "Muon")
        passing = sum(c.failed is None for c in candidates)
        assert trace.lines[0].shown[0].value == passing
        for candidate in candidates:
            assert (candidate.failed is None) == (candidate.shown == ())
            for shown in candidate.shown:
                text = TEXT[shown.span.start : shown.span.end]
                assert shown.value is not None
                assert shown.value <= 20 if text == "pT" else abs(shown.value) >= 2.4


@pytest.mark.parametrize("dialect", ["adl", "cutlang"])
def test_an_object_shows_the_cuts_before_and_after_each_correction(dialect: str) -> None:
    """Of each source of a union, too; every element that passes is in the object."""
    text = f"""
info adl
  dialect {dialect}
object leptons
  take Muon
  take Electron
  select abs(eta) < 2
  select applyPTF(2)
  select pT > 40
  select abs(eta) < 1 ? applyPTF(2) : ALL
  select pT > 80
region r
  select size(leptons) >= 0
"""
    failed = Counter[str]()
    for (trace,) in traced(text, events=100):
        (block,) = trace.objects
        assert [name for name, _ in block.candidates] == ["Muon", "Electron"]
        every = [c for _, candidates in block.candidates for c in candidates]
        assert sum(c.failed is None for c in every) == trace.lines[0].shown[0].value
        for candidate in (c for c in every if c.failed is not None):
            assert candidate.failed is not None
            cut = text[candidate.failed.start : candidate.failed.end]
            failed[cut] += 1
            (shown,) = candidate.shown
            assert shown.value is not None
            assert abs(shown.value) >= 2 if "eta" in cut else shown.value <= int(cut.split()[-1])
    assert set(failed) == {"abs(eta) < 2", "pT > 40", "pT > 80"}


def test_an_object_made_of_its_own_elements_shows_both() -> None:
    text = """object made
  take Muon
  select pT > 20
  select fmegajets(Muon) == 2
  select m(this) > 1
region r
  select size(made) >= 1
"""
    for (trace,) in traced(text, events=50):
        first, second = trace.objects
        assert (first.name, second.name) == ("made", "made")
        assert [name for name, _ in first.candidates] == ["Muon"]
        kept = sum(c.failed is None for _, found in second.candidates for c in found)
        assert kept <= sum(c.failed is None for _, found in first.candidates for c in found)


def test_what_is_missing_is_named_and_said_to_have_decided() -> None:
    decided = 0
    for (trace,) in traced(TEXT, events=100):
        size = trace.lines[0].shown[0].value
        assert size is not None
        cut = trace.lines[2]
        missing = {m.name for m in cut.missing}
        assert missing == {f"mu[{k}]" for k in range(3) if k >= size}
        assert cut.undecided == (not cut.outcome and bool(missing))
        decided += cut.undecided
    assert decided


def test_elements_of_a_reducer_are_those_of_the_collection() -> None:
    for (trace,) in traced(TEXT, events=50):
        (shown,) = trace.lines[1].shown
        assert len(shown.elements) == trace.lines[0].shown[0].value
        assert all(pt > 20 for _, pt in shown.elements)


# ---------------------------------------------------------------------------- the command


def why(*arguments: str) -> tuple[int, str]:
    result = adl("why", *arguments)
    return result.exit_code, result.output


@pytest.fixture
def analysis(tmp_path: Path) -> str:
    path = tmp_path / "a.adl"
    path.write_text(TEXT)
    return str(path)


def test_the_table_has_a_line_a_statement(analysis: str) -> None:
    code, output = why(analysis, str(SAMPLE), "--event", "0", "--objects")
    assert code == 0
    assert "object mu: " in output
    assert "region r: the event " in output
    for number in (7, 8, 9, 10, 11):
        assert f"   {number:>3} | " in output
    assert "x 2" in output


def test_numbers_and_place_find_the_same_event(analysis: str) -> None:
    with uproot.open(SAMPLE) as file:
        names = ("run", "luminosityBlock", "event")
        run, block, number = (int(file["Events"][n].array(library="np")[123]) for n in names)
    documents = []
    for wanted in ("123", f"{run}:{block}:{number}"):
        code, output = why(analysis, str(SAMPLE), "--event", wanted, "--format", "json")
        assert code == 0
        documents.append(json.loads(output))
    assert documents[0] == documents[1]
    assert documents[0]["entry"] == 123
    assert [s["line"] for s in documents[0]["regions"][0]["statements"]] == [7, 8, 9, 10, 11]


def test_places_go_on_in_the_next_file(analysis: str, tmp_path: Path) -> None:
    copy = str(tmp_path / "copy.root")
    shutil.copy(SAMPLE, copy)
    with uproot.open(SAMPLE) as file:
        entries = file["Events"].num_entries
    code, output = why(analysis, str(SAMPLE), "--event", "2", "--format", "json")
    first = json.loads(output)
    place = str(entries + 2)
    code, output = why(analysis, str(SAMPLE), copy, "--event", place, "--format", "json")
    assert code == 0
    assert json.loads(output) == {**first, "file": copy}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--event", "99999999"), "there is no event 99999999 (counted from 0)"),
        (("--event", "7:7:7"), "is event 7:7:7"),
        (("--event", "first"), "expected RUN:LUMI:EVENT (RUN and LUMI may be empty) or a number"),
        (("--event", "0", "--region", "q"), "the regions are r"),
    ],
)
def test_mistakes_are_said_in_a_line(
    analysis: str, arguments: tuple[str, ...], message: str
) -> None:
    code, output = why(analysis, str(SAMPLE), *arguments)
    assert code == 2
    assert message in output


@pytest.mark.parametrize(
    "condition",
    [
        "size(mu) > 1 ? pT(mu[1]) > 20",
        "size(mu) > 1 ? pT(mu[1]) > 20 : pT(mu[0]) > 50",
        "(size(mu) > 1 ? pT(mu[1]) : 30) > 20",
    ],
)
def test_what_stands_in_a_branch_that_is_not_taken_is_not_missing(condition: str) -> None:
    text = f"object mu\n  take Muon\nregion r\n  select size(mu) < 2\n  select {condition}\n"
    for (trace,) in traced(text):
        assert "mu[1]" not in {m.name for m in trace.lines[1].missing}


@pytest.mark.parametrize(
    ("name", "column", "wanted"),
    [
        ("edm4hep_ee_ww", "EventHeader.eventNumber", "{run}::{event}"),
        ("edm4hep_ee_ww", "EventHeader.eventNumber", "::{event}"),
        ("delphes_10", "Event.Number", "::{event}"),
    ],
)
def test_an_event_is_found_by_numbers_that_the_model_computes(
    tmp_path: Path, real_data: Path, name: str, column: str, wanted: str
) -> None:
    import uproot

    path = real_data / f"{name}.root"
    tree = uproot.open(path)["events" if "edm4hep" in name else "Delphes"]
    branches = {b.name: b for b in tree.itervalues(recursive=True)}
    numbers = branches[column].array()[:, 0].tolist()
    run = branches["EventHeader.runNumber"].array()[0, 0] if "edm4hep" in name else 0
    text = tmp_path / "a.adl"
    text.write_text("region all\n  select size(Jet) >= 0\n")
    entry = numbers.index(numbers[-1])
    called = str(text), str(path), "--event"
    code, said = why(*called, wanted.format(run=run, event=numbers[-1]))
    assert code == 0, said
    assert f"entry {entry} of" in said
    assert entry > 0
    code, said = why(*called, wanted.format(run=run, event=max(numbers) + 1))
    assert code == 2
    assert "none of" in said
    code, said = why(*called, f"1:1:{numbers[-1]}")
    assert code == 2
    assert "tells events apart" in said
