"""What a later run has to know of a skim: under which variations events are missing in it.

An event that passes under a variation alone is in a skim only if it was made for that variation. So
nominal results of a skim are right, and the shifts of such variations are not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from adl.compiler.ir import TRUE, Node, opened, reduce
from adl.compiler.program import Program, RegionOutput
from adl.runtime.inputs import InputError
from adl.runtime.inputs.describing import directory
from adl.runtime.inputs.opening import has
from adl.runtime.inputs.trees import Input

FORMAT = 1  # of the record
RECORD = "adl_skim"  # its name in the file


def record_of(source: Input) -> Mapping[str, Any] | None:
    """Return the record of an open skim; None of a file that has none of this format."""
    if not source.skimmed:
        return None
    try:
        document = json.loads(str(directory(source)[RECORD]))
    except (ValueError, KeyError):
        return None
    known = isinstance(document, dict) and document.get("format") == FORMAT
    return document if known else None


def is_skim(path: Path) -> bool:
    """Whether a file is a skim of ours; False of one that cannot be read."""
    if path.suffix == ".parquet":
        from adl.runtime.outputs.skims import is_in_parquet

        return is_in_parquet(path)
    try:
        return has(str(path), RECORD)
    except InputError:
        return False


def lacking(source: Input, moving: Sequence[str]) -> tuple[str, ...]:
    """Return the variations of which a file lacks events; ``moving`` are those that move any."""
    found = record_of(source) if moving else None
    if found is None:
        return ()
    kept = found.get("variations", {}).get("kept")
    if kept is None:  # a skim of an older version says only whether it was made for any
        return () if found.get("any_variation") else tuple(moving)
    return tuple(label for label in moving if label not in kept)


def said(source: Input, lost: Sequence[str]) -> str:
    """Return what to tell whoever runs variations over a skim that lacks their events."""
    more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
    return (
        f"{source.path} is a skim without the events that pass under {', '.join(lost[:3])}{more} "
        "alone: these variations are wrong in it, and nominal is right\n"
        "  help: adl skim --any-variation with these systematics keeps them; "
        "--systematics GLOB leaves them out"
    )


def moving(program: Program, regions: Sequence[str] | None = None) -> tuple[str, ...]:
    """Return the variations under which other events pass one of the regions, or any."""
    names = [r.name for r in program.regions if regions is None or r.name in regions]
    nominal = {r.name: final(r) for r in program.regions if r.name in names and r.steps}
    return tuple(
        member.label
        for v in program.variations
        for member in v.members
        if any(r.name in nominal and final(r) is not nominal[r.name] for r in v.regions if r.steps)
    )


def final(region: RegionOutput) -> Node:
    """Return which events pass all cuts of a region; of a group of variations under any of them."""
    last = region.steps[-1].fill
    axes, (*_, mask, _) = opened(last)
    own = tuple(axis for axis in axes if axis in mask.free)
    return reduce("any", own, mask, TRUE) if own else mask
