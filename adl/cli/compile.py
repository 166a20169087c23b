"""``adlc compile``: compile an analysis and show any stage on the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import UserError, read_source
from adl.cli.options import (
    dataset_of,
    dataset_options,
    dialect_option,
    lenient_option,
    model_option,
    model_path_option,
)

if TYPE_CHECKING:
    from adl.check.analysis import AskedDialect

STAGES = ("tree", "ir", "kernel", "llvm", "asm", "object", "ptx", "cubin")
_BYTES = ("object", "cubin")
_OF_CUDA, _OF_HOST = ("ptx", "cubin"), ("asm", "object")


@click.command("compile", short_help="Compile, and show any stage on the way.")
@click.argument("file", type=click.Path())
@click.option(
    "--emit", type=click.Choice(STAGES), help="Print this stage (object and cubin need -o)."
)
@click.option("-o", "--output", type=click.Path(), help="Write the stage to this file.")
@click.option(
    "--target",
    type=click.Choice(["host", "cuda"]),
    help="This machine, or an NVIDIA GPU, which need not be here.  [default: host]",
)
@click.option(
    "--arch",
    default="sm_80",
    show_default=True,
    metavar="sm_NN",
    help="The GPU's architecture: sm_75, sm_80, sm_86, sm_89, sm_90, sm_100 or sm_120.",
)
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
    target: str | None,
    arch: str,
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
      ptx     an NVIDIA GPU's assembly cubin   its machine code, made by ptxas

    A large analysis is compiled in pieces: llvm and asm show one module after the other; object is
    one file in any case.

    \b
    Example:
      adlc compile examples/zpeak.adl --emit kernel
      adlc compile examples/zpeak.adl --target cuda --emit ptx --arch sm_90
    """
    target = _target(target, emit)
    if emit in _BYTES and output is None:
        raise UserError(f"--emit {emit} writes bytes: name a file with -o")
    how = (model, dialect, sample, tree, dataset_of(**about), lenient, model_path)
    if target == "cuda":
        content = _on_cuda(emit or "ptx", arch, file, how)
    else:
        content = _stage(emit or "object", file, how)
    if output is not None:
        _write(output, content)
    elif emit is not None:
        click.echo(content, nl=False)
    else:
        what = f"PTX for {arch}" if target == "cuda" else "object code"
        click.echo(f"{file}: compiled, {len(content)} bytes of {what}")


def _target(target: str | None, emit: str | None) -> str:
    """Return for which machine to compile: a stage that one machine has says it, too."""
    if target == "host" and emit in _OF_CUDA:
        raise UserError(f"--emit {emit} is a stage of --target cuda")
    if target == "cuda" and emit in _OF_HOST:
        raise UserError(f"--emit {emit} is a stage of --target host; cuda has ptx and cubin")
    return target or ("cuda" if emit in _OF_CUDA else "host")


def _on_cuda(stage: str, arch: str, file: str, how: tuple[Any, ...]) -> str | bytes:
    """Return a stage of the compilation for a GPU."""
    if stage in ("tree", "ir"):
        return _stage(stage, file, how)
    from adl.cli.front import checked
    from adl.compiler.pipeline import build
    from adl.compiler.schedule import schedule
    from adl.compiler.targets import cuda

    if arch not in cuda.ARCHITECTURES:
        raise UserError(f"--arch {arch}: it is one of {', '.join(cuda.ARCHITECTURES)}")
    compiled = build(checked(file, *how))
    reason = cuda.obstacle(compiled)
    if reason:
        raise UserError(f"{file} needs the CPU: {reason}")
    if stage == "kernel":
        return schedule(compiled.program, ahead=False).render()
    if stage == "llvm":
        return compiled.device.text
    text = cuda.ptx(compiled.device, arch)
    try:
        return text if stage == "ptx" else cuda.cubin(text, arch)
    except cuda.Unavailable as error:
        raise UserError(str(error)) from None


def _stage(stage: str, file: str, how: tuple[Any, ...]) -> str | bytes:
    if stage == "tree":
        return _tree(file, lenient=how[-2])
    from adl.cli.front import checked
    from adl.compiler.pipeline import build

    compiled = build(checked(file, *how))
    show: dict[str, Callable[[], str | bytes]] = {
        "ir": lambda: "\n".join(_dump(part) for part in compiled.programs),
        "kernel": lambda: "\n".join(part.kernel.render() for part in compiled.parts),
        "llvm": lambda: "\n".join(m.text for m in compiled.modules),
        "asm": lambda: "\n".join(_host().assembly(m.text, m.level) for m in compiled.modules),
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
