"""How proofs of pairs of regions look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from adl.diff.proofs import Proofs

# relation -> how a line says it of a region of A and one of B
_WORDS = {
    "disjoint": "share no event",
    "equal": "select the same events",
    "subset": "each event of the first is in the second",
    "superset": "each event of the second is in the first",
    "overlapping": "overlap",
    "unknown": "not decided",
}


def lines(found: Proofs) -> Iterator[str]:
    """Yield the verdicts of regions of A with those of B."""
    between = found.between()
    counts = Counter(verdict.relation for *_, verdict in between)
    told = ", ".join(f"{number} {relation}" for relation, number in counts.items())
    yield ""
    yield click.style(f"proofs of {len(between)} pairs: {told}", bold=True)
    for first, second, verdict in between:
        term = f": blocked by {verdict.term}" if verdict.term else ""
        by = f" ({verdict.method})" if verdict.method else ""
        yield f"  {first[1]}, {second[1]}: {_WORDS[verdict.relation]}{by}{term}"


def document(found: Proofs) -> list[dict[str, Any]]:
    """Return the verdicts of all pairs as JSON has them."""
    return [
        {
            "first": {"analysis": first[0], "name": first[1]},
            "second": {"analysis": second[0], "name": second[1]},
            "relation": verdict.relation,
            "method": verdict.method,
            "reason": verdict.reason,
            "facts": list(verdict.facts),
            "blocked_by": verdict.term or None,
        }
        for (first, second), verdict in found.verdicts.items()
    ]
