"""Write the corrections that the analyses beside this file read: every number is invented.

    python examples/systematics/make_corrections.py

The corrections are laid out as collaborations publish theirs: categories for variations and working
points, bins of |eta| and of pT in GeV that end at the nearest one, formulas in the score of a b-tag.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Node = Any  # a node of correctionlib's schema, version 2: a number or a dictionary

FLAVOURS = (5, 4, 0)
INPUTS = {
    "systematic": ("string", "which variation"),
    "direction": ("string", "up or down"),
    "working_point": ("string", "L, M or T"),
    "flavour": ("int", "of the hadron: 5, 4 or 0"),
    "abseta": ("real", "absolute pseudorapidity"),
    "phi": ("real", "azimuth"),
    "pt": ("real", "transverse momentum in GeV"),
    "score": ("real", "of the b-tag, 0 to 1"),
}


def main() -> None:
    """Write the files beside this one."""
    write(
        "corrections.json",
        "Corrections of the examples of systematics; the numbers are invented",
        btag_shape(),
        btag_heavy(),
        btag_light(),
        btag_efficiency(),
        trigger("trigger_data", 0.90, 0.01),
        trigger("trigger_simulation", 0.93, 0.005),
        jet_noise(),
    )
    description = "Weights as the Analysis Grand Challenge varies them"
    write("agc_corrections.json", description, event_systematics())


def write(name: str, description: str, *corrections: Node) -> None:
    """Write a file of corrections, each on a line."""
    lines = ",\n".join(json.dumps(c) for c in corrections)
    text = (
        f'{{"schema_version": 2, "description": "{description}", "corrections": [\n{lines}\n]}}\n'
    )
    (Path(__file__).parent / name).write_text(text, encoding="utf-8")


# ------------------------------------------------------------------------------- corrections


def btag_shape() -> Node:
    """Return factors of the whole distribution of a b-tag's score."""
    own = {"hf": 5, "cferr": 4, "lf": 0}  # the flavour that a variation concerns

    def by_flavour(source: str, sign: int) -> Node:
        return category("flavour", {f: shape(f, sign * (own.get(source) == f)) for f in FLAVOURS})

    keys = {"central": by_flavour("", 0)}
    for source in own:
        keys |= {f"up_{source}": by_flavour(source, 1), f"down_{source}": by_flavour(source, -1)}
    inputs = ("systematic", "flavour", "abseta", "pt", "score")
    return correction("btag_shape", inputs, category("systematic", keys))


def shape(flavour: int, sign: int) -> Node:
    """Return a parabola in the score, in bins of pT and |eta|."""

    def of_bins(number: int) -> Node:
        slope = 0.02 * (number + 1) + (0.15 if flavour == 0 else -0.08) + 0.05 * sign
        text = f"{1 + 0.03 * sign - slope / 4:.6g} + {slope:.6g}*x - {slope / 3:.6g}*x*x"
        return formula(text, "score")

    pts = [binned("pt", (20, 30, 50, 100, 1000), lambda n, e=e: of_bins(n + e)) for e in (0, 1)]
    return binned("abseta", (0, 1.2, 2.5), lambda n: pts[n])


def btag_heavy() -> Node:
    """Return factors of a working point for b and c jets: two sources of uncertainty."""
    shifts = {
        "central": 0.0,
        "up_correlated": 0.02,
        "down_correlated": -0.02,
        "up_uncorrelated": 0.03,
        "down_uncorrelated": -0.03,
    }
    return working_points("btag_heavy", (5, 4), 0.97, shifts)


def btag_light() -> Node:
    """Return factors of a working point for jets of no heavy flavour."""
    return working_points("btag_light", (0,), 1.06, {"central": 0.0, "up": 0.1, "down": -0.1})


def working_points(
    name: str, flavours: Sequence[int], middle: float, shifts: Mapping[str, float]
) -> Node:
    """Return factors by variation, working point, flavour and pT."""

    def of_flavour(flavour: int, point: int, shift: float) -> Node:
        wider = 2 if flavour == 4 else 1
        return binned(
            "abseta",
            (0, 2.5),
            lambda _: binned(
                "pt",
                (20, 30, 50, 70, 100, 200, 1000),
                lambda n: round(middle - 0.01 * point + 0.004 * n + shift * wider * (1 + n / 6), 6),
            ),
        )

    keys = {
        key: category(
            "working_point",
            {
                name: category("flavour", {f: of_flavour(f, point, shift) for f in flavours})
                for point, name in enumerate("LMT")
            },
        )
        for key, shift in shifts.items()
    }
    inputs = ("systematic", "working_point", "flavour", "abseta", "pt")
    return correction(name, inputs, category("systematic", keys))


def btag_efficiency() -> Node:
    """Return how often the simulation tags a jet with the medium working point."""
    middle = {5: 0.70, 4: 0.15, 0: 0.01}
    flavours = {
        flavour: binned(
            "abseta",
            (0, 1.5, 2.5),
            lambda e, m=m: binned(
                "pt", (20, 50, 100, 1000), lambda n: round(m * (1 + 0.06 * n - 0.05 * e), 6)
            ),
        )
        for flavour, m in middle.items()
    }
    inputs = ("flavour", "abseta", "pt")
    return correction("btag_efficiency", inputs, category("flavour", flavours))


def trigger(name: str, plateau: float, error: float) -> Node:
    """Return the efficiency of a trigger for one muon, rising with its pT."""

    def of_shift(sign: int) -> Node:
        return binned(
            "abseta",
            (0, 0.9, 1.2, 2.4),
            lambda e: binned(
                "pt",
                (10, 20, 24, 26, 30, 50, 1000),
                lambda n: round(
                    plateau * min(1.0, 0.02 + 0.33 * n)
                    - 0.02 * e
                    + sign * error * (1 + 3 / (1 + n)),
                    6,
                ),
            ),
        )

    keys = {"central": of_shift(0), "up": of_shift(1), "down": of_shift(-1)}
    return correction(name, ("systematic", "abseta", "pt"), category("systematic", keys))


def jet_noise() -> Node:
    """Return a number of the standard normal distribution, the same for a jet wherever it is asked."""
    data = {"nodetype": "hashprng", "inputs": ["pt", "phi"], "distribution": "stdnormal"}
    return correction("jet_noise", ("pt", "phi"), data)


def event_systematics() -> Node:
    """Return weights for a systematic and a direction: 7.5 % for 50 GeV of a jet, or 2.5 %."""

    def directions(up: Node, down: Node) -> Node:
        return category("direction", {"up": up, "down": down})

    keys = {
        f"btag_var_{i}": directions(
            formula("1.0 + (x*0.075 / 50)", "pt"), formula("1.0 - (x*0.075 / 50)", "pt")
        )
        for i in (1, 2, 3, 4)
    }
    keys["scale_var"] = directions(1.025, 0.975)
    inputs = ("systematic", "direction", "pt")
    return correction("event_systematics", inputs, category("systematic", keys))


# ------------------------------------------------------------------------------------- nodes


def correction(name: str, inputs: Sequence[str], data: Node) -> Node:
    """Return a correction of these inputs."""
    described = [{"name": i, "type": INPUTS[i][0], "description": INPUTS[i][1]} for i in inputs]
    output = {"name": "factor", "type": "real"}
    return {"name": name, "version": 1, "inputs": described, "output": output, "data": data}


def formula(text: str, variable: str) -> Node:
    """Return a formula of one variable, x."""
    return {
        "nodetype": "formula",
        "expression": text,
        "parser": "TFormula",
        "variables": [variable],
    }


def category(variable: str, contents: Mapping[Any, Node]) -> Node:
    """Return a choice by a text or a whole number, which has to be one of those."""
    content = [{"key": key, "value": value} for key, value in contents.items()]
    return {"nodetype": "category", "input": variable, "content": content}


def binned(variable: str, edges: Sequence[float], content: Callable[[int], Node]) -> Node:
    """Return bins; what is outside has the nearest of them."""
    return {
        "nodetype": "binning",
        "input": variable,
        "edges": [float(e) for e in edges],
        "content": [content(n) for n in range(len(edges) - 1)],
        "flow": "clamp",
    }


if __name__ == "__main__":
    main()
