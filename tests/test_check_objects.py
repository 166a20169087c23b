"""Object blocks: their sources, cuts and elements."""

from __future__ import annotations

import pytest

from tests.meanings import OBJECTS, findings, kept, show, the, the_object


@pytest.mark.parametrize(
    "written", ["pT > 30", "pT(Jet) > 30", "Jet.pT > 30", "pT(this) > 30", "this.pt > 30"]
)
def test_words_for_the_current_element(written: str) -> None:
    assert kept(f"  take Jet\n  select {written}\n") == ["(pt(this) > 30.0)"]


def test_the_instance_name_is_the_current_element() -> None:
    assert kept("  take Jet j\n  select pT(j) > 30\n  select j.pT > 40\n  select pT > 50\n") == [
        "(pt(j) > 30.0)",
        "(pt(j) > 40.0)",
        "(pt(j) > 50.0)",
    ]


def test_an_ancestor_is_the_current_element_with_a_note() -> None:
    text = "object b\n  take jets\n  select btagDeepB(Jet) > 0.5\nobject jets\n  take Jet\n"
    assert findings(text) == ["N402 3:20"]
    assert kept("  take jets\n  select btagDeepB(JET) > 0.5\n", OBJECTS) == [
        "(btagDeepB(this) > 0.5)"
    ]


def test_a_statement_with_this_reads_the_source_as_the_whole_collection() -> None:
    assert kept("  take jets\n  select all(dR(this, jets) > 0.4)\n", OBJECTS) == [
        "all[jets jets, where not (this is jets)]((dr(this, jets) > 0.4))"
    ]
    assert kept("  take jets j\n  select pT(j) > 0.5 * max(pT(jets))\n", OBJECTS) == [
        "(pt(j) > (0.5 * max[jets jets](pt(jets))))"
    ]


def test_size_and_an_index_of_the_source_are_those_of_the_collection() -> None:
    assert kept("  take Jet\n  select pT(Jet) > pT(Jet[0]) / size(Jet)\n") == [
        "(pt(this) > (pt(Jet[0]) / real(size(Jet))))"
    ]


def test_a_reducer_over_the_current_element_is_a_mistake() -> None:
    found = the("object j\n  take Jet\n  select pT(Jet) > 0.5 * max(pT(Jet))\n")
    assert found.code == "E217"
    assert "this" in found.help


def test_select_asks_all_of_a_foreign_collection_and_reject_any() -> None:
    assert kept(
        "  take jets\n  select dR(jets, muons) > 0.4\n  reject dR(jets, muons) < 0.4\n", OBJECTS
    ) == [
        "all[muons muons]((dr(this, muons) > 0.4))",
        "not any[muons muons]((dr(this, muons) < 0.4))",
    ]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (
            "reject dR(j, muons) < 0.4 and pT(muons) / pT(j) > 0.5",
            "not any[muons muons](((dr(j, muons) < 0.4) and ((pt(muons) / pt(j)) > 0.5)))",
        ),
        (
            "reject pT(j) < 50 and dR(j, muons) < 0.4",
            "not ((pt(j) < 50.0) and any[muons muons]((dr(j, muons) < 0.4)))",
        ),
        (
            "select not (dR(j, muons) < 0.4 or pT(j) < 50)",
            "(all[muons muons](not (dr(j, muons) < 0.4)) and not (pt(j) < 50.0))",
        ),
        (
            "select dR(j, muons) > 0.4 and dR(j, eles) > 0.2",
            "(all[muons muons]((dr(j, muons) > 0.4)) and all[eles eles]((dr(j, eles) > 0.2)))",
        ),
        (
            "reject dR(j, jets) < 0.4",
            "not any[jets jets, where not (j is jets)]((dr(j, jets) < 0.4))",
        ),
        (
            "reject dR(j, bjets) < 0.4",
            "not any[bjets bjets, where not (j is bjets)]((dr(j, bjets) < 0.4))",
        ),
        (
            "select pT(j) > 50 ? dR(j, muons) > 0.4 : pT(j) > 40",
            "((pt(j) > 50.0) ? all[muons muons]((dr(j, muons) > 0.4)) : (pt(j) > 40.0))",
        ),
        (
            "select dR(j, muons) < 0.4 ? pT(j) > 50 : pT(j) > 30",
            "all[muons muons](((dr(j, muons) < 0.4) ? (pt(j) > 50.0) : (pt(j) > 30.0)))",
        ),
        (
            "select dR(j, eles) > 0.4 or min(dR(j, muons)) > 1",
            "(all[eles eles]((dr(j, eles) > 0.4)) or (min[muons muons](dr(j, muons)) > 1.0))",
        ),
        (
            "select dR(muons, eles) > pT(j)",
            "all[muons muons, eles eles]((dr(muons, eles) > pt(j)))",
        ),
    ],
)
def test_a_foreign_collection_is_quantified_where_all_its_mentions_are(
    written: str, meant: str
) -> None:
    assert kept(f"  take jets j\n  {written}\n", OBJECTS) == [meant]


def test_a_ternary_without_else_keeps_where_the_condition_fails() -> None:
    assert kept("  take Jet\n  select pT > 50 ? abs(eta) < 2\n  reject pT > 50 ? eta > 2\n") == [
        "(not (pt(this) > 50.0) or (abs(eta(this)) < 2.0))",
        "not ((pt(this) > 50.0) and (eta(this) > 2.0))",
    ]


@pytest.mark.parametrize(
    "block", ["  take Muon\n  take Electron\n", "  take union(Muon, Electron)\n"]
)
def test_a_union_has_several_sources(block: str) -> None:
    found = the_object(block + "  select abs(charge) == 1\n")
    assert [s.name for s in found.sources] == ["Muon", "Electron"]
    assert show(found.cuts[0]) == "(abs(charge(this)) == 1)"


def test_a_union_in_a_union_is_taken_apart() -> None:
    found = the_object("  take union(Muon, union(Electron, Photon))\n")
    assert [s.name for s in found.sources] == ["Muon", "Electron", "Photon"]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("  select pT > 3\n", "E214 1:8"),
        ("  take Jett\n", "E201 2:8"),
        ("  take MET\n  select pT > 3\n", "E210 2:8"),
        ("  take sort(Jet, pT)\n", "E206 2:8"),
    ],
)
def test_mistakes_in_an_object_block(block: str, expected: str) -> None:
    assert findings("object tested\n" + block + "region r\n  select size(tested) > 0\n") == [
        expected
    ]


def test_an_object_that_takes_missing_momentum_alone_is_another_name_of_it() -> None:
    blocks = "object met\n  take MET\nobject far\n  take Jet\n  select dPhi(this, met) > 1\n"
    condition = "met > 20 and met.phi < 1 and pT(met[0]) > 3 and size(far) > 0"
    assert findings(f"{blocks}region r\n  select {condition}\n") == []
