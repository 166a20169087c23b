"""applyPTF: elements with another pT, in both targets, against awkward and vector."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import awkward as ak
import boost_histogram as bh
import numpy as np
import pytest
from click.testing import CliRunner

from adl.check.analysis import Apply, DefineDef
from adl.check.checker import check
from adl.cli.run import command
from adl.stdlib.models import load_model
from adl.syntax.diagnostics import AnalysisError
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.checking import NANOAOD
from tests.on_sample import EXAMPLES, load, union
from tests.test_migrate import migrated

OBJECTS = """
info adl
  dialect adl
table scale
  nvars 1
  1.3  0   40
  0.5  40  90
  1.1  90  9999
object jets
  take Jet
  select pT > 25
  define raw = pT
  select applyPTF(scale(pT(this)))
  select pT > 30
  define new = pT
object twice
  take jets
  select applyPTF(default(min(1.5, 60 / pT), 1))
object some
  take Jet
  select abs(eta) < 1 ? applyPTF(2) : ALL
object leps
  take union(Muon, Electron)
  select applyPTF(abs(eta) < 1 ? 0.5 : 1)
object byeta
  take sort(Jet, eta, descend)
  select applyPTF(scale(pT(this)))
object both
  take union(jets, Jet)
"""


def contents(
    folder: Path, values: Iterable[str], target: str = "host", objects: str = OBJECTS
) -> list[Any]:
    """Return a histogram of each value, of each event or element, flow bins included."""
    analysis = folder / "corrections.adl"
    fills = [f'  histo h{i}, "", 200, -5, 300, {value}\n' for i, value in enumerate(values)]
    analysis.write_text(f"{objects}\nregion r\n{''.join(fills)}")
    file = EXAMPLES / "sample" / "ttbar.root"
    arguments = [str(analysis), str(file), "-q", "-o", str(folder), "--target", target]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    found = json.loads((folder / "results.json").read_text())["histograms"]
    return [histogram["hist"]["storage"]["values"] for histogram in found]


def counted(numbers: Any) -> list[float]:
    flat = ak.to_numpy(ak.drop_none(ak.flatten(numbers, axis=None)))
    counts: list[float] = (
        bh.Histogram(bh.axis.Regular(200, -5, 300)).fill(flat).values(True).tolist()
    )
    return counts


def factor(pt: Any) -> Any:
    return ak.where(pt < 40, 1.3, ak.where(pt < 90, 0.5, 1.1))


def with_pt(collection: Any, pt: Any) -> Any:
    return ak.with_field(ak.with_field(collection, collection.pt, "raw"), pt, "pt")


def by_pt(collection: Any) -> Any:
    return collection[ak.argsort(-collection.pt, stable=True)]


def jets() -> Any:
    found = load("ttbar").Jet
    found = found[found.pt > 25]
    found = by_pt(with_pt(found, found.pt * factor(found.pt)))
    return found[found.pt > 30]


def twice() -> Any:
    found = jets()
    return by_pt(with_pt(found, found.pt * np.minimum(1.5, 60 / found.pt)))


def some() -> Any:
    found = load("ttbar").Jet
    return by_pt(with_pt(found, found.pt * ak.where(abs(found.eta) < 1, 2.0, 1.0)))


def leps() -> Any:
    events = load("ttbar")
    found = union(events.Muon, events.Electron)
    return by_pt(with_pt(found, found.pt * ak.where(abs(found.eta) < 1, 0.5, 1.0)))


def byeta() -> Any:
    found = load("ttbar").Jet
    found = found[ak.argsort(-found.eta, stable=True)]
    return with_pt(found, found.pt * factor(found.pt))


def both() -> Any:
    """Corrected jets, and the other jets as they are; of one object the corrected one."""
    new, every = jets(), load("ttbar").Jet
    pairs = ak.cartesian({"a": every.index, "b": new.index}, nested=True)
    every = every[~ak.any(pairs.a == pairs.b, axis=-1)]
    pt = ak.concatenate([new.pt, every.pt], axis=1)
    return ak.zip({"pt": pt[ak.argsort(-pt, stable=True)]})


def second(collection: Any, index: int) -> Any:
    return ak.pad_none(collection, 2)[:, index]


def first(collection: Any) -> Any:
    return ak.firsts(collection)


CASES: dict[str, Callable[[], Any]] = {
    "pT(jets)": lambda: jets().pt,
    "jets[0].raw": lambda: first(jets()).raw,
    "jets[0].new": lambda: first(jets()).pt,
    "pT(jets[1])": lambda: second(jets(), 1).pt,
    "m(jets[0] + jets[1])": lambda: (second(jets(), 0) + second(jets(), 1)).mass,
    "px(jets[0])": lambda: first(jets()).px,
    "size(jets)": lambda: ak.num(jets()),
    "pT(last(jets))": lambda: ak.pad_none(jets()[:, ::-1], 1)[:, 0].pt,
    "sum(pT(jets[1:3]))": lambda: ak.sum(jets()[:, 1:3].pt, axis=1),
    "pT(twice[0])": lambda: first(twice()).pt,
    "eta(twice[0]) * 20 + 100": lambda: first(twice()).eta * 20 + 100,
    "twice[0].new": lambda: first(jets()[ak.argsort(-twice_pt(), stable=True)]).pt,
    "pT(some[0])": lambda: first(some()).pt,
    "eta(some[0]) * 20 + 100": lambda: first(some()).eta * 20 + 100,
    "pT(leps[0])": lambda: first(leps()).pt,
    "eta(leps[0]) * 20 + 100": lambda: first(leps()).eta * 20 + 100,
    "pT(byeta[0])": lambda: first(byeta()).pt,
    "eta(byeta[0]) * 20 + 100": lambda: first(byeta()).eta * 20 + 100,
    "pT(both)": lambda: both().pt,
    "pT(both[0])": lambda: first(both()).pt,
    "size(both)": lambda: ak.num(load("ttbar").Jet),
    "pT(Jet[0])": lambda: first(load("ttbar").Jet).pt,
    "count(jets j, Jet k, j == k)": lambda: ak.num(jets()),
    "pT(argmin(jets j, abs(pT(j) - 50)))": lambda: nearest(jets()),
    "mass(jets)": lambda: jets().mass,
}


def twice_pt() -> Any:
    found = jets()
    return found.pt * np.minimum(1.5, 60 / found.pt)


def nearest(collection: Any) -> Any:
    place = ak.argmin(abs(collection.pt - 50), axis=1, keepdims=True)
    return ak.firsts(collection[place].pt)


def test_a_corrected_collection_has_what_awkward_computes(tmp_path: Path) -> None:
    found = contents(tmp_path, CASES)
    for (value, expected), histogram in zip(CASES.items(), found, strict=True):
        assert histogram == counted(expected()), value
        assert sum(histogram) > 100, value
    assert found == contents(tmp_path, CASES, "reference")


def test_in_cutlang_the_stored_order_stays(tmp_path: Path) -> None:
    objects = """
info adl
  dialect cutlang
object jets : JET
  select scalePT(abs({JET}Eta) < 1 ? 3 : 1)
"""
    every = load("ttbar").Jet
    pt = every.pt * ak.where(abs(every.eta) < 1, 3.0, 1.0)
    values = ak.fill_none(ak.pad_none(pt, 2)[:, 1], 0.0)
    assert contents(tmp_path, ["pT(jets_1)"], objects=objects) == [counted(values)]


def test_what_is_stored_of_a_momentum_follows_the_correction(tmp_path: Path) -> None:
    atlas = load_model("atlas2020").schema()
    text = "object ele\n  take Lepton\n  select applyPTF(2)\ndefine en = energy(ele[0])\n"
    analysis, _ = check(parse(Source("x.adl", text)), Source("x.adl", text), atlas)
    (define,) = (d for d in analysis.declared if isinstance(d, DefineDef))
    assert isinstance(define.value, Apply)  # and no column


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("select applyPTF(pT(Muon[0]))", "E258"),
        ("select applyPTF(scale(pT(Muon[0])))", "E247"),
        ("reject applyPTF(1.1)", "E259"),
        ("select applyPTF(1.1) and pT > 20", "E259"),
        ("select pT > 20 ? applyPTF(1.1) : pT > 30", "E259"),
        ("select applyPTF(1.1, 2)", "E259"),
        ("select applyPTF()", "E259"),
        ("select applyPTF(this)", "E204"),
    ],
)
def test_a_correction_that_means_nothing_is_refused(line: str, code: str) -> None:
    text = f"table scale\n  nvars 1\n  1.3 0 9999\nobject x\n  take Jet\n  {line}\n"
    with pytest.raises(AnalysisError) as error:
        check(parse(Source("x.adl", text)), Source("x.adl", text), NANOAOD)
    assert [d.code for d in error.value.diagnostics if d.severity == "error"] == [code]


def test_a_migration_says_where_the_corrected_order_counts() -> None:
    objects = "info adl\n  dialect cutlang\nobject jets : JET\n  select applyPTF(1.1)\n"
    found = migrated(f"{objects}region r\n  select pT(jets_0) > 30\n")
    assert [o.code for o in found.obstacles] == ["E260"]
    assert not migrated(f"{objects}region r\n  select size(jets) > 2\n").obstacles


def test_a_saved_collection_has_the_corrected_pt(tmp_path: Path) -> None:
    analysis = tmp_path / "saved.adl"
    analysis.write_text(f"{OBJECTS}\nregion r\n  save skim parquet jets Jet\n")
    file = EXAMPLES / "sample" / "ttbar.root"
    result = CliRunner().invoke(command, [str(analysis), str(file), "-q", "-o", str(tmp_path)])
    assert result.exit_code == 0, result.output
    saved = ak.from_parquet(tmp_path / "skim.parquet")
    assert saved.jets_pt.tolist() == jets().pt.tolist()
    assert saved.jets_eta.tolist() == jets().eta.tolist()
    assert saved.jets_raw.tolist() == jets().raw.tolist()
    assert saved.Jet_pt.tolist() == load("ttbar").Jet.pt.tolist()
