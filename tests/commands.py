"""``adl`` and ``adlc`` as tests call them: in this process, with nothing that escapes as a traceback."""

from __future__ import annotations

from typing import Any

from click.testing import CliRunner, Result

from adl import cli


def adl(*arguments: object, **settings: Any) -> Result:
    """Run ``adl`` and require that it ended in order, whatever happened.

    ``settings`` are those of click's runner: ``input``, ``color``.
    """
    return _ended(CliRunner().invoke(cli.main, [str(a) for a in arguments], **settings))


def adlc(*arguments: object) -> Result:
    """Run ``adlc``, likewise."""
    return _ended(CliRunner().invoke(cli.adlc, [str(a) for a in arguments]))


def _ended(result: Result) -> Result:
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result
