"""What is wrong with users' functions beyond their signature: found by compiling them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from adl.check.analysis import Analysis
from adl.check.functions import FromFile
from adl.compiler.python.code import Unavailable, code
from adl.compiler.python.frontend import NotCompiled
from adl.compiler.python.sources import NotLoaded
from adl.stdlib.registry import Function
from adl.syntax.diagnostics import AnalysisError, Diagnostic

_HELP = (
    "what compiles: numbers, arrays, loops, if, math, functions of the same kind; no lists, "
    "dictionaries, texts or new arrays"
)


def compile_functions(analysis: Analysis) -> None:
    """Compile the functions that an analysis takes from Python files.

    Raises:
        AnalysisError: some cannot be compiled; each is shown with its line in Python.
    """
    found = tuple(d for function in analysis.functions for d in _mistakes(function))
    if found:
        raise AnalysisError(analysis.source, found)


def _mistakes(function: Function) -> Iterator[Diagnostic]:
    origin = function.body
    assert isinstance(origin, FromFile), "a user's function comes from a file"
    try:
        code(function)
    except NotLoaded as error:
        message = f"{error.file}:{error.line}: {error.message}"
        help = "the file is executed before its functions are compiled"
        yield Diagnostic("E270", "error", message, origin.span, help)
    except NotCompiled as error:
        message = f"{error.file}:{error.line}: {error.message}{_quoted(error.file, error.line)}"
        yield Diagnostic("E272", "error", message, origin.span, _HELP)
    except Unavailable as error:
        message = f"{origin.path}: {function.name} calls {error}, which gives other last bits "
        help = "sin cos tan asin acos atan atan2 exp log log10 sinh cosh tanh asinh acosh atanh erf pow and sqrt"
        message += "on other machines"
        yield Diagnostic("E272", "error", message, origin.span, f"there are {help}")


def _quoted(file: str, line: int) -> str:
    """Return a line of Python in brackets."""
    try:
        lines = Path(file).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return f" ({lines[line - 1].strip()})" if 0 < line <= len(lines) else ""
