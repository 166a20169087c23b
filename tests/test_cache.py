"""The cache of object code: a damaged entry is never loaded."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from adl.compiler import cache


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADL_CACHE_DIR", str(tmp_path))


def entry(folder: Path) -> Path:
    (path,) = folder.rglob("*.o")
    return path


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    cache.save("a", b"machine code")
    assert cache.load("a") == b"machine code"
    assert cache.load("b") is None


@pytest.mark.parametrize("length", [0, 5, 31, 32, 40])
def test_a_truncated_entry_is_not_loaded(tmp_path: Path, length: int) -> None:
    cache.save("a", b"machine code")
    path = entry(tmp_path)
    path.write_bytes(path.read_bytes()[:length])
    assert cache.load("a") is None


def test_a_changed_byte_is_noticed(tmp_path: Path) -> None:
    cache.save("a", b"machine code")
    path = entry(tmp_path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert cache.load("a") is None


def test_the_key_depends_on_every_part_and_on_their_borders() -> None:
    keys = {cache.key("ab", "c"), cache.key("a", "bc"), cache.key("abc"), cache.key("ab", "d")}
    assert len(keys) == 4


def test_a_folder_that_cannot_be_made_is_no_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ADL_CACHE_DIR", str(tmp_path / "file"))
    cache.save("a", b"machine code")
    assert cache.load("a") is None


def write_often(payload: bytes) -> None:
    for _ in range(50):
        cache.save("a", payload)


def test_two_processes_that_write_at_once_leave_a_whole_entry(tmp_path: Path) -> None:
    payloads = (b"x" * 100_000, b"y" * 200_000)
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_often, args=(p,)) for p in payloads]
    for writer in writers:
        writer.start()
    seen = {cache.load("a") for _ in range(500)}
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert cache.load("a") in payloads
    assert seen <= {None, *payloads}
