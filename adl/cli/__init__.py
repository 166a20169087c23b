"""The commands: ``adl`` and ``adlc``. Each is a module that is imported when it is called.

Nothing heavy is imported here: ``adl --version`` answers in the time that Python and click take.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
from collections.abc import Sequence

import click

from adl import __version__
from adl.syntax.collecting import resume

_HELP = {"help_option_names": ["-h", "--help"]}
# Nearly all that these commands make stays until they end, but for what is made of events, which
# looks for cycles itself (adl/syntax/collecting.py).
_NO_CYCLES = ("run", "plan", "check", "inspect", "columns", "show", "fmt", "compile")


def _nearest(name: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches  # here: only a misspelt command needs it

    return next(iter(get_close_matches(name, known, n=1)), "")


class LazyGroup(click.Group):
    """A group whose commands are modules of this package, imported on use."""

    def __init__(self, *args: object, commands_in: Sequence[str], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # click's own keywords
        self.modules = tuple(commands_in)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which people need them."""
        return list(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command."""
        if cmd_name not in self.modules:
            return None
        # numpy's BLAS, which nothing here calls, starts a thread for every core, and they spin.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        if cmd_name in _NO_CYCLES:
            gc.disable()
            ctx.call_on_close(resume)
            atexit.register(gc.freeze)  # nor at the end, when Python would look once more
        module = cmd_name.replace("-", "_")
        command = importlib.import_module(f"adl.cli.{module}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the first argument names, or say which it may have meant."""
        name = args[0]
        if name not in self.modules and (near := _nearest(name, self.modules)):
            raise click.UsageError(f"No such command '{name}'. Did you mean '{near}'?", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=LazyGroup,
    commands_in=(
        "run",
        "plan",
        "check",
        "inspect",
        "columns",
        "datasets",
        "skim",
        "why",
        "diff",
        "overlap",
        "compare-targets",
        "explain",
        "functions",
        "show",
        "fmt",
        "migrate",
    ),
    context_settings=_HELP,
)
@click.version_option(__version__, prog_name="adl")
def main() -> None:
    """Run analyses written in ADL, the Analysis Description Language.

    \b
    Example:
      adl run examples/zpeak.adl examples/sample/zmumu.root -o results
    """


@click.group(cls=LazyGroup, commands_in=("compile",), context_settings=_HELP)
@click.version_option(__version__, prog_name="adlc")
def adlc() -> None:
    """Compile analyses written in ADL, and show every stage on the way.

    \b
    Example:
      adlc compile examples/zpeak.adl --emit kernel
    """
