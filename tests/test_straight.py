"""RNTuples read into a GPU's memory by uproot's interpreter for GPUs, over fakes of what it needs.

The columns are those that the CPU reads, and so are results; nothing here says what a GPU does.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot
from click.testing import CliRunner

from adl.cli.run import command
from adl.compiler.ir import Axis, Column, Index
from adl.runtime.execute.device import nvidia
from adl.runtime.inputs.chunks import read
from adl.runtime.inputs.opening import open_input
from adl.runtime.inputs.straight import OnDevice, Straight
from tests import fake_gds
from tests.fake_cuda import FakeCuda, driver_of

ANALYSIS = """
object good
  take Jet
  select pT > 30
region r
  select size(good) >= 1
  weight w MET_pt / 50
  histo h, "h", 20, 0, 200, pT(good)
  print pT(good), MET_pt
"""
EVENTS = 3000


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("events") / "events.root"
    write(path, uproot.ZSTD(3))
    return path


def write(path: Path, codec: Any) -> None:
    """Write an RNTuple of several clusters."""
    random = np.random.default_rng(3)
    with uproot.recreate(path, compression=codec) as file:
        tree = None
        for _ in range(3):
            numbers = random.integers(0, 6, EVENTS // 3)
            columns = {
                "MET_pt": np.round(random.exponential(40, EVENTS // 3)).astype(np.float32),
                "flag": random.uniform(size=EVENTS // 3) > 0.5,
            }
            columns["MET_pt"][::97] = np.nan
            every = np.round(random.exponential(40, numbers.sum())).astype(np.float32)
            for name in ("pt", "eta", "phi", "mass"):
                columns[f"Jet_{name}"] = ak.unflatten(every, numbers)
            if tree is None:
                tree = file.mkrntuple("Events", columns)
            else:
                tree.extend(columns)


AT = Index(Axis(("Jet",), 0))
COLUMNS = (
    Column("Jet_pt", "float32", "Jet", AT),
    Column("MET_pt", "float32"),
    Column("flag", "bool"),
)


@pytest.mark.parametrize("span", [(0, EVENTS), (0, 10), (900, 1100), (1000, 2000), (2990, EVENTS)])
def test_columns_are_those_that_the_cpu_reads(
    events: Path, monkeypatch: pytest.MonkeyPatch, span: tuple[int, int]
) -> None:
    fake_gds.install(monkeypatch)
    told: list[str] = []
    with open_input(str(events)) as source:
        found = Straight(told.append).read(source, COLUMNS, ("Jet",), *span, {})
        right = read(source, COLUMNS, ("Jet",), *span)
    assert told == ["RNTuples are read and decompressed by the GPU"]
    assert found is not None
    assert isinstance(found.columns, OnDevice)
    assert list(found.columns) == [c.name for c in COLUMNS]
    for name, values in right.columns.items():
        assert found.columns.device[name].dtype == values.dtype
        np.testing.assert_array_equal(found.columns[name], values)
    np.testing.assert_array_equal(found.offsets["Jet"], right.offsets["Jet"])
    missing = int(np.isnan(right.columns["MET_pt"]).sum())
    assert found.columns.nans() == ({"MET_pt": missing} if missing else {})
    assert found.columns.nbytes == sum(v.nbytes for v in right.columns.values())
    part = found.part(2, 7, {"Jet_pt"})
    np.testing.assert_array_equal(part.columns["MET_pt"], right.columns["MET_pt"][2:7])
    np.testing.assert_array_equal(part.columns["Jet_pt"], right.columns["Jet_pt"])
    # What a device that has failed does not give back is read again.
    with open_input(str(events)) as source:
        lost = Straight(told.append).read(source, COLUMNS, ("Jet",), *span, {})
        assert lost is not None
        monkeypatch.setattr(fake_gds.Array, "failed", True)
        for name, values in right.columns.items():
            np.testing.assert_array_equal(lost.part(0, 5, {"Jet_pt"}).columns[name][:3], values[:3])


def test_lengths_alone_are_read_by_the_cpu(events: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_gds.install(monkeypatch)
    with open_input(str(events)) as source:
        known = {"Jet": "Jet_pt"}
        found = Straight(lambda text: None).read(source, COLUMNS[1:], ("Jet",), 5, 50, known)
        assert found is not None
        right = read(source, COLUMNS[1:], ("Jet",), 5, 50, known)
    np.testing.assert_array_equal(found.offsets["Jet"], right.offsets["Jet"])


@pytest.mark.parametrize("lost", [False, True])
def test_a_run_has_the_results_of_the_cpu(
    events: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: bool
) -> None:
    fake_gds.install(monkeypatch)
    analysis = tmp_path / "a.adl"
    analysis.write_text(ANALYSIS)

    def refuse(function: str, number: int) -> str:
        if not lost or function != "cuStreamSynchronize" or not number:
            return ""
        monkeypatch.setattr(fake_gds.Array, "failed", True)
        return "CUDA_ERROR_ECC_UNCORRECTABLE"

    api = FakeCuda(refuse=refuse, others=True)
    monkeypatch.setattr(nvidia, "driver", lambda: driver_of(nvidia.connect(api)))
    on_host, heard = run(analysis, events, tmp_path / "host")
    found, said = run(analysis, events, tmp_path / "cuda", "--target", "cuda")
    assert found == on_host
    assert "RNTuples are read and decompressed by the GPU" in said
    assert ("the same code has run over them again on the CPU" in said) == lost
    assert "MET_pt holds NaN" in heard
    assert "MET_pt holds NaN" in said
    assert api.calls.count("cuMemcpyDtoDAsync") == 2  # the momenta of jets, and MET
    csv = next((tmp_path / "host").rglob("*.csv"))
    assert csv.read_bytes() == (tmp_path / "cuda" / csv.relative_to(tmp_path / "host")).read_bytes()


def run(analysis: Path, path: Path, out: Path, *more: str) -> tuple[dict[str, Any], str]:
    result = CliRunner().invoke(command, [str(analysis), str(path), "-q", "-o", str(out), *more])
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads((out / "results.json").read_text(encoding="utf-8"))
    return found, result.stderr


def said_of(path: Path, columns: tuple[Column, ...] = COLUMNS) -> str:
    """Return why a file is not read straight into the GPU's memory."""
    told: list[str] = []
    with open_input(str(path)) as source:
        assert Straight(told.append).read(source, columns, ("Jet",), 0, 5, {}) is None
    return "".join(told)


def test_what_is_not_installed_is_named(events: Path) -> None:
    assert "cupy is not installed: pip install 'adlc[gds]'" in said_of(events)


def test_what_nvcomp_does_not_decompress_is_read_by_the_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_gds.install(monkeypatch)
    path = tmp_path / "events.root"
    write(path, uproot.ZLIB(1))
    assert said_of(path) == "RNTuples are read by the CPU: nvCOMP does not decompress ZLIB"


def test_what_the_gpu_cannot_read_is_read_by_the_cpu(
    events: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_gds.install(monkeypatch)
    monkeypatch.setattr(fake_gds.Codec, "decode", lambda self, batch: batch[0].no_such_word)
    assert "is read by the CPU: the GPU could not: 'Array' object has no attribute" in said_of(
        events
    )


def test_a_tree_is_read_by_the_cpu_and_nothing_is_said() -> None:
    sample = Path(__file__).parents[1] / "examples" / "sample" / "zmumu.root"
    assert said_of(sample) == ""
