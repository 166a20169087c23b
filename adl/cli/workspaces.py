"""The best set of regions as a likelihood: a workspace of pyhf, or what spey takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from adl.cli.common import UserError

if TYPE_CHECKING:
    from adl.runtime.overlap.combination import Combination
    from adl.runtime.overlap.measured import Measured

Region = tuple[str, str]

STRENGTH = "mu"  # what scales the signal


def workspace(
    found: Combination,
    regions: tuple[Region, ...],
    measured: Measured | None,
    signal: Sequence[str],
) -> dict[str, Any]:
    """Return the best set as a workspace of pyhf.

    A channel a region, a sample a simulated process with its statistical errors. Observations are
    those of the data, or what all processes together are expected to give where there are none.
    """
    if measured is None:
        raise UserError("a workspace has yields: name DATA to measure them")
    data = [name for name, is_data in measured.is_data.items() if is_data]
    simulated = [name for name in measured.yields if name not in data]
    if not simulated:
        raise UserError("a workspace has expected yields, and all processes are data")
    if not found.best:
        raise UserError(f"a workspace has regions, and none is worth anything by {found.measure}")
    channels, observations = [], []
    for i in found.best:
        place, name = measured.place(regions[i]), "_".join(regions[i])  # type: ignore[arg-type]  # ("A", name)
        samples = [_sample(p, place, name, p in signal, measured) for p in simulated]
        channels.append({"name": name, "samples": samples})
        of_data = math.fsum(float(measured.yields[p][place]) for p in data)
        seen = of_data if data else math.fsum(s["data"][0] for s in samples)
        observations.append({"name": name, "data": [seen]})
    config: dict[str, Any] = {"poi": STRENGTH if signal else "", "parameters": []}
    return {
        "channels": channels,
        "observations": observations,
        "measurements": [{"name": "adl", "config": config}],
        "version": "1.0.0",
    }


def for_spey(
    found: Combination,
    regions: tuple[Region, ...],
    measured: Measured | None,
    signal: Sequence[str],
) -> dict[str, Any]:
    """Return the arguments of spey's backend ``pyhf``: the backgrounds, and a patch with the signal."""
    plain = workspace(found, regions, measured, signal)
    patch = []
    for number, channel in enumerate(plain["channels"]):
        own = [sample for sample in channel["samples"] if sample["name"] in signal]
        channel["samples"] = [s for s in channel["samples"] if s["name"] not in signal]
        for place, sample in enumerate(own, len(channel["samples"])):
            path = f"/channels/{number}/samples/{place}"
            patch.append({"op": "add", "path": path, "value": sample})
    return {"background_only_model": plain, "signal_patch": patch}


def _sample(
    process: str, place: int, channel: str, is_signal: bool, measured: Measured
) -> dict[str, Any]:
    error = math.sqrt(float(measured.squares[process][place]))
    modifiers: list[dict[str, Any]] = [
        {"name": f"staterror_{channel}", "type": "staterror", "data": [error]}
    ]
    if is_signal:
        modifiers.append({"name": STRENGTH, "type": "normfactor", "data": None})
    total = float(measured.yields[process][place])
    return {"name": process, "data": [total], "modifiers": modifiers}
