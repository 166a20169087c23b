"""How proofs of pairs of regions look."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from adl.cli import wording
from adl.cli.wording import METHODS, WORDS

if TYPE_CHECKING:
    from adl.compiler.prove.verdicts import Verdict
    from adl.diff.proofs import Proofs, Region


def lines(found: Proofs) -> Iterator[str]:
    """Yield the verdicts of regions of A with those of B."""
    between = found.between()
    told = wording.tally(verdict for *_, verdict in between)
    yield ""
    if not between:
        yield click.style("proofs: one of the analyses has no region", bold=True)
        return
    yield click.style(f"proofs of {wording.pairs(len(between))}: {told}", bold=True)
    for first, second, verdict in between:
        yield f"  {line(first, second, verdict)}"


def line(first: Region, second: Region, verdict: Verdict) -> str:
    """Return how two regions relate, and by what."""
    term = f": blocked by {verdict.term}" if verdict.term else ""
    by = f" ({METHODS[verdict.method]})" if verdict.method else ""
    words = f"{'/'.join(first)} {WORDS[verdict.relation]} {'/'.join(second)}"
    return f"{words}{by}{term}"


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
