"""What is said after a run: data that look wrong, fills that were skipped, files that were lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from adl.cli.common import UserError, show_findings, show_warning, told_by_a_run

if TYPE_CHECKING:
    from adl.compiler.layout import Fault
    from adl.runtime.execute.outcome import Outcome
    from adl.runtime.results import Results


NOMINAL = "nominal"


def report(
    outcome: Outcome, results: Results | None, limit: int | None, lost_more: bool = False
) -> None:
    """Say on standard error what was odd, and end with exit code 2 if something was lost."""
    nans = {(path, branch): number for (path, branch), number in outcome.nans.items()}
    for name, own in outcome.trees.items():
        nans |= {
            (path, f"{branch} of the tree {name}"): n for (path, branch), n in own.nans.items()
        }
    for (path, branch), number in nans.items():
        show_warning(
            f"{path}: {branch} holds NaN {number} time{'s' if number > 1 else ''}: a comparison "
            "with it is false, and no histogram is filled with it"
        )
    for (path, _), odd in outcome.units.items():
        show_warning(
            f"{path}: {odd}\n"
            "  help: a model of your own says it, see grammar/README.md, Object models: MeV, as_stored"
        )
    for file in outcome.files:
        if not file["error"] and not file["events"] and limit is None:
            show_warning(f"{file['path']}: the tree has no event")
    nominal = [c for c in results.cutflows if c.variation == NOMINAL] if results else []
    for cutflow in nominal:
        for step in cutflow.steps:
            if step.weight and step.skipped:
                show_warning(
                    f"{cutflow.region}: after {step.label} the weight of {step.skipped:,} events "
                    "is NaN or infinite; they count as events and not in the yields"
                )
    for histogram in results.histograms if results else ():
        if histogram.variation != NOMINAL:
            continue
        if histogram.skipped:
            show_warning(
                f"{histogram.region}/{histogram.name}: {histogram.skipped:,} fills were skipped, "
                "their value or weight is missing, NaN or infinite"
            )
    if results:
        without = _report_lost_weights(results)
        _report_lost_fills(results, without)
        _report_unchanged(results)
    faults = [*outcome.faults, *(f for tree in outcome.trees.values() for f in tree.faults)]
    for fault in faults:
        _report_fault(fault)
    if outcome.failures:
        _report_failures(outcome)
    lost = {name: own for name, own in outcome.trees.items() if own.failures}
    for name, own in lost.items():
        _report_lost_tree(name, own)
    if outcome.failures or faults or lost or lost_more:
        raise SystemExit(2)
    if not outcome.events and limit != 0:
        raise UserError("no input has an event: there is nothing to analyse")


def report_sample(outcome: Outcome, limit: int | None) -> None:
    """Say what was lost of a dry run, and not what looks odd: that is of some events only."""
    outcome.nans.clear()
    report(outcome, None, limit)


def _report_lost_weights(results: Results) -> set[str]:
    """Say which variations have no weight for events that the nominal has one for; return them."""
    nominal = {(c.process, c.region): c for c in results.cutflows if c.variation == NOMINAL}
    said: set[str] = set()
    alike: dict[tuple[int, str], list[str]] = {}
    for cutflow in results.cutflows:
        before = nominal.get((cutflow.process, cutflow.region))
        known = {step.label: step.skipped for step in before.steps} if before else {}
        lost = max(step.skipped - known.get(step.label, step.skipped) for step in cutflow.steps)
        if lost > 0 and cutflow.variation not in said:
            said.add(cutflow.variation)
            alike.setdefault((lost, cutflow.region), []).append(cutflow.variation)
    for (lost, region), labels in alike.items():
        which = "this variation" if len(labels) == 1 else "these variations"
        show_warning(
            f"{_some(labels)}: the weight of {lost:,} event{'' if lost == 1 else 's'} is missing, NaN or "
            f"infinite, first seen in {region}; {'it is' if lost == 1 else 'they are'} in no yield of {which}"
        )
    return said


def _report_lost_fills(results: Results, without: set[str]) -> None:
    """Say which variations skip fills of a histogram, and the nominal none, or less than half.

    Where elements come and go a value can be missing a little more often: that is no remark. Of
    variations ``without`` weights it is told already.
    """
    nominal = {
        (h.process, h.region, h.name): h.skipped
        for h in results.histograms
        if h.variation == NOMINAL
    }
    said = set(without)
    alike: dict[tuple[int, int, str], list[str]] = {}
    for histogram in results.histograms:
        known = nominal.get((histogram.process, histogram.region, histogram.name), 0)
        if histogram.skipped > 2 * known and histogram.variation not in (*said, NOMINAL):
            said.add(histogram.variation)
            place = f"{histogram.region}/{histogram.name}"
            found = histogram.skipped, known, place
            alike.setdefault(found, []).append(histogram.variation)
    for (skipped, known, place), labels in alike.items():
        fills = "1 fill was" if skipped == 1 else f"{skipped:,} fills were"
        show_warning(
            f"{_some(labels)}: {place}: {fills} skipped, the value is missing, NaN or infinite; "
            f"of the nominal one {known or 'none'}"
        )


def _report_unchanged(results: Results) -> None:
    """Say which systematics have changed no number."""
    names = [s.name for s in results.systematics if any(f.kind == "unchanged" for f in s.findings)]
    if names:
        show_warning(
            f"{_some(names)} changed nothing anywhere: is what varies used, does it differ, and did events get so far?"
        )


_SHOWN = 8  # names in a warning


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _report_lost_tree(name: str, found: Outcome) -> None:
    """Say which tree of variations is in no result, and the first reason for it."""
    path, error = found.failures[0]
    number = len(found.failures)
    more = f", and {number - 1} more" if number > 1 else ""
    why = str(error).removeprefix(f"{path}: ")
    UserError(f"{path}{more}: the tree {name}: {why}").show()
    click.echo("  its variations are in no result: they would lack events of the nominal", err=True)


_OUTSIDE = "        outside nearest (or outside zero) in the table says what it is there"


def _report_fault(fault: Fault) -> None:
    """Say what a user's function has raised or a correction or table does not have, and what came of it."""
    if not fault.kind:
        events = _events(fault.events)
        where = f"first for entry {fault.event} of {fault.path}"
        place = f"{fault.file}:{fault.line}" if fault.line else fault.file
        UserError(f"{place}: {fault.function}: {fault.message}, in {events}, {where}").show()
        click.echo("  help: it gave NaN instead; everything else was computed", err=True)
        if fault.line:
            click.echo(_OUTSIDE, err=True)
        return
    words = f": {fault.message}" if fault.message else ""
    # Not in how many calls: equal ones are made once or more often, as is faster for the target.
    what = f"{fault.function} raised {fault.kind}{words}, in {_events(fault.events)}"
    where = f"first for entry {fault.event} of {fault.path}"
    UserError(f"{fault.file}:{fault.line}: {what}, {where}").show()
    click.echo("  help: each call gave NaN instead; everything else was computed", err=True)


def _events(number: int) -> str:
    return f"{number:,} event{'s' if number > 1 else ''}"


# What is not called so, or is no attribute: in another file it can be one.
_OF_SOME_FILES = frozenset(("E201", "E202"))
_NAMED = 3


def _files(paths: Sequence[str]) -> str:
    """Return the names of files, the first of many."""
    more = len(paths) - _NAMED
    return ", ".join(paths[:_NAMED]) + (f" and {more:,} more files" if more > 0 else "")


def _mistake(error: Exception) -> str:
    """Return what tells mistakes apart: help differs with what a file offers."""
    from adl.syntax.diagnostics import AnalysisError

    if not isinstance(error, AnalysisError):
        return str(error)
    errors = (d for e in error.every for d in e.diagnostics if d.severity == "error")
    return "\n".join(f"{d.code} {d.span.start} {d.message}" for d in errors)


def show_failures(failures: Sequence[tuple[str, Exception]], others: bool) -> None:
    """Say why files could not be used, each mistake once; whether ``others`` could."""
    from adl.check.silence import silenced
    from adl.syntax.diagnostics import AnalysisError

    said: dict[str, list[str]] = {}
    for path, error in failures:
        said.setdefault(_mistake(error), []).append(path)
    for path, error in failures:
        alike = said[_mistake(error)]
        if alike[0] != path:
            continue
        if isinstance(error, AnalysisError):
            for own in error.every:
                show_findings(told_by_a_run(silenced(own.diagnostics, own.source)), own.source)
            click.echo(f"  in {_files(alike)}", err=True)
            if others and any(d.code in _OF_SOME_FILES for e in error.every for d in e.diagnostics):
                click.echo(
                    "  other files of this run have what is not found: keep only these, run each "
                    "kind on its own,\n  or end the line with only simulation or only data, if it is "
                    "for these alone",
                    err=True,
                )
        else:
            UserError(str(error)).show()


def _report_failures(outcome: Outcome) -> None:
    """Say what was lost."""
    from adl.syntax.diagnostics import AnalysisError

    show_failures(outcome.failures, bool(outcome.events))
    lost, total = len(outcome.failures), len(outcome.files)
    if lost == total and all(isinstance(error, AnalysisError) for _, error in outcome.failures):
        click.echo("nothing was run", err=True)
    elif total > 1:
        click.echo(
            f"{lost} of {total} files could not be used; the results cover the other "
            f"{total - lost} ({outcome.events} events)",
            err=True,
        )
