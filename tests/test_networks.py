"""Networks: against numpy, compiled and interpreted, for any number of threads; and bad models."""

from __future__ import annotations

import builtins
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import checking
from tests.checking import NANOAOD
from tests.commands import adl

pytest.importorskip("onnx", reason="the models of these tests are made with onnx")
pytest.importorskip("onnxruntime", reason="networks need onnxruntime")

from adl.check.checker import check
from adl.compiler.ir import Column, Infer
from adl.compiler.layout import Chunk
from adl.compiler.pipeline import Compiled, build
from adl.compiler.verify import verify
from adl.runtime.networks import Networks
from adl.stdlib.onnxfile import ModelFileError, signature
from adl.syntax.diagnostics import Diagnostic
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.networks import Model, make
from tests.test_differential import differences

SAMPLE = Path(__file__).parents[1] / "examples" / "sample" / "ttbar.root"
WJETS = SAMPLE.with_name("wjets.root")


def compiled(text: str, folder: Path) -> Compiled:
    source = Source(str(folder / "a.adl"), text)
    networks = Networks()
    made = build(check(parse(source), source, NANOAOD)[0], evaluate=networks.evaluate)
    networks.load(made.networks)
    for program in made.programs:
        verify(program)
        assert not any(isinstance(node, Infer) for node in program.nodes)
    return made


def findings(text: str, folder: Path, *model_path: str) -> list[Diagnostic]:
    return [*checking.findings(text, path=str(folder / "a.adl"), model_path=model_path)]


def printed(text: str, folder: Path, events: Chunk) -> list[np.ndarray[Any, Any]]:
    """Return the values of the last print's events, the same from kernel and interpreter."""
    program = compiled(text, folder)
    rows = program.run(events)
    assert not differences(program.interpret(events), rows)
    last = program.program.rows[-1]
    values = rows.rows[program.program.records.index(last.rows)].values
    return [values[c.place] for c in last.columns if c.record is not None]


def chunk(events: int = 400, seed: int = 3) -> Chunk:
    """Return events with up to five jets, in descending pt."""
    random = np.random.default_rng(seed)
    counts = random.integers(0, 6, events)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    pts = [np.sort(random.uniform(0.1, 3, n))[::-1] for n in counts]
    flat = np.concatenate(pts)
    columns: dict[str, Any] = {
        "MET_pt": random.normal(size=events).astype(np.float32),
        "MET_phi": random.uniform(-3, 3, events).astype(np.float32),
        "Jet_pt": flat.astype(np.float32),
        "Jet_eta": random.normal(size=len(flat)).astype(np.float32),
        "run": np.ones(events, np.uint32),
        "luminosityBlock": np.ones(events, np.uint32),
        "event": np.arange(events, dtype=np.uint64),
    }
    return Chunk(events, columns, {"Jet": offsets.astype(np.int64)})


# ------------------------------------------------------------------------------------ values


def test_a_network_of_standardised_lists_gives_what_numpy_gives(tmp_path: Path) -> None:
    model = make(tmp_path / "models" / "two.onnx", 2, 3)
    text = """
define x = { MET size(Jet) }
define means = { 0.1, 2 }
define widths = { 0.5, 1.5 }
region r
  print OME("models/two.onnx", x, means, widths, 0) OME("models/two.onnx", x, means, widths, 2)
  print onnx("models/two.onnx", [MET, size(Jet)], means=means, sigmas=[0.5 1.5], output=2) MET
"""
    events = chunk()
    met, size = events.columns["MET_pt"], np.diff(events.offsets["Jet"])
    expected = model((met.astype(float) - 0.1) / 0.5, (size - 2) / 1.5)
    third, _ = printed(text, tmp_path, events)
    np.testing.assert_allclose(third, expected[:, 2], rtol=1e-5)
    program = compiled(text, tmp_path)
    assert [len(n.stage.batches) for n in program.before] == [1]  # one run for all three


def test_a_network_runs_over_the_events_that_reach_it(tmp_path: Path) -> None:
    model = make(tmp_path / "m.onnx", 1, 1)
    text = """
region r
  select size(Jet) >= 2
  select onnx("m.onnx", MET) > 0.5
  select onnx("m.onnx", pT(Jet[1])) > 0.4
  print onnx("m.onnx", MET) event
"""
    events = chunk()
    program = compiled(text, tmp_path)
    seen: list[int] = []
    run = program.evaluate
    assert run is not None

    def watched(file: str, rows: Any) -> Any:
        seen.append(len(rows))
        return run(file, rows)

    Compiled(program.program, program.before, watched).run(events)
    counts = np.diff(events.offsets["Jet"])
    first = counts >= 2
    passed = first & (model(events.columns["MET_pt"])[:, 0] > 0.5)
    assert seen == [first.sum(), passed.sum()]  # the second only behind the cut on the first
    second = np.array(
        [
            events.columns["Jet_pt"][o + 1] if n > 1 else 0
            for o, n in zip(events.offsets["Jet"][:-1], counts, strict=True)
        ]
    )
    passed &= model(second)[:, 0] > 0.4
    _, numbers = printed(text, tmp_path, events)
    np.testing.assert_array_equal(numbers, np.flatnonzero(passed))


def test_an_attribute_of_objects_is_evaluated_for_elements(tmp_path: Path) -> None:
    model = make(tmp_path / "jet.onnx", 2, 1)
    text = """
object jets
  take Jet
  define score = onnx("jet.onnx", pT, eta)
  select pT > 1
object tagged
  take jets
  select score > 0.5
region r
  select size(tagged) >= 1
  print sum(tagged.score) tagged[0].score max(jets.score) event
"""
    events = chunk()
    pt, eta = events.columns["Jet_pt"], events.columns["Jet_eta"]
    scores = model(pt, eta)[:, 0]
    expected = []
    for event, (first, after) in enumerate(pairwise(events.offsets["Jet"])):
        own = scores[first:after][pt[first:after] > 1]
        tagged = own[own > 0.5]
        if len(tagged):
            expected.append((tagged.sum(), tagged[0], own.max(), event))
    rows = printed(text, tmp_path, events)
    np.testing.assert_allclose(np.stack(rows, axis=1), expected, rtol=1e-5)
    # A picked element has the very number of the loop over all: one batch, of elements.
    (networks,) = compiled(text, tmp_path).before
    assert [batch.sources for batch in networks.stage.batches] == [(("Jet",),)]


def test_pairs_and_unions_have_networks_too(tmp_path: Path) -> None:
    model = make(tmp_path / "pair.onnx", 2, 1)
    text = """
object all
  take union(Jet, Jet)
region r
  print sum(onnx("pair.onnx", Jet.pT, MET)) sum(Jet a, Jet b, onnx("pair.onnx", pT(a), eta(b)))
"""
    events = chunk()
    pt, eta, met = (events.columns[n].astype(float) for n in ("Jet_pt", "Jet_eta", "MET_pt"))
    singles, pairs = [], []
    for event, (first, after) in enumerate(pairwise(events.offsets["Jet"])):
        own = range(first, after)
        singles.append(sum(model([pt[i]], [met[event]])[0, 0] for i in own))
        pairs.append(sum(model([pt[i]], [eta[j]])[0, 0] for i in own for j in own if i != j))
    one, two = printed(text, tmp_path, events)
    np.testing.assert_allclose(one, singles, rtol=1e-5)
    np.testing.assert_allclose(two, pairs, rtol=1e-5)


def test_a_network_may_be_an_input_of_another(tmp_path: Path) -> None:
    model = make(tmp_path / "m.onnx", 1, 1)
    events = chunk()
    (found,) = printed('region r\n print onnx("m.onnx", onnx("m.onnx", MET))', tmp_path, events)
    inner = model(events.columns["MET_pt"])[:, 0].astype(np.float32)
    np.testing.assert_allclose(found, model(inner)[:, 0], rtol=1e-5)


@pytest.mark.parametrize("batch", [1, 7, None])
def test_a_model_may_have_a_number_of_rows_of_its_own(tmp_path: Path, batch: int | None) -> None:
    model = make(tmp_path / "m.onnx", 1, 2, batch=batch)
    events = chunk(23)
    (found,) = printed('region r\n print onnx("m.onnx", MET, output=1)', tmp_path, events)
    np.testing.assert_allclose(found, model(events.columns["MET_pt"])[:, 1], rtol=1e-5)


def test_a_row_does_not_depend_on_the_rows_beside_it(tmp_path: Path) -> None:
    make(tmp_path / "m.onnx", 20, 4)
    networks = Networks()
    file = str(tmp_path / "m.onnx")
    networks.load([file])
    rows = np.random.default_rng(1).normal(size=(700, 20))
    whole = networks.evaluate(file, rows)
    for place in (0, 1, 255, 256, 699):
        alone = networks.evaluate(file, rows[place : place + 1])
        assert alone.tobytes() == whole[place].tobytes()


def test_an_event_that_is_not_evaluated_reads_nan(tmp_path: Path) -> None:
    make(tmp_path / "m.onnx", 1, 1)
    text = 'region r\n select size(Jet) > 2\n select onnx("m.onnx", MET) > 0.5'
    program = compiled(text, tmp_path)
    (column,) = (n for n in program.program.nodes if isinstance(n, Column) and ":" in n.name)
    events = chunk()
    fed = program.fed(events, Compiled.run).columns[column.name]
    few = np.diff(events.offsets["Jet"]) <= 2
    np.testing.assert_array_equal(np.isnan(fed), few)


# ---------------------------------------------------------------------------------- whole runs


def test_a_run_is_the_same_for_any_number_of_threads_and_target(tmp_path: Path) -> None:
    make(tmp_path / "m.onnx", 2, 1)
    text = """
object jets
  take Jet
  define s = onnx("m.onnx", pT, eta, means=[50 0], sigmas=[30 1.5])
region r
  select any(jets.s > 0.5)
  select onnx("m.onnx", MET, size(jets), means=[50 5], sigmas=[30 2]) < 0.3
  histo h, "s", 20, 0, 1, jets.s
"""
    analysis = tmp_path / "a.adl"
    analysis.write_text(text)
    results = set()
    for how in (("-j", 1), ("-j", 2), ("--target", "reference")):
        out = tmp_path / "_".join(map(str, how))
        result = adl("run", analysis, SAMPLE, WJETS, "-o", out, "-n", 8000, "-q", *how)
        assert result.exit_code == 0, result.output
        results.add((out / "results.json").read_bytes())
    (document,) = results
    raws = [step["raw"] for step in json.loads(document)["cutflows"][0]["steps"]]
    assert raws[0] > raws[1] > raws[2] > 0


def test_without_onnxruntime_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "m.onnx", 1, 1)
    (tmp_path / "a.adl").write_text('region r\n  select onnx("m.onnx", MET) > 0.5\n')
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "onnxruntime":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    assert adl("check", tmp_path / "a.adl").exit_code == 0  # what fits is known without it
    result = adl("run", tmp_path / "a.adl", SAMPLE)
    assert result.exit_code == 2
    (line,) = result.stderr.strip().splitlines()
    assert "pip install 'adlc[ml]'" in line


def test_a_model_that_onnxruntime_refuses_is_one_line(tmp_path: Path) -> None:
    def no_such_step(graph: Any) -> None:
        graph.node[2].op_type = "Tanhh"

    make(tmp_path / "m.onnx", 1, 1, change=no_such_step)
    (tmp_path / "a.adl").write_text('region r\n  select onnx("m.onnx", MET) > 0.5\n')
    result = adl("run", tmp_path / "a.adl", SAMPLE)
    assert result.exit_code == 2
    (line,) = result.stderr.strip().splitlines()
    assert re.search(r"m\.onnx cannot be loaded: .*Tanhh", line)


def test_model_path_names_another_folder(tmp_path: Path) -> None:
    make(tmp_path / "far" / "m.onnx", 1, 1)
    (tmp_path / "a.adl").write_text('region r\n  select onnx("models/m.onnx", MET) > 0.5\n')
    assert adl("run", tmp_path / "a.adl", SAMPLE).exit_code == 2
    result = adl("run", tmp_path / "a.adl", SAMPLE, "--model-path", tmp_path / "far")
    assert result.exit_code == 0, result.output


# ----------------------------------------------------------------------------------- mistakes


@pytest.mark.parametrize(
    ("call", "code", "words", "at"),
    [
        ('onnx("no.onnx", MET)', "E284", "there is no model", '"no.onnx"'),
        ('onnx("text.onnx", MET)', "E284", "no ONNX model", '"text.onnx"'),
        ('onnx("half.onnx", MET)', "E284", "no ONNX model", '"half.onnx"'),
        ('onnx("m.onnx", MET)', "E283", "takes 2 inputs, and 1 are given", "onnx("),
        ('onnx("m.onnx", MET, MET, output=3)', "E283", "gives 3 numbers", "onnx("),
        ('onnx("m.onnx", [MET, MET], means=[1])', "E283", "2 inputs have 1 means", "onnx("),
        ('onnx("m.onnx", [MET, MET], sigmas=[1, 0])', "E283", "a sigma is 0", "0"),
        ('onnx("m.onnx", MET, MET, mean=[1, 2])', "E283", "no setting mean", "mean"),
        ('onnx("m.onnx", MET, MET, output=0.5)', "E283", "whole number", "0.5"),
        ('onnx("m.onnx", MET, pT(Jet[0]))', "E285", "Jet[0] may be missing", "Jet[0]"),
        ('onnx("m.onnx", MET, pT(Jet))', "E203", "Jet is a collection", "Jet"),
        ('onnx("two.onnx", MET)', "E283", "2 inputs (x, z)", "onnx("),
        ('onnx("words.onnx", MET, MET)', "E283", "only float32", "onnx("),
        ("onnx(MET, MET)", "E283", "begins with the file", "onnx("),
        ('onnx("m.onnx")', "E283", "no input", "onnx("),
        ("inputs", "E281", "is a list", "inputs"),
        ("default([MET, MET], 1)", "E281", "a list has no value", "[MET"),
    ],
)
def test_a_mistake_is_located(tmp_path: Path, call: str, code: str, words: str, at: str) -> None:
    make(tmp_path / "m.onnx", 2, 3)
    make(tmp_path / "two.onnx", 1, 1, change=_second_input)
    make(tmp_path / "words.onnx", 2, 1, change=_of_texts)
    (tmp_path / "text.onnx").write_text("this is no model")
    (tmp_path / "half.onnx").write_bytes((tmp_path / "m.onnx").read_bytes()[:150])
    text = f"define inputs = {{ MET, MET }}\nregion r\n  select {call} > 0.5\n"
    errors = [f for f in findings(text, tmp_path) if f.severity == "error"]
    assert [e.code for e in errors] == [code]
    assert words in errors[0].message
    assert text[errors[0].span.start :].startswith(at)


def _second_input(graph: Any) -> None:
    from onnx import TensorProto, helper

    graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, ["N", 1]))


def _of_texts(graph: Any) -> None:
    from onnx import TensorProto

    graph.input[0].type.tensor_type.elem_type = TensorProto.STRING


@pytest.mark.parametrize(
    "call",
    [
        'onnx("m.onnx", MET, default(pT(Jet[0]), 0))',
        'size(Jet) > 0 and onnx("m.onnx", MET, pT(Jet[0]))',
        'onnx("m.onnx", inputs)',
        'OME("m.onnx", inputs, ones, ones, 2)',
        'onnx("m.onnx", [MET ; 1])'.replace(" ;", ","),
    ],
)
def test_what_fits_is_read(tmp_path: Path, call: str) -> None:
    make(tmp_path / "m.onnx", 2, 3)
    lists = "define inputs = { MET, size(Jet) }\ndefine ones = { 1 1 }\n"
    found = findings(f"{lists}region r\n  select {call} > 0.5\n", tmp_path)
    assert not [f for f in found if f.severity == "error"]


def test_the_path_of_another_machine_is_an_error_only_in_a_run(tmp_path: Path) -> None:
    text = 'region r\n  select onnx("/home/somebody/m.onnx", MET) > 0.5\n'
    assert [f.code for f in findings(text, tmp_path)] == ["W336"]
    (tmp_path / "a.adl").write_text(text)
    result = adl("run", tmp_path / "a.adl", SAMPLE)
    assert result.exit_code == 2
    assert "E284" in result.output
    make(tmp_path / "m.onnx", 1, 1)  # beside the analysis it is found
    assert adl("run", tmp_path / "a.adl", SAMPLE).exit_code == 0


# --------------------------------------------------------------------------- the file's header


def test_the_header_agrees_with_onnx(tmp_path: Path) -> None:
    make(tmp_path / "m.onnx", 5, 2, batch=4)
    read = signature(tmp_path / "m.onnx")
    (taken,), (given,) = read.inputs, read.outputs
    assert (taken.name, taken.dtype, taken.shape) == ("x", "float32", (4, 5))
    assert (given.name, given.dtype, given.shape) == ("y", "float32", (4, 2))
    make(tmp_path / "n.onnx", 5, 2)
    assert signature(tmp_path / "n.onnx").inputs[0].shape == (None, 5)


def test_damaged_headers_are_said_to_be(tmp_path: Path) -> None:
    make(tmp_path / "m.onnx", 2, 1)
    whole = (tmp_path / "m.onnx").read_bytes()
    for end in range(0, len(whole), 7):
        (tmp_path / "cut.onnx").write_bytes(whole[:end])
        with pytest.raises(ModelFileError):
            signature(tmp_path / "cut.onnx")


def test_a_model_of_the_tests_is_a_model(tmp_path: Path) -> None:
    model = make(tmp_path / "m.onnx", 1, 1)
    assert isinstance(model, Model)
    assert 0 < model(np.array([0.3]))[0, 0] < 1


def test_why_shows_what_a_network_gives(tmp_path: Path) -> None:
    make(tmp_path / "m.onnx", 1, 1)
    text = 'region r\n  select onnx("m.onnx", MET) > 2\n  save a MET\n  print MET\n'
    (tmp_path / "a.adl").write_text(text)
    result = adl("why", tmp_path / "a.adl", SAMPLE, "--event", 3)
    assert result.exit_code == 0, result.output
    assert "is lost at line 2" in result.output
    assert re.search(r'onnx\("m.onnx", MET\) = 0\.\d+', result.output)
