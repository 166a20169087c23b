"""Constants of the dataset, `only`, and streams: one text for data and simulation."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from adl.check.analysis import Analysis
from adl.check.dataset import Dataset
from adl.cli.run import command
from adl.cli.why import command as why
from adl.compiler.dump import dump
from adl.compiler.layout import Chunk
from adl.compiler.lower.regions import lower
from adl.compiler.pipeline import build
from adl.stdlib.models import Branch, Schema, load_model
from adl.syntax.diagnostics import Diagnostic
from tests import checking
from tests.on_sample import EXAMPLES

DATA, SIMULATION = Dataset("data"), Dataset("simulation")


def schema(*, generated: bool = False, **columns: str) -> Schema:
    branches = {
        name: Branch(name, dtype, "nJet" if name.startswith("Jet_") else None)
        for name, dtype in columns.items()
    }
    if generated:
        branches["genWeight"] = Branch("genWeight", "float32", None)
    return load_model("nanoaod").schema(branches)


FILE = schema(MET_pt="float32", MET_phi="float32")


def examined(
    text: str, dataset: Dataset | None, known: Schema = FILE
) -> tuple[Analysis | None, tuple[Diagnostic, ...]]:
    return checking.examined(text, known, "adl", dataset)


def errors(text: str, dataset: Dataset | None, known: Schema = FILE) -> list[str]:
    return [d.code for d in examined(text, dataset, known)[1] if d.severity == "error"]


def ir(text: str, dataset: Dataset | None, known: Schema = FILE) -> str:
    analysis, findings = examined(text, dataset, known)
    assert analysis is not None, [d.message for d in findings]
    return dump(lower(analysis))


def region(*lines: str) -> str:
    return "region r\n" + "".join(f"  {line}\n" for line in lines)


# --------------------------------------------------------------------------------------- only

ONLY = {
    "only data": Dataset("data"),
    "only simulation": Dataset("simulation"),
    "only ttbar": Dataset(process="ttbar"),
    "only wjets ttbar": Dataset(process="ttbar"),
    "only era 2018": Dataset(era="2018"),
    "only era 2017 era 2018": Dataset(era="2018"),
    "only simulation era 2018": Dataset("simulation", era="2018"),
}
OTHERS = {
    "only data": Dataset("simulation"),
    "only simulation": Dataset("data"),
    "only ttbar": Dataset(process="qcd"),
    "only wjets ttbar": Dataset(process="qcd"),
    "only era 2018": Dataset(era="2017"),
    "only era 2017 era 2018": Dataset(era="2016"),
    "only simulation era 2018": Dataset("simulation", era="2017"),
}
STATEMENTS = (
    "select MET > {x}",
    "reject MET > {x}",
    "weight w MET + {x}",
    'histo h, "", 10, 0, 100, MET + {x}',
)


@pytest.mark.parametrize(("only", "statement"), list(product(ONLY, STATEMENTS)))
def test_a_statement_acts_only_where_it_says(only: str, statement: str) -> None:
    written = statement.format(x="11")
    text = region("select MET > 5", f"{written}  {only}", "select MET > 20")
    with_it = region("select MET > 5", written, "select MET > 20")
    without = region("select MET > 5", "select MET > 20")
    assert ir(text, ONLY[only]) == ir(with_it, ONLY[only])
    assert ir(text, OTHERS[only]) == ir(without, OTHERS[only])


@pytest.mark.parametrize("statement", STATEMENTS)
def test_what_is_excluded_needs_no_branches(statement: str) -> None:
    text = "define y = 2 * genWeight\nobject gen\n  take GenPart\n" + region(
        f"{statement.format(x='y + size(gen)')}  only simulation"
    )
    assert errors(text, DATA) == []
    assert errors(text, SIMULATION) == ["E201", "E201"]
    assert errors(text, None) == ["E201", "E201"]  # without a run both sides count


def test_what_another_statement_uses_needs_its_branches() -> None:
    text = "define y = 2 * genWeight\n" + region("weight y  only simulation", "select y > 0")
    assert errors(text, DATA) == ["E201"]
    assert errors("define y = 2 * genWeight\n" + region("select MET > 3"), DATA) == ["E201"]


FLAVOUR = """
object jets
  take Jet
  select pT > 30
  define eff = hadronFlavour >= 4 ? 0.7 : 0.1
  define sf = 1.02 * eff
object hard
  take jets
  select pT > 50
"""
JETS = schema(nJet="uint32", MET_pt="float32", Jet_pt="float32")
WEIGHT = "weight b prod(jets j, j.eff) * prod(sf(hard))  only simulation"


def test_attributes_that_only_excluded_statements_use_need_no_branches() -> None:
    text = FLAVOUR + region("select size(hard) > 0", WEIGHT)
    assert errors(text, DATA, JETS) == []
    assert errors(text, SIMULATION, JETS) == errors(text, None, JETS) == ["E201"]
    choice = FLAVOUR + region("select size(jets) > 0", "weight b isData ? 1 : prod(jets.sf)")
    assert errors(choice, DATA, JETS) == []
    without = FLAVOUR[: FLAVOUR.index("  define")] + FLAVOUR[FLAVOUR.index("object hard") :]
    left = region("select size(hard) > 0")
    assert ir(text, DATA, JETS) == ir(without + left, DATA, JETS)


@pytest.mark.parametrize(
    "other",
    [
        "select any(jets.eff > 0.5)",
        "select sum(sf(hard)) > 1",  # made of the one that cannot be had
        'histo h, "", 10, 0, 1, jets[0].eff',
    ],
)
def test_attributes_that_another_statement_uses_need_their_branches(other: str) -> None:
    assert errors(FLAVOUR + region(WEIGHT, "select size(jets) > 0", other), DATA, JETS) == ["E201"]
    assert errors(FLAVOUR + region("select size(jets) > 0", other), DATA, JETS) == ["E201"]
    assert errors(FLAVOUR + region("select size(jets) > 0"), DATA, JETS) == [
        "E201"
    ]  # used by nobody


def test_an_attribute_that_cannot_be_had_is_no_column_of_its_name() -> None:
    known = schema(nJet="uint32", Jet_pt="float32", Jet_eff="float32")
    text = FLAVOUR + region("select size(hard) > 0", WEIGHT, "select any(hard.eff > 0.5)")
    assert errors(text, DATA, known) == ["E201"]


@pytest.mark.parametrize("only", ONLY)
def test_what_nobody_knows_is_never_guessed(only: str) -> None:
    text = region(f"select MET > 5  {only}")
    assert set(errors(text, Dataset())) == {"E251"}
    assert errors(text, None) == []


def test_what_a_run_does_not_know_is_asked_for_once() -> None:
    lumi = "systematic lumi\n  rate 1.025  only ttbar\n"
    text = lumi + region("weight a 2  only wjets", 'select MET > 5 and era == "2018"')
    found = [d.message for d in examined(text, Dataset())[1] if d.code == "E251"]
    assert found == [
        "the input does not say its process (and so in one place more)",
        "the input does not say its era",
    ]


def test_only_nominal_is_for_histograms() -> None:
    assert errors(region('histo h, "", 10, 0, 100, MET  only nominal'), DATA) == []
    assert errors(region("select MET > 5  only nominal"), DATA) == ["E252"]
    assert errors(region("select MET > 5  only era"), DATA) == ["E252"]


def test_a_slip_after_only_is_a_warning() -> None:
    found = examined(region("select MET > 5  only simulaton"), None)[1]
    assert [d.code for d in found] == ["W340"]


# ---------------------------------------------------------------------------------- constants

DECISIONS = {
    "isData": (DATA, SIMULATION),
    "not isData": (SIMULATION, DATA),
    'era == "2018"': (Dataset(era="2018"), Dataset(era="2017")),
    "era == 2018": (Dataset(era="2018"), Dataset(era="2018B")),
    'process != "qcd"': (Dataset(process="w"), Dataset(process="qcd")),
    'isData or process == "qcd"': (Dataset("data"), Dataset("simulation", "w")),
    'isData and era == "2018"': (Dataset("data", era="2018"), Dataset("simulation")),
    "dataset.x_k > 1": (Dataset(constants={"x_k": 2}), Dataset(constants={"x_k": 1})),
    "dataset.x_on": (Dataset(constants={"x_on": True}), Dataset(constants={"x_on": False})),
    'dataset.x_tag == "a"': (Dataset(constants={"x_tag": "a"}), Dataset(constants={"x_tag": "b"})),
}


@pytest.mark.parametrize("condition", DECISIONS)
def test_a_choice_by_the_dataset_needs_one_branch_only(condition: str) -> None:
    yes, no = DECISIONS[condition]
    text = region(f"select {condition} ? MET > 10 : nothing > 20")
    assert errors(text, no) == ["E201"]
    assert errors(text, yes) == []
    text = f"define cut = {condition} ? 10 : nothing\n" + region("select MET > cut")
    assert errors(text, no) == ["E201"]
    assert errors(text, yes) == []
    assert "10" in ir(text, yes)
    assert errors(text, None) == ["E201"]


def test_and_and_or_look_no_further() -> None:
    assert errors(region("select isData or nothing > 3"), DATA) == []
    assert errors(region("select isData and nothing > 3"), SIMULATION) == []
    assert errors(region("select isData and nothing > 3"), DATA) == ["E201"]


def test_a_define_of_a_constant_decides_as_well() -> None:
    text = 'define late = era == "2018"\n' + region("select late ? MET > 5 : nothing > 5")
    assert errors(text, Dataset(era="2018")) == []


def test_a_title_says_the_era() -> None:
    text = region('histo h, "{era} {process}: p_{T}", 10, 0, 100, MET', 'bin "{era} bin" MET > 5')
    analysis, _ = examined(text, Dataset(process="w", era="2018"))
    assert analysis is not None
    program = lower(analysis)
    assert program.regions[0].histograms[0].title == "2018 w: p_{T}"
    assert program.regions[0].bins is not None
    assert program.regions[0].bins.labels == ("2018 bin",)


def test_the_label_of_edges_stands_before_each_interval() -> None:
    analysis, _ = examined(region('bin "{era} tight" MET 100 200'), Dataset(era="2018"))
    assert analysis is not None
    (output,) = lower(analysis).regions
    assert output.bins is not None
    assert output.bins.labels == ("2018 tight: MET in [100, 200)", "2018 tight: MET >= 200")


@pytest.mark.parametrize(
    "condition", ["era > 2016", "era == MET", "era", 'MET == "2018"', "era + 1 > 3"]
)
def test_texts_are_only_compared_with_texts(condition: str) -> None:
    assert errors(region(f"select {condition}"), Dataset(era="2018")) == ["E211"]


def test_generator_columns_say_that_a_file_is_simulation() -> None:
    known = schema(generated=True, MET_pt="float32", MET_phi="float32")
    text = region("select not isData")
    assert errors(text, Dataset(), known) == []
    assert errors(text, Dataset(), FILE) == ["E251"]  # a skim may have dropped them
    assert ir(text, Dataset(), known) == ir(text, SIMULATION, known)


# -------------------------------------------------------------------------------- command line


def run(tmp_path: Path, text: str, *options: str) -> Result:
    analysis = tmp_path / "only.adl"
    analysis.write_text(text)
    file = EXAMPLES / "sample" / "ttbar.root"
    return CliRunner().invoke(
        command, [str(analysis), str(file), "-q", "-o", str(tmp_path), *options]
    )


def raw(tmp_path: Path) -> list[int]:
    (cutflow,) = json.loads((tmp_path / "results.json").read_text())["cutflows"]
    return [step["raw"] for step in cutflow["steps"]]


def test_the_options_of_a_run_say_what_the_dataset_is(tmp_path: Path) -> None:
    text = region(
        "select MET > 20  only era 2018",
        "select MET > dataset.x_cut  only ttbar",
        "select nothing > 3  only data",
    )
    missing = run(tmp_path, text)
    assert missing.exit_code == 2
    assert "--era" in missing.output
    assert "--process" in missing.output
    options = ("--era", "2018", "--process", "ttbar", "--constant", "x_cut=50")
    assert run(tmp_path, text, *options).exit_code == 0
    first = raw(tmp_path)
    plain = region("select MET > 20", "select MET > 50")
    assert run(tmp_path, plain).exit_code == 0
    assert raw(tmp_path) == first
    assert len(first) == 3
    assert run(tmp_path, text, *options, "--data").exit_code == 2  # nothing
    assert run(tmp_path, text, "--constant", "x").exit_code == 2


def test_why_asks_for_the_dataset_as_a_run_does(tmp_path: Path) -> None:
    analysis = tmp_path / "only.adl"
    analysis.write_text(region("select MET > (era == 2018 ? 1 : nothing)"))
    arguments = [str(analysis), str(EXAMPLES / "sample" / "ttbar.root"), "--event", "0"]
    assert "--era" in CliRunner().invoke(why, arguments).output
    outcome = CliRunner().invoke(why, [*arguments, "--era", "2018"])
    assert outcome.exit_code == 0
    assert "pass" in outcome.output


# ------------------------------------------------------------------------------------ streams

TRIGGERS = """
trigger mu "HLT_Mu" stream SingleMuon
trigger el "HLT_El" or optional "HLT_Old" stream SingleElectron
trigger tau "HLT_Tau" stream Tau
"""
PATHS = schema(HLT_Mu="bool", HLT_El="bool", HLT_Tau="bool", MET_pt="float32", MET_phi="float32")
STREAMS = ("SingleMuon", "SingleElectron", "Tau")
COMBINATIONS = list(product((False, True), (False, True), (False, True), (5.0, 50.0)))


def selected(
    condition: str, dataset: Dataset, target: str, define: str = "", word: str = "select"
) -> list[bool]:
    """Return for each combination of triggers and MET whether it passes."""
    text = f"{TRIGGERS}{define}\n{region(f'{word} {condition}')}"
    analysis, findings = examined(text, dataset, PATHS)
    assert analysis is not None, [d.message for d in findings]
    compiled = build(analysis)
    columns = {
        **{
            name: np.array([c[i] for c in COMBINATIONS])
            for i, name in enumerate(("HLT_Mu", "HLT_El", "HLT_Tau"))
        },
        "MET_pt": np.array([c[3] for c in COMBINATIONS], np.float32),
    }
    passes = []
    for event in range(len(COMBINATIONS)):
        wanted = {c.name: columns[c.name][event : event + 1] for c in compiled.program.columns}
        chunk = Chunk(1, wanted, {})
        partial = compiled.run(chunk) if target == "host" else compiled.interpret(chunk)
        passes.append(bool(partial.raw[1]))
    return passes


CONDITIONS = (
    "trigger mu or el",
    "trigger el or mu or tau",
    "trigger mu",
    "(trigger mu and MET > 20) or trigger el",
    "trigger el or (trigger mu and not trigger tau)",
    "(trigger mu or trigger tau) and MET > 20",
    "trigger mu and trigger el",
)


@pytest.mark.parametrize("target", ["host", "reference"])
@pytest.mark.parametrize("condition", CONDITIONS)
def test_an_event_of_several_streams_counts_once(condition: str, target: str) -> None:
    simulated = selected(condition, SIMULATION, target)
    counted = {s: selected(condition, Dataset("data", stream=s), target) for s in STREAMS}
    fired = dict(zip(STREAMS, range(3), strict=True))
    for event, combination in enumerate(COMBINATIONS):
        # An event can only be counted in data of a stream that it is in.
        times = sum(counted[s][event] for s in STREAMS)
        assert all(combination[fired[s]] for s in STREAMS if counted[s][event])
        assert times == simulated[event]


def test_the_first_stream_of_the_statement_gets_the_event() -> None:
    both = COMBINATIONS.index((True, True, False, 5.0))
    electron = Dataset("data", stream="SingleElectron")
    assert not selected("trigger mu or el", electron, "host")[both]
    assert selected("trigger el or mu", electron, "host")[both]


def test_a_veto_is_of_every_stream() -> None:
    both = COMBINATIONS.index((True, True, False, 5.0))
    muon = Dataset("data", stream="SingleMuon")
    assert not selected("trigger mu and not trigger el", muon, "host")[both]


@pytest.mark.parametrize("target", ["host", "reference"])
@pytest.mark.parametrize(("word", "condition"), [("select", "not lepton"), ("reject", "lepton")])
def test_a_veto_of_a_define_is_of_every_stream(word: str, condition: str, target: str) -> None:
    define = "define lepton = trigger mu or trigger el"
    neither = [not (mu or el) for mu, el, _, _ in COMBINATIONS]
    for stream in STREAMS:
        data = Dataset("data", stream=stream)
        assert selected(condition, data, target, define, word) == neither
    assert selected(condition, SIMULATION, target, define, word) == neither


@pytest.mark.parametrize(
    ("lines", "warned"),
    [
        (("select trigger mu", "select trigger el"), True),
        (("select trigger mu", "select lepton"), False),
        (("select muon", "select MET > 20", "select trigger tau or el"), True),
        (("select trigger mu", "select not trigger el", "reject trigger tau"), False),
        (("select trigger mu only data", "select trigger el only simulation"), False),
    ],
)
def test_two_selects_on_different_streams_pass_no_data(
    lines: tuple[str, ...], warned: bool
) -> None:
    defines = "define muon = trigger mu\ndefine lepton = trigger mu or trigger el\n"
    text = f"{TRIGGERS}{defines}{region(*lines)}"
    assert ("W339" in [d.code for d in examined(text, None, PATHS)[1]]) == warned
    assert "W339" not in [d.code for d in examined(text, SIMULATION, PATHS)[1]]


def test_data_without_its_stream_is_refused() -> None:
    text = TRIGGERS + region("select trigger mu")
    assert errors(text, DATA, PATHS) == ["E251"]
    assert errors(text, Dataset(), PATHS) == ["E251"]
    assert errors(text, Dataset("data", stream="Muon"), PATHS) == ["E257"]
    assert errors(text, SIMULATION, PATHS) == errors(text, None, PATHS) == []


def test_triggers_for_data_only_need_no_paths_in_simulation() -> None:
    text = 'trigger old "HLT_Gone"\n' + region("select trigger old  only data")
    assert errors(text, SIMULATION) == []
    assert errors(text, DATA) == ["E244"]
