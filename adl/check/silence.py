"""Comments that silence findings: ``# adl: ignore[W301]`` behind a statement, or alone above it.

An error cannot be silenced: nothing runs with one. A comment that silences nothing is a note
itself, so that none outlives its reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from adl.syntax.diagnostics import Diagnostic, in_order
from adl.syntax.parse import statements_of
from adl.syntax.source import Source, Span

# A line: what is no comment (texts may have a #), then the comment.
_COMMENT = re.compile(r"""(?P<before>(?>[^"'#]|"[^"]*(?:"|$)|'[^'"]*'|')*+)(?P<comment>#.*)""")
_IGNORE = re.compile(r"#\s*adl:\s*ignore\b\s*(?P<list>\[(?P<codes>[^\]]*)\]?)?")


@dataclass(frozen=True)
class Ignore:
    """One comment that silences; without ``codes`` it is meant for all of them."""

    lines: range  # whose findings it silences
    codes: tuple[str, ...] | None
    span: Span


def silenced(findings: Iterable[Diagnostic], source: Source) -> tuple[Diagnostic, ...]:
    """Return the findings that no comment silences, and a note N404 for each idle comment.

    >>> source = Source("a.adl", "select pT(Jet[0]) > 3  # adl: ignore[W301]")
    >>> silenced([Diagnostic("W301", "warning", "may be missing", Span(7, 17))], source)
    ()
    """
    found = tuple(findings)
    ignores = _ignores(source)
    if not ignores:
        return found
    kept: list[Diagnostic] = []
    used: set[tuple[Ignore, str]] = set()
    for finding in found:
        line = source.position(finding.span.start)[0]
        matching = {(i, finding.code) for i in ignores if line in i.lines and _covers(i, finding)}
        used |= matching
        if not matching:
            kept.append(finding)
    # With an error the rest of the file was not looked at: what is idle is not known yet.
    if not any(finding.severity == "error" for finding in found):
        kept += [note for ignore in ignores for note in _idle(ignore, used)]
    return in_order(kept)


def _covers(ignore: Ignore, finding: Diagnostic) -> bool:
    named = ignore.codes is None or finding.code in ignore.codes
    return named and finding.severity != "error"


def _idle(ignore: Ignore, used: set[tuple[Ignore, str]]) -> list[Diagnostic]:
    """Return a note for each code of a comment that no finding had."""
    seen = {code for other, code in used if other is ignore}
    if ignore.codes is None:
        idle = [] if seen else ["this comment silences nothing"]
    elif not ignore.codes:
        idle = ["this comment names no code"]
    else:
        idle = [_reason(code) for code in dict.fromkeys(ignore.codes) if code not in seen]
    return [Diagnostic("N404", "note", message, ignore.span, _WAY_OUT) for message in idle]


_WAY_OUT = "it is meant for findings of its statement; alone on a line, for those of the next"


def _reason(code: str) -> str:
    if code.startswith("E"):
        return f"{code} is an error: it cannot be silenced"
    return f"no {code} is here to silence"


def _ignores(source: Source) -> list[Ignore]:
    """Return the comments that silence; one alone on its line is meant for the next statement."""
    if "ignore" not in source.text:
        return []
    extents = _Extents(source)
    ignores: list[Ignore] = []
    waiting: list[tuple[tuple[str, ...] | None, Span]] = []  # comments above a statement
    for number, start in enumerate(source.line_starts, 1):
        text = source.line(number)
        comment = _COMMENT.match(text)
        alone = comment is not None and not comment["before"].strip()
        if not alone:
            ignores += [Ignore(extents.of(number), codes, span) for codes, span in waiting]
            waiting = []
        found = _IGNORE.match(comment["comment"]) if comment else None
        if comment is None or found is None:
            continue
        at = start + comment.start("comment")
        span = Span(at, at + found.end())
        if alone:
            waiting.append((_codes(found), span))
        else:
            ignores.append(Ignore(extents.of(number), _codes(found), span))
    return [*ignores, *(Ignore(range(0), codes, span) for codes, span in waiting)]


class _Extents:
    """The lines of a text's statements, which are looked for when the first is asked."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.lines: dict[int, range] | None = None

    def of(self, line: int) -> range:
        """Return the lines of the statement that stands on a line."""
        if self.lines is None:
            self.lines = {}
            for span in statements_of(self.source):
                ends = (self.source.position(end)[0] for end in (span.start, span.end))
                first, last = ends
                if first < last:
                    self.lines |= dict.fromkeys(range(first, last + 1), range(first, last + 1))
        return self.lines.get(line, range(line, line + 1))


def _codes(found: re.Match[str]) -> tuple[str, ...] | None:
    if found["list"] is None:
        return None
    return tuple(code.strip() for code in found["codes"].split(",") if code.strip())
