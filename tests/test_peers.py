"""Benchmarks beside peers: no time without equal results, slopes and their spreads, the plot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import cutlang
from benchmarks.peer_results import difference
from benchmarks.peer_tables import PROCESSOR, WALL, Measured, table, write
from benchmarks.peer_tasks import Case

NAMES = {"adl": "adl", "rdf": "RDataFrame", "coffea": "coffea"}
Q6, LZ4 = Case("q6"), Case("q6", "lz4", "rntuple")


def bins(*filled: int) -> list[float]:
    """The contents of 100 bins and both flows, with an entry in each of these."""
    return [float(filled.count(number)) for number in range(102)]


@pytest.mark.parametrize(
    ("ours", "theirs", "root", "where"),
    [
        ({"met": bins(3, 7)}, {"met": bins(3, 7)}, False, None),
        ({"met": bins(3, 7)}, {"met": bins(3, 8)}, True, "met, bin 7"),
        ({"met": bins(3)}, {"met": bins(3, 4)}, True, "met: 1.0 and 2.0 entries"),
        ({"met": bins(3)}, {"mt": bins(3)}, True, "histograms"),
        # 0.29 is the 29th edge of 100 bins up to 1, and int(0.29 * 100) is 28.
        ({"leading_btag": bins(30)}, {"leading_btag": bins(29)}, True, None),
        ({"leading_btag": bins(30)}, {"leading_btag": bins(29)}, False, "leading_btag, bin 29"),
        ({"ht:up": [0.0, 1.0, 2.0]}, {"ht:up": [0.0, 1.0 + 1e-12, 2.0]}, True, None),
        ({"ht:up": [0.0, 1.0, 2.0]}, {"ht:up": [0.0, 1.001, 2.0]}, True, "ht:up: 3.0 and"),
    ],
)
def test_results_that_differ_are_named(
    ours: dict[str, list[float]], theirs: dict[str, list[float]], root: bool, where: str | None
) -> None:
    found = difference(ours, theirs, root)
    assert found == where or (where is not None and found is not None and where in found)


def measured() -> Measured:
    runs = {
        ("adl", Q6, 1_000_000): [(1.0, 2.0, 100), (1.2, 2.2, 110)],
        ("adl", Q6, 5_000_000): [(2.0, 4.0, 120), (2.4, 4.4, 130)],
        ("rdf", Q6, 1_000_000): [(1.0, 2.0, 400)],
        ("rdf", Q6, 5_000_000): [(4.3, 8.0, 500)],
        ("adl", LZ4, 1_000_000): [(1.0, 2.0, 100)],
    }
    return Measured(runs, NAMES)


def test_slopes_are_of_a_million_events_with_their_spread() -> None:
    found = measured()
    assert found.slopes("adl", Q6, WALL) == pytest.approx((0.275, 0.2, 0.35))
    assert found.slopes("adl", Q6, PROCESSOR) == pytest.approx((0.525, 0.45, 0.6))
    assert found.slopes("coffea", Q6, WALL) is None
    assert found.slopes("adl", LZ4, WALL) is None  # of one size


def test_a_table_and_plots_are_written(tmp_path: Path) -> None:
    lines = list(table(measured()))
    assert "| q6 | 0.275 (0.200 - 0.350) | 0.825 (0.825 - 0.825), 3.00 x | - |" in lines
    assert "| q6, lz4 rntuple | - | - | - |" in lines
    assert "| geometric mean, the eight benchmarks | - | 3.00 x | - |" in lines
    write(measured(), tmp_path)
    rows = json.loads((tmp_path / "peers.json").read_text())
    assert (rows[-1]["codec"], rows[-1]["form"]) == ("lz4", "rntuple")
    pytest.importorskip("matplotlib")
    for name in ("peers.png", "peers_cpu.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_a_mean_leaves_no_task_out() -> None:
    times = dict(measured().times)
    times["adl", Case("q1"), 1_000_000] = times["adl", Case("q1"), 5_000_000] = [(1.0, 1.0, 100)]
    times["rdf", Case("q1"), 1_000_000] = [(1.0, 1.0, 100)]
    times["rdf", Case("q1"), 5_000_000] = [(2.0, 2.0, 100)]
    lines = list(table(Measured(times, NAMES)))
    assert "| q1 | 0.000 (0.000 - 0.000) | 0.250 (0.250 - 0.250) | - |" in lines
    assert "| geometric mean, the eight benchmarks | - | - | - |" in lines


CUTLANG = """\
Efficiencies for analysis : BP_1
\t\t\tbase\tBased on 100 events:
                     ALL :      1 +-         0 evt:      100
      size(good) >= 1 : 0.9445 +-   0.00512 evt:       {passed}
\t\t --> Overall efficiency
"""


def test_regions_of_cutlang_have_to_have_as_many_events(tmp_path: Path) -> None:
    flow = {"region": "base", "steps": [{"raw": 100}, {"raw": 94}]}
    (tmp_path / "results.json").write_text(json.dumps({"cutflows": [flow]}))
    said = tmp_path / "said.txt"
    said.write_text(CUTLANG.format(passed=94))
    cutlang.compare(tmp_path, said, 100)
    said.write_text(CUTLANG.format(passed=95))
    with pytest.raises(SystemExit, match="other numbers in base"):
        cutlang.compare(tmp_path, said, 100)
