"""``adl diff``: blocks that are no objects and regions."""

from __future__ import annotations

import pytest

from adl.cli import differences
from tests.test_diff import difference, only

BLOCKS = """
trigger leptons "HLT_Mu50" \\
  or "HLT_IsoMu24"
systematic jes_{i}
  for i 1 2
  scale pt(Jet)  up 1.03 \\
                 down 0.97
  keep MET
systematic lumi
  rate 1.025
region r
  select any(Jet.pt > 30)
  select trigger(leptons)
region other
  select MET > 10
"""


# what is replaced in the blocks above, by what; then block, lines of both and words of both
LINES = (
    ("rate 1.025", "rate 1.030", "lumi", (10, 10), ("rate 1.025", "rate 1.030")),
    ("down 0.97", "down 0.96", "jes_{i}", (6, 6),
     ("scale pt(Jet) up 1.03 down 0.97", "scale pt(Jet) up 1.03 down 0.96")),
    ("  keep MET", "  propagate MET from Jet", "jes_{i}", (8, 8),
     ("keep MET", "propagate MET from Jet")),
    ("  keep MET", "  keep MET\n  correlate \"jet energy scale\"", "jes_{i}", (None, 9),
     (None, 'correlate "jet energy scale"')),
    ("Mu50", "Mu55", "leptons", (2, 2),
     ('trigger leptons "HLT_Mu50" or "HLT_IsoMu24"', 'trigger leptons "HLT_Mu55" or "HLT_IsoMu24"')),
)  # fmt: skip


@pytest.mark.parametrize(("old", "new", "name", "lines", "words"), LINES)
def test_of_a_block_the_lines_that_differ_are_told(
    old: str,
    new: str,
    name: str,
    lines: tuple[int | None, int | None],
    words: tuple[str | None, str | None],
) -> None:
    change = only(difference(BLOCKS, BLOCKS.replace(old, new)))
    assert (change.status, change.name) == ("changed", name)
    assert (change.a and change.a.line, change.b and change.b.line) == lines
    assert (change.a and change.a.text, change.b and change.b.text) == words


def test_where_systematics_differ_regions_count_the_same_but_for_variations() -> None:
    found = difference(BLOCKS, BLOCKS.replace("rate 1.025", "rate 1.03"))
    assert [pair.status for pair in found.regions] == ["equal", "equal"]
    assert [*differences.region_lines(found)] == [
        "region r counts the same, variations aside",
        "region other counts the same, variations aside",
    ]
    found = difference(BLOCKS, BLOCKS.replace("Mu50", "Mu55"))
    assert [*differences.region_lines(found)] == [
        "region r differs, because of leptons",
        "region other counts the same",
    ]
