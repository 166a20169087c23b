"""What a value says in its own words: what it names stays a name, matched across the analyses.

Two values of one shape differ in meaning only because what they name does: ``size(jets) >= 2`` says
the same in both files though ``jets`` is another object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

from adl.check import analysis as core
from adl.check.collections import stages
from adl.diff.contents import code_of
from adl.diff.files import called
from adl.stdlib.corrections.files import Correction
from adl.stdlib.models import Branch, CollectionSchema, Schema, SingletonSchema
from adl.stdlib.registry import Function

Shape = Any  # nested tuples, texts and numbers

_LEFT_OUT = frozenset(("span", "type", "datum", "settled", "limited", "needs", "label", "group"))
_SWAPPED = {"gt": "lt", "ge": "le"}
_SYMMETRIC = frozenset(("eq", "ne", "add", "mul", "and", "or"))
_NAMED = (
    core.ObjectDef,
    core.CompositeDef,
    core.DefineDef,
    core.RegionDef,
    core.TableDef,
    core.HistoListDef,
)


@dataclass
class Shapes:
    """Gives shapes to the values of one analysis; ``names`` are what its names are called in both."""

    declared: Mapping[str, Any]
    names: Mapping[str, str]
    folder: str = ""  # of the analysis
    inputs: Mapping[str, str] = field(default_factory=dict)  # what both object models call one
    _own: set[object] = field(default_factory=set)

    def __post_init__(self) -> None:
        for found in self.declared.values():
            self._own.add(found)
            if isinstance(found, core.ObjectDef):
                self._own.update(stages(found))

    def of(self, content: Any, loops: dict[object, int] | None = None) -> Shape:
        """Return the shape of a value, of values in tuples, or of a part of a declaration."""
        known: dict[object, int] = {} if loops is None else loops
        match content:
            case core.DefineRef(define=define):
                return self._named(define, known)
            case core.RegionRef(region=region):
                return self._named(region, known)
            case core.Literal_():
                return _number(content.value)
            case core.Operation(name="gt" | "ge", arguments=(x, y)):
                return _SWAPPED[content.name], self.of(y, known), self.of(x, known)
            case core.Operation(name="real", arguments=(x,)):
                return self.of(x, known)
            case core.Operation():
                return self._operation(content.name, content.arguments, known)
            case core.Logic(operator="not", operands=(core.Logic(operator="not") as inner,)):
                return self.of(inner.operands[0], known)
            case core.Logic():
                return self._operation(content.operator, content.operands, known)
            case core.Loop():
                return self._loop(content, known)
            case core.AttributeDef():
                return "attribute", content.name
            case core.Corrected() | core.Produced():
                return "made", content.name
            case CollectionSchema() | SingletonSchema() | Branch():
                return "input", self.inputs.get(content.name, content.name)
            case Schema():
                return "input"
            case Function():
                return code_of(content)
            case Correction():
                return self._file(called(content, self.folder))
            case core.Network(name=name):
                return "network", self._file(name), self.of(content.inputs, known), content.output
            case core.Picked():  # which is in the words of messages
                return self._fields(replace(content, name=""), known)
            case _ if isinstance(content, _NAMED):
                return self._named(content, known)
        return self._fields(content, known)

    def content(self, found: Any) -> Shape:
        """Return the shape of what a declaration holds, not its name."""
        defined = found.attributes if isinstance(found, core.ObjectDef) else {}
        own = tuple((name, self.of(one.value)) for name, one in defined.items())
        return (*self._fields(found, {}), own) if own else self._fields(found, {})

    def _fields(self, content: Any, known: dict[object, int]) -> Shape:
        if isinstance(content, tuple | list):
            return tuple(self.of(item, known) for item in content)
        if isinstance(content, Mapping):
            return tuple((str(key), self.of(content[key], known)) for key in content)
        if isinstance(content, bool | int | float):
            return _number(content)
        if is_dataclass(content) and not isinstance(content, type):
            own = (f.name for f in fields(content) if f.name not in _LEFT_OUT)
            return (
                type(content).__name__,
                *(self.of(getattr(content, name), known) for name in own),
            )
        return content if isinstance(content, str) or content is None else repr(content)

    def _file(self, name: str) -> Shape:
        return "file", self.names.get(name, name)

    def _named(self, found: Any, known: dict[object, int]) -> Shape:
        """Return the name of what the file declares, the shape of anything else."""
        if found in self._own:
            return "named", self.names.get(found.name, found.name)
        if isinstance(found, core.DefineDef):
            return self.of(found.value, known)
        if isinstance(found, core.CompositeDef):
            return "composite", found.name, self.of((found.loops, found.where), known)
        return self._fields(found, known)

    def _loop(self, loop: core.Loop, known: dict[object, int]) -> Shape:
        if loop in known:
            return "element", known[loop]
        known[loop] = len(known)
        collection = loop.collection
        return "element", known[loop], None if collection is None else self.of(collection, known)

    def _operation(
        self, name: str, operands: tuple[core.Value, ...], known: dict[object, int]
    ) -> Shape:
        found = [self.of(operand, known) for operand in operands]
        if name in ("and", "or"):
            flat: list[Shape] = []
            for shape in found:
                own = isinstance(shape, tuple) and shape[:1] == (name,)
                flat += shape[1:] if own else [shape]
            found = flat
        return name, *(sorted(found, key=repr) if name in _SYMMETRIC else found)


def _number(value: bool | float) -> Shape:
    """Return a number's shape: 30 and 30.0 say the same."""
    return "number", str(value) if isinstance(value, bool) else repr(float(value))


def tokens(shape: Shape) -> list[str]:
    """Return the words of a shape, for a measure of likeness."""
    if isinstance(shape, tuple):
        return [word for part in shape for word in tokens(part)]
    return [str(shape)]
