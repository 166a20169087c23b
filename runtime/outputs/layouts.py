"""Histograms of one shape, put into bytes: uproot lays one out, the others differ in their numbers.

An analysis with variations writes thousands of histograms that have title and axes in common. Where
the name and the numbers stand among the bytes is found by laying out two that differ in all of them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import uproot

Numbers = npt.NDArray[np.float64]
# Makes uproot's model of a histogram with these contents, squared errors and number of entries.
Make = Callable[[Numbers, Numbers, float], Any]
# What differs in every byte, as a letter of a name and as part of a number.
_LETTERS = "\x01", "\x02"
_ENTRIES = struct.Struct(">d")


class Shape(NamedTuple):
    """What histograms have in common: equal keys are equal shapes."""

    key: Hashable
    make: Make
    cells: int


@dataclass(eq=False)
class Layouts:
    """The layouts of a file, by shape and by length of the name: they are found when asked for."""

    _known: dict[tuple[Hashable, int], _Layout] = field(default_factory=dict)
    _models: dict[Hashable, Any] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)

    def of(self, shape: Shape, length: int) -> _Layout:
        """Return the layout of a shape with names of so many bytes."""
        key = shape.key, length
        if key not in self._known:
            self._known[key] = _Layout(shape, length)
        return self._known[key]

    def model(self, shape: Shape) -> Any:
        """Return one that uproot has made: of its class, with its title."""
        if shape.key not in self._models:
            self._models[shape.key] = _sample(shape, _LETTERS[0])
        return self._models[shape.key]

    def streamers(self, shape: Shape) -> tuple[Any, ...]:
        """Return what describes a class, the first time that it is asked for."""
        model = self.model(shape)
        new = model.classname not in self._told
        self._told.add(model.classname)
        return tuple(model.class_rawstreamers) if new else ()


class Shaped(uproot.model.Model):  # type: ignore[misc]  # uproot has no types
    """A histogram that uproot writes as one of its own models."""

    def __init__(
        self,
        layouts: Layouts,
        shape: Shape,
        values: Numbers,
        variances: Numbers,
        entries: float,
    ) -> None:
        self._layouts, self._shape = layouts, shape
        self._numbers = values, variances, entries

    def to_writable(self) -> Shaped:
        """Return itself."""
        return self

    @property
    def classname(self) -> str:
        """TH1D or TH2D."""
        return str(self._layouts.model(self._shape).classname)

    @property
    def fTitle(self) -> str:  # uproot asks for this name
        """The title that the directory shows."""
        return str(self._layouts.model(self._shape).member("fTitle"))

    @property
    def class_rawstreamers(self) -> tuple[Any, ...]:
        """What describes the class in the file; the file needs it once."""
        return self._layouts.streamers(self._shape)

    def serialize(self, name: str | None = None) -> bytes:
        """Return its bytes."""
        own = (name or "").encode(errors="surrogateescape")
        return self._layouts.of(self._shape, len(own)).filled(own, *self._numbers)


class _Layout:
    def __init__(self, shape: Shape, length: int) -> None:
        contents = (_sample(shape, x).serialize(name=x * length) for x in _LETTERS)
        first, second = (np.frombuffer(content, np.uint8) for content in contents)
        differs = np.concatenate(([False], first != second, [False]))
        edges = np.flatnonzero(np.diff(differs)).tolist()
        starts, stops = edges[::2], edges[1::2]
        # In this order: the name, the number of entries, the squared errors, the contents.
        sizes = [size for size in (length, 8, 8 * shape.cells, 8 * shape.cells) if size]
        found = [stop - start for start, stop in zip(starts, stops, strict=True)]
        assert found == sizes, f"uproot lays out histograms otherwise: {found}, not {sizes}"
        whole = first.tobytes()
        bounds = zip([0, *stops], [*starts, len(whole)], strict=True)
        self._between = [whole[start:stop] for start, stop in bounds]

    def filled(self, name: bytes, values: Numbers, variances: Numbers, entries: float) -> bytes:
        """Return the bytes of a histogram."""
        first, *others = self._between
        own = [name] if name else []
        own += [_ENTRIES.pack(entries), *(x.astype(">f8").tobytes() for x in (variances, values))]
        parts = (part for pair in zip(own, others, strict=True) for part in pair)
        return b"".join((first, *parts))


def _sample(shape: Shape, letter: str) -> Any:
    (number,) = np.frombuffer(letter.encode() * 8, np.float64)
    numbers = np.full(shape.cells, number)
    return shape.make(numbers, numbers, float(number))
