"""``adlc compile``: compile an analysis and show any stage on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import UserError, dialect_option, model_option, read_source

if TYPE_CHECKING:
    from adl.check.analysis import AskedDialect

STAGES = ("tree", "ir", "kernel", "llvm", "asm", "object")


@click.command("compile", short_help="Compile, and show any stage on the way.")
@click.argument("file", type=click.Path())
@click.option("--emit", type=click.Choice(STAGES), help="Print this stage (object needs -o).")
@click.option("-o", "--output", type=click.Path(), help="Write the stage to this file.")
@click.option("--input", "sample", metavar="ROOT", help="Compile for this file's own branches.")
@click.option("--tree", metavar="NAME", help="Tree of the events in --input.")
@model_option
@dialect_option
def command(
    file: str,
    emit: str | None,
    output: str | None,
    sample: str | None,
    tree: str | None,
    model: str,
    dialect: AskedDialect,
) -> None:
    """Compile an analysis for this machine; the object goes to the cache, or to -o.

    \b
    Stages for --emit:
      tree    the syntax tree          llvm    LLVM IR
      ir      the program after passes asm     this machine's assembly
      kernel  its loops and guards     object  this machine's object code

    \b
    Example:
      adlc compile examples/zpeak.adl --emit kernel
    """
    if emit == "object" and output is None:
        raise UserError("--emit object writes bytes: name a file with -o")
    content = _stage(emit or "object", file, (model, dialect, sample, tree))
    if output is not None:
        _write(output, content)
    elif emit is not None:
        click.echo(content, nl=False)
    else:
        click.echo(f"{file}: compiled, {len(content)} bytes of object code")


def _stage(stage: str, file: str, how: tuple[Any, ...]) -> str | bytes:
    if stage == "tree":
        return _tree(file)
    from adl.cli.front import checked
    from adl.compiler.pipeline import build

    compiled = build(checked(file, *how))
    show: dict[str, Callable[[], str | bytes]] = {
        "ir": lambda: _dump(compiled.program),
        "kernel": lambda: compiled.kernel.render(),
        "llvm": lambda: compiled.module.text,
        "asm": lambda: _host().assembly(compiled.module.text),
        "object": lambda: _host().compile_object(compiled.module.text),
    }
    return show[stage]()


def _tree(file: str) -> str:
    from pprint import pformat

    from adl.cli.common import AnalysisMistakes
    from adl.syntax.diagnostics import AnalysisError
    from adl.syntax.parse import parse

    try:
        return pformat(parse(read_source(file)), width=100) + "\n"
    except AnalysisError as error:
        raise AnalysisMistakes(error) from None


def _dump(program: Any) -> str:
    from adl.compiler.dump import dump

    return dump(program)


def _host() -> Any:
    from adl.compiler.targets import host

    return host


def _write(path: str, content: str | bytes) -> None:
    try:
        Path(path).write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
