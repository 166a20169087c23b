"""``weight`` and ``reweight``: other weights, by name or in a column of many."""

from __future__ import annotations

from collections.abc import Iterable

from adl.check.analysis import AttributeOf, Element, RegionDef, Value, WeightBy
from adl.check.elements import branch_type
from adl.check.offers import lacking_here, lists_offered
from adl.check.scope import Scope
from adl.check.systematics.draft import (
    Draft,
    allowed,
    directions,
    opposite,
    real_value,
    settings,
)
from adl.check.systematics.families import word
from adl.check.trees import subtrees
from adl.check.types import convert, number
from adl.check.variations import VariedWeight
from adl.stdlib.models import CollectionSchema
from adl.stdlib.models.finding import find_collection
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.source import Span
from adl.syntax.tree import (
    Clause,
    Expr,
    Index,
    ListOf,
    Lookup,
    Name,
    Number,
    Region,
    Slice,
    Weight,
)

COMBINATIONS = ("hessian", "envelope", "rms")
MOST_REPLICAS = 1000


def weight(draft: Draft, clause: Clause, regions: Iterable[RegionDef]) -> None:
    """Read ``weight pu up puUp down puDown``: in the place of the weights of that name."""
    given = directions(draft, clause)
    found = settings(clause)
    if given is None or not allowed(draft, clause, ("up", "down", "mirror")):
        return
    match found.get("", ()):
        case (Name() as name,) if given and all(len(found[d]) == 1 for d in given):
            pass
        case _:
            message = "weight names a weight statement, and says what stands in its place"
            draft.mistake("E262", message, clause.span, "weight pu up puWeightUp down puWeightDown")
            return
    if not _is_known(draft, name, regions):
        return
    new: dict[str, VariedWeight] = {}
    for direction in given:
        value = real_value(draft, Scope(draft.context), found[direction][0])
        if value is None:
            return
        new[direction] = VariedWeight(value)
    if "mirror" in found:
        new[opposite(given[0])] = VariedWeight(new[given[0]].value, mirrored=True)
    if name.name in draft.weights:
        draft.mistake("E262", f"the weight {name.name} is replaced twice", name.span)
        return
    draft.weights[name.name] = {d: new[d] for d in ("up", "down")}
    draft.kind = draft.kind or "weight"


def _is_known(draft: Draft, name: Name, regions: Iterable[RegionDef]) -> bool:
    """Whether a region has a weight of this name; one that is for other datasets is no mistake."""
    weights = (s for r in regions for s in r.statements if isinstance(s, WeightBy) and s.name)
    names = list(dict.fromkeys(w.name for w in weights))
    if name.name in names:
        return True
    gone = (t for tree in draft.context.excluded for t in subtrees(tree) if isinstance(t, Weight))
    # A statement with a mistake of its own has been reported, and is no statement.
    broken = (
        s
        for block in draft.context.blocks.values()
        if isinstance(block, Region)
        for s in block.statements
        if isinstance(s, Weight)
    )
    if any(w.name is not None and w.name.name == name.name for w in (*gone, *broken)):
        draft.excluded = True
        return False
    message = f"no weight statement is called {name.name}"
    help = did_you_mean(name.name, names)
    help = help or f"weight {name.name} … in a region; reweight multiplies without one"
    draft.mistake("E265", message, name.span, help)
    return False


def reweight(draft: Draft, clause: Clause) -> None:
    """Read ``reweight LHEPdfWeight[1:101] combine hessian``, or ``reweight up a down b``."""
    if not allowed(draft, clause, ("up", "down", "mirror", "combine", "normalise")):
        return
    found = settings(clause)
    if draft.factors:
        draft.mistake("E262", f"{draft.member.name} has two reweight lines", clause.span)
        return
    draft.normalise = "normalise" in found
    if "" in found:
        _replicas(draft, clause)
    else:
        _pair(draft, clause)
    if draft.factors:
        draft.kind = draft.kind or "reweight"


def _pair(draft: Draft, clause: Clause) -> None:
    given = directions(draft, clause)
    found = settings(clause)
    if given is None:
        return
    if not given or "combine" in found or any(len(found[d]) != 1 for d in given):
        message = "reweight has a list of columns with combine, or up and down"
        draft.mistake("E262", message, clause.span, "reweight LHEPdfWeight[1:101] combine hessian")
        return
    for direction in given:
        value = _factor(draft, found[direction][0])
        if value is None:
            draft.factors = {}
            return
        draft.factors[direction] = value
    if "mirror" in found:
        draft.factors[opposite(given[0])] = draft.factors[given[0]]
        draft.mirrored.add(opposite(given[0]))


def _factor(draft: Draft, written: Expr) -> Value | None:
    """Return a factor; an element of a column of numbers can be missing, as a replica can be."""
    if isinstance(written, Index):
        found = number(Scope(draft.context), draft.context.value(Scope(draft.context), written))
        if isinstance(found, AttributeOf) and found.attribute == "":
            return convert(found, "real")
    return real_value(draft, Scope(draft.context), written)


def _replicas(draft: Draft, clause: Clause) -> None:
    found = settings(clause)
    values = found[""]
    places = _places(draft, values[0]) if len(values) == 1 else None
    if places is None or "up" in found or "down" in found or "mirror" in found:
        message = "reweight names the elements of one column"
        help = "reweight LHEPdfWeight[1:101], or reweight LHEScaleWeight[0,1,3,5,7,8]"
        words = [word for word in ("up", "down", "mirror") if word in found]
        if places is not None:
            message = f"replicas have no {' and no '.join(words)}"
            help = (
                "combine hessian, rms or envelope makes a band of them; reweight up w[1] down w[2]"
            )
        draft.mistake("E262", message, clause.span, help)
        return
    draft.combine = _combination(draft, clause)  # type: ignore[assignment]  # one of COMBINATIONS
    whole, numbers = places
    collection = _column(draft, whole)
    if collection is None or numbers is None:
        return
    for k in numbers:
        element = Element(collection, k, type="particle", span=whole.span)
        kind = branch_type(collection.attributes[""])
        value = AttributeOf(element, "", type=kind, span=whole.span)
        draft.factors[str(k)] = convert(value, "real")


def _column(draft: Draft, written: Expr) -> CollectionSchema | None:
    """Return a column that has several numbers an event; None after a mistake."""
    schema, words = draft.context.schema, draft.context.words(written.span)
    found = find_collection(schema, written.name) if isinstance(written, Name) else None
    if found is not None and found.exact and "" in found.item.attributes:
        return found.item
    message = f"{words} is no column of several numbers an event"
    near = did_you_mean(words, [n for n, c in schema.collections.items() if "" in c.attributes])
    help = lacking_here(words, schema) or near or lists_offered(schema)
    draft.mistake("E261", message, written.span, help)
    return None


def _combination(draft: Draft, clause: Clause) -> str:
    values = settings(clause).get("combine", ())
    if not values:
        return ""
    found = word(values[0]) if len(values) == 1 else None
    if found in COMBINATIONS:
        return found
    span = values[0].span.to(values[-1].span)
    message = f"{draft.context.words(span)} is no way to combine variations"
    draft.mistake("E262", message, span, "hessian, envelope or rms")
    return ""


def _places(draft: Draft, written: Expr) -> tuple[Expr, list[int] | None] | None:
    """Return a column and the places in it: ``X[1:101]``, ``X[0,2,3]`` or ``X[4]``.

    The places are None after a mistake in them.
    """
    match written:
        case Slice(value=whole, start=start, stop=int() as stop):
            return whole, _range(draft, start or 0, stop, written)
        case Index(value=whole, index=index) if index >= 0:
            return whole, [index]
        case Lookup(value=whole, position=ListOf(items=items)):
            numbers = [_whole(item) for item in items]
            if all(n is not None for n in numbers):
                return whole, _bounded(draft, [n for n in numbers if n is not None], written.span)
    return None


def _range(draft: Draft, start: int, stop: int, written: Slice) -> list[int] | None:
    """Return the places from one to before another; none between them is a mistake."""
    if start < 0 or stop < 0:
        message = "replicas are counted from 0: their number can differ between files"
        draft.mistake("E262", message, written.span, "as in LHEPdfWeight[1:101]")
        return None
    if start < stop:
        return _bounded(draft, list(range(start, stop)), written.span)
    whole = draft.context.words(written.value.span)
    message = f"there is nothing from {start} to before {stop}: no replica"
    meant = f"{whole}[{stop}:{start}]" if stop < start else f"{whole}[{start}]"
    draft.mistake("E262", message, written.span, f"did you mean {meant}?")
    return None


def _bounded(draft: Draft, places: list[int], span: Span) -> list[int] | None:
    double = next((p for i, p in enumerate(places) if p in places[:i]), None)
    if double is not None:
        draft.mistake("E262", f"element {double} stands here twice", span, "remove one")
    if len(places) > MOST_REPLICAS:
        message = f"{len(places)} replicas are more than {MOST_REPLICAS}"
        draft.mistake("E262", message, span)
        return None
    return list(dict.fromkeys(places))


def _whole(item: Expr) -> int | None:
    return int(item.text) if isinstance(item, Number) and item.text.isdigit() else None
