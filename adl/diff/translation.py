"""What the first analysis says, as the second has it: its names mean what they mean there.

``size(jets) >= 2`` of both is one statement then, whatever has become of the jets. Two things that
compute the same after that differ, if at all, because of what they name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from operator import is_
from types import MappingProxyType
from typing import Any, TypeVar

from adl.check import analysis as core
from adl.check.collections import inputs, stages

T = TypeVar("T")


class Translation:
    """Puts what a declaration is matched with in its place; ``pairs`` are of one kind each.

    ``networks`` says of the path of a network of the first analysis what the second has there.
    """

    def __init__(
        self,
        pairs: Iterable[tuple[object, object]],
        networks: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._networks = networks
        # By identity, of the first analysis: it and what stands in its place.
        self._known: dict[int, tuple[object, object]] = {}
        composites: list[tuple[core.CompositeDef, core.CompositeDef]] = []
        for x, y in pairs:
            if isinstance(x, core.ObjectDef) and isinstance(y, core.ObjectDef):
                if _has_all(x, y):
                    self._put(x, y)
                    self._object(x, y)
                continue
            self._put(x, y)
            if isinstance(x, core.CompositeDef) and isinstance(y, core.CompositeDef):
                composites.append((x, y))
        for one, two in composites:  # once all collections are known
            self._composite(one, two)

    def of(self, content: T) -> T:
        """Return a value, a statement or a part of one, translated."""
        if id(content) in self._known:
            return self._known[id(content)][1]  # type: ignore[return-value]  # of the same kind
        found = self._parts(content)
        self._put(content, found)
        return found  # type: ignore[no-any-return]  # of the same kind

    def declaration(self, content: T) -> T:
        """Return a declaration that says of its own what it does in the first analysis."""
        return self._parts(content)  # type: ignore[no-any-return]  # of the same kind

    def _object(self, x: core.ObjectDef, y: core.ObjectDef) -> None:
        for one, other in zip(stages(x), stages(y), strict=False):
            self._put(one.this, other.this)
        for name in x.attributes.keys() & y.attributes.keys():
            self._put(x.attributes[name], y.attributes[name])

    def _composite(self, x: core.CompositeDef, y: core.CompositeDef) -> None:
        """Say that loops are those of the other composite, if they are over the same collections."""
        collections = [[self.of(loop.collection) for loop in x.loops]]
        collections.append([loop.collection for loop in y.loops])
        if len(x.loops) == len(y.loops) and all(map(is_, *collections)):
            for one, other in zip(x.loops, y.loops, strict=True):
                self._put(one, other)

    def _put(self, x: object, y: object) -> None:
        self._known[id(x)] = x, y  # x is kept: its identity must not become another's

    def _parts(self, content: Any) -> Any:
        if isinstance(content, tuple):
            items = [self.of(item) for item in content]
            if all(new is old for new, old in zip(items, content, strict=True)):
                return content
            return type(content)(*items) if hasattr(content, "_fields") else tuple(items)
        if isinstance(content, Mapping):
            found = {key: self.of(item) for key, item in content.items()}
            return content if all(found[k] is content[k] for k in content) else found
        own = type(content).__module__.startswith(f"{core.__name__}.")
        if not own or not is_dataclass(content):
            return content
        new = {f.name: self.of(getattr(content, f.name)) for f in fields(content)}
        if isinstance(content, core.Network):
            new["path"] = self._networks.get(content.path, content.path)
        changed = {n: v for n, v in new.items() if v is not getattr(content, n)}
        return replace(content, **changed) if changed else content  # type: ignore[type-var]  # one


def _has_all(x: core.ObjectDef, y: core.ObjectDef) -> bool:
    """Whether the elements of an object have whatever those of another have."""
    before = {found.name: found.attributes.keys() for found in inputs([x])}
    return all(before.get(found.name) == found.attributes.keys() for found in inputs([y]))


def open_loops(value: object) -> set[core.Loop]:
    """Return the loops of which a value asks for the current element, and that are not its own."""
    asked: set[core.Loop] = set()
    own: set[core.Loop] = set()
    todo = [value]
    while todo:
        match todo.pop():
            case core.Variable(loop=loop):
                asked.add(loop)
            case core.BySource() as found:
                asked.add(found.this)
                own.update(loop for loop, _ in found.values)
                todo += [inner for _, inner in found.values]
            case core.Loop() as loop:
                own.add(loop)
            case tuple() as items:
                todo += items
            case core.Typed() | core.Picked() | core.Ordered() as found:
                todo += [getattr(found, f.name) for f in fields(found) if f.name not in _CLOSED]
    return asked - own


def is_searched(value: object) -> bool:
    """Whether a value is known only where a search has found the elements that it asks for."""
    todo = [value]
    while todo:
        match todo.pop():
            case core.Unknown():
                return True
            case core.DefineRef(define=define) if define.unknowns:
                return True
            case tuple() as items:
                todo += items
            case core.Typed() | core.Picked() | core.Ordered() as found:
                todo += [getattr(found, f.name) for f in fields(found) if f.name not in _CLOSED]
    return False


_CLOSED = frozenset(("define", "region", "definition", "collection", "needs", "table", "loop"))
