"""Trees of plain branches are told as uproot tells them; what is not plain is left to it."""

from __future__ import annotations

from pathlib import Path
from random import Random

import awkward as ak
import numpy as np
import pytest
import uproot

from adl.runtime.inputs import InputError, describing, index, plain
from adl.runtime.inputs.mapped import Mapped
from adl.runtime.inputs.stored import Stored
from adl.runtime.inputs.trees import Input

DATA = Path(__file__).parents[2] / "shared" / "data"
EXAMPLE = Path(__file__).parents[1] / "examples" / "sample" / "zmumu.root"
PLAIN = {
    "nano_empty.root",
    "nano_legacy_10.root",
    "nano_v12_dy2e_1000.root",
    "nano_v12_ttbar.root",
    "nano_v15_ttbar.root",
}


@pytest.fixture(autouse=True)
def own_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADL_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def kept(folder: Path) -> list[bytes]:
    """Return what is in the index, and empty it."""
    found = [path.read_bytes() for path in folder.rglob("*.idx")]
    for path in folder.rglob("*.idx"):
        path.unlink()
    return found


def told(opened: Input) -> tuple[object, ...]:
    facts = (opened.path, opened.tree, opened.entries, opened.uuid, opened.compression)
    branches = {name: numbers(stored) for name, stored in opened.stored.items()}
    return (*facts, opened.unread, opened.skimmed, opened.most, list(branches), branches)


def numbers(stored: Stored) -> tuple[object, ...]:
    places = (stored.starts, stored.seeks, stored.sizes)
    assert all(p.dtype == np.int64 for p in places)
    embedded = len(stored.embedded)
    return stored.form, *(p.tolist() for p in places), stored.uncompressed, embedded


@pytest.mark.parametrize(
    "path", [EXAMPLE, *sorted(DATA.glob("*.root"))], ids=lambda path: path.name
)
def test_what_is_told_is_what_uproot_tells(path: Path, own_index: Path) -> None:
    source = Mapped(str(path))
    found = plain.described(source, str(path), None)
    assert (found is not None) == (path.name in PLAIN or path == EXAMPLE)
    if found is None:
        assert not kept(own_index), "nothing is kept of what is not understood"
        return
    own = kept(own_index)
    assert told(found) == told(describing.described(source, str(path), None))
    assert own == kept(own_index)
    assert own


def test_a_named_tree_is_found_and_another_left_to_who_can_say_what_there_is() -> None:
    source = Mapped(str(EXAMPLE))
    found = plain.described(source, str(EXAMPLE), "Events")
    assert found is not None
    assert found.tree == "Events"
    assert plain.described(source, str(EXAMPLE), "Runs") is None
    with pytest.raises(InputError, match="there is no tree Runs"):
        describing.described(source, str(EXAMPLE), "Runs")


def test_a_known_file_is_found_in_the_index_afterwards() -> None:
    source = Mapped(str(EXAMPLE))
    found = plain.described(source, str(EXAMPLE), None)
    again = index.load(source, "", str(EXAMPLE))
    assert found is not None
    assert again is not None
    assert told(found) == told(again)


def test_damaged_bytes_raise_nothing(tmp_path: Path) -> None:
    path, random = tmp_path / "x.root", Random(1)
    with uproot.recreate(path, compression=None) as file:
        file.mktree("Events", {"x": "float64", "Jet_pt": "var * float32"})
        file["Events"].extend({"x": np.arange(3.0), "Jet_pt": ak.Array([[1.0], [], [2.0, 3.0]])})
    source = Mapped(str(path))
    assert plain.described(source, str(path), None) is not None
    with uproot.open(path) as file:
        key = file.key("Events")
    content = path.read_bytes()
    refused = 0
    for number in range(600):
        damaged = bytearray(content)
        for _ in range(1 + number % 3):
            place = random.choice(
                (random.randrange(300), key.fSeekKey + random.randrange(key.fNbytes))
            )
            damaged[place] = random.choice((0, 1, 0x40, 0xFF, random.randrange(256)))
        other = tmp_path / f"{number}.root"
        other.write_bytes(damaged)
        refused += plain.described(Mapped(str(other)), str(other), None) is None
    assert 100 < refused < 600, refused
