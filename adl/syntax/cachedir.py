"""Where this program keeps what it can build again."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs


def cache_root() -> Path:
    """Return the folder of our caches: ``$ADL_CACHE_DIR``, or ``adlc`` in the user's own."""
    chosen = os.environ.get("ADL_CACHE_DIR")
    return Path(chosen) if chosen else Path(platformdirs.user_cache_dir("adlc"))
