"""Lines of one systematic that cannot all be true: an error at the line, and never one of them lost."""

from __future__ import annotations

import pytest

from adl.syntax.diagnostics import Diagnostic
from tests.variations import examined, schema

FILE = schema()
REGION = "region r\n  weight w 1.1\n  select size(Jet) > 0\n  select pt(MET) > 1\n"
SCALED = "scale pt(Jet) up 1.1 down 0.9\n  "


def mistakes(lines: str, name: str = "p") -> list[Diagnostic]:
    found = examined(f"systematic {name}\n  {lines}\n{REGION}", FILE)
    return [d for d in found if d.severity != "note"]


# The lines of a block, and what is said at which of them (the block's name is line 1).
CONTRADICTIONS = {
    "reweight LHEPdfWeight[0,8] combine envelope\n  " + SCALED + "keep MET": (3, "are replicas"),
    "weight w up 1.1 down 0.9\n  reweight LHEPdfWeight[1:40] combine rms": (2, "are replicas"),
    "reweight LHEPdfWeight[1:40]\n  weight w up 1.1 mirror": (3, "are replicas"),
    "scale pt(Jet) up 1.1 up 1.2 down 0.9\n  keep MET": (2, "up stands twice"),
    "reweight LHEPdfWeight[1:9] combine rms combine hessian": (2, "combine stands twice"),
    SCALED + "propagate MET from Jet\n  keep MET": (4, "keep says that MET stays"),
    SCALED + "propagate MET from Jet\n  propagate MET from Jet": (4, "follow twice"),
    "rate 1.1 0.9\n  correlate lumi\n  correlate pu": (4, "correlate line already, line 3"),
    "rate 1.1 0.9\n  rate 1.2 0.8": (3, "rate line already, line 2"),
    SCALED + "keep MET\n  rate 1.5 0.5": (4, "a rate has no scale line"),
    "scale pt(Jet) up 1.1 mirror\n  weight w up 1.1 down 0.9\n  keep MET": (3, "mirror on line 2"),
    "scale pt(Jet) up 1.1 mirror\n  scale mass(Jet) down 1.1 mirror\n  keep MET": (2, "mirror"),
}


@pytest.mark.parametrize("lines", CONTRADICTIONS)
def test_lines_that_cannot_all_be_true_are_a_mistake(lines: str) -> None:
    (found,) = mistakes(lines)
    where, message = CONTRADICTIONS[lines]
    text = f"systematic p\n  {lines}\n"
    assert found.code == "E273"
    assert message in found.message
    assert found.help
    assert text[: found.span.start].count("\n") + 1 == where


@pytest.mark.parametrize(
    "lines",
    [
        # A corrected nominal value stands under every replica.
        "reweight LHEPdfWeight[1:40] combine rms\n  scale pt(Jet) nominal 1.1\n  keep MET",
        SCALED + "propagate MET from Jet pt > 30\n  propagate MET from Jet pt < 10",
        SCALED + "scale pt(Jet) up 1.1 down 0.9\n  keep MET",  # in the written order, both
        "scale pt(Jet) up 1.1 mirror\n  scale mass(Jet) up 1.1 mirror\n  keep MET",
        "rate 1.1 0.9\n  correlate lumi",
    ],
)
def test_lines_that_act_together_pass(lines: str) -> None:
    assert mistakes(lines) == []


def test_names_that_differ_in_case_are_two() -> None:
    text = "systematic A\n  rate 1.1 0.9\nsystematic a\n  rate 1.2 0.8\n"
    assert not [d for d in examined(text + REGION, FILE) if d.severity == "error"]


@pytest.mark.parametrize("combine", ["", "  combine rms"])
@pytest.mark.parametrize(("places", "meant"), [("5:2", "2:5"), ("3:3", "3"), (":0", "0")])
def test_no_replicas_are_a_mistake(places: str, meant: str, combine: str) -> None:
    (found,) = mistakes(f"reweight LHEPdfWeight[{places}]{combine}")
    assert found.code == "E262"
    assert "no replica" in found.message
    assert found.help == f"did you mean LHEPdfWeight[{meant}]?"


@pytest.mark.parametrize(
    ("rate", "message"),
    [
        ("-1 2", "a rate multiplies the yield, -1 is not above 0"),
        ("2 -1", "a rate multiplies the yield, -1 is not above 0"),
        ("0", "a rate multiplies the yield, 0 is not above 0"),
        ("1 2 3", "rate has two numbers, upwards and downwards"),
        ("1 w", "rate has two numbers, upwards and downwards"),
    ],
)
def test_a_rate_is_a_factor_above_0(rate: str, message: str) -> None:
    (found,) = mistakes(f"rate {rate}")
    assert (found.code, found.message) == ("E262", message)


@pytest.mark.parametrize("places", ["-3:-1", "-3:2", "3:-1"])
def test_replicas_are_not_counted_from_the_end(places: str) -> None:
    (found,) = mistakes(f"reweight LHEPdfWeight[{places}]")
    assert found.code == "E262"
    assert found.message.startswith("replicas are counted from 0")
