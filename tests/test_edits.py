"""What is compiled again after an edit; times are for ``benchmarks/edits.py``."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.compile_time import analysis
from benchmarks.edits import compiled, edited


@pytest.fixture
def text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("ADL_CACHE_DIR", str(tmp_path / "cache"))
    return analysis(2)


def test_an_unchanged_analysis_compiles_nothing_again(text: str) -> None:
    assert compiled(text)[2] == 1
    assert compiled(text)[2] == 0
    assert compiled(f"# a comment\n{text}")[2] == 0


def test_an_edited_threshold_compiles_nothing(text: str) -> None:
    compiled(text)
    assert compiled(edited(text, "a threshold"))[2] == 0


def test_an_edited_cut_compiles_one_module_and_going_back_none(text: str) -> None:
    compiled(text)
    assert compiled(edited(text, "a cut"))[2] == 1
    assert compiled(text)[2] == 0
