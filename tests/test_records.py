"""Prints and saves: their rows against awkward, read back by uproot, pyarrow and ROOT."""

from __future__ import annotations

import builtins
import csv
import json
import subprocess
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from adl.runtime.execute.local import execute
from adl.runtime.outputs.keeper import Keeper
from adl.runtime.prepare import Preparation
from adl.stdlib.models import load_model
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.checking import findings
from tests.commands import adl
from tests.test_root_output import root_python

SAMPLE = Path(__file__).parents[1] / "examples" / "sample"
TTBAR, WJETS = SAMPLE / "ttbar.root", SAMPLE / "wjets.root"

JETS = """
object jets
  take Jet
  select pT > 40
"""
REGION = f"""{JETS}
region r
  select size(jets) >= 3
  weight w 0.5 * pT(jets[0])
"""


def run(folder: Path, text: str, *arguments: object, inputs: tuple[Path, ...] = (TTBAR,)) -> Path:
    """Run an analysis; return the folder of its files."""
    (folder / "a.adl").write_text(text, encoding="utf-8")
    result = adl("run", folder / "a.adl", *inputs, "-o", folder / "out", *arguments)
    assert result.exit_code == 0, result.output
    return folder / "out"


def events(path: Path = TTBAR) -> Any:
    """Return the events of a sample file; floats in double precision, as ADL computes."""
    with uproot.open(path) as file:
        return file["Events"].arrays()


def selected(all_events: Any) -> tuple[Any, Any]:
    """Return the events that pass REGION, and their jets' pt."""
    pt = all_events.Jet_pt[all_events.Jet_pt > 40]
    passed = ak.num(pt) >= 3
    return all_events[passed], ak.values_astype(pt[passed], np.float64)


def saved(path: Path) -> Any:
    with uproot.open(path) as file:
        assert file.classnames() == {"Events;1": "TTree"}
        return file["Events"].arrays()


# -------------------------------------------------------------------------------------- saves


def test_a_save_has_a_row_for_each_event_that_reaches_it(tmp_path: Path) -> None:
    text = f"{REGION}  save out MET sum(pT(jets)) size(jets) run\n  select MET > 100\n"
    rows = saved(run(tmp_path, text) / "out.root")
    expected, pt = selected(events())
    np.testing.assert_array_equal(rows.event, expected.event)
    np.testing.assert_array_equal(rows.run, expected.run)
    np.testing.assert_array_equal(rows.luminosityBlock, expected.luminosityBlock)
    np.testing.assert_array_equal(rows.MET, expected.MET_pt)
    np.testing.assert_array_equal(rows.weight, 0.5 * pt[:, 0])
    np.testing.assert_allclose(rows.sum_pT_jets, ak.sum(pt, axis=1), rtol=1e-12)
    np.testing.assert_array_equal(rows.size_jets, ak.num(pt))
    np.testing.assert_array_equal(rows.run_2, expected.run)  # the user's own beside ours
    assert ak.type(rows.event).content == ak.type(expected.event).content


def test_a_collection_is_saved_with_all_its_attributes(tmp_path: Path) -> None:
    text = (
        f"{JETS}  define far = abs(eta) > 1\nregion r\n  select size(jets) >= 3\n  save out jets\n"
    )
    rows = saved(run(tmp_path, text) / "out.root")
    expected, pt = selected(events())
    assert rows.jets_pt.tolist() == pt.tolist()
    keep = expected.Jet_pt > 40
    for name in ("eta", "phi", "mass", "btagDeepFlavB", "jetId"):
        own = expected[f"Jet_{name}"][keep]
        assert rows[f"jets_{name}"].tolist() == own.tolist()
        assert ak.type(rows[f"jets_{name}"]).content.content == ak.type(own).content.content
    assert rows.jets_far.tolist() == (abs(expected.Jet_eta[keep]) > 1).tolist()
    assert rows.njets.tolist() == ak.num(pt).tolist()  # one counter for all


def test_lists_of_elements_and_of_pairs_are_saved(tmp_path: Path) -> None:
    text = f"""{JETS}
object leps
  take union(Muon, Electron)
region r
  select size(jets) >= 3
  save out leps.pt dphi(jets, leps) pT(jets[0:2])
"""
    rows = saved(run(tmp_path, text) / "out.root")
    expected, pt = selected(events())
    leps = ak.concatenate([expected.Muon_pt, expected.Electron_pt], axis=1)
    order = ak.argsort(leps, axis=1, ascending=False, stable=True)
    assert rows.leps_pt.tolist() == leps[order].tolist()  # a union is in descending pt
    assert rows.pT_jets_0_2.tolist() == pt[:, :2].tolist()
    phi = ak.concatenate([expected.Muon_phi, expected.Electron_phi], axis=1)[order]
    jets, others = ak.unzip(ak.cartesian([expected.Jet_phi[expected.Jet_pt > 40], phi]))
    jets, others = (ak.values_astype(x, np.float64) for x in (jets, others))
    apart = abs(jets - others)
    apart = ak.where(apart > np.pi, 2 * np.pi - apart, apart)
    assert ak.num(rows.dphi_jets_leps).tolist() == ak.num(apart).tolist()
    np.testing.assert_allclose(ak.flatten(rows.dphi_jets_leps), ak.flatten(apart), atol=1e-12)


def test_a_skim_runs_through_the_same_analysis_again(tmp_path: Path) -> None:
    text = f'{REGION}  save skim\n  histo h, "MET", 10, 0, 200, MET\n'
    out = run(tmp_path, text)
    rows, (expected, _) = saved(out / "skim.root"), selected(events())
    assert set(rows.fields) == {
        "run", "luminosityBlock", "event", "weight", "MET_pt", "nJet", "Jet_pt",
    }  # fmt: skip
    assert rows.Jet_pt.tolist() == expected.Jet_pt.tolist()  # every jet, not the selected ones
    (tmp_path / "again").mkdir()
    again = run(tmp_path / "again", text, inputs=(out / "skim.root",))
    first, second = (json.loads((f / "results.json").read_text()) for f in (out, again))
    ours = [[s["raw"], s["sumw"]] for s in first["cutflows"][0]["steps"]][1:]
    assert [[s["raw"], s["sumw"]] for s in second["cutflows"][0]["steps"]][1:] == ours
    assert first["histograms"][0]["hist"] == second["histograms"][0]["hist"]
    assert saved(again / "skim.root").tolist() == rows.tolist()


def test_csv_has_a_header_and_numbers_that_read_back(tmp_path: Path) -> None:
    text = f"{REGION}  save t csv MET pT(jets) pT(jets[3]) jets[0].jetId\n"
    expected, pt = selected(events())
    with (run(tmp_path, text) / "t.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [*rows[0]] == [
        "run", "luminosityBlock", "event", "weight",
        "MET", "pT_jets", "pT_jets_3", "jets_0_jetId",
    ]  # fmt: skip
    assert [np.float32(r["MET"]) for r in rows] == expected.MET_pt.tolist()
    assert [[float(x) for x in r["pT_jets"].split()] for r in rows] == pt.tolist()
    fourth = ak.fill_none(ak.pad_none(pt, 4)[:, 3], -1).tolist()
    assert [float(r["pT_jets_3"] or -1) for r in rows] == fourth  # missing is an empty field
    assert [int(r["event"]) for r in rows] == expected.event.tolist()
    assert float(rows[0]["weight"]) == 0.5 * pt[0][0]


def test_parquet_has_lists_and_nulls(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    text = f"{REGION}  save t parquet MET pT(jets) pT(jets[3]) size(jets)\n"
    table = parquet.read_table(run(tmp_path, text) / "t.parquet")
    expected, pt = selected(events())
    assert table["MET"].to_pylist() == expected.MET_pt.tolist()
    assert table["pT_jets"].to_pylist() == pt.tolist()
    assert table["pT_jets_3"].to_pylist() == ak.pad_none(pt, 4)[:, 3].tolist()
    assert str(table["event"].type) == "uint64"


def test_what_is_missing_is_nan_in_a_root_file(tmp_path: Path) -> None:
    rows = saved(run(tmp_path, f"{REGION}  save t pT(jets[3]) jets[3].jetId\n") / "t.root")
    _, pt = selected(events())
    fourth = ak.fill_none(ak.pad_none(pt, 4)[:, 3], np.nan).to_numpy()
    np.testing.assert_array_equal(rows.pT_jets_3, fourth)
    np.testing.assert_array_equal(np.isnan(rows.jets_3_jetId), np.isnan(fourth))


def test_no_event_gives_a_file_without_rows(tmp_path: Path) -> None:
    out = run(
        tmp_path, f"{JETS}region r\n  select MET > 1e9\n  save a MET jets\n  save b csv MET\n"
    )
    assert len(saved(out / "a.root")) == 0
    assert (out / "b.csv").read_text() == "run,luminosityBlock,event,weight,MET\n"


# --------------------------------------------------------------------------- many files, threads


def contents(folder: Path) -> dict[str, Any]:
    return {
        path.relative_to(folder).as_posix(): saved(path).tolist()
        if path.suffix == ".root"
        else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "results.root"
    }


def test_rows_are_the_same_for_any_number_of_threads_and_target(tmp_path: Path) -> None:
    text = f"{REGION}  print MET pT(jets)\n  save a MET jets\n  save b\n  save c csv MET\n"
    found = []
    for how in (("-j", 1), ("-j", 2), ("--target", "reference")):
        folder = tmp_path / "_".join(map(str, how))
        folder.mkdir()
        found.append(contents(run(folder, text, "-q", *how, inputs=(TTBAR, WJETS))))
    assert found[0] == found[1] == found[2]
    assert sorted(found[0]) == ["a.root", "b.root", "c.csv", "prints/r_1.csv", "results.json"]
    both = [*selected(events(TTBAR))[0].event, *selected(events(WJETS))[0].event]
    assert [row["event"] for row in found[0]["a.root"]] == both  # files in their order


def test_small_blocks_give_the_same_rows(tmp_path: Path) -> None:
    source = Source("a.adl", f"{REGION}  save a MET jets\n  print event\n")

    def rows(block: int, threads: int) -> Any:
        made = Preparation(
            parse(source), source, load_model("nanoaod"), "auto", "host", lambda _: None
        )
        folder = tmp_path / f"{block}_{threads}"
        with Keeper(folder, 7) as keeper:
            execute([str(TTBAR)], made, threads=threads, block=block, keeper=keeper)
        assert [t.rows for t in keeper.heads.values()] == [7]
        return saved(folder / "a.root").tolist()

    assert rows(65_536, 1) == rows(100, 2) == rows(777, 1)


def test_a_broken_file_leaves_no_row(tmp_path: Path) -> None:
    broken = tmp_path / "broken.root"
    broken.write_bytes(_damaged(WJETS))
    (tmp_path / "a.adl").write_text(f"{REGION}  save a MET\n  print MET\n")
    result = adl("run", tmp_path / "a.adl", broken, TTBAR, "-o", tmp_path / "out")
    assert result.exit_code == 2
    expected = selected(events())[0]
    np.testing.assert_array_equal(saved(tmp_path / "out" / "a.root").event, expected.event)


def _damaged(path: Path) -> bytes:
    """Return a file of which a basket near the middle of Jet_pt's is no data any more."""
    content = bytearray(path.read_bytes())
    with uproot.open(path) as file:
        branch = file["Events"]["Jet_pt"]
        place = branch.member("fBasketSeek")[branch.num_baskets // 2]
    content[place + 60 : place + 160] = bytes(100)
    return bytes(content)


def test_a_failed_run_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = run(tmp_path, f"{REGION}  save a MET\n  save t csv MET\n")
    before = {p.name: p.read_bytes() for p in out.iterdir()}

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("adl.runtime.outputs.saved._Csv.write", full)
    result = adl("run", tmp_path / "a.adl", TTBAR, "-o", out)
    assert result.exit_code == 2
    assert "No space left" in result.output
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before  # nothing half


def test_files_of_other_types_do_not_fit(tmp_path: Path) -> None:
    other = tmp_path / "other.root"
    names = ("run", "luminosityBlock", "event", "MET_pt", "MET_phi")
    columns = {name: events()[name].to_numpy() for name in names}
    columns["MET_pt"] = columns["MET_pt"].astype(np.float64)
    with uproot.recreate(other) as file:
        file.mktree("Events", {name: c.dtype for name, c in columns.items()}).extend(columns)
    (tmp_path / "a.adl").write_text("region r\n  select MET > 30\n  save a\n")
    result = adl("run", tmp_path / "a.adl", TTBAR, other, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "save a: MET_pt is float64, and float32 in the files before" in result.output
    good = events()[events().MET_pt > 30]
    assert len(saved(tmp_path / "out" / "a.root")) == len(good)


def test_events_without_numbers_have_their_file_and_entry(tmp_path: Path) -> None:
    for number in (0, 1):
        with uproot.recreate(tmp_path / f"{number}.root") as file:
            file.mktree("Events", {"MET_pt": np.float32, "MET_phi": np.float32}).extend(
                {"MET_pt": np.arange(5, dtype=np.float32), "MET_phi": np.zeros(5, np.float32)}
            )
    text = "region r\n  select MET > 2\n  save a MET\n"
    rows = saved(run(tmp_path, text, inputs=(tmp_path / "0.root", tmp_path / "1.root")) / "a.root")
    assert rows.file.tolist() == [0, 0, 1, 1]
    assert rows.entry.tolist() == [3, 4, 3, 4]


# -------------------------------------------------------------------------------------- prints


def test_a_print_shows_its_first_rows_and_writes_all(tmp_path: Path) -> None:
    text = f'{REGION}  print "HT is" sum(pT(jets)) "from" pT(jets), jets[4].pT\n'
    (tmp_path / "a.adl").write_text(text)
    result = adl("run", tmp_path / "a.adl", TTBAR, "--print-rows", 2, "-o", tmp_path / "out")
    expected, pt = selected(events())
    assert f"r_1: the first 2 of {len(pt):,} rows" in result.output
    shown = [line.split() for line in result.output.splitlines() if " HT is " in line]
    assert len(shown) == 2
    assert shown[0][2] == str(expected.event[0])
    ht = f"{ak.sum(pt[0]):.6g}"
    assert ["HT", "is", ht, "from"] == shown[0][3:7]
    assert shown[0][-1] == ("missing" if len(pt[0]) < 5 else f"{pt[0][4]:.6g}")
    with (tmp_path / "out" / "prints" / "r_1.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["run", "luminosityBlock", "event", "sum_pT_jets", "pT_jets", "jets_4_pT"]
    assert len(rows) == 1 + len(pt)
    quiet = adl("run", tmp_path / "a.adl", TTBAR, "--print-rows", 0)
    assert "r_1:" not in quiet.output


def test_a_print_of_an_object_has_a_row_for_each_element(tmp_path: Path) -> None:
    text = """
object jets
  take Jet
  print pT(Jet) "at" eta
  select pT > 40
  print pT
region r
  select MET > 1e9
"""
    out = run(tmp_path, text)
    every = events()
    for name, flat in (("jets_1", every.Jet_pt), ("jets_2", every.Jet_pt[every.Jet_pt > 40])):
        with (out / "prints" / f"{name}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert [float(row[list(row)[3]]) for row in rows] == ak.flatten(flat).tolist()
        numbers = ak.flatten(ak.broadcast_arrays(every.event, flat)[0])
        assert [int(row["event"]) for row in rows] == numbers.tolist()


def test_sorted_objects_are_saved_in_their_order(tmp_path: Path) -> None:
    text = """
object central
  take sort(Jet, abs(eta), ascend)
  select pT > 40
region r
  select size(central) >= 3
  save out central.eta
  sort pT(central) ascend
  save low pT(central)
"""
    out = run(tmp_path, text)
    expected, pt = selected(events())
    eta = expected.Jet_eta[expected.Jet_pt > 40]
    order = ak.argsort(abs(eta), axis=1, stable=True)
    assert saved(out / "out.root").central_eta.tolist() == eta[order].tolist()
    assert saved(out / "low.root").pT_central.tolist() == ak.sort(pt, axis=1).tolist()


def test_a_child_does_not_repeat_the_rows_of_its_parent(tmp_path: Path) -> None:
    out = run(
        tmp_path,
        f"{REGION}  print MET\n  save a MET\nregion child\n  r\n  select MET > 50\n  print MET\n",
    )
    assert sorted(p.name for p in (out / "prints").iterdir()) == ["child_1.csv", "r_1.csv"]


# ------------------------------------------------------------------------------------ mistakes


@pytest.mark.parametrize(
    ("lines", "code", "words"),
    [
        ("save a MET\n  save A csv MET", "E280", "is saved on line"),
        ("save results MET", "E280", "results is the file"),
        ("save a csv", "E282", "columns of values"),
        ("save a nothing", "E201", "nothing is called nothing"),
        ("save a Jet[0]", "E204", "is a particle"),
        ("print nothing", "E201", "nothing is called nothing"),
        ("print pT(Jet[0])", "W301", "may be missing"),
    ],
)
def test_a_mistake_is_found(lines: str, code: str, words: str) -> None:
    found = [f for f in findings(f"region r\n  {lines}\n") if f.severity != "note"]
    assert [f.code for f in found] == [code]
    assert words in found[0].message


def test_without_pyarrow_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.adl").write_text("region r\n  select MET > 30\n  save a parquet MET\n")
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    result = adl("run", tmp_path / "a.adl", TTBAR, "-o", tmp_path / "out")
    assert result.exit_code == 2
    (line,) = result.stderr.strip().splitlines()
    assert "pip install 'adlc[parquet]'" in line


# ------------------------------------------------------------------------------------------ ROOT

ROOT_SCRIPT = """
import json, sys, ROOT

file = ROOT.TFile.Open(sys.argv[1])
tree = file.Get("Events")
rows = [
    {"event": int(e.event), "weight": e.weight, "MET": e.MET, "pt": [float(x) for x in e.jets_pt]}
    for e in tree
]
json.dump(rows, sys.stdout)
"""


def test_a_save_that_is_written_nowhere_is_said(tmp_path: Path) -> None:
    text = tmp_path / "a.adl"
    text.write_text("region r\n  select ALL\n  save one root MET\n  save two csv MET\n")
    said = "one.root, two.csv, which the analysis saves, are written with -o DIR"
    assert said in adl("run", text, TTBAR, "-q", "-n", 5).stderr
    assert said not in adl("run", text, TTBAR, "-q", "-n", 5, "-o", tmp_path / "out").stderr


def test_root_reads_a_save(tmp_path: Path) -> None:
    out = run(tmp_path, f"{REGION}  save a MET jets\n")
    done = subprocess.run(
        [root_python(), "-c", ROOT_SCRIPT, str(out / "a.root")],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    expected, pt = selected(events())
    rows = json.loads(done.stdout)
    assert [row["event"] for row in rows] == expected.event.tolist()
    assert [row["MET"] for row in rows] == expected.MET_pt.tolist()
    assert [row["weight"] for row in rows] == (0.5 * pt[:, 0]).tolist()
    assert [row["pt"] for row in rows] == pt.tolist()
