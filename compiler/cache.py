"""What was built or found out before, on disk under the user's cache directory.

A file holds a SHA-256 of its payload before the payload: LLVM's loader crashes the process on a
truncated object, so nothing is loaded that does not match. Writers rename a finished file into
place, so two processes can write at once.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from adl.syntax.cachedir import cache_root

_DIGEST = hashlib.sha256().digest_size
_TRIM_EVERY = 100  # entries written by a process: looking at all of a folder's takes a while


@dataclass
class Store:
    """A folder of the cache. The entries used longest ago go when there are too many."""

    folder: str
    suffix: str
    most: int  # entries
    size: int  # bytes of all entries
    written: int = field(default=0, init=False)

    def load(self, name: str) -> bytes | None:
        """Return a stored payload, or nothing where there is none or it is damaged."""
        path = self._path(name)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        payload = content[_DIGEST:]
        if hashlib.sha256(payload).digest() != content[:_DIGEST]:
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return payload

    def save(self, name: str, payload: bytes) -> None:
        """Store a payload; a cache that cannot be written is no mistake."""
        path = self._path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".tmp", delete=False) as file:
                file.write(hashlib.sha256(payload).digest() + payload)
            os.replace(file.name, path)
            if self.written % _TRIM_EVERY == 0:
                self._trim(path.parent)
            self.written += 1
        except OSError:
            return

    def _path(self, name: str) -> Path:
        return cache_root() / self.folder / f"{name}{self.suffix}"

    def _trim(self, folder: Path) -> None:
        found = []
        for path in folder.glob(f"*{self.suffix}"):
            with contextlib.suppress(OSError):  # another process has removed it
                facts = path.stat()
                found.append((facts.st_mtime, facts.st_size, path))
        number, total = len(found), sum(size for _, size, _ in found)
        for _, size, path in sorted(found):
            if number <= self.most and total <= self.size:
                return
            path.unlink(missing_ok=True)
            number, total = number - 1, total - size


KERNELS = Store("kernels", ".o", 4000, 1 << 30)


def key(*parts: str) -> str:
    """Return the name of an entry: everything that decides its content goes in."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def load(name: str) -> bytes | None:
    """Return the object code of this name, if there is any."""
    return KERNELS.load(name)


def save(name: str, payload: bytes) -> None:
    """Store object code."""
    KERNELS.save(name, payload)
