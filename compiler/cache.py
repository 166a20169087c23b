"""Compiled objects on disk, under the user's cache directory.

A file holds a SHA-256 of its payload before the payload: LLVM's loader crashes the process on a
truncated object, so nothing is loaded that does not match. Writers rename a finished file into
place, so two processes can write at once.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path

from adl.syntax.cachedir import cache_root

_DIGEST = hashlib.sha256().digest_size
# Old entries go when there are more than this many.
_LIMIT = 500


def key(*parts: str) -> str:
    """Return the name of an entry: everything that decides its content goes in."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def load(name: str) -> bytes | None:
    """Return a stored payload, or nothing where there is none or it is damaged."""
    try:
        content = _path(name).read_bytes()
    except OSError:
        return None
    payload = content[_DIGEST:]
    return payload if hashlib.sha256(payload).digest() == content[:_DIGEST] else None


def save(name: str, payload: bytes) -> None:
    """Store a payload; a cache that cannot be written is no mistake."""
    path = _path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
            file.write(hashlib.sha256(payload).digest() + payload)
        os.replace(file.name, path)
        _trim(path.parent)
    except OSError:
        return


def _path(name: str) -> Path:
    return cache_root() / "kernels" / f"{name}.o"


def _trim(folder: Path) -> None:
    entries = sorted(folder.glob("*.o"), key=lambda p: p.stat().st_mtime)
    for old in entries[: max(0, len(entries) - _LIMIT)]:
        old.unlink(missing_ok=True)
