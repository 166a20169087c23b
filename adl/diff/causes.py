"""Why a statement of unchanged words differs: what it names, or what that names, has changed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from re import findall, sub
from typing import Any

from adl.diff.places import Places
from adl.diff.shape import Shape, Shapes


@dataclass(frozen=True, eq=False)
class Causes:
    """Finds causes; all names are those of the second analysis.

    ``changed`` are declarations and files that differ in their own words, ``corrected`` says of a
    column which systematics correct it otherwise. ``blocks`` are those that have no shape, as
    triggers and functions: they are known where a text names them.
    """

    changed: Collection[str]
    corrected: Mapping[str, tuple[str, ...]]
    blocks: Collection[str]
    declared: Mapping[str, Any]
    shapes: Shapes

    def of(self, shape: Shape, words: str, places: Places) -> tuple[str, ...]:
        """Return the causes in a shape and in the words of which it is, each once."""
        found = [*self._reached(shape, set()), *self._worded(words, places)]
        return tuple(dict.fromkeys(found))

    def _reached(self, shape: Shape, seen: set[tuple[str, str]]) -> Iterator[str]:
        for kind, name in _named(shape):
            if (kind, name) in seen:
                continue
            seen.add((kind, name))
            if kind == "input":
                yield from self.corrected.get(name, ())
            elif name in self.changed:
                yield name
            if kind == "named" and name in self.declared:
                yield from self._reached(self.shapes.content(self.declared[name]), seen)

    def _worded(self, words: str, places: Places) -> Iterator[str]:
        wanted = {name.lower(): name for name in self.blocks}
        texts, seen = [words], set[str]()
        while texts and wanted:
            for word in findall(r"\w+", sub(r'"[^"]*"', "", texts.pop())):  # titles name nothing
                name = word.lower()
                if name in seen:
                    continue
                seen.add(name)
                if name in wanted:
                    yield wanted[name]
                texts.append(places.named(name))


def _named(shape: Shape) -> Iterator[tuple[str, str]]:
    """Yield what a shape names: declarations, files and columns of the input."""
    if isinstance(shape, tuple):
        if len(shape) == 2 and shape[0] in ("named", "file", "input"):
            yield shape
            return
        for part in shape:
            yield from _named(part)
