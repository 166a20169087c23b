"""``adlc compile``: compile an analysis and show any stage on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import (
    UserError,
    dataset_of,
    dataset_options,
    dialect_option,
    lenient_option,
    model_option,
    model_path_option,
    read_source,
)

if TYPE_CHECKING:
    from adl.check.analysis import AskedDialect

STAGES = ("tree", "ir", "kernel", "llvm", "asm", "object")


@click.command("compile", short_help="Compile, and show any stage on the way.")
@click.argument("file", type=click.Path())
@click.option("--emit", type=click.Choice(STAGES), help="Print this stage (object needs -o).")
@click.option("-o", "--output", type=click.Path(), help="Write the stage to this file.")
@click.option("--input", "sample", metavar="ROOT", help="Compile for this file's own branches.")
@click.option("--tree", metavar="NAME", help="Tree of the events in --input.")
@lenient_option
@dataset_options
@model_path_option
@model_option
@dialect_option
def command(
    file: str,
    emit: str | None,
    output: str | None,
    sample: str | None,
    tree: str | None,
    lenient: bool,
    model_path: tuple[str, ...],
    model: str,
    dialect: AskedDialect,
    **about: Any,
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
    how = (model, dialect, sample, tree, dataset_of(**about), lenient, model_path)
    content = _stage(emit or "object", file, how)
    if output is not None:
        _write(output, content)
    elif emit is not None:
        click.echo(content, nl=False)
    else:
        click.echo(f"{file}: compiled, {len(content)} bytes of object code")


def _stage(stage: str, file: str, how: tuple[Any, ...]) -> str | bytes:
    if stage == "tree":
        return _tree(file, lenient=how[-2])
    from adl.cli.front import checked
    from adl.compiler.pipeline import build

    compiled = build(checked(file, *how))
    show: dict[str, Callable[[], str | bytes]] = {
        "ir": lambda: "\n".join(_dump(part) for part in compiled.programs),
        "kernel": lambda: "\n".join(part.kernel.render() for part in compiled.parts),
        "llvm": lambda: compiled.module.text,
        "asm": lambda: _host().assembly(compiled.module.text),
        "object": lambda: _host().compile_object(compiled.module.text),
    }
    return show[stage]()


def _tree(file: str, lenient: bool) -> str:
    from pprint import pformat

    from adl.cli.common import AnalysisMistakes
    from adl.syntax.diagnostics import AnalysisError
    from adl.syntax.parse import parse_with_notes

    try:
        return pformat(parse_with_notes(read_source(file), lenient)[0], width=100) + "\n"
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
