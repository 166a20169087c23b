"""Paths that tests share; caches go to a folder of the test run."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# The gate asks the same every time; `pytest --hypothesis-profile=other` asks something new.
settings.register_profile("same", derandomize=True)
settings.register_profile("other")
settings.load_profile("same")

# Before anything asks for it: tests neither read nor fill the user's own caches.
os.environ.setdefault("ADL_CACHE_DIR", tempfile.mkdtemp(prefix="adlc-tests-"))

# A failed assert in what tests share shows both sides, as one in a test does.
HELPERS = [p.stem for p in Path(__file__).parent.glob("[a-z]*.py") if not p.match("test_*.py")]
pytest.register_assert_rewrite(*(f"tests.{name}" for name in HELPERS if name != "conftest"))

TOP = Path(__file__).parents[1]
SHARED = TOP.parent / "shared" / "data"


@pytest.fixture(scope="session")
def examples() -> Path:
    """The examples and their sample."""
    return TOP / "examples"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real ROOT files with known answers, which stay outside the repository."""
    if not SHARED.is_dir():
        pytest.skip(f"the real data files are not at {SHARED}")
    return SHARED
