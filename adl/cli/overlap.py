"""``adl overlap``: how the regions of analyses relate, by proof or by an event that passes both."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from adl.cli.common import UserError, read_all, show_note
from adl.cli.options import (
    dialect_option,
    format_option,
    jobs_option,
    lenient_option,
    model_option,
    model_path_option,
)
from adl.cli.proving import note_without_solver, pairs_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adl.check.analysis import AskedDialect
    from adl.compiler.layout import Chunk
    from adl.compiler.program import Program
    from adl.compiler.prove.findings import Finding
    from adl.compiler.prove.promises import Promises
    from adl.compiler.prove.regions import Region
    from adl.compiler.prove.study import Study


_BLOCK = 1 << 16  # events of a file at a time
_SOME = 5  # regions that are named where none is like what was asked for


@click.command("overlap", short_help="Show which regions are disjoint, and which overlap.")
@click.argument("files", metavar="ANALYSIS...", nargs=-1, required=True, type=click.Path())
@click.option("--bins", is_flag=True, help="Take each bin of a region as a region, too.")
@click.option("--matrix", is_flag=True, help="Print a letter for each pair, not a line.")
@click.option(
    "--explain",
    nargs=2,
    metavar="R1 R2",
    help="Show what decides one pair, or what blocks it. A bin is 'REGION: BIN'; if files share a "
    "name, FILE:REGION.",
)
@click.option(
    "-o", "--output", metavar="FILE", help="Draw a heat map: .png, .pdf or .svg, by its ending."
)
@click.option(
    "--events",
    "samples",
    metavar="FILE",
    multiple=True,
    help="Look for events that pass both regions in this ROOT file, too. Repeatable.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    metavar="S",
    help="Seconds that a pair may take.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["overlap", "unproven"]),
    multiple=True,
    help="Exit with code 1 if two regions are not disjoint, or if a pair is not decided.",
)
@format_option("json")
@click.option("-q", "--quiet", is_flag=True, help="Print no progress.")
@jobs_option("Processes that prove.")
@lenient_option
@model_path_option
@model_option
@dialect_option
def command(
    files: tuple[str, ...],
    bins: bool,
    matrix: bool,
    explain: tuple[str, str] | None,
    output: str | None,
    samples: tuple[str, ...],
    timeout: float,
    fail_on: tuple[str, ...],
    form: str,
    quiet: bool,
    jobs: int,
    lenient: bool,
    model_path: tuple[str, ...],
    model: str,
    dialect: AskedDialect,
) -> None:
    """Show how each pair of regions relates: disjoint, equal, one within the other, or overlapping.

    What is said is proven for every event that keeps the promises of the object model, or shown by
    an event that passes both regions, which the interpreter has confirmed; else a pair is not
    decided, and the cut that blocked it is named. Regions of all ANALYSIS files are compared. Of
    those that are disjoint it says under which variations they are not proven to be. No data are
    needed. The exit code is 0, 1 with --fail-on, 2 if an analysis has a mistake.

    \b
    Example:
      adl overlap examples/search.adl --bins --matrix
      adl overlap examples/search.adl --explain 'search: 2b' met_spectrum
    """
    from adl.cli import relations
    from adl.cli.front import schema
    from adl.compiler.prove.promises import promises_of
    from adl.compiler.prove.study import Study
    from adl.compiler.prove.varied import changes
    from adl.compiler.prove.verdicts import Limits

    begin = time.monotonic()
    if explain is not None and (matrix or output is not None):
        raise UserError("--explain tells of one pair, --matrix and -o show all: name one of them")
    if output is not None:
        from adl.cli.pictures import check_picture

        check_picture(output)
    note_without_solver()
    known = schema(model, samples[0] if samples else None, None)
    programs = _programs(files, model, samples, dialect, lenient, model_path)
    regions = _regions(programs, bins or explain is not None)
    if not regions:
        raise UserError("there is no region in " + ", ".join(files))
    asked = _asked(regions, explain)
    promises = promises_of(known)
    study = Study(
        regions if asked is None else [regions[i] for i in asked],
        promises,
        Limits(timeout),
        [(s, chunk) for s in samples for chunk in _chunks(s, programs, model)],
        jobs,
    )
    with pairs_progress(quiet or asked is not None) as progress:
        verdicts = study.run(progress)
        varied = changes(programs, study.regions)
        variations = study.vary(varied, progress) if varied else {}
    if asked is not None:
        if form == "json":
            plain = relations.document(study.regions, verdicts, (), variations, study.seconds)
            click.echo(json.dumps(plain, indent=2))
        else:
            click.echo("\n".join(relations.explain(study.regions, verdicts, variations)))
        _end(study, fail_on)
        return
    findings = _findings(study, programs, promises)
    seconds = time.monotonic() - begin
    if form == "json":
        plain = relations.document(regions, verdicts, findings, variations, study.seconds)
        click.echo(json.dumps(plain, indent=2))
    else:
        relations.print_relations(regions, verdicts, findings, variations, seconds, matrix)
    if output is not None:
        from adl.cli.relations_map import draw

        draw(output, regions, verdicts)
        show_note(f"wrote {output}")
    _end(study, fail_on)


def _programs(
    files: Sequence[str],
    model: str,
    samples: Sequence[str],
    dialect: AskedDialect,
    lenient: bool,
    model_path: Sequence[str],
) -> list[tuple[str, Program]]:
    """Return the programs of the analyses, with a name for each: none if there is one."""
    from adl.cli.front import checked
    from adl.compiler.pipeline import lowered
    from adl.diff.functions import shared

    sample = samples[0] if samples else None

    def read(file: str) -> Program:
        return lowered(checked(file, model, dialect, sample, None, None, lenient, model_path))

    found = read_all(files, [read] * len(files))
    return list(zip(_names(files), shared(found), strict=True))


def _names(files: Sequence[str]) -> list[str]:
    """Return what tells the files apart: nothing, their names, their whole paths, or a number."""
    if len(files) == 1:
        return [""]
    short = [Path(file).stem for file in files]
    if len(set(short)) == len(short):
        return short
    if len(set(files)) == len(files):
        return list(files)
    return [f"{file}#{number}" for number, file in enumerate(files, 1)]


def _regions(programs: Sequence[tuple[str, Program]], bins: bool) -> list[Region]:
    from adl.compiler.prove.regions import regions_of

    return [region for name, program in programs for region in regions_of(program, bins, name)]


def _asked(regions: Sequence[Region], names: tuple[str, str] | None) -> tuple[int, int] | None:
    """Return the numbers of the two regions that are to be explained."""
    if names is None:
        return None
    found, mistakes = [], []
    for name in names:
        places = [i for i, r in enumerate(regions) if name in (str(r), r.name) and not r.label]
        places = places or [i for i, r in enumerate(regions) if name in (str(r), r.own)]
        if len(places) == 1:
            found += places
        else:
            mistakes.append(_not_one(name, places, regions))
    if mistakes:
        raise UserError("\n".join(dict.fromkeys(mistakes)))
    if found[0] == found[1]:
        raise UserError(f"{names[0]} and {names[1]} are one region: name two")
    return found[0], found[1]


def _not_one(name: str, places: Sequence[int], regions: Sequence[Region]) -> str:
    """Return that a name is that of no region, or of several, with those that may be meant."""
    if places:
        meant = _listed([str(regions[i]) for i in places])
        return f"{name} is the name of {len(places)} regions\n  help: name one of {meant}"
    from difflib import get_close_matches

    names = {str(region): region for region in regions}
    plain = {region.own: full for full, region in reversed(names.items())}
    close = get_close_matches(name, names, 3)
    close += [plain[n] for n in get_close_matches(name, plain, 3) if plain[n] not in close]
    if close:
        return f"no region {name}\n  help: name one of {_listed(close)}"
    whole = [full for full, region in names.items() if not region.label]
    more = f" or {len(whole) - _SOME} others" if len(whole) > _SOME else ""
    return f"no region {name}\n  help: name one of {_listed(whole[:_SOME])}{more}"


def _listed(names: Sequence[str]) -> str:
    """Return names as a shell takes them: those of bins have spaces and commas."""
    return ", ".join(f'"{name}"' if " " in name else name for name in names)


def _findings(
    study: Study, programs: Sequence[tuple[str, Program]], promises: Promises
) -> list[Finding]:
    from adl.compiler.prove.findings import of_bins, of_regions

    met = {i for pair, v in study.verdicts.items() if v.relation != "disjoint" for i in pair}
    alone = {region for i, region in enumerate(study.regions) if i not in met}
    found = of_regions(study.prover, study.regions, alone)
    for name, program in programs:
        found += of_bins(study.prover, program, promises, name)
    return found


def _chunks(sample: str, programs: Sequence[tuple[str, Program]], model: str) -> Iterator[Chunk]:
    """Yield the events of a file, in blocks, with the columns that the regions read."""
    from adl.cli.front import model_of
    from adl.compiler.prove.normal import columns_of
    from adl.runtime.inputs import InputError
    from adl.runtime.inputs.chunks import read
    from adl.runtime.inputs.opening import open_input
    from adl.runtime.prepare import counted_by
    from adl.runtime.recognise import model_for

    nodes = [node for _, program in programs for node in program.fills]
    columns = columns_of(nodes)
    collections = sorted({c for _, program in programs for c in program.collections})
    try:
        with open_input(sample, None, (sample,)) as source:
            known = model_for(source, model_of(model)).model.schema(source.branches())
            for start in range(0, source.entries, _BLOCK):
                stop = min(start + _BLOCK, source.entries)
                yield read(source, columns, collections, start, stop, counted_by(known))
    except InputError as error:
        raise UserError(str(error)) from None


def _end(study: Study, fail_on: Sequence[str]) -> None:
    """End with exit code 1 for what --fail-on names; a region has each of its own bins."""
    relations = {
        verdict.relation
        for (i, j), verdict in study.verdicts.items()
        if not _is_bin_of(study.regions[i], study.regions[j])
    }
    overlap = relations & {"overlapping", "equal", "subset", "superset"}
    if ("overlap" in fail_on and overlap) or ("unproven" in fail_on and "unknown" in relations):
        raise SystemExit(1)


def _is_bin_of(one: Region, other: Region) -> bool:
    """Whether one of two is a region and the other a bin of it."""
    same = (one.file, one.name) == (other.file, other.name)
    return same and bool(one.label) != bool(other.label)
