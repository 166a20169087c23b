"""Users' functions: ``function mine`` with ``code "mine.py"``, a Python function of that name.

Only the text is looked at here: types are those of the annotations. The file is executed when its
functions are compiled, and only then.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adl.check.declarations import warn_of_hidden_function
from adl.stdlib.registry import Function
from adl.syntax.diagnostics import Findings, did_you_mean
from adl.syntax.source import Source, Span
from adl.syntax.tree import File
from adl.syntax.tree import Function as Written

_NUMBERS = {"float": "real", "int": "int", "bool": "bool"}
_EXAMPLE = "def {name}(pt: list[float], met: float) -> float:"


@dataclass(frozen=True)
class FromFile:
    """Where a user's function comes from: stands for it until it is compiled."""

    name: str
    path: str
    text: str
    span: Span  # in the analysis

    def __call__(self, *arguments: Any) -> Any:
        """Functions of files are called when they are compiled."""
        raise TypeError(f"{self.name} of {self.path} is not compiled")


def user_functions(
    file: File, source: Source, declared: Mapping[str, Span], findings: Findings
) -> dict[str, Function | None]:
    """Return the functions that an analysis takes from Python files; None after a mistake.

    ``declared`` says where other names stand.
    """
    found: dict[str, Function | None] = {}
    known = dict(declared)
    for block in file.blocks:
        if not isinstance(block, Written):
            continue
        name = block.name.name
        first = known.setdefault(name, block.name.span)
        if first is not block.name.span:
            help = "give one of them another name"
            message = f"{name} is declared twice, first on line {source.position(first.start)[0]}"
            findings.error("E207", message, block.name.span, help)
            _function(block, source, findings)  # for its own mistakes
            continue
        warn_of_hidden_function(block.name, f"the one of {block.code}", findings)
        found[name] = _function(block, source, findings)
    return found


def _function(block: Written, source: Source, findings: Findings) -> Function | None:
    name, span = block.name.name, block.name.span
    if not block.code:
        message = f"function {name} does not say where its Python is"
        findings.error("E270", message, span, 'code "file.py", relative to the analysis')
        return None
    path = Path(source.name).parent / block.code
    tree = _read(path, block, findings)
    if tree is None:
        return None
    text, module = tree
    defined = {n.name: n for n in module.body if isinstance(n, ast.FunctionDef)}
    if name not in defined:
        help = did_you_mean(name, list(defined)) or f"def {name}(...) stands nowhere in it"
        findings.error("E270", f"{path} has no function {name}", span, help)
        return None
    found = _typed(defined[name], block, FromFile(name, str(path), text, span), findings)
    raises = any(isinstance(n, ast.Raise | ast.Assert) for n in ast.walk(module))
    return found and replace(found, raises=raises)


def _read(path: Path, block: Written, findings: Findings) -> tuple[str, ast.Module] | None:
    """Return the text of a file and its tree; None if it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
        return text, ast.parse(text, str(path))
    except OSError as error:
        help = f"{block.code} is looked for beside the analysis"
        message = f"{path}: {error.strerror}"
    except SyntaxError as error:
        message, help = f"{path}:{error.lineno}: {error.msg}", (error.text or "").strip()
    except ValueError as error:  # not UTF-8, or a byte NUL
        message, help = f"{path}: {error}", "save the file as UTF-8"
    findings.error("E270", message, block.name.span, help)
    return None


# ------------------------------------------------------------------------------------ types


def _typed(
    written: ast.FunctionDef, block: Written, body: FromFile, findings: Findings
) -> Function | None:
    """Return the function with the types of its annotations."""
    every = written.args
    where = f"{body.path}:{written.lineno}"

    def refuse(message: str, help: str) -> None:
        findings.error("E271", f"{where}: {message}", block.name.span, help)

    if every.vararg or every.kwarg or every.kwonlyargs:
        refuse(f"{body.name} has arguments with a star", "each argument has a name and a type")
        return None
    parameters = [*every.posonlyargs, *every.args]
    kinds = [_kind(p.annotation) for p in parameters]
    unknown = [p.arg for p, kind in zip(parameters, kinds, strict=True) if kind is None]
    result = _NUMBERS.get(_words(written.returns))
    if unknown or result is None:
        what = f"the type of {unknown[0]}" if unknown else "the type of what it returns"
        known = "float, int, bool, and list[float] or np.ndarray for values of a collection"
        refuse(f"{what} is not said", f"{_EXAMPLE.format(name=body.name)} with {known}")
        return None
    if block.arguments and len(block.arguments) != len(parameters):
        refuse(
            f"{body.name} takes {len(parameters)}, the analysis says {len(block.arguments)}",
            f"arg {' '.join(p.arg for p in parameters)}",
        )
        return None
    defaults = [_number(d) for d in every.defaults]
    if None in defaults:
        refuse(f"a default of {body.name} is no number", "mass: float = 91.2")
        return None
    return Function(
        body.name,
        tuple(kind for kind in kinds if kind is not None),
        result,
        "user",
        body,
        body,
        (),
        defaults=tuple(d for d in defaults if d is not None),
        parameters=tuple(p.arg for p in parameters),
    )


def _kind(annotation: ast.expr | None) -> str | None:
    words = _words(annotation)
    if words in _NUMBERS:
        return _NUMBERS[words]
    plain = words.partition("[")[0].rpartition(".")[2]
    return "array" if words == "list[float]" or plain in ("ndarray", "NDArray") else None


def _words(annotation: ast.expr | None) -> str:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value
    return "" if annotation is None else ast.unparse(annotation)


def _number(default: ast.expr) -> float | None:
    try:
        value = ast.literal_eval(default)
    except ValueError:
        return None
    return float(value) if isinstance(value, int | float) else None
