"""What the results of a dataset list cover, and what an event of each dataset counts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from adl.runtime.datasets.running import Ran
from adl.runtime.datasets.sums import worth
from adl.runtime.friends import described


def coverage(ran: Ran) -> dict[str, Any]:
    """Return one dataset's entry of ``results.json``; see its schema."""
    listed, files = ran.listed, ran.outcome.files
    lost = sum(bool(file["error"]) for file in files)
    known: dict[str, Any] = {
        "name": listed.name,
        "kind": listed.kind,
        "era": listed.era,
        "variation": listed.variation or "nominal",
        "files": len(listed.files),
        "read": len(files) - lost,
        "lost": lost,
        "events": ran.entries,
    }
    if listed.lumi_mask is not None:
        known["certified"] = ran.certified
    if ran.weights is not None:
        known |= {
            "cross_section": listed.cross_section,
            "k_factor": listed.k_factor,
            "luminosity": listed.luminosity,
            "sum_of_weights": finite(ran.weights.value),
            "sum_from": ran.weights.origin,
            "estimated": ran.weights.estimated,
            "worth": finite(worth(listed, ran.weights)),
        }
    if listed.friends:
        known["friends"] = described(listed.friends, ran.outcome.friends)
    known["parts"] = [_part(ran, number) for number in range(len(ran.parts))]
    return known


def _part(ran: Ran, number: int) -> dict[str, Any]:
    counted = ran.parts[number]
    return {
        "process": counted.part.process,
        "slice": counted.part.slice,
        "events": counted.raw,
        "sumw": finite(counted.sumw),
        "scale": finite(ran.scales[counted.part]),
    }


def finite(value: float) -> float | None:
    """Return a number that JSON can hold, None for NaN and infinities."""
    return value if math.isfinite(value) else None


def complaints(ran: Ran, limit: int | None) -> Iterator[str]:
    """Yield what a user has to know about a dataset's numbers, in words."""
    listed = ran.listed
    lost = [file for file in ran.outcome.files if file["error"]]
    if ran.outcome.kernel is None:
        yield f"{listed.name}: none of its files could be used; it is in no result"
        return
    if ran.outside:
        yield (
            f"{listed.name}: {ran.outside:,} of {ran.certified:,} events are in slices that it "
            "was not made for; they are not counted"
        )
    if listed.kind == "data" and (lost or (limit is not None and ran.entries == limit)):
        yield f"{listed.name}: data are not complete, and simulation is scaled to all of them"
    if ran.weights is not None and ran.weights.estimated:
        yield (
            f"{listed.name}: the part of its sum of weights in the lost files is taken by their "
            "number; `events:` in the list, how many all files have, makes it exact"
        )
    shapes = {
        s.name
        for part in ran.parts
        for s in part.systematics
        if s.normalise and any(v.label not in ran.kept for v in s.variations)
    }
    if ran.weights is not None and ran.weights.of_a_skim and shapes:
        yield (
            f"{listed.name}: {', '.join(sorted(shapes))} with `normalise` keeps the sum of weights "
            "of the events of its files, which are a skim: that of all events before it is not known"
        )
    if ran.weights is not None and worth(listed, ran.weights) < 0:
        yield (
            f"{listed.name}: its sum of weights is {ran.weights.value:g} and its cross-section "
            f"{listed.cross_section:g}: each weight counts with the other sign"
        )
    if ran.weights is not None and ran.unscaled:
        events = sum(counted.raw for counted in ran.unscaled)
        yield (
            f"{listed.name}: its sum of weights is {ran.weights.value:g}, so nothing says what an "
            f"event counts: {events:,} events are in no result"
        )
    if listed.events is not None and not lost and limit is None and ran.entries != listed.events:
        yield f"{listed.name}: its files have {ran.entries:,} events, the list says {listed.events:,}"


def sources_in_words(found: Sequence[Ran], limit: int | None) -> str:
    """Return from where the sums of weights come that were not given, as a note; or nothing.

    ``limit`` is how many events of each dataset were run at most.
    """
    from_events = [r.listed.name for r in found if r.weights and r.weights.origin == "events"]
    if not from_events:
        return ""
    which = f"the sum of weights of {', '.join(from_events)} is over "
    if limit is not None:
        return (
            f"{which}the events that were run, {limit:,} of each dataset at most: these stand for "
            "all of them, which is right if the files are no skim"
        )
    return f"{which}the events of the files: right if these are no skim"
