"""What a dataset list can say: pydantic models, and with them its JSON Schema.

They hold what stands in the text; ``reading`` resolves paths, defaults and conditions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from adl.runtime.datasets.quantities import luminosity

Kind = Literal["data", "simulation"]
OTHERWISE = "otherwise"  # the condition of the remainder


def _own_fields(schema: dict[str, Any]) -> None:
    schema["patternProperties"] = {
        "^x-": {"description": "A field of your own; dataset.x_NAME in the analysis."}
    }
    schema.get("properties", {}).pop("own", None)


def _number(value: object) -> object:
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a finite number is expected")
    return value


def _digits(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _luminosity(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(era): luminosity(text) for era, text in value.items()}
    return luminosity(value)


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Era = Annotated[str, BeforeValidator(_digits, json_schema_input_type=str | int)]
Number = Annotated[float, BeforeValidator(_number, json_schema_input_type=float)]
# In 1/pb, one for all or one an era.
Luminosity = Annotated[
    float | dict[str, float],
    BeforeValidator(_luminosity, json_schema_input_type=str | dict[str, str]),
]


class Entry(BaseModel):
    """What all parts of a list have in common: unknown names are mistakes, ``x-…`` is kept."""

    model_config = ConfigDict(extra="forbid", strict=True)


class FileEntry(Entry):
    """A file that is at several places."""

    file: str = Field(description="What it is called; the first place to look.")
    places: list[str] = Field(min_length=1, description="Where else it is, in this order.")


Files = Annotated[
    list[str | FileEntry],
    BeforeValidator(_listed, json_schema_input_type=str | list[str | FileEntry]),
    Field(min_length=1),
]


class WithOwnFields(Entry):
    """A part with fields of the user's own."""

    model_config = ConfigDict(json_schema_extra=_own_fields)

    own: dict[str, Any] = Field(default_factory=dict, exclude=True)

    @model_validator(mode="before")
    @classmethod
    def _keep_own(cls, value: Any) -> Any:
        if not isinstance(value, Mapping) or "own" in value:
            return value
        own = {k: v for k, v in value.items() if k.startswith("x-")}
        return {**{k: v for k, v in value.items() if k not in own}, **({"own": own} if own else {})}


class GeneratorWeight(Entry):
    """The column with the generator's weight, and what of it counts."""

    column: str = Field(description="A column of the event.")
    use: Literal["value", "sign"] = Field(
        "value", description="Its value, or +1 and -1 by its sign."
    )


class FriendEntry(Entry):
    """Columns that stand in another tree or file."""

    files: Annotated[
        list[str], BeforeValidator(_listed, json_schema_input_type=str | list[str])
    ] = Field(
        default_factory=list,
        description="Files or globs, relative to the list; without any each file itself.",
    )
    tree: str | None = Field(
        None, description="The tree, where a file has several; needed without files."
    )
    by: Literal["event", "entry"] = Field(
        "event", description="Joined by run, block and event number, or by the place in the file."
    )
    prefix: str = Field(
        "", description="What its columns, of objects its attributes, begin with in the analysis."
    )

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.files and not self.tree:
            raise ValueError("a friend has files, or is another tree of each file")
        return self


class Defaults(WithOwnFields):
    """What a dataset says of itself, and the list for all that do not."""

    kind: Kind | None = Field(None, description="Recorded or simulated events.")
    era: Era = Field("", description="When the data were taken, or are simulated for: era.")
    tree: str | None = Field(None, description="The tree of the events, where a file has several.")
    model: str | None = Field(None, description="The object model; otherwise the file shows it.")
    luminosity: Luminosity | None = Field(
        None, description="To scale simulation to, as in 59.8 /fb; or one for each era."
    )
    k_factor: Number | None = Field(None, description="Multiplies the cross-section; 1 by default.")
    generator_weight: GeneratorWeight | str | None = Field(
        None,
        description="The column with the generator's weight, or none; that of the object model "
        "by default.",
        union_mode="left_to_right",
    )
    lumi_mask: str | None = Field(
        None, description="JSON file of certified blocks of data, relative to the list, or none."
    )


class DatasetEntry(Defaults):
    """Files of one origin."""

    files: Files = Field(
        description="Files, globs, or texts (.txt) with a file a line, relative to the list; or a file with "
        "its other places, {file: …, places: […]}."
    )
    process: str | None = Field(None, description="What it is counted as; its name by default.")
    cross_section: Number | None = Field(None, description="In pb; required of simulation.")
    sum_of_weights: Number | Literal["counters", "events"] | None = Field(
        None,
        description="Of all events before any skim: a number, or from the files' own counters, or "
        "from the events; by default from the counters where there are any.",
        union_mode="left_to_right",
    )
    events: Annotated[int, Field(ge=0)] | None = Field(
        None, description="How many the files have, all together; checked."
    )
    stream: str = Field("", description="The stream of data, as triggers of an analysis name it.")
    friends: list[FriendEntry] = Field(
        default_factory=list, description="Files with more columns of the same events."
    )
    variation: str | None = Field(
        None, description="The systematic variation that the dataset stands for, as in hdamp_up."
    )
    split: dict[str, str] = Field(
        default_factory=dict,
        description="Processes, each with the condition (in ADL) on its events: the first that is "
        "true; the last is `otherwise`.",
    )


class Slice(Entry):
    """A part of phase space, and which datasets were made for it."""

    when: str = Field(description="The condition (in ADL) on generated events.")
    datasets: list[str] = Field(min_length=1, description="The datasets with events of it only.")


class Stitch(Entry):
    """Datasets that describe one process together."""

    inclusive: list[str] = Field(
        default_factory=list, description="The datasets with events of all slices."
    )
    slices: dict[str, Slice] = Field(
        default_factory=dict, description="Parts of phase space by a name; they do not overlap."
    )

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.inclusive and not self.slices:
            raise ValueError("inclusive or slices is needed")
        return self


class ListEntry(Defaults):
    """A dataset list for `adl run ANALYSIS LIST`."""

    model_config = ConfigDict(title="A dataset list of adl")

    normalise: bool = Field(
        True,
        description="Whether an event of simulation counts genw · cross_section · k_factor · "
        "luminosity / sum_of_weights; otherwise 1.",
    )
    datasets: dict[str, DatasetEntry] = Field(min_length=1, description="The datasets by name.")
    stitch: dict[str, Stitch] = Field(
        default_factory=dict, description="Datasets that describe one process together, by a name."
    )


def schema() -> dict[str, Any]:
    """Return the JSON Schema of dataset lists."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://adlc.invalid/datasets.schema.json",
        **ListEntry.model_json_schema(mode="validation"),
    }
