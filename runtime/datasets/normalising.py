"""What a list has to say so that simulation can be normalised, and what would count twice."""

from __future__ import annotations

from adl.runtime.datasets.entries import ListEntry
from adl.runtime.datasets.lists import DatasetList, Listed
from adl.runtime.datasets.quantities import EXAMPLES
from adl.runtime.datasets.texts import Document
from adl.syntax.diagnostics import Findings


def check_normalisation(
    found: DatasetList,
    entry: ListEntry,
    document: Document,
    findings: Findings,
    related: bool = True,
) -> None:
    """Report what is missing of the normalisation, and what contradicts it.

    What datasets are to each other is looked at if they are ``related`` as the text says.
    """
    if not found.normalise:
        return
    for listed in found.datasets:
        if listed.kind == "simulation":
            _simulation(listed, entry, findings)
        elif listed.kind == "data" and listed.cross_section is not None:
            message = f"{listed.name} is data, and has a cross-section"
            findings.error("E508", message, listed.span, "kind: simulation, or no cross_section")
    if not related:
        return
    if isinstance(entry.luminosity, float):
        _one_luminosity(found, document, findings)
    _twice(found, findings)


def _simulation(listed: Listed, entry: ListEntry, findings: Findings) -> None:
    _cross_section(listed, findings)
    if not listed.k_factor > 0:
        findings.error("E508", f"the k-factor of {listed.name} is not positive", listed.span)
    if listed.sum_of_weights == 0:
        findings.error("E508", f"the sum of weights of {listed.name} is 0", listed.span)
    if listed.luminosity is None:
        of_era = isinstance(entry.luminosity, dict)
        message = f"there is no luminosity for {listed.name}"
        message += f" of era {listed.era or 'unknown'}" if of_era else ""
        help = f"luminosity: {EXAMPLES.split(',')[0]}, for the list, or one for each era"
        findings.error("E508", message, listed.span, help)


def _cross_section(listed: Listed, findings: Findings) -> None:
    """Report a cross-section that is missing or nothing, and warn of a negative one.

    An interference that is simulated alone has a negative cross-section, and weights whose sum is
    negative, too: their ratio is positive. So it is allowed, and a sum of the other sign is refused.
    """
    value, sumw = listed.cross_section, listed.sum_of_weights
    help = "cross_section: in pb; normalise: false, at the top of the list, counts events"
    if value is None:
        message = f"{listed.name} is simulation, and has no cross-section"
        findings.error("E508", message, listed.span, help)
    elif value == 0:
        findings.error("E508", f"the cross-section of {listed.name} is 0", listed.span, help)
    elif isinstance(sumw, float) and value * sumw < 0:
        message = (
            f"the cross-section of {listed.name} is {value:g}, its sum of weights {sumw:g}: "
            "both have one sign"
        )
        findings.error("E508", message, listed.span, "each weight would count with the other sign")
    elif value < 0:
        message = f"the cross-section of {listed.name} is negative"
        help = (
            "right for an interference that is simulated alone: its weights sum up to less than 0"
        )
        findings.warning("W504", message, listed.span, help)


def _one_luminosity(found: DatasetList, document: Document, findings: Findings) -> None:
    """Report eras of one process that would each be scaled to the luminosity of all."""
    eras: dict[str, str] = {}
    for listed in found.datasets:
        if listed.kind != "simulation" or listed.variation:
            continue
        for process in listed.processes:
            known = eras.setdefault(process, listed.era)
            if known != listed.era:
                message = f"{process} has the eras {known or '(none)'} and {listed.era or '(none)'}"
                help = "luminosity: {2017: 41.5 /fb, 2018: 59.8 /fb} gives each its own"
                span = document.names["luminosity",]
                findings.error("E508", f"one luminosity for all, but {message}", span, help)
                return


def _twice(found: DatasetList, findings: Findings) -> None:
    """Warn of two samples of one cross-section, which would be added up."""
    known: dict[tuple[object, ...], Listed] = {}
    for listed in found.datasets:
        if listed.kind != "simulation" or found.group_of(listed.name):
            continue
        key = (listed.processes, listed.era, listed.variation, listed.cross_section)
        first = known.setdefault(key, listed)
        if first is not listed:
            message = f"{listed.name} and {first.name} have one process and one cross-section"
            help = f"stitch: {{NAME: {{inclusive: [{first.name}, {listed.name}]}}}} merges them"
            findings.warning("W501", f"{message}: they are added up", listed.span, help)
