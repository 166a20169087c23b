"""``adl run``: run an analysis over files, print its cutflows, write its results."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adl.cli.afterwards import report, report_sample
from adl.cli.common import UserError, check_folder, show_findings, show_note, show_warning
from adl.cli.dry_run import SHARE, refuse, refuse_gpu, share_of, tell_of_run, trying
from adl.cli.executing import execute_inputs, judged, results_of
from adl.cli.friends import friend_options, taken_out, tell
from adl.cli.lists import Request, is_list, read, refuse_options
from adl.cli.lists import run as run_list
from adl.cli.options import (
    Places,
    dataset_of,
    dataset_options,
    dialect_option,
    format_option,
    jobs_option,
    lenient_option,
    model_option,
    model_path_option,
    rewrite_option,
    seed_option,
    tree_option,
)
from adl.cli.preparing import ALL, devices, prepare, wanted
from adl.cli.profile import profiling, show_profile
from adl.cli.telling import note_unwritten, print_results, write_results

if TYPE_CHECKING:
    from adl.check.analysis import AskedDialect
    from adl.runtime.datasets.lists import DatasetList
    from adl.runtime.outputs.keeper import Keeper


@click.command("run", short_help="Run an analysis over ROOT files.")
@click.argument("file", type=click.Path())
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@click.option("-o", "--output", metavar="DIR", help="Write results.json and results.root here.")
@jobs_option("Threads. Results are the same bits for any number.")
@click.option(
    "-n",
    "--events",
    type=click.IntRange(min=0),
    metavar="N",
    help="Stop after N events in total; with a dataset list, of each dataset.",
)
@tree_option
@rewrite_option
@click.option(
    "--target",
    type=click.Choice(["host", "cuda", "auto", "reference"]),
    default="host",
    show_default=True,
    help="This machine's CPU, an NVIDIA GPU (or, where it cannot, the CPU: one line says why), "
    "auto for whichever can, or the slow interpreter.",
)
@seed_option("Chooses the random numbers of applyHM.")
@click.option(
    "--print-rows",
    type=click.IntRange(min=0),
    default=10,
    show_default=True,
    metavar="N",
    help="Rows to show of each print statement; -o writes all of them.",
)
@click.option(
    "--systematics",
    default=("all",),
    multiple=True,
    show_default=True,
    metavar="all|none|GLOB",
    help="Which systematics to compute, by name; can be repeated. Nominal results are the same bits for any.",
)
@click.option(
    "--luminosity",
    metavar="L",
    help="Scale a dataset list to this, as in '59.8 /fb', and not to what it says.",
)
@click.option(
    "--profile", is_flag=True, help="Say what took the time, and what would help; -o keeps it."
)
@click.option(
    "--dry-run",
    "dry",
    is_flag=True,
    help="Run a sample; say what time, memory and disk the whole would take. Writes nothing.",
)
@click.option(
    "--sample",
    metavar="SHARE",
    help=f"With --dry-run: how much of the input to run, as in {SHARE} (the default).",
)
@format_option("json", help="With --profile or --dry-run: print only what it says, as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Print no progress and no tables.")
@friend_options
@lenient_option
@dataset_options
@model_path_option
@model_option
@dialect_option
def command(
    file: str,
    inputs: tuple[str, ...],
    output: str | None,
    jobs: int,
    events: int | None,
    tree: str | None,
    places: Places,
    target: str,
    seed: int,
    print_rows: int,
    systematics: tuple[str, ...],
    luminosity: str | None,
    profile: bool,
    dry: bool,
    sample: str | None,
    form: str,
    quiet: bool,
    lenient: bool,
    model_path: tuple[str, ...],
    model: str,
    dialect: AskedDialect,
    **about: Any,
) -> None:
    """Run an analysis over ROOT files (names or globs) and print the cutflow of each region.

    Or over a dataset list (.yaml, .json or .txt): then each process is scaled and has its own
    numbers; `adl datasets` knows more. With -o it writes results.json (see the schema in the manual), results.root and what the
    analysis prints and saves. The exit code is 2 if the analysis or a file has a mistake; what other files gave is kept.

    \b
    Example:
      adl run examples/zpeak.adl examples/sample/zmumu.root -o results
      adl run examples/zpeak.adl examples/datasets.yaml
      adl run --profile examples/zpeak.adl examples/sample/zmumu.root
      adl run --dry-run --sample 5% examples/zpeak.adl examples/sample/zmumu.root
    """
    friends = taken_out(about)
    if form == "json" and not (profile or dry):
        help = "say one of them, too"
        raise UserError(f"--format json prints what --profile or --dry-run finds: {help}")
    refuse(sample, dry, profile)
    share = share_of(SHARE if sample is None else sample) if dry else None
    quiet = quiet or form == "json" or dry
    lists = _list(inputs, luminosity)
    if lists is not None and friends:
        raise UserError("--friend: in a dataset list, each dataset has its own friends:")
    if lists is not None:
        refuse_options(about)
    if output is not None and not dry:
        check_folder(output)  # before the work, not after it
    asked_output = output
    with profiling(profile) as profiled, trying(share) as tried:
        sampler = None
        if tried is not None:
            output, print_rows, sampler = tried.folder, 0, tried.sampler
        preparation = prepare(file, model, dialect, target, seed, dataset_of(**about), lenient)
        preparation.model_path = model_path
        preparation.devices = devices(target)
        refuse_gpu(dry, preparation.devices)
        if preparation.devices is not None:
            jobs = preparation.devices.threads(jobs)
        preparation.systematics, lists = wanted(systematics, preparation.file, lists)
        preparation.noted, preparation.warned = show_note, show_warning
        if lists is not None:
            request = Request(jobs, events, tree, quiet, output, print_rows, places, sampler)
            results, outcome, keepers = run_list(lists, preparation, request)
        else:
            keepers = [_keeper(output, 0 if quiet else print_rows)]
            settings = jobs, events, places, quiet
            outcome = execute_inputs(
                preparation, inputs, friends, tree, settings, keepers[0], sampler
            )
            results = results_of(preparation, outcome, friends)
            tell(results.friends if results is not None else ())
        results, told = judged(outcome, results)
        if tried is not None:
            if results is not None:
                tell_of_run(
                    tried,
                    (file, jobs),
                    keepers,
                    asked_output,
                    form,
                    partial(write_results, results),
                )
            show_findings(told, preparation.source)
            report_sample(outcome, events)
            return
        if results is not None and output is not None:  # first: no printer's trouble loses them
            write_results(results, output, profiled)
    lost = bool(outcome.failures) and not outcome.events  # all: no number says anything
    if results is not None and not quiet and not lost:
        print_results(results, keepers, output)
    for line in preparation.devices.done() if preparation.devices is not None else ():
        show_note(line)
    note_unwritten(keepers)
    if profiled is not None:
        run = (preparation.source, inputs, jobs, target == "reference")
        show_profile(profiled, run, outcome, output, form, quiet)
    show_findings(told, preparation.source)
    report(outcome, None if lost else results, events, bool(told))
    if results is not None and not results.systematics and not set(systematics) <= ALL.keys():
        message = (
            f"--systematics {' '.join(systematics)}: the input has no variation of such a name"
        )
        raise UserError(f"{message}\n  help: adl inspect lists what a file offers")


def _list(inputs: tuple[str, ...], luminosity: str | None) -> DatasetList | None:
    """Return the dataset list that the inputs are, None if they are files of events."""
    named = [name for name in inputs if is_list(name)]
    if not named:
        if luminosity is not None:
            raise UserError("--luminosity scales a dataset list, and the inputs are files")
        return None
    if len(inputs) > 1:
        raise UserError(
            f"{named[0]} is a dataset list, which stands alone\n  help: name the other files in it"
        )
    return read(named[0], luminosity)


def _keeper(output: str | None, shown: int) -> Keeper:
    from adl.runtime.outputs.keeper import Keeper

    return Keeper(None if output is None else Path(output), shown)
