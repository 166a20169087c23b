"""``suffix`` and ``systematic auto``: variations that the input has as columns of other names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from adl.check.analysis import (
    AttributeOf,
    EventValue,
    Literal_,
    Loop,
    Operation,
    Singleton,
    Value,
    Variable,
)
from adl.check.context import Context
from adl.check.elements import branch_type
from adl.check.systematics.draft import DIRECTIONS, Draft, allowed, settings
from adl.check.types import convert, widest
from adl.check.variations import NewValue
from adl.stdlib.models import Branch, CollectionSchema, Formula, Part, Schema, SingletonSchema
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.source import Span
from adl.syntax.tree import Clause, Text

Owner = CollectionSchema | SingletonSchema | None


@dataclass(frozen=True)
class Column:
    """A column of the input, and where it belongs."""

    owner: Owner
    attribute: str
    branch: Branch


def columns(schema: Schema) -> Iterator[Column]:
    """Yield every stored column of the input once for each owner that it has."""
    for collection in schema.collections.values():
        if isinstance(collection, Part):  # its columns are those of what it is a part of
            continue
        for name, branch in collection.attributes.items():
            yield Column(collection, name, branch)
    owned = set()
    for single in schema.singletons.values():
        for name, branch in single.attributes.items():
            owned.add(branch.name)
            yield Column(single, name, branch)
    for name, branch in schema.scalars.items():
        if branch.name not in owned:
            yield Column(None, name, branch)


def suffix(draft: Draft, clause: Clause) -> None:
    """Read ``suffix "_NOSYS" up "_JES_1up" down "_JES_1down"``: every column that has it."""
    if not allowed(draft, clause, DIRECTIONS):
        return
    found = settings(clause)
    texts: dict[str, str] = {}
    for key in ("", *DIRECTIONS):
        match found.get(key, ()):
            case (Text(value=text),) if text:
                texts[key] = text
            case _:
                message = "suffix has three texts: the ending, and what stands in its place"
                help = 'suffix "_NOSYS" up "_JES_1up" down "_JES_1down"'
                draft.mistake("E262", message, clause.span, help)
                return
    every = [c for c in columns(draft.context.schema) if not isinstance(c.branch, Formula)]
    pairs = [p for c in every if (p := _pair(every, c, texts)) is not None]
    if not pairs and not draft.context.schema.complete:
        return  # what a file has, only the file says
    if not pairs:
        message = (
            f'no column has "{texts[""]}" with "{texts["up"]}" and "{texts["down"]}" beside it'
        )
        draft.mistake("E267", message, clause.span, "adl inspect lists the columns of a file")
        return
    lost = [p for p in pairs if p.up is None or p.down is None]
    if lost:
        half, other = ("down", "up") if lost[0].down is None else ("up", "down")
        names = ", ".join(p.nominal.branch.name for p in lost[:3])
        message = f'{names}: there is a column for {other}, and none with "{texts[half]}"'
        draft.mistake("E267", message, clause.span, "both directions have to be there")
        return
    add_pairs(draft, pairs, clause.span)


@dataclass(frozen=True)
class Pair:
    """A column and those that stand in its place."""

    nominal: Column
    up: Column | None
    down: Column | None


def _pair(every: list[Column], column: Column, texts: dict[str, str]) -> Pair | None:
    """Return what stands in the place of a column; None where nothing does."""
    name, ending = column.branch.name, texts[""]
    if ending not in name:
        return None
    wanted = {d: name.replace(ending, texts[d]) for d in DIRECTIONS}
    found = {d: _named(every, column, wanted[d]) for d in DIRECTIONS}
    if not any(found.values()):
        return None
    return Pair(column, found["up"], found["down"])


def _named(every: list[Column], beside: Column, name: str) -> Column | None:
    """Return the column of a name that has the same owner."""
    same = (c for c in every if c.branch.name == name)
    return next((c for c in same if c.owner is beside.owner), None)


def add_pairs(draft: Draft, pairs: list[Pair], span: Span) -> None:
    """Add a line that puts the columns of each direction in the place of the nominal ones."""
    line: dict[str, tuple[NewValue, ...]] = {}
    for direction in DIRECTIONS:
        new = []
        for pair in pairs:
            other = pair.up if direction == "up" else pair.down
            assert other is not None, "a pair has both"
            value = _replaced(draft, pair.nominal, other, span)
            if value is None:
                return
            new.append(value)
        line[direction] = tuple(new)
    draft.lines.append(line)
    draft.kind = "shape"


def _replaced(draft: Draft, old: Column, new: Column, span: Span) -> NewValue | None:
    """Return what stands in the place of a column; None, reported, if it cannot hold that."""
    context, this = draft.context, None
    value: Value
    type_ = branch_type(new.branch)
    if isinstance(new.owner, CollectionSchema):
        this = Loop(None, "this")
        context.sources[this] = (new.owner,)
        element = Variable(this, type="particle", span=span)
        value = AttributeOf(element, new.attribute, type=type_, span=span)
    elif isinstance(new.owner, SingletonSchema):
        single = Singleton(new.owner, type="particle", span=span)
        value = AttributeOf(single, new.attribute, type=type_, span=span)
    else:
        value = EventValue(new.branch, type=type_, span=span)
    collection = old.owner if isinstance(old.owner, CollectionSchema) else None
    value, wanted = _in_units_of(old, new, value), branch_type(old.branch)
    if widest((value,), wanted) != wanted:
        message = f"{old.branch.name} cannot hold what {new.branch.name} has"
        help = "it is a whole number" if wanted == "int" else "it is a truth value"
        draft.mistake("E261", message, span, help)
        return None
    return NewValue(old.branch, old.attribute, collection, this, convert(value, wanted))


def _in_units_of(old: Column, new: Column, value: Value) -> Value:
    """Return a column's value in ADL's units: the object model knows those of the nominal one."""
    per = old.branch.per / new.branch.per
    if per == 1:
        return value
    units = Literal_(per, type="real", span=value.span)
    return Operation("div", (convert(value, "real"), units), type="real", span=value.span)


# ---------------------------------------------------------------------------- what a file offers


def offered(schema: Schema) -> dict[str, list[Pair]]:
    """Return the variations that a file has as columns: ``Jet_pt_jesTotalUp`` beside ``Jet_pt``."""
    found: dict[str, list[Pair]] = {}
    for name, pair in _beside_nominal(schema):
        if pair.up is not None and pair.down is not None:
            found.setdefault(name, []).append(pair)
    return found


def _beside_nominal(schema: Schema) -> Iterator[tuple[str, Pair]]:
    """Yield what stands beside nominal columns, with the name of the variation; halves, too."""
    every = [c for c in columns(schema) if not isinstance(c.branch, Formula)]
    by_owner: dict[tuple[int, str], Column] = {(id(c.owner), c.branch.name): c for c in every}
    for column in every:
        for endings in _ENDINGS.items():
            ending = next((e for e in endings if column.branch.name.endswith(e)), None)
            if ending is None or column.branch.name.endswith(_WORDS):
                continue
            stem = column.branch.name.removesuffix(ending)
            up, down = (by_owner.get((id(column.owner), f"{stem}{e}")) for e in endings)
            nominal = _nominal(by_owner, column, stem)
            first = column is up or up is None or _nominal(by_owner, up, stem) is None
            if nominal is not None and first:
                name = stem[len(_stem(nominal.branch.name)) :].strip("_") or nominal.attribute
                yield name, Pair(nominal, up, down)
            break


_ENDINGS = {"Up": "Down", "_1up": "_1down", "_up": "_down"}
_WORDS = ("PileUp", "Pileup")  # no direction
_NOSYS = "_NOSYS"


def _stem(name: str) -> str:
    return name.removesuffix(_NOSYS)


def _nominal(by_owner: dict[tuple[int, str], Column], up: Column, stem: str) -> Column | None:
    """Return the column with the longest name, less its ``_NOSYS``, with which a name begins."""
    own = (c for (owner, _), c in by_owner.items() if owner == id(up.owner))
    starts = [c for c in own if stem.startswith(_stem(c.branch.name)) and c is not up]
    # A number in double precision stands for one in single precision, and no flag for a number.
    usable = [c for c in starts if branch_type(c.branch) == branch_type(up.branch)]
    return max(usable, key=lambda c: len(_stem(c.branch.name)), default=None)


def matching(context: Context, pattern: str, span: Span) -> dict[str, list[Pair]]:
    """Return the offered variations that a pattern means; none is a mistake."""
    every = offered(context.schema)
    found = {name: pairs for name, pairs in every.items() if fnmatchcase(name, pattern)}
    halves = [
        pair.up or pair.down
        for name, pair in _beside_nominal(context.schema)
        if (pair.up is None or pair.down is None) and fnmatchcase(name, pattern)
    ]
    for half in halves:
        assert half is not None, "a pair has one of both"
        message = f"{half.branch.name} has no column for the other direction beside it"
        help = "a pattern that does not match it takes the others"
        context.findings.error("E267", message, span, help)
    if not found and not halves and context.schema.complete:
        message = f"the input offers no variation {pattern}"
        some = f"it offers {', '.join(sorted(every)[:8])}" if every else "it offers none"
        near = did_you_mean(pattern, sorted(every))
        context.findings.error("E267", message, span, near or some)
    return found
