"""The index of opened files: what it remembers is what uproot says, or it is not used."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import uproot

from adl.compiler.ir import Axis, Column, Index
from adl.runtime.inputs import InputError, index, opening
from adl.runtime.inputs.ahead import openings
from adl.runtime.inputs.chunks import read
from adl.runtime.inputs.forms import leaves
from adl.runtime.inputs.ntuples import NTuple
from adl.runtime.inputs.opening import open_input
from adl.runtime.inputs.trees import Input
from adl.stdlib.models import Branch

DATA = Path(__file__).parents[2] / "shared" / "data"
FILES = sorted(p for p in DATA.glob("*.root") if not p.stem.startswith("corrupt"))
MOST = 25  # branches of a file that are compared; all would take minutes


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ADL_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache" / "index"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with free baskets, and a list."""
    return written(tmp_path / "events.root", 1.0)


def written(path: Path, first: float) -> Path:
    with uproot.recreate(path) as file:
        lists = ak.Array([[first, 2.0], [], [3.0]])
        tree = file.mktree("Events", {"x": "float32", "Jet": ak.zip({"pt": lists}).type})
        for _ in range(3):
            tree.extend({"x": np.array([first, 5, 6], "f4"), "Jet": ak.zip({"pt": lists})})
    return path


def told(calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Note each time that uproot is asked for a file's tree."""
    ask = opening._described

    def watched(source: Any, path: str, tree: str | None) -> Input:
        calls.append(path)
        return ask(source, path, tree)

    monkeypatch.setattr(opening, "_described", watched)


def column(branch: Branch) -> Column:
    if branch.counter is None:
        return Column(branch.name, branch.dtype)
    return Column(branch.name, branch.dtype, branch.counter, Index(Axis((branch.counter,), 0)))


def everything(source: Input, names: list[str]) -> dict[str, tuple[bytes, bytes]]:
    found = {}
    for name in names:
        branch = source.branches()[name]
        chunk = read(source, [column(branch)], [], 0, source.entries)
        offsets = chunk.offsets[branch.counter].tobytes() if branch.counter else b""
        found[name] = chunk.columns[name].tobytes(), offsets
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda p: p.stem)
def test_a_known_file_gives_the_same_bits_as_uproot(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    told(calls, monkeypatch)
    with open_input(str(file)) as first:
        names = list(first.branches())
        names = names[:: max(1, len(names) // MOST)]
        values = everything(first, names)
    with open_input(str(file)) as again, uproot.open(file) as root:
        assert calls == [str(file)]
        assert dict(again.branches()) == dict(first.branches())
        assert everything(again, names) == values
        for name in ("tree", "entries", "uuid", "compression", "unread"):
            assert getattr(again, name) == getattr(first, name)
        assert again.sizes() == first.sizes()
        assert again.bytes(names) == first.bytes(names)
        tree = root[first.tree]
        assert again.entries == tree.num_entries
        parts = {n for n, stored in first.stored.items() if stored.physical}
        if isinstance(first, NTuple):
            parts = set(first.fields) - {n.replace(":", ".") for n in tree.keys(recursive=False)}
        for name in (n for n in names if n not in parts):  # these: tests/test_nested_columns.py
            check(tree, again.branches()[name], again)


def check(tree: Any, branch: Branch, source: Input) -> None:
    """Compare a branch with uproot's own array."""
    if isinstance(tree, uproot.behaviors.TBranch.HasBranches):
        known = dict(leaves(tree))[branch.name]
        if known.branches:
            return  # the number of objects: uproot gives the objects
        expected = known.array()
    else:
        names = {name.replace(":", "."): name for name in tree.keys(recursive=False)}
        expected = tree[names[branch.name]].array()
    chunk = read(source, [column(branch)], [], 0, source.entries)
    if branch.counter is not None:
        assert np.array_equal(np.diff(chunk.offsets[branch.counter]), ak.num(expected))
        expected = ak.flatten(expected)
    flat = ak.to_numpy(expected).astype(branch.dtype)
    assert chunk.columns[branch.name].tobytes() == flat.tobytes()


def test_a_copy_elsewhere_is_known(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_input(str(path)).close()
    calls: list[str] = []
    told(calls, monkeypatch)
    copy = tmp_path / "copy.root"
    shutil.copy(path, copy)
    with open_input(str(copy)) as source:
        assert (calls, source.path) == ([], str(copy))


def test_another_file_in_its_place_is_opened_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_input(str(path)).close()
    calls: list[str] = []
    told(calls, monkeypatch)
    written(path, 7.0)
    with open_input(str(path)) as source:
        assert calls
        chunk = read(source, [Column("x", "float32")], [], 0, 3)
        assert chunk.columns["x"].tolist() == [7, 5, 6]


def test_a_file_of_which_the_tree_was_changed_is_opened_anew(path: Path) -> None:
    with uproot.open(path) as file:
        key = file.key("Events")
        place = key.fSeekKey + key.fNbytes - 60
    open_input(str(path)).close()
    with path.open("r+b") as raw:
        raw.seek(place)
        raw.write(b"\xff" * 40)
    with pytest.raises(InputError, match="cannot be read"):
        open_input(str(path))


def test_trees_of_a_file_are_told_apart(tmp_path: Path) -> None:
    path = str(tmp_path / "two.root")
    with uproot.recreate(path) as file:
        for name, number in (("One", 1), ("Two", 2)):
            file.mktree(name, {"x": "int32"}).extend({"x": np.zeros(number, "i4")})
    for _ in range(2):
        for name, number in (("One", 1), ("Two", 2)):
            with open_input(path, name) as source:
                assert source.entries == number
        with pytest.raises(InputError, match="more than one tree"):
            open_input(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:40],
        lambda content: content[:-1],
        lambda content: content[:200] + b"?" + content[201:],
    ],
)
def test_a_damaged_entry_is_not_used_and_is_replaced(
    path: Path, own_folder: Path, damage: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    open_input(str(path)).close()
    (entry,) = own_folder.iterdir()
    whole = entry.read_bytes()
    entry.write_bytes(damage(whole))
    calls: list[str] = []
    told(calls, monkeypatch)
    open_input(str(path)).close()
    assert calls == [str(path)]
    assert entry.read_bytes() == whole


def test_an_entry_that_another_program_wrote_is_not_used(path: Path) -> None:
    with open_input(str(path)) as source:
        key = index._key(source.source, "")
        for content in (b"", b"{}\n", b'{"marks": 3}\n', b"[1]\n", b"\xff\n"):
            index.STORE.save(key, content)
            assert index.load(source.source, "", str(path)) is None


def test_a_cache_that_cannot_be_written_is_no_mistake(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "no").touch()
    monkeypatch.setenv("ADL_CACHE_DIR", str(tmp_path / "no" / "folder"))
    for _ in range(2):
        with open_input(str(path)) as source:
            assert source.entries == 9


def test_the_entries_used_longest_ago_go(
    tmp_path: Path, own_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.STORE, "most", 2)
    monkeypatch.setattr("adl.compiler.cache._TRIM_EVERY", 1)
    files = [str(written(tmp_path / f"{n}.root", float(n))) for n in range(4)]
    for file in files:
        open_input(file).close()
        assert len(list(own_folder.iterdir())) <= 2
    calls: list[str] = []
    told(calls, monkeypatch)
    open_input(files[-1]).close()
    assert not calls


def open_often(path: str) -> int:
    total = 0
    for _ in range(30):
        with open_input(path) as source:
            total += source.entries
    return total


def test_processes_write_and_read_at_once(path: Path, own_folder: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert pool.map(open_often, [str(path)] * 3) == [270] * 3
    assert [p.suffix for p in own_folder.iterdir()] == [".idx"]


# ---------------------------------------------------------------------------------- ahead


@pytest.mark.parametrize("ahead", [0, 1, 2, 9])
def test_files_opened_ahead_come_in_their_order(tmp_path: Path, ahead: int) -> None:
    files = [str(written(tmp_path / f"{n}.root", float(n))) for n in range(5)]
    files.insert(2, str(tmp_path / "missing.root"))
    seen = []
    for path, opened in openings(files, None, ahead):
        if "missing" in path:
            with pytest.raises(InputError, match="no such file"):
                opened()
        else:
            with opened() as source:
                seen.append(source.path)
    assert seen == [f for f in files if "missing" not in f]


def test_files_that_nobody_asks_for_are_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = [str(written(tmp_path / f"{n}.root", float(n))) for n in range(4)]
    opened: list[str] = []
    closed: list[str] = []
    told(opened, monkeypatch)
    monkeypatch.setattr(Input, "close", lambda self: closed.append(self.path))
    generator = openings(files, None, 3)
    asked = next(generator)[1]()
    generator.close()
    assert asked.path == files[0]
    assert sorted(closed) == sorted(opened)[1:]
