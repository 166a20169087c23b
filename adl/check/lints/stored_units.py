"""W343: a column of a model in MeV of which the model does not say whether it is in MeV, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from adl.check.analysis import AttributeOf, EventValue, Singleton, Value
from adl.check.collections import inputs
from adl.check.context import Context
from adl.check.elements import sources_of
from adl.check.lints.subject import Subject
from adl.stdlib.models import Branch


def units_unsaid(subject: Subject) -> None:
    """Warn, once a column, of numbers that are read as stored where others are converted."""
    warn_of_units(subject.context, subject.values())


def warn_of_units(context: Context, values: Iterable[Value]) -> None:
    """Warn of each column among values of which the model does not say the unit."""
    told: set[str] = set()
    model = context.schema.model
    for value in values:
        for owner, branch in columns_of(context, value):
            if branch.unit_said or branch.name in told:
                continue
            told.add(branch.name)
            words = context.words(value.span)
            message = (
                f"the object model {model} has columns in MeV and does not say whether "
                f"{branch.name} is one: {words} is the number that is stored"
            )
            name = value.attribute if isinstance(value, AttributeOf) else branch.name
            if branch.inside:
                owner, name = _owner(context, branch.inside)
            entry = f"collections: {{{owner}: {{MeV: {name}}}}}" if owner else f"MeV: {name}"
            help = f"say it in a model of your own: extends: {model}, then {entry}, or as_stored: {name}"
            context.findings.warning("W343", message, value.span, help)


def _owner(context: Context, lists: str) -> tuple[str, str]:
    """Return the collection whose elements have lists of numbers, and what it calls them."""
    for collection in context.schema.collections.values():
        for attribute, branch in collection.attributes.items():
            if branch.name == f"{lists}_begin":
                return collection.name, attribute.removesuffix("_begin")
    return "", lists


def columns_of(context: Context, value: Value) -> Iterator[tuple[str, Branch]]:
    """Yield the columns of a stored value, each with the name of the collection that has it."""
    match value:
        case EventValue(branch=branch):
            yield "", branch
        case AttributeOf(particle=Singleton(schema=single), attribute=name):
            if name in single.attributes:
                yield "", single.attributes[name]
        case AttributeOf(particle=particle, attribute=name):
            for collection in inputs(sources_of(context, particle)):
                if name in collection.attributes:
                    yield collection.name, collection.attributes[name]
