"""When Python looks for cycles: not while an analysis is read, always while events are."""

from __future__ import annotations

import gc
import os

import pytest
from click.testing import CliRunner

from adl.cli import main
from adl.runtime.execute import local
from adl.syntax.collecting import collecting, uncollected

ANALYSIS, SAMPLE = "examples/zpeak.adl", "examples/sample/zmumu.root"


def test_reading_an_analysis_looks_for_no_cycles() -> None:
    assert gc.isenabled()
    assert not uncollected(gc.isenabled)()
    assert gc.isenabled()


def test_events_look_for_cycles_in_what_they_make() -> None:
    gc.disable()
    try:
        before = gc.get_freeze_count()
        with collecting():
            assert gc.isenabled()
            assert gc.get_freeze_count() > before
        assert not gc.isenabled()
    finally:
        gc.unfreeze()
        gc.enable()
    with collecting():
        assert gc.get_freeze_count() == before


def test_a_run_puts_the_search_off_but_for_its_events(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[bool] = []
    merge = local._Run.merge

    def noted(self: local._Run, *given: object) -> None:
        found.append(gc.isenabled())
        merge(self, *given)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(local._Run, "merge", noted)
    result = CliRunner().invoke(main, ["run", ANALYSIS, SAMPLE])
    gc.unfreeze()
    assert result.exit_code == 0
    assert found
    assert all(found)
    assert gc.isenabled()
    assert os.environ["OPENBLAS_NUM_THREADS"]
