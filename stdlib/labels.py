"""Labels of uncertainties that are no experiment's own: ``jet energy scale: AbsoluteStat``.

``labels.yaml`` has the vocabulary, and names of CMS and ATLAS that mean each. A label is a term, and
behind a colon which source of it: what stands behind a known name is one, so ``jes_AbsoluteStat`` and
``CMS_scale_j_AbsoluteStat`` are the label above.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

OTHER = "other"  # the term of what has no other, told apart by its source
_JOINT = "_"
_APART = re.compile(r"[\s_-]+")
_MARKS = str.maketrans("", "", "*|")


@dataclass(frozen=True)
class Term:
    """A term of the vocabulary, and the names that mean it."""

    name: str
    means: str
    names: tuple[str, ...]


@cache
def terms() -> tuple[Term, ...]:
    """Return the vocabulary, in the order of its file."""
    import yaml  # here: most analyses correlate nothing

    text = Path(__file__).with_name("labels.yaml").read_text(encoding="utf-8")
    return tuple(Term(n, t["means"], tuple(t["names"])) for n, t in yaml.safe_load(text).items())


def labelled(written: str) -> str | None:
    """Return the label that a text means; None if the vocabulary does not know it.

    >>> labelled("CMS_scale_j_AbsoluteStat")
    'jet energy scale: AbsoluteStat'
    """
    head, colon, source = (part.strip() for part in written.partition(":"))
    plain = _plain(head)
    found = _named(plain)
    if found is None and not colon:
        beginnings = ((_named(f"{plain[:at]}*"), at) for at in _ends(plain))
        found, at = next(((n, at) for n, at in beginnings if n is not None), (None, 0))
        source = plain[at:].strip(_JOINT)
    if found is None or (colon and not source) or (found.term == OTHER and not source):
        return None
    parts = _JOINT.join(filter(None, (found.source, source)))
    return f"{found.term}: {parts}" if parts else found.term


def known() -> list[str]:
    """Return every term, and every name that means one."""
    return [n.translate(_MARKS) for term in terms() for n in (term.name, *term.names)]


class _Meaning(NamedTuple):
    term: str
    source: str


def _named(plain: str) -> _Meaning | None:
    """Return what a name means: as it is written, else whatever its capitals if that is one."""
    exact, lowered = _names()
    its = lowered.get(plain.lower(), frozenset())
    return exact.get(plain) or (next(iter(its)) if len(its) == 1 else None)


@cache
def _names() -> tuple[dict[str, _Meaning], dict[str, frozenset[_Meaning]]]:
    """Return what names mean, as they are written, and in small letters; some are beginnings."""
    exact: dict[str, _Meaning] = {}
    lowered: dict[str, set[_Meaning]] = {}
    for term in terms():
        for name in (term.name, *term.names):
            whole = _plain(name.translate(_MARKS))
            meaning = _Meaning(term.name, name.rstrip("*").partition("|")[2])
            for one in (whole, f"{whole}*") if name.endswith("*") else (whole,):
                exact[one] = meaning
                lowered.setdefault(one.lower(), set()).add(meaning)
    return exact, {name: frozenset(its) for name, its in lowered.items()}


def _plain(name: str) -> str:
    return _APART.sub(_JOINT, name.strip())


def _ends(plain: str) -> Iterator[int]:
    """Yield where words of a name end, the last first: at a joint, a capital or a number."""
    for at in range(len(plain) - 1, 0, -1):
        last, first = plain[at - 1], plain[at]
        if first == _JOINT or (last.islower() and (first.isupper() or first.isdigit())):
            yield at
