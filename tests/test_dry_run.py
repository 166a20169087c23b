"""``adl run --dry-run``: which events a sample has, and what it says of the whole run."""

from __future__ import annotations

import json
import shutil
from itertools import pairwise
from pathlib import Path
from typing import Any

import awkward as ak
import jsonschema
import numpy as np
import pytest
import uproot
from click.testing import Result

from adl.cli import dry_run
from adl.cli.dry_run import share_of
from adl.runtime.estimate import Estimate, Fixed, Quantity, _left_out, estimate
from adl.runtime.execute.device import nvidia
from adl.runtime.execute.sampling import Group, SampledFile, Sampler, Span, spans
from adl.runtime.profile.meter import measuring
from tests.commands import adl
from tests.fake_cuda import FakeCuda, driver_of

SCHEMA = json.loads(Path(dry_run.__file__).with_name("dry_run.schema.json").read_text())
ANALYSIS = """
object mu
  take Muon
  select pT > 20
region pairs
  select size(mu) >= 1
  histo h, "m", 10, 0, 120, pT(mu[0])
  save kept pT(mu[0])
  print pT(mu[0]), size(mu)
"""
FLAT = np.zeros(1, np.int64)


def run(*arguments: object) -> Result:
    return adl("run", *arguments)


def tried(*arguments: object) -> dict[str, Any]:
    result = run("--dry-run", "--format", "json", *arguments)
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    jsonschema.validate(document, SCHEMA)
    return document


def write(path: Path) -> None:
    counts = np.tile(np.array([1, 0], np.int32), 1_000)
    with uproot.recreate(path) as file:
        tree = file.mktree("Events", {"Muon": "var * {pt: float32}", "run": "uint32"})
        for number in range(30):
            pt = ak.unflatten(np.full(1_000, 30.0 + number, np.float32), counts)
            tree.extend({"Muon": ak.zip({"pt": pt}), "run": np.ones(2_000, np.uint32)})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An analysis and a file of 60 000 events in 30 pieces; every second event passes."""
    folder = tmp_path_factory.mktemp("dry")
    (folder / "a.adl").write_text(ANALYSIS)
    write(folder / "events.root")
    return folder


@pytest.mark.parametrize(
    ("events", "share", "longest"),
    [(1, 0.01, 100), (10, 0.01, 65_536), (1_000_000, 0.01, 65_536), (70_000, 1.0, 9_000)],
)
def test_spans_are_apart_and_inside_and_hold_at_least_the_share(
    events: int, share: float, longest: int
) -> None:
    found = spans(events, share, 8, longest, FLAT)
    assert sum(stop - start for start, stop in found) >= share * events
    assert all(0 <= start < stop <= events and stop - start <= longest for start, stop in found)
    assert all(a[1] <= b[0] for a, b in pairwise(found))


def test_spans_lie_over_the_whole_file_and_begin_with_its_pieces() -> None:
    found = spans(1_000_000, 0.05, 8, 65_536, np.arange(0, 1_000_000, 10_000))
    assert all(start % 10_000 == 0 for start, _ in found)
    parts = 1_000_000 / len(found)
    assert [start // parts for start, _ in found] == list(range(len(found)))


def test_no_events_are_no_spans() -> None:
    assert spans(0, 0.01, 8, 100, FLAT) == []


def test_the_error_is_that_of_the_mean_of_what_differs() -> None:
    values = [1.0, 2.0, 3.0, 6.0]
    error = _left_out(values, lambda some: sum(some) / len(some), 0.0)
    assert error == pytest.approx(2 * np.std(values, ddof=1) / 2)
    assert _left_out(values[:1], sum, 0.5) is None
    assert _left_out(values, sum, 1.0) == 0.0


def test_what_is_unknown_stays_unknown_in_a_sum() -> None:
    assert Quantity(1.0, 3.0) + Quantity(2.0, 4.0) == Quantity(3.0, 5.0)
    assert (Quantity(1.0, None) + Quantity(2.0, 4.0)).error is None


def test_a_share_is_a_percentage() -> None:
    assert share_of("1%") == 0.01
    assert share_of(" .5 % ") == 0.005
    assert share_of("100%") == 1.0


@pytest.mark.parametrize("text", ["1", "0%", "101%", "-1%", "a few", "1 %%", "", "nan%"])
def test_what_is_no_share_is_refused_with_an_example(text: str, folder: Path) -> None:
    result = run("--dry-run", "--sample", text, folder / "a.adl", folder / "events.root")
    assert result.exit_code == 2
    assert "expected a percentage above 0 % and up to 100 %" in result.stderr
    assert "--sample 1%" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--sample", "1%"], "say --dry-run, too"),
        (["--dry-run", "--profile"], "exclude each other"),
    ],
)
def test_options_that_make_no_sense_together_are_refused(
    options: list[str], message: str, folder: Path
) -> None:
    result = run(*options, folder / "a.adl", folder / "events.root")
    assert result.exit_code == 2
    assert message in result.stderr


@pytest.mark.parametrize("target", ["cuda", "auto"])
def test_a_gpu_is_not_guessed_for_and_without_one_the_cpu_is(
    target: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ("--dry-run", "--target", target, folder / "a.adl", folder / "events.root")
    monkeypatch.setattr(nvidia, "driver", lambda: driver_of(nvidia.connect(FakeCuda(devices=0))))
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    assert "the CPU counts: there is no NVIDIA GPU" in result.stderr
    assert "processor time" in result.stdout
    monkeypatch.setattr(nvidia, "driver", lambda: driver_of(nvidia.connect(FakeCuda())))
    result = run(*arguments)
    assert result.exit_code == 2
    assert "--dry-run guesses for the CPU only" in result.stderr


def test_the_sizes_of_a_sample_are_those_of_the_run(folder: Path) -> None:
    document = tried("--sample", "10%", folder / "a.adl", folder / "events.root", "-j", 1)
    out = folder / "out"
    assert run(folder / "a.adl", folder / "events.root", "-o", out, "-q").exit_code == 0
    found = {one["file"]: one["size"] for one in document["run"]["output"]}
    files = [path for path in out.rglob("*") if path.is_file()]
    real = {str(path.relative_to(out)): path.stat().st_size for path in files}
    assert set(found) == set(real)
    assert found["results.json"]["value"] == pytest.approx(real["results.json"], rel=0.1)
    assert found["results.root"]["value"] == pytest.approx(real["results.root"], rel=0.1)
    assert found["kept.root"]["value"] == pytest.approx(real["kept.root"], rel=0.2)
    assert found["prints/pairs_1.csv"]["value"] == pytest.approx(
        real["prints/pairs_1.csv"], rel=0.05
    )
    assert document["run"]["events"] == {"value": 60_000, "uncertainty": 0}
    assert 6_000 <= document["sample"]["events"] <= 12_000
    held = document["run"]["read"]["value"]
    assert 0 < held < (folder / "events.root").stat().st_size


def test_writing_rows_takes_longer_with_more_of_them() -> None:
    def of(rows: int, writing: float) -> Estimate:
        spans = [Span(100, 1000, 800, rows, (0.0, 0.0), (0.0, 0.0)) for _ in range(2)]
        group = Group(("a",), 1, [SampledFile("a", 2_000, 10_000, 1_000, 8, spans)])
        fixed = Fixed((1.0, 1.0), (writing, 2 * writing), (0.0, 0.0), 0, 0)
        return estimate(Sampler(0.1, [group]), fixed, 2)

    found = of(50, 0.5)
    assert found.time.value == pytest.approx(1.0 + 10 * 0.5)  # of one thread
    assert found.cpu.value == pytest.approx(1.0 + 10 * 1.0)
    assert of(0, 0.0).time == of(50, 0.0).time


def test_what_spans_spend_on_rows_is_not_writing_them() -> None:
    with measuring() as meter:
        assert meter is not None
        sampler = Sampler(0.1)
        sampler._made((1.0, 1.0), (1.25, 1.5))
        meter._own().spent["rows", ""] = [2.0, 1.75, 3]
        assert sampler.writing(meter) == (1.75, 1.25)


def test_nothing_is_written_and_no_folder_is_made(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run("--dry-run", folder / "a.adl", folder / "events.root", "-o", out)
    assert result.exit_code == 0
    assert not out.exists()
    assert "results.root" in result.stdout
    assert "processor time" in result.stdout


def test_of_many_files_some_are_opened_and_the_number_of_events_is_uncertain(
    folder: Path, tmp_path: Path
) -> None:
    paths = [tmp_path / f"{number}.root" for number in range(20)]
    for path in paths:
        shutil.copy(folder / "events.root", path)
    document = tried(folder / "a.adl", *paths)
    assert document["sample"]["files"] == 8
    assert document["run"]["files"] == 20
    assert document["run"]["events"]["value"] == 20 * 60_000
    assert document["run"]["events"]["uncertainty"] == 0  # all files that were seen are alike


def test_how_a_time_varies_is_unknown_of_one_span(examples: Path, real_data: Path) -> None:
    document = tried(examples / "zpeak.adl", real_data / "nano_v12_ttbar.root")
    assert document["sample"]["spans"] == 1
    assert document["run"]["time"]["uncertainty"] is None
    assert document["run"]["read"]["uncertainty"] == 0


def test_a_whole_file_is_no_guess(folder: Path) -> None:
    document = tried("--sample", "100%", folder / "a.adl", folder / "events.root")
    assert document["sample"]["share"] == 1
    assert document["run"]["read"]["uncertainty"] == 0
    assert document["run"]["cpu"]["uncertainty"] > 0  # a run again takes another time


def test_a_share_that_is_larger_than_was_asked_for_is_explained(folder: Path) -> None:
    little, much = (
        run("--dry-run", "--sample", share, folder / "a.adl", folder / "events.root").stdout
        for share in ("1%", "100%")
    )
    assert "(10 %) were run, from 3 places" in little
    assert "that is more than 1 %: a place has a whole piece" in little
    assert "60,000 of 60,000 events (100 %) were run" in much
    assert "that is more" not in much


def test_a_limit_is_that_of_the_run(folder: Path) -> None:
    document = tried("-n", 30_000, folder / "a.adl", folder / "events.root")
    assert document["run"]["events"]["value"] == 30_000


def test_every_dataset_of_a_list_has_its_sample(folder: Path) -> None:
    path = folder / "list.yaml"
    write(folder / "more.root")
    two = "  one: {files: events.root}\n  two: {files: more.root}\n"
    path.write_text(f"normalise: false\ndatasets:\n{two}")
    document = tried(folder / "a.adl", path)
    assert document["run"]["events"]["value"] == 120_000
    assert {one["file"].rpartition("/")[0] for one in document["run"]["output"]} >= {"one", "two"}


def test_a_file_that_cannot_be_read_is_named(folder: Path) -> None:
    bad = folder / "bad.root"
    bad.write_bytes(b"root of nothing")
    result = run("--dry-run", folder / "a.adl", folder / "events.root", bad)
    assert result.exit_code == 2
    assert "bad.root" in result.stderr
    assert "60,000 events" in result.stdout
