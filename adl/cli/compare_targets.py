"""``adl compare-targets``: whether two targets give the same numbers, value by value."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import UserError, show_note
from adl.cli.friends import friend_options, once, taken_out
from adl.cli.lists import Request, is_list, options_of, refuse_options
from adl.cli.lists import read as read_list
from adl.cli.options import (
    Places,
    dataset_of,
    dataset_options,
    dialect_option,
    format_option,
    lenient_option,
    model_option,
    model_path_option,
    rewrite_option,
    seed_option,
    tree_option,
)

if TYPE_CHECKING:
    from adl.check.analysis import AskedDialect
    from adl.compiler.pipeline import Compiled
    from adl.runtime.agreement import Agreement, Case, Compared
    from adl.runtime.comparing import Comparing, Run
    from adl.runtime.datasets.lists import DatasetList
    from adl.runtime.execute.device.choosing import Devices
    from adl.runtime.friends import Friend

TARGETS = ("host", "reference", "cuda")
_SLOW = 1000  # events, if the interpreter takes part
DIFFERENT = 1  # the exit code


@click.command("compare-targets", short_help="Compare two targets, value by value.")
@click.argument("file", type=click.Path())
@click.argument("inputs", metavar="DATA...", nargs=-1, required=True)
@click.option(
    "--targets",
    type=click.Choice(TARGETS),
    nargs=2,
    metavar="A B",
    help="Two of host, cuda, reference.  [default: host and cuda; without a GPU, reference]",
)
@click.option(
    "-n",
    "--events",
    type=click.IntRange(min=0),
    metavar="N",
    help="Stop after N events in total; with a dataset list, of each dataset.  "
    f"[default: all; {_SLOW} with reference]",
)
@click.option(
    "--bound",
    type=click.FloatRange(min=0),
    default=0.0,
    show_default=True,
    metavar="ULP",
    help="How far sums may be apart, in units of their last place.",
)
@tree_option
@rewrite_option
@friend_options
@seed_option()
@format_option("json")
@lenient_option
@dataset_options
@model_path_option
@model_option
@dialect_option
def command(
    file: str,
    inputs: tuple[str, ...],
    targets: tuple[str, str] | None,
    events: int | None,
    bound: float,
    tree: str | None,
    places: Places,
    seed: int,
    form: str,
    lenient: bool,
    model_path: tuple[str, ...],
    model: str,
    dialect: AskedDialect,
    **about: Any,
) -> None:
    """Run an analysis on two targets and compare each value of each event, each count, each sum.

    Over ROOT files (names or globs), or over the datasets of a list (.yaml, .json or .txt). Values
    and counts have to be equal to the bit. Sums are as well, unless --bound allows more.
    The exit code is 0 if they agree, 1 if they do not or nothing was compared, 2 if the analysis or
    a file has a mistake, or if a target that was asked for cannot run.

    \b
    Example:
      adl compare-targets examples/zpeak.adl examples/sample/zmumu.root
      adl compare-targets examples/zpeak.adl examples/datasets.yaml
      adl compare-targets examples/ttbar.adl examples/sample/ttbar.root --targets host cuda
    """
    from adl.check.systematics.named import names
    from adl.cli.afterwards import report
    from adl.cli.preparing import prepare, refuse_doubles
    from adl.runtime.agreement import Agreement
    from adl.runtime.comparing import Comparing, Recording

    friends = taken_out(about)
    lists = _list(inputs, friends)
    if lists is not None:
        refuse_options(about)
    runners, pair, devices = _runners(targets)
    if events is None and "reference" in pair:
        events = _SLOW
    made = prepare(file, model, dialect, "reference", seed, dataset_of(**about), lenient)
    if lists is not None:
        refuse_doubles(names(made.file), lists)
    preparation = Recording(**vars(made), runners=runners)
    preparation.model_path, preparation.noted = model_path, once(show_note)
    found = Agreement(pair, bound)
    comparing = Comparing(preparation, found, events, tree, places)
    _compare(comparing, inputs, lists, friends)
    found.gpu = None if devices is None else devices.doings()
    if form == "json":
        click.echo(json.dumps(described(found), indent=2, allow_nan=False))
    elif found.events or not comparing.outcome.failures:
        _print(found)
    report(comparing.outcome, None, events)
    if not found.agree:
        raise SystemExit(DIFFERENT)


def _list(inputs: tuple[str, ...], friends: tuple[Friend, ...]) -> DatasetList | None:
    """Return the dataset list that the inputs are, None if they are files of events."""
    name = next(filter(is_list, inputs), None)
    if name is None:
        return None
    if len(inputs) > 1:
        raise UserError(
            f"{name} is a dataset list, which stands alone\n  help: name the other files in it"
        )
    if friends:
        raise UserError("--friend: in a dataset list, each dataset has its own friends:")
    return read_list(name)


def _compare(
    comparing: Comparing,
    inputs: tuple[str, ...],
    lists: DatasetList | None,
    friends: tuple[Friend, ...],
) -> None:
    from adl.runtime.inputs import InputError
    from adl.runtime.inputs.paths import expand
    from adl.runtime.networks import NetworkError

    try:
        if lists is None:
            comparing.files(expand(inputs), friends, once(show_note))
        else:
            request = Request(1, None, comparing.tree, True, None, 0, comparing.places)
            comparing.datasets(lists, options_of(lists, request, []))
    except (InputError, NetworkError) as error:
        raise UserError(str(error)) from None


Runners = Callable[["Compiled"], tuple["Run", "Run"]]


def _runners(
    asked: tuple[str, str] | None,
) -> tuple[Runners, tuple[str, str], Devices | None]:
    """Return what makes the two targets of a program, their names, and the GPU if it is one."""
    from adl.runtime.comparing import BLOCK

    if asked is not None and asked[0] == asked[1]:
        others = " or ".join(target for target in TARGETS if target != asked[0])
        raise UserError(
            f"--targets {asked[0]} {asked[1]}: that is one target\n"
            f"  help: compare {asked[0]} with {others}"
        )
    said: list[str] = []
    devices = _devices(said, asked is not None) if asked is None or "cuda" in asked else None
    pair = asked or ("host", "reference" if devices is None else "cuda")

    def one(target: str, compiled: Compiled) -> Run:
        if target == "host":
            return compiled.run
        if target == "reference":
            return compiled.interpret
        assert devices is not None
        whole = devices.kernel(compiled)
        if whole is None:
            reason = said[-1].partition(": ")[2]
            raise UserError(f"cuda: {reason}\n  help: --targets host reference needs no GPU")
        return lambda chunk: whole(chunk, BLOCK)[0]

    return lambda compiled: (one(pair[0], compiled), one(pair[1], compiled)), pair, devices


def _devices(said: list[str], insists: bool) -> Devices | None:
    """Return the GPU; None, which has been told, if there is none and nobody insists on it."""
    from adl.runtime.execute.device import nvidia
    from adl.runtime.execute.device.choosing import Devices

    devices = Devices("cuda", said.append, nvidia.driver)
    if devices.driver is None:
        reason = said[0].partition(": ")[2]
        if insists:
            raise UserError(f"--targets cuda: {reason}")
        show_note(f"without a GPU, compiled code and interpreter are compared ({reason})")
        return None

    def noted(text: str) -> None:
        said.append(text)
        if not text.startswith("the CPU counts: "):  # that is an error here
            show_note(text)

    devices.noted = noted
    return devices


# ------------------------------------------------------------------------------------ output


def described(found: Agreement) -> dict[str, Any]:
    """Return a comparison for machines."""
    first, second = found.targets

    def case(one: Case) -> dict[str, Any]:
        where = {"event": one.event} if one.event >= 0 else {"bin": one.place}
        numbers = {first: _number(one.first), second: _number(one.second)}
        return {"what": one.what, "file": one.path, **where, **numbers}

    def kind(some: Compared) -> dict[str, Any]:
        cases = [case(one) for one in some.cases]
        return {"compared": some.number, "different": some.different, "cases": cases}

    apart = {"ulp": _number(found.ulp), "relative": _number(found.relative)}
    sums = {**apart, "bound_ulp": _number(found.bound)}
    return {
        "targets": list(found.targets),
        "events": found.events,
        "agree": found.agree,
        "values": kind(found.values),
        "counts": kind(found.counts),
        "sums": kind(found.sums) | sums,
        **({} if found.gpu is None else {"gpu": asdict(found.gpu)}),
    }


def _number(value: float) -> float | str:
    """Return a number as JSON has it, which knows neither infinities nor NaN: those as texts."""
    return value if math.isfinite(value) else str(value)


_ARE = {"host": "code of this CPU", "reference": "interpreter", "cuda": "GPU"}


def _print(found: Agreement) -> None:
    first, second = found.targets
    are = " and ".join(f"{target} ({_ARE[target]})" for target in found.targets)
    click.echo(f"{are} over {found.events:,} events")
    for what, some, none in (
        ("values of events", found.values, "nothing is filled"),
        ("counts", found.counts, "nothing is counted"),
        ("sums of weights", found.sums, "nothing has a weight"),
    ):
        words = "equal to the bit" if not some.different else f"{some.different:,} differ"
        number = f"{some.number:,}" if some.number else "none"
        click.echo(f"  {what:18}{number:>14}   {words if some.number else none}")
        for one in some.cases:
            where = f"event {one.event}" if one.event >= 0 else f"bin {one.place}"
            numbers = f"{first} {one.first!r}, {second} {one.second!r}"
            click.echo(f"    {one.what}, {where} of {one.path}: {numbers}")
    if found.sums.different:
        allowed = f"; {found.bound:g} ULP are allowed"
        click.echo(
            f"  the sums are up to {found.ulp:g} ULP apart, {found.relative:.3g} of them{allowed}"
        )
    click.echo(f"  {_verdict(found)}")


def _verdict(found: Agreement) -> str:
    """Return the last line: whether they agree, and of how many events a GPU says so."""
    from adl.runtime.execute.device.choosing import instead

    if not found.events:
        return "nothing was compared"
    said = "they agree" if found.agree else "they do not agree"
    if found.gpu is None:
        return said
    return "; ".join([said, f"the GPU has counted {found.gpu.events} events", *instead(found.gpu)])
