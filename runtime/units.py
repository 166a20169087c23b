"""Whether momenta are in the unit that the object model says, judged by their size.

Nothing in a file says its unit, and a list can mix files in MeV with files in GeV. Momenta of objects
that a detector finds lie between some 100 MeV and a few TeV, so a file whose smallest of several is
beyond 2 TeV is not in GeV, and one whose largest is below 2 GeV is not in MeV.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from adl.compiler.layout import Chunk
from adl.stdlib.models import Formula, Schema

_ATTRIBUTES = ("pt", "energy")
_FEWEST = 5  # values that can say something
_LIMIT = 2000.0  # as stored: above 2 TeV in GeV, below 2 GeV in MeV
_MEV = 1000.0


def momenta(schema: Schema) -> dict[str, float]:
    """Return the columns of momenta and energies of objects, each with its ``Branch.per``."""
    stored = (c.attributes.get(name) for c in schema.collections.values() for name in _ATTRIBUTES)
    return {b.name: b.per for b in stored if b is not None and not isinstance(b, Formula)}


def doubts(chunk: Chunk, units: Mapping[str, float]) -> dict[str, str]:
    """Return what is odd about the momenta of a chunk, by their columns."""
    found = {}
    for name, per in units.items():
        values = chunk.columns.get(name, np.empty(0))
        values = values[np.isfinite(values)]
        if len(values) < _FEWEST:
            continue
        least, most = float(values.min()), float(values.max())
        if per == 1 and least > _LIMIT:
            taken, looks = "GeV", "MeV"
        elif per == _MEV and 0 < most < _LIMIT:
            taken, looks = "MeV", "GeV"
        else:
            continue
        found[name] = (
            f"{name} lies between {least:.6g} and {most:.6g}: the object model takes that for "
            f"{taken}, and it looks like {looks}"
        )
    return found
