"""What we tell a user about an analysis: a code, a place, an expectation and a way out.

``AnalysisError`` is the one exception for what a user wrote; it carries every finding of a run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from difflib import SequenceMatcher, get_close_matches
from itertools import chain
from typing import Literal

from adl.syntax.source import Source, Span

Severity = Literal["error", "warning", "note"]
_WIDEST = 200  # columns of a line that are shown


@dataclass(frozen=True)
class Diagnostic:
    """One finding about the text of an analysis."""

    code: str
    severity: Severity
    message: str
    span: Span
    help: str = ""

    def render(self, source: Source) -> str:
        """Format the finding with its line and a caret under the place."""
        line, column = source.position(self.span.start)
        text, at = _around(source.line(line), column)
        width = max(1, min(self.span.end - self.span.start, len(text) - at + 1))
        # A tab before the place stays a tab, so the caret stands under what it points at.
        indent = "".join(c if c == "\t" else " " for c in text[: at - 1])
        rows = [
            f"{source.name}:{line}:{column}: {self.severity}[{self.code}]: {self.message}",
            f"{line:5d} | {text}",
            f"      | {indent}{'^' * width}",
        ]
        return "\n".join([*rows, *(f"  help: {part}" for part in self.help.split("\n") if part)])


def _around(line: str, column: int) -> tuple[str, int]:
    """Return a line, of a very long one what is around a column, and where that column is then."""
    if len(line) <= _WIDEST:
        return line, column
    start = max(0, column - 1 - _WIDEST // 3)
    before, after = ("…" if start else ""), ("…" if start + _WIDEST < len(line) else "")
    return before + line[start : start + _WIDEST] + after, column - start + len(before)


class AnalysisError(Exception):
    """The analysis has mistakes; ``diagnostics`` lists all of them, warnings included.

    ``other`` are those of a second analysis that was read with it.
    """

    def __init__(
        self,
        source: Source,
        diagnostics: Sequence[Diagnostic],
        other: AnalysisError | None = None,
    ) -> None:
        self.source = source
        self.diagnostics = tuple(diagnostics)
        self.other = other
        super().__init__("\n".join(error.render() for error in self.every))

    @property
    def every(self) -> tuple[AnalysisError, ...]:
        """Return this one and that of the second analysis."""
        return (self,) if self.other is None else (self, *self.other.every)

    def render(self) -> str:
        """Return every finding as text, in the order of the file."""
        return "\n".join(d.render(self.source) for d in self.diagnostics)


@dataclass(frozen=True)
class Mistake:
    """A mistake that has one possible reading, in words that go on after "read as"."""

    code: str
    message: str
    span: Span
    reading: str
    help: str = ""

    def finding(self, lenient: bool) -> Diagnostic:
        """Return the error; with ``--lenient`` the warning that says how it was read."""
        if not lenient:
            return Diagnostic(self.code, "error", self.message, self.span, self.help)
        message = f"{self.message}; read as {self.reading}"
        return Diagnostic(self.code, "warning", message, self.span, self.help)


@dataclass
class Findings:
    """Collects diagnostics so that one run reports them all.

    ``lenient`` makes warnings of the mistakes that have one possible reading.
    """

    items: list[Diagnostic] = field(default_factory=list)
    lenient: bool = False
    _known: set[Diagnostic] = field(default_factory=set)
    _everywhere: set[Diagnostic] = field(default_factory=set)

    def error(self, code: str, message: str, span: Span, help: str = "") -> None:
        """Record a mistake."""
        self._add(Diagnostic(code, "error", message, span, help))

    def everywhere(self, code: str, message: str, span: Span, help: str = "") -> None:
        """Record a mistake that one change settles, wherever its message stands: it comes once."""
        found = Diagnostic(code, "error", message, span, help)
        self._add(found)
        self._everywhere.add(found)

    def warning(self, code: str, message: str, span: Span, help: str = "") -> None:
        """Record something that is allowed and probably not meant."""
        self._add(Diagnostic(code, "warning", message, span, help))

    def note(self, code: str, message: str, span: Span, help: str = "") -> None:
        """Record how something was read."""
        self._add(Diagnostic(code, "note", message, span, help))

    def repaired(self, mistake: Mistake) -> bool:
        """Record a mistake with one possible reading; return whether it is to be read so."""
        self._add(mistake.finding(self.lenient))
        return self.lenient

    def withdraw(self, before: int, which: Callable[[Diagnostic], bool]) -> list[Diagnostic]:
        """Take back the errors since there were ``before`` findings, and return them.

        Where ``which`` is not true of all of them they stay, and nothing is returned.
        """
        errors = [d for d in self.items[before:] if d.severity == "error"]
        if not all(map(which, errors)):
            return []
        self.items = [d for d in self.items if d not in errors]
        self._known.difference_update(errors)
        return errors

    def restore(self, errors: Iterable[Diagnostic]) -> None:
        """Record errors that were taken back."""
        for error in errors:
            self._add(error)

    def _add(self, item: Diagnostic) -> None:
        if item not in self._known:
            self._known.add(item)
            self.items.append(item)

    @property
    def failed(self) -> bool:
        """Whether an error is among the findings."""
        return any(d.severity == "error" for d in self.items)

    def ordered(self) -> tuple[Diagnostic, ...]:
        """Return the findings in the order of the text, those that one change settles once."""
        found: dict[tuple[str, str], list[Diagnostic]] = {}
        for number, item in enumerate(in_order(self.items)):
            key = item.message if item in self._everywhere else str(number)
            found.setdefault((item.code, key), []).append(item)
        return tuple(_first(same) for same in found.values())


def _first(same: list[Diagnostic]) -> Diagnostic:
    """Return the first of findings that are one but for their places, which it counts."""
    first, more = same[0], len({item.span for item in same}) - 1
    if not more:
        return first
    places = "one place more" if more == 1 else f"{more} places more"
    return replace(first, message=f"{first.message} (and so in {places})")


def in_order(*found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return findings in the order of the text."""
    return tuple(sorted(chain(*found), key=lambda d: (d.span.start, d.code)))


def did_you_mean(
    name: str, known: Sequence[str], limit: int = 3, alike: float = 0.6, inside: float = 0.0
) -> str:
    """Return a help line with the nearest known names, or an empty string.

    ``alike`` is how near they are at least, between 0 and 1, and ``inside`` how near those that
    begin with another letter. Of two spellings the first is shown.
    """
    lowered = {k.lower(): k for k in reversed(known)}
    word = name.lower()
    near = [
        lowered[k]
        for k in get_close_matches(word, lowered, n=limit, cutoff=alike)
        if k[:1] == word[:1] or SequenceMatcher(None, k, word).ratio() >= inside
    ]
    return f"did you mean {' or '.join(near)}?" if near else ""
