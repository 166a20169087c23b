"""An analysis made ready for the files of a command that runs or plans it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from adl.cli.common import (
    AnalysisMistakes,
    UserError,
    read_source,
    show_findings,
    show_note,
    told_by_a_run,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from adl.check.analysis import AskedDialect
    from adl.check.dataset import Dataset
    from adl.runtime.datasets.lists import DatasetList
    from adl.runtime.execute.device.choosing import Asked, Devices
    from adl.runtime.prepare import Preparation
    from adl.syntax.tree import File


def prepare(
    file: str,
    model: str,
    dialect: AskedDialect,
    target: str,
    seed: int,
    dataset: Dataset,
    lenient: bool,
) -> Preparation:
    """Read an analysis, for ``Preparation`` to check it against each kind of file.

    Its warnings are printed when they are found; mistakes end the command.
    """
    from adl.check.silence import silenced
    from adl.cli.front import model_of
    from adl.runtime.prepare import Preparation
    from adl.runtime.profile.meter import stage
    from adl.syntax.diagnostics import AnalysisError
    from adl.syntax.parse import parse_with_notes
    from adl.syntax.tree import Region

    source = read_source(file)
    shown: set[Any] = set()

    def found(findings: tuple[Any, ...]) -> None:
        told = told_by_a_run(silenced(findings, source))
        show_findings([f for f in told if f not in shown], source)
        shown.update(told)

    try:
        with stage("prepare"):
            tree, odd = parse_with_notes(source, lenient)
        found(odd)
        if not any(isinstance(block, Region) for block in tree.blocks):
            raise UserError(f"{file}: there is no region, so there is nothing to run")
        known = model_of(model)
        return Preparation(tree, source, known, dialect, target, found, seed, dataset, lenient)
    except AnalysisError as error:
        raise AnalysisMistakes(error) from None


def devices(target: str) -> Devices | None:
    """Return the GPU of this machine, if one is asked for; what it lacks is told."""
    if target not in ("cuda", "auto"):
        return None
    from adl.runtime.execute.device.choosing import Devices
    from adl.runtime.execute.device.nvidia import driver

    return Devices(cast("Asked", target), show_note, driver)


# What --systematics calls them, and the pattern that it means.
ALL = {"all": "*", "none": ""}


def wanted(
    patterns: Sequence[str], file: File, lists: DatasetList | None = None
) -> tuple[Callable[[str], bool], DatasetList | None]:
    """Return which systematics are computed, by name, and the datasets of a list that are, too.

    Raises:
        UserError: No systematic of the analysis, and no dataset that is one, has such a name.
    """
    from fnmatch import fnmatchcase

    from adl.check.systematics.named import names

    globs = [ALL.get(pattern, pattern) for pattern in patterns]

    def is_wanted(name: str) -> bool:
        return any(fnmatchcase(name, glob) for glob in globs)

    declared = names(file)
    by_dataset = _varied_datasets(lists)
    for pattern in patterns:
        _refuse_unknown(pattern, [*declared, *by_dataset.values()])
    if lists is not None:
        kept = (
            d for d in lists.datasets if is_wanted(by_dataset.get(d.name, "")) or not d.variation
        )
        lists = replace(lists, datasets=tuple(kept))
        refuse_doubles(filter(is_wanted, declared), lists)
    return is_wanted, lists


def refuse_doubles(names: Iterable[str], lists: DatasetList) -> None:
    """Refuse datasets for variations of systematics that the analysis has, as far as it names them.

    Names that only the input completes are looked at when a file is open.
    """
    from adl.runtime.datasets.lists import ANOTHER_NAME, doubled
    from adl.syntax.diagnostics import AnalysisError, Findings

    findings, known = Findings(), list(names)
    for listed in lists.datasets:
        other = doubled(listed.variation, known) if listed.variation else None
        if other is not None:
            findings.error("E504", listed.double_of(other), listed.span, ANOTHER_NAME)
    if findings.failed:
        raise AnalysisMistakes(AnalysisError(lists.source, findings.ordered()))


def _refuse_unknown(pattern: str, known: Sequence[str]) -> None:
    from fnmatch import fnmatchcase

    from adl.syntax.diagnostics import did_you_mean

    # A name has * where only a dataset or the input says the rest.
    fits = (fnmatchcase(name, pattern) or fnmatchcase(pattern, name) for name in known)
    if pattern in ALL or any(fits):
        return
    every = ", ".join(dict.fromkeys(known)) or "there is none"
    label = re.fullmatch(r"(.+?)(?:Up|Down|_\d+)", pattern)
    if label is not None and label[1] in known:
        near = f"a variation is computed with its systematic: --systematics {label[1]}"
    else:
        near = did_you_mean(pattern, known)
    message = f"--systematics {pattern}: no systematic is called so"
    help = "\n".join(f"  help: {h}" for h in (near, f"the systematics: {every}") if h)
    raise UserError(f"{message}\n{help}")


def _varied_datasets(lists: DatasetList | None) -> dict[str, str]:
    """Return the systematics of which datasets of a list are variations, by the dataset's name."""
    if lists is None:
        return {}
    from adl.runtime.datasets.lists import named

    return {d.name: named(d.variation)[0] for d in lists.datasets if d.variation}
