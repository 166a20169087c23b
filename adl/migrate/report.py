"""What a migration says: each place where the dialects differ, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field

from adl.syntax.diagnostics import Diagnostic
from adl.syntax.format_expressions import expression
from adl.syntax.format_levels import VALUE
from adl.syntax.layout import flat
from adl.syntax.source import Source, Span
from adl.syntax.tree import Expr


@dataclass(frozen=True)
class Change:
    """A place that was written anew; ``construct`` is its row in the table of dialects."""

    construct: str
    span: Span
    was: str
    now: str
    why: str


@dataclass
class Report:
    """What was changed, and (errors) what adl has no words for."""

    source: Source
    changes: list[Change] = field(default_factory=list)
    obstacles: list[Diagnostic] = field(default_factory=list)

    def changed(self, construct: str, span: Span, now: str, why: str) -> None:
        """Record a change, once."""
        change = Change(construct, span, self.source.words(span), now, why)
        if change not in self.changes:
            self.changes.append(change)

    def impossible(self, span: Span, message: str, help: str = "") -> None:
        """Record a place that cannot be expressed, once."""
        found = Diagnostic("E260", "error", message, span, help)
        if found not in self.obstacles:
            self.obstacles.append(found)


def text(tree: Expr) -> str:
    """Return an expression as the formatter writes it."""
    return flat(expression(tree, VALUE))
