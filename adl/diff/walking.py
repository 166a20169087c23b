"""Everything that an analysis is made of, each thing once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from adl.check import analysis as core

_OURS = (f"{core.__name__}.", "adl.check.variations")  # what names of modules begin with


def everything(analysis: core.Analysis) -> Iterator[Any]:
    """Yield the values, statements and declarations of an analysis."""
    seen: set[int] = set()
    todo: list[Any] = [
        *(analysis.declared, analysis.regions, analysis.stages, analysis.systematics)
    ]
    while todo:
        item = todo.pop()
        if id(item) in seen:
            continue
        if isinstance(item, tuple):
            todo += item
        elif isinstance(item, Mapping):
            todo += [*item, *item.values()]
        elif is_dataclass(item) and type(item).__module__.startswith(_OURS):
            seen.add(id(item))
            yield item
            todo += [getattr(item, field.name) for field in fields(item)]
