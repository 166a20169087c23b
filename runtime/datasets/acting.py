"""On which processes of a list a systematic acts, and which factors a rate comes to for each.

``only`` can keep a line to some processes or eras. Where the datasets of a process have different
factors, those of the process are the mean over its yields, region by region.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from adl.runtime.derived import Item
from adl.runtime.results import Cutflow, Rate, Systematic, Varied

_NONE = (1.0, 1.0)  # the factors of what a rate does not act on


@dataclass(frozen=True)
class Acting:
    """What is in force for some events of a process, and what they count without variations.

    ``nominal`` is by region and name of the histogram, ``variation`` what the events stand for.
    """

    systematics: tuple[Systematic, ...]
    nominal: Mapping[tuple[str, str], Item]
    variation: str = ""


def merged(found: Iterable[Systematic]) -> dict[str, Systematic]:
    """Return each systematic once: what it varies for any process, and is not only a rate."""
    out: dict[str, Systematic] = {}
    for own in found:
        known = out.get(own.name)
        if known is None:
            out[own.name] = own
            continue
        # A line with `only` can vary something here, and the yield as a whole elsewhere.
        first, other = (own, known) if known.kind == "rate" else (known, own)
        out[own.name] = replace(first, variations=_variations(first, other))
    return out


def _variations(one: Systematic, other: Systematic) -> tuple[Varied, ...]:
    """Return the variations of both; unchanged is what neither changes."""
    out = {v.label: v for v in one.variations}
    for varied in other.variations:
        known = out.setdefault(varied.label, varied)
        same = tuple(name for name in known.unchanged if name in varied.unchanged)
        out[varied.label] = replace(known, unchanged=same)
    return tuple(out.values())


def with_processes(systematic: Systematic, found: Mapping[str, Sequence[Acting]]) -> Systematic:
    """Return a systematic that says on which processes it acts, and with which factors.

    Args:
        systematic: As ``merged`` returns it, or one for which a dataset stands.
        found: What is in force for the parts of each process.

    It acts on the processes of which it can change a number.
    """
    declared = tuple(name for name, own in found.items() if _acts(systematic, own))
    able = tuple(name for name in declared if _can_change(systematic, found[name]))
    # What can change no number anywhere, all of them are told of.
    acts = able or declared
    rates = tuple(rate for name in acts for rate in _rates(systematic.name, name, found[name]))
    # One pair of factors for everything, or none: who reads only that scales nothing wrongly.
    same = {(r.up, r.down) for r in rates}
    of_all = [r.process for r in rates] == list(found) and len(same) == 1
    return replace(systematic, processes=acts, rate=same.pop() if of_all else None, rates=rates)


def _acts(systematic: Systematic, parts: Iterable[Acting]) -> bool:
    labels = {v.label for v in systematic.variations}
    return any(
        part.variation in labels if part.variation else _of(systematic.name, part) is not None
        for part in parts
    )


def _can_change(systematic: Systematic, parts: Iterable[Acting]) -> bool:
    """Whether a number of a process can change: what is varied may be for another one alone."""
    for part in parts:
        own = _of(systematic.name, part)
        if part.variation or (own is not None and own.rate is not None):
            return True
        places = {f"{region}/{name}" if name else region for region, name in part.nominal}
        if own is not None and any(places - {*v.unchanged} for v in own.variations):
            return True
    return False


def _of(name: str, part: Acting) -> Systematic | None:
    return next((s for s in part.systematics if s.name == name), None)


def _rates(name: str, process: str, parts: Iterable[Acting]) -> Iterator[Rate]:
    """Yield the factors of a process: one pair, or one for each region with a yield."""
    # The datasets of variations add nothing to the nominal yield.
    found = [(_of(name, part), part) for part in parts if not part.variation]
    if not any(own is not None and own.rate is not None for own, _ in found):
        return
    factors = [(_NONE if own is None else own.rate or _NONE, part) for own, part in found]
    different = {pair for pair, _ in factors}
    if len(different) == 1:
        yield Rate(process, "", *different.pop())
        return
    for region in dict.fromkeys(region for _, part in factors for region, _ in part.nominal):
        yields = [(pair, _yield(part, region)) for pair, part in factors]
        total = sum(number for _, number in yields)
        if total:
            up, down = (sum(pair[i] * number for pair, number in yields) / total for i in (0, 1))
            yield Rate(process, region, up, down)


def _yield(part: Acting, region: str) -> float:
    """Return the sum of weights behind the last step; nothing where there is no cutflow."""
    item = part.nominal.get((region, ""))
    return item.steps[-1].sumw if isinstance(item, Cutflow) else 0.0
