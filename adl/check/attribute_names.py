"""Which attributes particles have by name, and the help for a name that is none of them."""

from __future__ import annotations

from adl.check.analysis import Singleton, Sum, Value
from adl.check.collections import inputs
from adl.check.context import Context
from adl.check.elements import sources_of
from adl.stdlib.models import CollectionSchema, Schema, SingletonSchema
from adl.stdlib.models.finding import find_attribute
from adl.stdlib.registry import FUNCTIONS
from adl.syntax.tree import Name

Owner = CollectionSchema | SingletonSchema


def owners(context: Context, particle: Value) -> tuple[Owner, ...]:
    """Return the input collections, or the singleton, that store a particle's attributes."""
    match particle:
        case Singleton():
            return (particle.schema,)
        case Sum():
            items = (o for _, item in particle.items for o in owners(context, item))
            return tuple({o.name: o for o in items}.values())
        case _:
            return inputs(sources_of(context, particle))


def read_in_other_case(context: Context, name: Name, meaning: str, spelling: str) -> None:
    """Warn that a name was found only without regard to case."""
    message = f"{name.name} is read as {meaning}"
    context.findings.warning("W302", message, name.span, f"write {spelling}")


def is_attribute(schema: Schema, name: str) -> bool:
    """Whether any collection or singleton has an attribute of this name."""
    known: list[Owner] = [*schema.collections.values(), *schema.singletons.values()]
    return any(find_attribute(schema, owner, name) for owner in known)


def known_attributes(stored: tuple[Owner, ...]) -> list[str]:
    """Return the attributes that all the collections have."""
    if not stored:
        return []
    return [a for a in stored[0].attributes if a and all(a in o.attributes for o in stored)]


def names_of_formulas() -> list[str]:
    """Return the functions of one particle, which are read as attributes, too."""
    return [f.name for f in FUNCTIONS.values() if f.arguments == ("particle",)]


def now_called(context: Context, name: str) -> str:
    """Return a help line for a name that other versions of the input's format have."""
    schema = context.schema
    new = schema.replaces.get(name)
    return f"{schema.model} {schema.version} has {new} in its place" if new else ""


def input_hint(context: Context) -> str:
    """Return a help line if the names of no input file are known."""
    if context.schema.complete:
        return ""
    return (
        f"these are the usual columns of {context.schema.model}, or say --model; "
        "adl check --input FILE checks against the file's own"
    )
