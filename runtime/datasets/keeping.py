"""By which factors variations with ``normalise`` keep the sum of weights of all generated events.

Where files have counted the sum of the weight times each replica, it is theirs: a skim is normalised
as the events that it was made of. Else it is the sum over the events that were read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum, isfinite
from typing import TYPE_CHECKING

from adl.check.variations import Variation
from adl.compiler.replicas import replica_of
from adl.runtime.datasets.sums import part_read

if TYPE_CHECKING:
    from adl.runtime.datasets.running import Ran


def keep_sums(together: Sequence[Ran]) -> None:
    """Note in datasets that are normalised together, by label, Σw / Σw·factor as files counted it.

    Of a replica that one of them has not counted nothing is noted.
    """
    own = [_of_dataset(ran) for ran in together if not ran.listed.variation and ran.parts]
    for label in {label for sums in own for label in sums}:
        sums = [s[label] for s in own if label in s]
        if any(s is None for s in sums):
            continue
        nominal = fsum(s[0] for s in sums if s is not None)
        varied = fsum(s[1] for s in sums if s is not None)
        if varied and isfinite(nominal / varied):
            for ran in together:
                ran.kept[label] = nominal / varied


def replicas(ran: Ran) -> Mapping[str, Variation]:
    """Return the variations of a dataset that keep the sum of weights, by label."""
    return {
        v.label: v
        for counted in ran.every_part
        for systematic in counted.program.systematics
        if systematic.normalise
        for v in systematic.variations
    }


def is_replica(ran: Ran, label: str) -> bool:
    """Whether a variation is a number of a column: its sum over generated events can be known."""
    found = replicas(ran).get(label)
    return found is not None and replica_of(found) is not None


def _of_dataset(ran: Ran) -> dict[str, tuple[float, float] | None]:
    """Return Σw and Σw·factor of each replica, scaled; None where it was not counted."""
    scales = {ran.scales[counted.part] for counted in ran.parts}
    # What slices of a stitched dataset count differs, and files have counted all slices together.
    whole = len(scales) == 1 and not ran.outside and not ran.unscaled
    return {
        label: _scaled(ran, variation, max(scales)) if whole else None
        for label, variation in replicas(ran).items()
        if replica_of(variation) is not None
    }


def _scaled(ran: Ran, variation: Variation, scale: float) -> tuple[float, float] | None:
    replica = replica_of(variation)
    assert replica is not None
    column, place = replica
    weights, varied = [], []
    for file in ran.outcome.files:
        if file["error"]:
            continue
        facts = ran.facts[file["path"]]
        each = facts.each.get(column)
        if each is None or place >= len(each.sums):
            return None
        share = scale * part_read(file, facts)
        weights.append(share * each.weights)
        factor = each.sums[place]
        varied.append(share * (2.0 * each.weights - factor if variation.mirrored else factor))
    return fsum(weights), fsum(varied)
