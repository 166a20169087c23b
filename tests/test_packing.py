"""Baskets of a skim: compressed in threads, and the same file whatever their number."""

from __future__ import annotations

from math import fsum
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from adl.runtime.outputs.packing import Packing
from adl.runtime.outputs.skims import Ttree
from adl.runtime.rows import Part, Table
from adl.runtime.skims.keeper import summed

LONG = "x" * 300  # its length takes five bytes in a file, and where lists begin is counted from it


def table(rows: int, seed: int) -> Table:
    random = np.random.default_rng(seed)
    ends = np.concatenate(([0], random.integers(0, 5, rows).cumsum()))
    floats = random.normal(size=ends[-1]).astype(np.float32).round(2)
    return Table(
        rows,
        (
            Part("event", "", np.arange(rows, dtype=np.uint64)),
            Part("flag", "", random.integers(0, 2, rows).astype(bool)),
            Part("Jet_pt", "stored", floats, None, ends, "nJet"),
            Part("Jet_good", "stored", floats > 0, None, ends, "nJet"),
            Part(LONG, "", floats.astype(np.float64), None, ends, "n_long"),
        ),
    )


def written(path: Path, threads: int) -> int:
    """Write five tables; return how much was not compressed yet when uproot asked for it."""
    with Packing(threads) as packing, uproot.recreate(path, compression=packing.codec) as root:
        writer = Ttree(root, "Events", table(0, 0), packing)
        for seed in range(5):
            writer.write(table(2_000, seed))
        writer.finish({}, "about")
        return packing.codec.late


def test_threads_compress_every_basket_before_uproot_asks(tmp_path: Path) -> None:
    record = 1  # is no basket
    assert written(tmp_path / "2.root", 2) == record
    assert written(tmp_path / "1.root", 1) == 5 * 7 + record
    with uproot.open(tmp_path / "2.root") as two, uproot.open(tmp_path / "1.root") as one:
        assert two.file.compression.code_pair == (5, 5)
        arrays = two["Events"].arrays()
        assert ak.array_equal(arrays, one["Events"].arrays())
        assert two["Events/Jet_pt"].compressed_bytes == one["Events/Jet_pt"].compressed_bytes
    whole = [table(2_000, seed) for seed in range(5)]
    values = np.concatenate([t.parts[2].values for t in whole if t.parts[2].values is not None])
    np.testing.assert_array_equal(ak.flatten(arrays["Jet_pt"]), values)
    np.testing.assert_array_equal(ak.flatten(arrays[LONG]), values)
    np.testing.assert_array_equal(ak.flatten(arrays["Jet_good"]), values > 0)


@pytest.mark.parametrize(
    "values", [[], [0.1] * 1_000, [0.1, -0.1, 0.1] * 333, [0.1, 0.2, 0.3] * 333, [0.0, -0.0]]
)
def test_sums_of_weights_are_rounded_once(values: list[float]) -> None:
    assert summed(np.array(values)) == fsum(values)
