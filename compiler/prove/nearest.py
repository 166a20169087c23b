"""What blocked a decision: the cut that the event that came nearest does not pass."""

from __future__ import annotations

from collections.abc import Sequence

from adl.compiler.ir import Infer, postorder
from adl.compiler.layout import Chunk
from adl.compiler.prove.regions import Region
from adl.compiler.targets.reference import evaluate_in_time

SECONDS = 0.05  # that the interpreter may take for an event


def blocking(regions: Sequence[Region], nearest: tuple[Chunk, float]) -> str:
    """Return the cuts at which the nearest event fails, or the network that nobody can ask."""
    for region in regions:
        network = next((n for n in postorder([region.mask]) if isinstance(n, Infer)), None)
        if network is not None:
            return f"the network {network.network} in {region}"
    chunk, _ = nearest
    said = [_first_failed(region, chunk) for region in regions]
    return "; ".join(dict.fromkeys(filter(None, said)))


def _first_failed(region: Region, chunk: Chunk) -> str:
    steps = region.steps or (("what is asked", region.mask),)  # a mask alone has no cuts by name
    (passed,) = evaluate_in_time([mask for _, mask in steps], chunk, [0], SECONDS)
    if passed is None:
        return f"a cut of {region}: the interpreter takes too long to say which"
    for (label, _), inside in zip(steps, passed, strict=True):
        if not inside:
            return f"{label} in {region}"
    return ""
