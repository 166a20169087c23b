"""What a run knows of its input beside the columns: plain data of every layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["", "data", "simulation"]
Constant = bool | int | float | str


@dataclass(frozen=True)
class Dataset:
    """The input of one run; what is empty is not known. ``stream`` is that of data.

    A dataset list that ``normalises`` has applied the generator's weight, the column ``genw``.
    ``processes`` are those of the whole list.
    """

    kind: Kind = ""
    process: str = ""
    era: str = ""
    stream: str = ""
    constants: Mapping[str, Constant] = field(default_factory=dict)  # "x_kfactor" -> 1.2
    normalises: bool = False
    genw: str = ""
    processes: tuple[str, ...] = ()
