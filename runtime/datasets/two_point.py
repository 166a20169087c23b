"""Datasets that stand for a variation have nominal ones beside them, in each of their eras."""

from __future__ import annotations

from adl.runtime.datasets.lists import DatasetList, Listed, is_nominal, named
from adl.syntax.diagnostics import Findings


def check_variations(found: DatasetList, findings: Findings) -> None:
    """Report variations of processes that have no nominal dataset, and eras that they lack.

    The datasets of a variation stand in the place of all nominal ones: an era without one would
    count as a shift.
    """
    nominal: dict[str, list[Listed]] = {}
    varied: dict[tuple[str, str], list[Listed]] = {}
    for listed in found.datasets:
        for process in listed.processes:
            if listed.variation:
                varied.setdefault((process, listed.variation), []).append(listed)
            else:
                nominal.setdefault(process, []).append(listed)
    for (process, label), own in varied.items():
        first = own[0]
        name = named(label)[0]
        if label != name and name in {other for _, other in varied}:
            message = f"{first.name} is the variation {label}, and another dataset is {name}"
            findings.error("E504", message, first.span, "give one of them another variation")
            continue
        if is_nominal(name):
            message = f"{first.name} is a variation that is called {label}"
            help = "without variation it is one of the nominal datasets"
            findings.error("E504", message, first.span, help)
            continue
        if process not in nominal:
            message = f"{first.name} is the variation {label} of {process}, which has no dataset"
            help = f"one with process: {process}, and without variation"
            findings.error("E512", message, first.span, help)
            continue
        eras = dict.fromkeys(listed.era for listed in nominal[process])
        lost = [era or "(none)" for era in eras if era not in {listed.era for listed in own}]
        if lost:
            message = f"{process} has the era {', '.join(lost)}, and its variation {label} has not"
            help = "what it lacks counts as a shift: name a dataset of the variation for each era"
            findings.warning("W503", message, first.span, help)
