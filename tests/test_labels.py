"""Labels of uncertainties: which names mean one, and that no two uncertainties get one label."""

from __future__ import annotations

import pytest

from adl.stdlib.labels import labelled, terms
from tests.variations import codes, examined


@pytest.mark.parametrize(
    ("written", "label"),
    [
        ("jet energy scale", "jet energy scale"),
        ("Jet-Energy-Scale", "jet energy scale"),
        ("jet energy scale: AbsoluteStat", "jet energy scale: AbsoluteStat"),
        ("CMS_scale_j_AbsoluteStat", "jet energy scale: AbsoluteStat"),
        ("jesAbsoluteStat", "jet energy scale: AbsoluteStat"),
        ("JET_EffectiveNP_1", "jet energy scale: EffectiveNP_1"),
        ("JET_GroupedNP_1", "jet energy scale: GroupedNP_1"),
        ("JET_JER_EffectiveNP_1", "jet energy resolution: EffectiveNP_1"),
        ("CMS_eff_e_trigger_2018", "trigger: 2018"),
        ("lumi_13TeV", "luminosity: 13TeV"),
        ("b-tag", "b-tagging"),
        ("CMS_btag_heavy_2018", "b-tagging: heavy_2018"),
        ("MUON_ID", "muon momentum resolution: ID"),
        ("muon_id", "muon identification"),
        ("other: shape of multijets", "other: shape of multijets"),
    ],
)
def test_a_name_of_an_experiment_means_a_label(written: str, label: str) -> None:
    assert labelled(written) == label
    assert labelled(label) == label


@pytest.mark.parametrize("written", ["", "jess", "scale_jets", "Muon_Id", "other", "pile-up:"])
def test_what_is_no_label_is_not_guessed(written: str) -> None:
    assert labelled(written) is None


def test_every_name_of_the_vocabulary_means_its_own_term() -> None:
    for term in terms():
        assert labelled(f"{term.name}: x") == f"{term.name}: x"
        for name in term.names:
            found = labelled(name.translate({ord(mark): None for mark in "*|"})) or ""
            assert found.partition(": ")[0] == term.name, name


def test_an_unknown_label_is_an_error_with_the_nearest_one() -> None:
    text = "systematic s\n  rate 1.1\n  correlate {}\nregion r\n  select size(Jet) > 1\n"
    (error,) = examined(text.format('"jet energy scalle"'))
    assert error.code == "E276"
    assert error.help.startswith("did you mean jet energy scale or ")
    assert codes(text.format("jes")) == []
    assert codes(text.format('"other: jets of the cellar"')) == []
