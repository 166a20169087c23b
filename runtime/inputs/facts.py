"""What a file is, apart from its events: its size, and how it is compressed."""

from __future__ import annotations

from dataclasses import dataclass

from adl.runtime.inputs.trees import Input


@dataclass(frozen=True)
class Facts:
    """Size in bytes; the algorithm is empty where a file is not compressed."""

    size: int
    algorithm: str
    level: int
    factor: float  # size of the tree's columns uncompressed over that in the file; 0 if unknown


def facts(source: Input) -> Facts:
    """Return the facts about an open file."""
    stored, whole = source.sizes()
    return Facts(
        int(source.source.num_bytes),
        source.compression.algorithm,
        source.compression.level,
        whole / stored if stored else 0.0,
    )
