"""What systematics mean, line by line, and every mistake in them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from adl.check.dataset import Dataset
from adl.compiler.layout import Chunk
from adl.compiler.lower.regions import lower
from adl.stdlib.models import Branch, load_model
from tests.test_differential import differences
from tests.variations import (
    Outcome,
    codes,
    compiled,
    examined,
    jets,
    lists,
    results,
    schema,
)

REGION = """
object good
  take Jet
  select pt > 30
region r
  select size(good) > 0
  histo lead, "leading pT", 10, 0, 100, good[0].pt
  histo met, "MET", 10, 0, 100, MET
"""
FILE = schema(
    w="float32", wUp="float32", wDown="float32", Jet_pt_jesUp="float32", Jet_pt_jesDown="float32"
)
EVENTS = jets([40.0, 35.0], [29.0], [31.0, 30.5, 10.0], [])
N = EVENTS.events


def outcome(systematics: str, region: str = REGION, events: object = EVENTS) -> Outcome:
    """Run an analysis compiled and interpreted: both give the same."""
    analysis = compiled(f"info adl\n  dialect adl\n{systematics}{region}", FILE)
    chunk = events
    assert not differences(analysis.interpret(chunk), analysis.run(chunk))  # type: ignore[arg-type]
    return results(analysis, chunk)  # type: ignore[arg-type]


def block(*lines: str, name: str = "s") -> str:
    return f"systematic {name}\n" + "".join(f"  {line}\n" for line in lines)


def bin_of(value: float) -> list[float]:
    """Return the ten bins from 0 to 100 with flow, one entry in that of a value."""
    found = [0.0] * 12
    found[1 + int(value // 10)] = 1.0
    return found


def test_a_scale_moves_events_between_cuts_and_bins() -> None:
    found = outcome(block("scale pt(Jet) up 1.1 down 0.9", "keep MET"))
    assert found.yields("nominal") == [4, 2]
    assert found.yields("sUp") == [4, 3]  # 29 has become 31.9
    assert found.yields("sDown") == [4, 1]  # 31 has become 27.9
    assert (
        found.values("sUp", "lead").tolist()
        == np.sum([bin_of(44), bin_of(31.9), bin_of(34.1)], axis=0).tolist()
    )


def test_what_is_not_affected_is_the_nominal_node_and_not_computed_again() -> None:
    text = block("scale pt(Jet) up 1.1 down 0.9", "keep MET") + "region r\n  select MET > 40\n"
    text += '  histo met, "MET", 10, 0, 100, MET\n  histo n, "n", 5, 0, 5, count(pt(Jet) > 30)\n'
    program = compiled(text, FILE).program
    (nominal,) = program.regions
    for variation in program.variations:
        (varied,) = variation.regions
        assert varied.steps == nominal.steps
        assert varied.histograms[0] is not nominal.histograms[0]
        assert varied.histograms[0] == nominal.histograms[0]
        assert varied.histograms[1].fills != nominal.histograms[1].fills
    found = results(compiled(text, FILE), EVENTS)
    (systematic,) = found.systematics
    assert [v.unchanged for v in systematic.variations] == [("r", "r/met")] * 2
    assert set(found.histograms) == {
        *(("nominal", "r", name) for name in ("met", "n")),
        *((label, "r", "n") for label in ("sUp", "sDown")),
    }


def test_the_nominal_program_is_the_one_without_systematics() -> None:
    with_them = compiled(block("scale pt(Jet) up 1.1 down 0.9", "keep MET") + REGION, FILE)
    without = compiled(REGION, FILE)
    assert with_them.program.regions == without.program.regions
    same = results(without, EVENTS)
    found = results(with_them, EVENTS)
    for name in ("lead", "met"):
        assert found.values("nominal", name).tobytes() == same.values("nominal", name).tobytes()


def test_met_loses_what_jets_above_the_threshold_gain() -> None:
    found = outcome(block("scale pt(Jet) up 1.5 down 0.5", "propagate MET from Jet pt > 15"))
    x = 50 - 0.5 * (40 + 35 * math.cos(1.0))
    y = -0.5 * 35 * math.sin(1.0)
    third = (50 - 0.5 * (31 + 30.5 * math.cos(1.0)), -0.5 * 30.5 * math.sin(1.0))
    second = 50 - 0.5 * 29
    expected = np.sum(
        [bin_of(math.hypot(x, y)), bin_of(math.hypot(*third)), bin_of(second)], axis=0
    )
    assert found.values("sUp", "met").tolist() == expected.tolist()


def test_the_leading_jet_is_that_of_the_varied_momentum() -> None:
    # The first jet loses, the second gains: they change places, and Jet promises its order.
    lines = block("set pt(Jet) up phi < 0.5 ? pt - 10 : pt + 10 down pt", "keep MET")
    found = outcome(lines, REGION)
    expected = np.sum([bin_of(45), bin_of(40.5)], axis=0)
    assert found.values("sUp", "lead").tolist() == expected.tolist()


def test_in_cutlang_the_order_stays_that_of_the_file() -> None:
    text = "info adl\n  dialect cutlang\n" + block(
        "set pt(Jet) up phi < 0.5 ? pt + 1 : pt + 20 down pt", "keep MET"
    )
    analysis = compiled(text.replace("dialect cutlang", "dialect adl") + REGION, FILE)
    assert any("by" in line for line in _picks(analysis))
    from adl.check.checker import check
    from adl.compiler.pipeline import build
    from adl.syntax.parse import parse
    from adl.syntax.source import Source

    source = Source("a.adl", text + REGION)
    analysis = build(check(parse(source), source, FILE)[0])
    assert not any(" by " in line for line in _picks(analysis))


def _picks(analysis: object) -> list[str]:
    from adl.compiler.dump import dump

    return [line for line in dump(analysis.program).splitlines() if "pick[" in line]  # type: ignore[attr-defined]


def test_corrections_act_in_the_written_order_and_variations_before_them_are_corrected() -> None:
    first = block("scale pt(Jet) up pt > 35 ? 2 : 1 down 1", "keep MET", name="first")
    second = block("scale pt(Jet) nominal 1.1 up 1.2 down 1", "keep MET", name="second")
    region = "region r\n  select ALL\n" + '  histo lead, "pT", 10, 0, 100, sum(Jet j, j.pt)\n'
    events = jets([34.0], [36.0])
    one = outcome(first + second, region, events)
    assert (
        one.values("nominal", "lead").tolist()
        == np.sum([bin_of(37.4), bin_of(39.6)], axis=0).tolist()
    )
    # The first sees what the file has, 34: the correction comes later, and applies to 72.
    assert (
        one.values("firstUp", "lead").tolist()
        == np.sum([bin_of(37.4), bin_of(79.2)], axis=0).tolist()
    )
    other = outcome(second + first, region, events)  # now both are above 35
    assert (
        other.values("firstUp", "lead").tolist()
        == np.sum([bin_of(74.8), bin_of(79.2)], axis=0).tolist()
    )


def test_a_named_weight_is_replaced_and_keeps_its_place() -> None:
    weights = {"w": [1, 2, 3, 4], "wUp": [10, 20, 30, 40], "wDown": [0, 1, 0, 1]}
    events = jets(
        [40.0], [40.0], [20.0], [40.0], **{n: np.array(w, np.float32) for n, w in weights.items()}
    )
    region = (
        "region r\n  select size(Jet) > 0\n  weight pu w\n  weight half 0.5\n"
        '  select pt(Jet[0]) > 30\n  histo h, "w", 1, 0, 100, w\n'
    )
    found = outcome(block("weight pu up wUp down wDown"), region, events)
    assert found.yields("nominal") == [4, 4, 10, 5, 3.5]
    assert found.yields("sUp") == [4, 4, 100, 50, 35]
    assert found.yields("sDown") == [4, 4, 2, 1, 1]
    assert found.values("sUp", "h").tolist() == [0, 35, 0]  # its values are no weight


def test_a_mirrored_weight_is_as_far_on_the_other_side() -> None:
    events = jets([40.0], [40.0], w=np.array([0.5, 1.5], np.float32))
    region = "region r\n  weight top w\n  select ALL\n"
    found = outcome(block("weight top up 1 mirror"), region, events)
    assert found.yields("sUp")[-1] == 2
    assert found.yields("sDown")[-1] == 2 * 2 - 2
    assert found.cutflows["sDown", "r"].steps[-1].sumw2 == 0.0**2 + 2.0**2


def test_a_mirrored_shape_is_as_far_on_the_other_side_bin_by_bin() -> None:
    found = outcome(block("scale pt(Jet) up 1.1 mirror", "keep MET"))
    expected = 2 * found.values("nominal", "lead") - found.values("sUp", "lead")
    assert found.values("sDown", "lead").tolist() == expected.tolist()
    assert found.labels() == {"nominal", "sUp", "sDown"}


PDF = ([2.0, 3.0, 1.0], [1.0, 1.0, 0.5], [4.0, 1.0, 1.0])


def replicas(line: str) -> tuple[Outcome, np.ndarray]:
    """Return what a reweight line gives, and what each replica alone gives."""
    weights, offsets = lists(*PDF)
    events = jets([40.0], [20.0], [50.0], LHEPdfWeight=weights)
    events = type(events)(3, events.columns, {**events.offsets, "LHEPdfWeight": offsets})
    region = 'region r\n  select pt(Jet[0]) > 30\n  histo h, "", 2, 30, 50, pt(Jet[0])\n'
    region = "region r\n  select size(Jet) > 0 and any(pt(Jet) > 30)\n"
    region += '  histo h, "h", 2, 30, 60, sum(pt(Jet))\n'
    members = np.array([[0, PDF[0][k], PDF[2][k], 0] for k in range(3)])
    return outcome(block(line), region, events), members


def test_replicas_multiply_every_weight() -> None:
    found, members = replicas("reweight LHEPdfWeight[0:3]")
    for k in range(3):
        assert found.values(f"s_{k}", "h").tolist() == members[k].tolist()
        assert found.yields(f"s_{k}") == [sum(row[k] for row in PDF), members[k].sum()]


def test_replicas_combine_to_a_hessian_band() -> None:
    found, members = replicas("reweight LHEPdfWeight[0:3] combine hessian")
    nominal = np.array([0.0, 1.0, 1.0, 0.0])
    width = np.sqrt(((members - nominal) ** 2).sum(axis=0))
    assert found.labels() == {"nominal", "sUp", "sDown"}
    assert found.values("sUp", "h") == pytest.approx(nominal + width, rel=1e-14)
    assert found.values("sDown", "h") == pytest.approx(nominal - width, rel=1e-14)


def test_replicas_combine_to_an_envelope_with_nominal_in_it() -> None:
    found, _ = replicas("reweight LHEPdfWeight[0,2] combine envelope")
    assert found.values("sUp", "h").tolist() == [0, 2, 4, 0]
    assert found.values("sDown", "h").tolist() == [0, 1, 1, 0]


def test_replicas_combine_to_a_standard_deviation() -> None:
    found, members = replicas("reweight LHEPdfWeight[0:3] combine rms")
    width = np.std(members, axis=0, ddof=1)
    assert found.values("sUp", "h") == pytest.approx(np.array([0, 1, 1, 0]) + width, rel=1e-14)


def test_normalised_replicas_keep_the_sum_before_cuts() -> None:
    found, members = replicas("reweight LHEPdfWeight[1,2] normalise")
    factor = 3 / sum(row[1] for row in PDF)
    assert found.yields("s_1")[0] == pytest.approx(3, rel=1e-14)
    assert found.values("s_1", "h") == pytest.approx(members[1] * factor, rel=1e-14)


def test_a_replica_that_an_event_lacks_is_counted_and_no_nominal_weight() -> None:
    found, _ = replicas("reweight LHEPdfWeight[2:5]")
    assert found.yields("s_4") == [0, 0]
    assert [step.skipped for step in found.cutflows["s_4", "r"].steps] == [3, 2]
    assert [step.raw for step in found.cutflows["s_4", "r"].steps] == [3, 2]


def test_the_errors_of_a_table_are_a_variation() -> None:
    table = """
table eff
  tabletype efficiency
  nvars 1
  errors true
  outside nearest
  0.5 0.1 0.2   0   50
  0.8 0.3 0.1  50 1000
"""
    same = table.replace("table eff", "table other")
    region = "region r\n  select size(Jet) > 0\n  weight e eff(pt(Jet[0])) * other(MET)\n"
    region += "  select ALL\n"
    found = outcome(block("table eff") + table + same, region, jets([40.0], [60.0]))
    assert found.yields("nominal")[-1] == pytest.approx((0.5 + 0.8) * 0.8)
    assert found.yields("sUp")[-1] == pytest.approx((0.7 + 0.9) * 0.8)
    assert found.yields("sDown")[-1] == pytest.approx((0.4 + 0.5) * 0.8)


def test_a_family_is_one_systematic_for_each_word() -> None:
    family = (
        "systematic jes_{s}\n  for s Abs Rel\n  scale pt(Jet) up 1.1 down 0.9\n"
        '  keep MET\n  correlate "jes_{s}"\n'
    )
    found = outcome(family)
    assert [(s.name, s.correlate, s.family) for s in found.systematics] == [
        ("jes_Abs", "jet energy scale: Abs", "jes_{s}"),
        ("jes_Rel", "jet energy scale: Rel", "jes_{s}"),
    ]
    assert found.labels() == {
        "nominal",
        *(f"jes_{s}{d}" for s in ("Abs", "Rel") for d in ("Up", "Down")),
    }


def test_variations_that_the_file_has_as_columns_are_taken_by_their_pattern() -> None:
    up, _ = lists([50.0], [60.0])
    down, _ = lists([20.0], [35.0])
    events = jets([40.0], [40.0], Jet_pt_jesUp=up, Jet_pt_jesDown=down)
    for declared in (
        "systematic auto j*\n",
        block("set pt(Jet) up pt_jesUp down pt_jesDown", "keep MET", name="jes"),
        block('suffix "_pt" up "_pt_jesUp" down "_pt_jesDown"', "keep MET", name="jes"),
    ):
        found = outcome(declared, events=events)
        assert (
            found.values("jesUp", "lead").tolist() == np.sum([bin_of(50), bin_of(60)], 0).tolist()
        )
        assert found.yields("jesDown") == [2, 1]


ATLAS = """
object good
  take Jet
  select pt > 30 and select_tight
region r
  select size(good) > 0
  histo lead, "leading pT", 10, 0, 100, good[0].pt
  histo met, "MET", 10, 0, 100, MET
"""


@pytest.mark.parametrize(
    "declared",
    [
        "systematic auto JET*\n",
        block('suffix "_NOSYS" up "_JET_NP1__1up" down "_JET_NP1__1down"', name="JET_NP1"),
    ],
)
def test_every_column_of_a_variation_is_taken_in_the_units_of_the_nominal_one(
    declared: str,
) -> None:
    pts, offsets = lists([40e3, 35e3], [29e3])
    flags = np.array([False, True, True])
    met = np.array([50e3, 20e3], np.float32)
    variants = {"NOSYS": 1.0, "JET_NP1__1up": 1.1, "JET_NP1__1down": 0.9}
    columns = {"jet_eta": 0 * pts, "jet_phi": 0 * pts}
    for name, factor in variants.items():
        columns[f"jet_pt_{name}"] = (pts * factor).astype(np.float32)
        columns[f"jet_select_tight_{name}"] = flags if name != "JET_NP1__1up" else ~flags
        columns[f"met_met_{name}"] = (met / factor).astype(np.float32)
        columns[f"met_phi_{name}"] = 0 * met
    of = {n: "jet" if n.startswith("jet") else None for n in columns}
    branches = {n: Branch(n, c.dtype.name, of[n]) for n, c in columns.items()}
    analysis = compiled(declared + ATLAS, load_model("topcptoolkit").schema(branches))
    chunk = Chunk(2, columns, {"Jet": offsets})
    assert not differences(analysis.interpret(chunk), analysis.run(chunk))
    found = results(analysis, chunk)
    assert found.yields("nominal") == [2, 1]  # 35 GeV is tight, 29 GeV below
    assert found.values("nominal", "lead").tolist() == bin_of(35)
    assert found.values("JET_NP1Up", "lead").tolist() == bin_of(44)  # the flag turned, too
    assert found.values("JET_NP1Up", "met").tolist() == bin_of(50 / 1.1)
    assert found.values("JET_NP1Down", "lead").tolist() == bin_of(31.5)


def test_a_histogram_only_of_nominal_is_in_no_variation() -> None:
    region = REGION.replace("good[0].pt\n", "good[0].pt  only nominal\n")
    found = outcome(block("scale pt(Jet) up 1.1 down 0.9", "propagate MET from Jet"), region)
    assert {key for key in found.histograms if key[2] == "lead"} == {("nominal", "r", "lead")}
    assert {key[0] for key in found.histograms if key[2] == "met"} == {"nominal", "sUp", "sDown"}
    assert found.systematics[0].variations[0].unchanged == ("r/lead",)


def test_a_rate_is_in_the_results_and_computes_nothing() -> None:
    found = outcome(block("rate 1.025 0.975"))
    (systematic,) = found.systematics
    assert (systematic.kind, systematic.rate) == ("rate", (1.025, 0.975))
    assert found.labels() == {"nominal"}


def test_only_leaves_out_what_is_for_other_datasets() -> None:
    text = block("scale pt(Jet) up 1.1 down 0.9 only simulation", "keep MET") + REGION
    from adl.check.checker import check
    from adl.syntax.parse import parse
    from adl.syntax.source import Source

    source = Source("a.adl", text)
    for kind, number in (("data", 0), ("simulation", 1)):
        analysis, _ = check(parse(source), source, FILE, dataset=Dataset(kind))  # type: ignore[arg-type]
        assert len(analysis.systematics) == number
        assert sum(len(v.members) for v in lower(analysis).variations) == 2 * number


@pytest.mark.parametrize("only", ["jes", "pu", "pdf"])
def test_each_variation_alone_is_that_in_company(only: str) -> None:
    text = (
        block("scale pt(Jet), mass(Jet) up 1.1 down 0.9", "propagate MET from Jet", name="jes")
        + block("scale pt(Jet) nominal 1.05 up 1.1 down 1", "keep MET", name="jer")
        + block("weight pu up wUp down wDown", name="pu")
        + block("reweight LHEPdfWeight[0,2]", name="pdf")
        + REGION.replace("region r\n", "region r\n  weight pu w\n")
    )
    weights, offsets = lists(*PDF, [1.0, 2.0, 3.0])
    columns = {n: np.array([1, 2, 3, 4], np.float32) / (1 + len(n)) for n in ("w", "wUp", "wDown")}
    chunk = jets([40.0, 35.0], [29.0], [31.0, 30.5, 10.0], [], LHEPdfWeight=weights, **columns)
    chunk = type(chunk)(4, chunk.columns, {**chunk.offsets, "LHEPdfWeight": offsets})
    everything, alone = (results(compiled(text, FILE, o), chunk) for o in ("", only))
    labels = alone.labels()
    assert labels == {"nominal"} | {x for x in everything.labels() if x.startswith(only)}
    for label in labels:
        for name in ("lead", "met"):
            a, b = (o.values(label, name) for o in (everything, alone))
            assert a.tobytes() == b.tobytes()
        assert everything.yields(label) == alone.yields(label)


# ------------------------------------------------------------------------------- mistakes

MISTAKES = {
    "scale pt(Jett) up 1.1 down 0.9": "E201",
    "scale ptt(Jet) up 1.1 down 0.9": "E202",
    "scale pt(good) up 1.1 down 0.9": "E261",
    "scale nJet up 1.1 down 0.9": "E261",
    "scale pt(Jet) + 1 up 1.1 down 0.9": "E261",
    "scale pt(Jet) up 1.1": "E262",
    "scale pt(Jet) up 1.1 down 0.9 mirror": "E262",
    "scale pt(Jet), mass(Jet) up 1, 2, 3 down 1": "E262",
    "scale pt(Jet) up nope down 1": "E201",
    "scale pt(Jet) up 1.1 down 0.9 combine rms": "E262",
    "set pt(Jet) up pt(Jet[3]) down pt": "E264",
    "weight pu up 1 down 1": "E265",
    "reweight LHEPdf[0:3]": "E261",
    "reweight LHEPdfWeight[0:3] combine mean": "E262",
    "reweight LHEPdfWeight[1,1]": "E262",
    "reweight LHEPdfWeight": "E262",
    "rate 1 2 3": "E262",
    "rate -1 2": "E262",
    "table good": "E266",
    "propagate MET": "E262",
    "propagate Jet from Jet": "E261",
    "propagate MET from good": "E261",
    'tree up "a"': "E262",
    'tree up "a" down "a"': "E262",
    "tree up a down b": "E262",
    'tree "a" up "b" down "c"': "E262",
    'tree up "a" down "b" mirror': "E262",
    'tree up "a" down "b" combine rms': "E262",
    'suffix "_nope" up "_u" down "_d"': "E267",
    'suffix "_pt" up "_pt_jesUp" down "_pt_nope"': "E267",
}


@pytest.mark.parametrize("line", MISTAKES)
def test_a_mistake_has_its_code_and_its_place(line: str) -> None:
    text = block(line) + REGION
    found = [d for d in examined(text, FILE) if d.severity == "error"]
    assert [d.code for d in found] == [MISTAKES[line]], [d.message for d in found]
    assert found[0].span.end > found[0].span.start


def test_a_column_that_is_not_there_has_a_way_out_that_is_not_the_line_itself() -> None:
    def help(line: str, without: str = "") -> str:
        schema = FILE
        if without:
            rest = {n: c for n, c in FILE.collections.items() if n != without}
            schema = replace(FILE, collections=rest, lacks={without: without})
        (found,) = (d for d in examined(block(line) + REGION, schema) if d.code == "E261")
        return found.help

    line = "reweight LHEPdfWeight[0:3]"
    assert help(line, without="LHEPdfWeight").startswith("this nanoaod file has no LHEPdfWeight")
    assert help("reweight LHEPdfWeigt[0:3]") == "did you mean LHEPdfWeight?"
    assert help("reweight parton[0:3]").startswith("columns of several numbers an event: ")
    assert help("scale nJett up 1.1 down 0.9") == "did you mean nJet?"
    assert help("scale everything up 1.1 down 0.9").startswith("pt(Jet), phi(MET), or")


def test_two_systematics_of_one_name_are_a_mistake() -> None:
    one = block("rate 1.1 0.9")
    assert codes(one + block("rate 1.2 0.9") + REGION, FILE) == ["E207"]


def test_a_family_without_words_is_a_mistake() -> None:
    text = "systematic jes_{s}\n  scale pt(Jet) up 1.1 down 0.9\n"
    assert codes(text + REGION, FILE) == ["E263"]
    text = "systematic jes\n  for s a b\n  scale pt(Jet) up 1.1 down 0.9\n"
    assert codes(text + REGION, FILE) == ["E263"]


@pytest.mark.parametrize("words", ["Up Down", "a b only simulation", "a b mirror"])
def test_a_word_of_a_line_is_none_of_a_family_without_quotes(words: str) -> None:
    text = "systematic lumi_{{s}}\n  for s {}\n  rate 1.1\n"
    (found,) = examined(text.format(words) + REGION, FILE)
    assert (found.code, found.help.partition(":")[2]) == ("E263", " as a word it stands in quotes")
    assert codes(text.format('"Up" "only"') + REGION, FILE) == []


def test_all_mistakes_come_in_one_run() -> None:
    text = block("rate 1 2 3", name="a") + block("weight pu up 1 down 1", name="b")
    assert sorted(codes(text + REGION, FILE)) == ["E262", "E265"]


def test_met_that_does_not_follow_is_a_warning_unless_it_is_kept() -> None:
    line = "scale pt(Jet) up 1.1 down 0.9"
    assert codes(block(line) + REGION, FILE) == ["W342"]
    assert codes(block(line, "keep MET") + REGION, FILE) == []
    assert codes(block(line, "propagate MET from Jet pt > 15") + REGION, FILE) == []
    assert codes(block("scale mass(Jet) up 1.1 down 0.9") + REGION, FILE) == []
    without = REGION.replace('  histo met, "MET", 10, 0, 100, MET\n', "")
    assert codes(block(line) + without, FILE) == []


def test_a_variation_of_what_nothing_uses_is_a_warning() -> None:
    region = "region r\n  select MET > 20\n"
    assert codes(block("scale pt(Jet) up 1.1 down 0.9", "keep MET") + region, FILE) == ["W341"]
    assert codes(block("scale w up 1.1 down 0.9") + region, FILE) == ["W341"]
    assert codes(block("scale w up 1.1 down 0.9") + region + "  weight w\n", FILE) == []
