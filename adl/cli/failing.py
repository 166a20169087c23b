"""What ``adl diff --fail-on`` asks for: of regions of A with regions of B."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from adl.cli import proven

if TYPE_CHECKING:
    from adl.diff.changes import Difference
    from adl.diff.proofs import Proofs
    from adl.runtime.overlap.measured import Measured

_SHARED = ("overlapping", "equal", "subset", "superset")


def failures(
    what: str, difference: Difference, proofs: Proofs | None, measured: Measured | None
) -> Iterator[str]:
    """Yield in words all for which a comparison fails; nothing if it does not."""
    pairs = [] if proofs is None else proofs.between()
    match what:
        case "change" if not difference.equal:
            yield "the analyses differ"
        case "unproven":
            yield from (proven.line(*pair) for pair in pairs if not pair[2].decided)
        case "overlap":
            told = [p for p in pairs if p[2].relation in _SHARED and not p[2].empty]
            yield from (proven.line(*pair) for pair in told)
            if measured is not None and measured.shared and not told:
                yield "events are in a region of A and in one of B"
