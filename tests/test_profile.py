"""``adl run --profile``: what is measured adds up, bytes are uproot's, verdicts are true."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import uproot
from click.testing import Result

from adl.compiler.ir import Column
from adl.runtime.inputs.chunks import read
from adl.runtime.inputs.opening import open_input
from adl.runtime.outputs import saved
from adl.runtime.profile import meter as meters
from adl.runtime.profile import metrics as documents
from adl.runtime.profile.machine import used
from adl.runtime.profile.meter import measuring, stage
from adl.runtime.profile.recompress import zstd
from adl.runtime.profile.verdict import BOUNDS, RULES, Late, Measured, verdict
from tests.commands import adl

SHARED = Path(__file__).parents[2] / "shared" / "data"
SAMPLE = Path(__file__).parents[1] / "examples" / "sample" / "zmumu.root"
SCHEMA = json.loads(Path(documents.__file__).with_name("metrics.schema.json").read_text())

DIMUON = """
object mu
  take Muon
  select pT > 20
region pairs
  select size(mu) == 2
  histo h, "m", 10, 60, 120, m(mu[0] + mu[1])
region none
  select size(Muon) > 1000
  select sum(Muon.charge) > 0
"""


def run(*arguments: object) -> Result:
    return adl("run", *arguments)


def profiled(*arguments: object) -> dict[str, Any]:
    result = run("--profile", "--format", "json", *arguments)
    document: dict[str, Any] = json.loads(result.stdout)
    jsonschema.validate(document, SCHEMA)
    return document


@pytest.fixture
def analysis(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.adl"
    path.write_text(DIMUON)
    return path


# ------------------------------------------------------------------------------- the meter


def test_a_stage_in_another_stops_the_clock_of_the_outer_one() -> None:
    with measuring() as meter:
        assert meter is not None
        begin = time.perf_counter()
        with stage("interpret", "pt"):
            time.sleep(0.01)
            with stage("read"):
                time.sleep(0.02)
            with stage("read"):
                time.sleep(0.02)
        whole = time.perf_counter() - begin
    spent = meter.stages
    assert spent["read"].times == 2
    assert spent["read"].wall >= 0.04
    assert spent["interpret"].wall >= 0.01
    assert sum(s.wall for s in spent.values()) <= whole
    assert meter.columns["pt"]["read"] == spent["read"]  # the column is that of the stage around it
    assert all(s.cpu < 0.04 for s in spent.values())  # asleep: no work of the CPU


def test_nothing_is_measured_unless_it_is_asked_for() -> None:
    with measuring(False) as meter, stage("read") as nothing:
        assert meter is None
        assert nothing is None
        assert meters.active() is None


def test_a_meter_is_gone_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), measuring(), stage("kernel"):
        raise ZeroDivisionError
    assert meters.active() is None


# ------------------------------------------------------------------------------- real runs


NANO = [SHARED / f"{name}.root" for name in ("nano_v12_dy2e_1000", "nano_v15_ttbar")]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("path", [SAMPLE, *NANO], ids=lambda path: path.stem)
def test_bytes_and_rows_of_columns_are_those_of_uproot(
    analysis: Path, path: Path, threads: int
) -> None:
    if not path.exists():
        pytest.skip("needs the shared data")
    document = profiled(analysis, path, "-j", threads)
    with uproot.open(path) as file:
        tree = file["Events"]
        names = {column["name"] for column in document["columns"]}
        assert {"Muon_pt", "Muon_charge", "Muon_mass"} <= names
        for column in document["columns"]:
            branch = tree[column["name"]]
            pieces = range(branch.num_baskets)
            assert column["compressed"] == sum(map(branch.basket_compressed_bytes, pieces))
            assert column["uncompressed"] == sum(map(branch.basket_uncompressed_bytes, pieces))
            assert column["rows"] == branch.num_entries
            assert column["pieces"] == branch.num_baskets
            # Pieces that would not shrink stay as they are: then there is no codec.
            assert set(column["codecs"]) <= {"zstd" if path == SAMPLE else "zlib"}
    for key in ("compressed", "uncompressed"):
        assert document["input"][key] == sum(c[key] for c in document["columns"])
    assert document["input"]["formats"] == ["TTree"]


@pytest.mark.skipif(not SHARED.exists(), reason="needs the shared data")
def test_a_basket_in_the_tree_itself_has_no_bytes_of_its_own(analysis: Path) -> None:
    document = profiled(analysis, SHARED / "cms_opendata2012_dimuon_100k.root")
    assert {c["compressed"] for c in document["columns"]} == {0}  # uproot says 0, too
    for column in document["columns"]:
        assert column["rows"] >= 100_000
        assert column["uncompressed"] >= 100_000


@pytest.mark.skipif(not SHARED.exists(), reason="needs the shared data")
def test_pages_of_an_rntuple_are_counted(analysis: Path) -> None:
    path = SHARED / "cms_opendata2015_ttbar_nano_rntuple.root"
    analysis.write_text("region r\n  select MET > 0\n")
    document = profiled(analysis, path)
    (column,) = document["columns"]
    assert column["name"] == "MET_pt"
    with uproot.open(path) as file:
        ntuple = file["Events"]
        (field,) = [n for n, f in enumerate(ntuple.field_records) if f.field_name == column["name"]]
        (number,) = [n for n, c in enumerate(ntuple.column_records) if c.field_id == field]
        pages = [p for cluster in ntuple.page_link_list for p in cluster[number].pages]
        assert column["compressed"] == sum(p.locator.num_bytes for p in pages)
        assert column["uncompressed"] == 4 * ntuple.num_entries
        assert column["rows"] == ntuple.num_entries
        assert column["pieces"] == len(pages)
    assert document["input"]["formats"] == ["RNTuple"]


@pytest.mark.parametrize("threads", [1, 2])
def test_the_stages_add_up_to_no_more_than_the_run(
    analysis: Path, examples: Path, threads: int
) -> None:
    document = profiled(analysis, examples / "sample" / "zmumu.root", "-j", threads)
    whole = document["time"]["completion"]
    wall = sum(row["wall"] for row in document["stages"])
    assert wall + document["time"]["other"] * (threads == 1) <= whole * threads * 1.000001
    names = [row["stage"] for row in document["stages"]]
    assert [n for n in meters.STAGES if n in names] == names
    assert {"open", "read", "decompress", "interpret", "kernel", "fill", "merge"} <= set(names)
    spent = {row["stage"]: row["wall"] for row in document["stages"]}
    assert 0 < spent["fill"] < spent["kernel"] + spent["fill"]
    for row in document["stages"][1:]:  # clocks tick differently by a little
        assert row["cpu"] <= row["wall"] + 0.02


def test_what_judges_a_run_is_no_part_of_its_cost(
    analysis: Path, examples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dear(measured: Measured, meter: meters.Meter) -> Measured:
        begin = time.process_time()
        while time.process_time() < begin + 0.5:
            pass
        return measured

    monkeypatch.setattr(documents, "_compared", dear)
    before = used()
    document = profiled(analysis, examples / "sample" / "zmumu.root", "-j", 1)
    judged = used()
    whole = judged.user + judged.system - before.user - before.system
    spent = document["cpu"]["user"] + document["cpu"]["system"] - before.user - before.system
    assert 0 < spent <= whole - 0.5


def test_quiet_leaves_the_verdict(analysis: Path, examples: Path, tmp_path: Path) -> None:
    sample = examples / "sample" / "zmumu.root"
    result = run("--profile", "-q", analysis, sample, "-o", tmp_path)
    document = json.loads((tmp_path / "metrics.json").read_text())
    said = [document["verdict"]["text"]]
    said += [f"  {n}. {r['text']}" for n, r in enumerate(document["verdict"]["remedies"], 1)]
    assert result.stdout.splitlines() == said


@pytest.mark.skipif(not SHARED.exists(), reason="needs the shared data")
def test_a_table_without_rows_is_not_shown(analysis: Path) -> None:
    result = run("--profile", analysis, SHARED / "nano_empty.root")
    assert "Start-up-bound" in result.stdout
    assert "wall s" in result.stdout
    assert "needed by" not in result.stdout
    assert "share" not in result.stdout


def test_shares_add_up_and_events_are_those_of_the_cutflow(analysis: Path, examples: Path) -> None:
    document = profiled(analysis, examples / "sample" / "zmumu.root")
    assert sum(region["share"] for region in document["regions"]) == pytest.approx(1.0)
    pairs, none = document["regions"]
    assert sum(s["share"] for s in pairs["statements"]) == pytest.approx(pairs["share"])
    assert [s["events"] for s in pairs["statements"][:2]] == [8000, 8000]
    # No event has so many muons, so nobody asks for their charges.
    assert none["statements"][2]["events"] == 0
    needed = {c["name"]: c["needed"] for c in document["columns"]}
    assert needed["Muon_pt"] == 1.0
    assert needed["Muon_charge"] == 0.0


def test_a_profile_is_kept_beside_the_results_which_name_it(
    analysis: Path, examples: Path, tmp_path: Path
) -> None:
    sample = examples / "sample" / "zmumu.root"
    result = run("--profile", analysis, sample, "-o", tmp_path / "out")
    document = json.loads((tmp_path / "out" / "metrics.json").read_text())
    jsonschema.validate(document, SCHEMA)
    results = json.loads((tmp_path / "out" / "results.json").read_text())
    assert results["metrics"] == "metrics.json"
    assert document["verdict"]["text"] in result.stdout
    assert "\x1b" not in result.stdout  # no colour where nobody sees it
    again = run(analysis, sample, "-o", tmp_path / "out")
    assert again.exit_code == 0
    without = json.loads((tmp_path / "out" / "results.json").read_text())
    assert without == {k: v for k, v in results.items() if k != "metrics"}
    assert not (tmp_path / "out" / "metrics.json").exists()  # it was about another run


def test_a_list_of_datasets_is_profiled_as_one(examples: Path) -> None:
    document = profiled(examples / "zpeak.adl", examples / "datasets.yaml")
    assert document["failures"]["files"] > 1
    assert document["events"] > 8000
    assert document["regions"]


def test_a_file_that_fails_is_in_the_rate_of_failures(
    analysis: Path, examples: Path, tmp_path: Path
) -> None:
    (tmp_path / "broken.root").write_bytes(b"root")
    document = profiled(analysis, examples / "sample" / "zmumu.root", tmp_path / "broken.root")
    assert document["failures"] == {"files": 2, "failed": 1, "rate": 0.5}


def test_printed_columns_are_the_columns_written(
    analysis: Path, examples: Path, tmp_path: Path
) -> None:
    analysis.write_text("region r\n  select size(Muon) > 1\n  print MET, Muon[0].pt\n")
    sample = examples / "sample" / "zmumu.root"
    assert profiled(analysis, sample)["output"]["columns"] == []
    written = profiled(analysis, sample, "-o", tmp_path)["output"]["columns"]
    header = (tmp_path / "prints" / "r_1.csv").read_text().splitlines()[0]
    assert written == [f"prints/r_1/{name}" for name in header.split(",")]


def test_writing_rows_is_counted_to_rows(
    analysis: Path, examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis.write_text("region r\n  select size(Muon) > 1\n  print MET\n  print size(Muon)\n")
    at_work: list[str] = []

    def wrapped(function: Any) -> Any:
        def call(*arguments: Any) -> Any:
            meter = meters.active()
            assert meter is not None
            at_work.append(meter._own().stack[-1][0])
            return function(*arguments)

        return call

    monkeypatch.setattr(saved._Csv, "write", wrapped(saved._Csv.write))
    profiled(analysis, examples / "sample" / "zmumu.root", "-o", tmp_path)
    assert at_work == ["rows", "rows"]


def test_the_same_work_has_the_same_identity(analysis: Path, examples: Path) -> None:
    sample = examples / "sample" / "zmumu.root"
    first, second = (profiled(analysis, sample)["workflow"]["id"] for _ in range(2))
    analysis.write_text(DIMUON.replace("20", "30"))
    assert first == second != profiled(analysis, sample)["workflow"]["id"]


def test_json_without_a_profile_is_refused(analysis: Path, examples: Path) -> None:
    result = run("--format", "json", analysis, examples / "sample" / "zmumu.root")
    assert result.exit_code == 2
    assert "--profile" in result.stderr


# ------------------------------------------------------------------------------- verdicts

IDLE = Measured(10.0, {"kernel": 10.0})

# What is measured, the bound, the remedies in their order, and what the sentence has.
VERDICTS: dict[str, tuple[Measured, str, tuple[str, ...], str]] = {
    "lzma": (
        Measured(
            10.0,
            {"decompress": 7.8, "kernel": 2.2},
            codecs={"LZMA": 1.0},
            slow=1.0,
            zstd=8.0,
            growth=1.2,
        ),
        "I/O",
        ("zstd",),
        "I/O-bound: 78 % of the time is decompressing LZMA; recompress with zstd",
    ),
    "zstd already": (
        Measured(10.0, {"decompress": 9.0}, codecs={"zstd": 1.0}, slow=0.0),
        "I/O",
        (),
        "decompressing zstd; nothing simple makes it faster",
    ),
    "zstd would not help": (
        Measured(10.0, {"decompress": 9.0}, codecs={"zlib": 1.0}, slow=1.0, zstd=1.1),
        "I/O",
        (),
        "nothing simple",
    ),
    "one thread of four": (
        replace(IDLE, cores=4, blocks=100),
        "CPU",
        ("threads",),
        "CPU-bound: 100 % of the time is the analysis itself: cuts, weights and fills; use 4 threads: -j 4: up to 4.0x",
    ),
    "rows are written by one thread": (
        Measured(10.0, {"rows": 9.0, "kernel": 1.0}, cores=2, blocks=100),
        "output",
        ("fewer rows", "threads"),
        "print and save fewer columns, or behind tighter cuts: up to 10.0x",
    ),
    "one block cannot be shared": (replace(IDLE, cores=4, blocks=1), "CPU", (), "nothing simple"),
    "all cores are at work": (
        replace(IDLE, cores=4, threads=4, blocks=100),
        "CPU",
        (),
        "nothing simple",
    ),
    "a disk is not faster with threads": (
        Measured(10.0, {"read": 10.0}, cores=4, blocks=100, waited=0.9),
        "I/O",
        ("disk",),
        "reading from disk; put the files on a faster disk",
    ),
    "a server is": (
        Measured(10.0, {"read": 10.0}, cores=4, blocks=100, remote=1.0, waited=0.9),
        "I/O",
        ("near", "threads"),
        "reading from a server; copy the files",
    ),
    "a server far away": (
        Measured(10.0, {"open": 5.0, "read": 2.0, "kernel": 3.0}, remote=1.0),
        "opening",
        ("near",),
        "opening the file; copy the files to a disk near by; --rewrite FROM=TO then looks there first: up to 3.3x",
    ),
    "a twentieth less is as fast": (
        Measured(
            10.0, {"decompress": 0.5, "kernel": 9.5}, codecs={"zlib": 1.0}, slow=1.0, zstd=3.0
        ),
        "CPU",
        (),
        "nothing simple",
    ),
    "the first run": (
        Measured(2.0, {"start": 0.5, "compile": 1.2, "open": 0.3}, compiled=1, described=1),
        "start-up",
        ("again",),
        "Start-up-bound: 85 % of the time is getting ready",
    ),
    "a small run": (
        Measured(1.0, {"start": 0.9, "kernel": 0.01}, cores=2, blocks=1),
        "start-up",
        (),
        "more events would cost little",
    ),
    "columns for nothing": (
        Measured(10.0, {"decompress": 6.0, "kernel": 4.0}, late=Late(("a", "b"), 5.0, 0.0)),
        "I/O",
        ("skim",),
        "no event needs a, b: adl skim",
    ),
    "columns for most events": (
        Measured(10.0, {"decompress": 6.0, "kernel": 4.0}, late=Late(("a",), 5.0, 0.9)),
        "I/O",
        (),
        "nothing simple",
    ),
    "interpreted": (replace(IDLE, interpreted=True), "CPU", ("compiled",), "--target host"),
    "variations": (replace(IDLE, varied=0.8), "CPU", ("nominal",), "about 80 % of the kernel"),
    "many small files": (
        Measured(10.0, {"open": 8.0}, files=100, blocks=100),
        "opening",
        ("merge files",),
        "opening 100 files; merge the 100 files",
    ),
    "prints": (
        Measured(10.0, {"rows": 6.0, "write": 1.0, "kernel": 3.0}),
        "output",
        ("fewer rows",),
        "print and save fewer columns",
    ),
    "arrays": (Measured(1.0, {"interpret": 0.9}), "CPU", (), "making arrays"),
    "merging": (Measured(1.0, {"merge": 0.9}), "merge", (), "adding up"),
    "outside": (Measured(1.0, {"other": 0.9}), "other", (), "outside the stages"),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_a_verdict_says_what_is_true_of_the_run(name: str) -> None:
    measured, bound, remedies, words = VERDICTS[name]
    found = verdict(measured)
    assert found.bound == bound
    assert tuple(r.name for r in found.remedies) == remedies
    assert words in found.text


def test_every_bound_and_every_rule_is_tested() -> None:
    assert {bound for _, bound, _, _ in VERDICTS.values()} == {bound.name for bound in BOUNDS}
    tested = {name for _, _, remedies, _ in VERDICTS.values() for name in remedies}
    assert tested == {rule.name for rule in RULES}


def test_three_remedies_are_named_and_the_best_first() -> None:
    measured = Measured(
        10.0,
        {"decompress": 6.0, "kernel": 2.0, "open": 1.0, "compile": 1.0},
        cores=2,
        blocks=10,
        slow=1.0,
        zstd=3.0,
        described=1,
        compiled=1,
        varied=0.5,
    )
    found = verdict(measured).remedies
    assert [r.name for r in found] == ["zstd", "threads", "again"]
    assert [r.saves for r in found] == pytest.approx([4.0, 4.0, 2.0])
    assert found[0].factor == pytest.approx(10 / 6)


def test_stages_of_what_is_measured_have_a_bound() -> None:
    named = [name for bound in BOUNDS for name in bound.stages]
    assert sorted(named) == sorted([*meters.STAGES, "other"])


def test_only_slow_codecs_are_compared_with_zstd(tmp_path: Path) -> None:
    numbers = np.random.default_rng(1).normal(40.0, 5.0, 200_000).astype(np.float32)
    found = {}
    for name, codec in (("LZMA", uproot.LZMA(5)), ("zstd", uproot.ZSTD(5))):
        path = tmp_path / f"{name}.root"
        with uproot.recreate(path, compression=codec) as file:
            file["Events"] = {"x": numbers}
        with measuring() as meter, open_input(str(path)) as source, stage("interpret"):
            assert meter is not None
            chunk = read(source, [Column("x", "float32")], [], 0, len(numbers))
        assert np.array_equal(chunk.columns["x"], numbers)
        assert set(meter.taken["x"].codecs) == {name}
        found[name] = documents._compared(Measured(1.0, {}), meter)
    assert found["zstd"].zstd is None
    assert found["LZMA"].zstd is not None
    # What zstd would make of it, beside what it made of it.
    sizes = [(tmp_path / f"{name}.root").stat().st_size for name in ("zstd", "LZMA")]
    assert found["LZMA"].growth == pytest.approx(sizes[0] / sizes[1], rel=0.05)


def test_zstd_is_tried_on_what_was_read() -> None:
    assert zstd([]) is None
    tried = zstd([b"abcdefgh" * 10_000] * 3)
    assert tried is not None
    assert tried.rate > 0
    assert 0 < tried.size < 0.1
