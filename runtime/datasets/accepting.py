"""The values of a dataset list without the wrong ones: what else is wrong shows in the rest.

What is left out can make other things seem wrong that are not: a field with a wrong name is missing
under the right one. So what could follow from it is not told, until it is mended.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from adl.runtime.datasets.entries import ListEntry
from adl.runtime.datasets.refusals import place_of, refusals
from adl.runtime.datasets.texts import Document, Path
from adl.syntax.diagnostics import Diagnostic

# A field whose value is wrong -> what stands for it, so that it is not called missing.
_STAND_INS: Mapping[str, Any] = {"cross_section": 1.0, "luminosity": "1 /fb"}
# Fields on which it does not depend what else of a list is right.
_ALONE = frozenset(
    {"cross_section", "k_factor", "sum_of_weights", "events", "generator_weight"}
    | {"lumi_mask", "tree", "model", "stream", "friends"}
)


@dataclass(frozen=True)
class Accepted:
    """A list, what was wrong in its text, and where it had to be changed."""

    entry: ListEntry | None  # None where nothing is left of it
    mistakes: tuple[Diagnostic, ...] = ()
    changed: frozenset[Path] = frozenset()

    @property
    def related(self) -> bool:
        """Whether datasets are to each other what the text says: one process, one era."""
        return all(_field(path) in _ALONE for path in self.changed)

    def is_whole(self, name: str) -> bool:
        """Whether nothing was left out that a dataset could lack now."""
        return not any(
            path[0] != "stitch"
            and (path[0] != "datasets" or path[1] == name)
            and _field(path) not in (*_ALONE, "luminosity")
            for path in self.changed
        )


def accepted(document: Document) -> Accepted:
    """Return the list that a text holds, without the values that cannot be."""
    data, changed = document.data, set[Path]()
    mistakes: tuple[Diagnostic, ...] = ()
    while True:
        try:
            return Accepted(ListEntry.model_validate(data), mistakes, frozenset(changed))
        except ValidationError as error:
            # What is wrong in the rest only is so because of what was left out.
            mistakes = mistakes or tuple(refusals(document, error))
            places = {_place(document, wrong) for wrong in error.errors()}
            if () in places or places & changed:
                return Accepted(None, mistakes)
            data = _without(data, places)
            changed |= places


def _place(document: Document, wrong: Any) -> Path:
    """Return what has to go: of what lacks a field, and of a list with a wrong item all of it.

    Without one item the places of those after it would be wrong.
    """
    location = wrong["loc"][:-1] if wrong["type"] == "missing" else wrong["loc"]
    path = place_of(document, location)
    numbers = [i for i, part in enumerate(path) if isinstance(part, int)]
    return path[: numbers[0]] if numbers else path


def _field(path: Path) -> str:
    """Return the name of the field of the list or of a dataset to which a path leads."""
    if path[0] != "datasets":
        return str(path[0])
    return str(path[2]) if len(path) > 2 else ""


def _without(data: Any, places: Iterable[Path]) -> Any:
    for path in sorted(places, key=len, reverse=True):  # what is inside goes first
        data = _changed(data, path, _field(path) if len(path) in (1, 3) else "")
    return data


def _changed(data: Any, path: Path, field: str) -> Any:
    (name, *rest), out = path, dict(data)
    if rest:
        out[name] = _changed(data[name], tuple(rest), field)
    elif field in _STAND_INS:
        out[name] = _STAND_INS[field]
    else:
        del out[name]
    return out
