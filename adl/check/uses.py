"""``use X = Y``: which of several a name means, for a whole file.

``use MET = PuppiMET`` renames an object of the input, so that every spelling of MET is PuppiMET;
``use bTag = btagDeepFlavB > 0.2783`` gives elements an attribute. Without it such a name is a
mistake: on real files the choices disagree.
"""

from __future__ import annotations

from dataclasses import replace

from adl.check.analysis import AttributeDef, AttributeOf, Literal_, Loop, Open, OwnAttribute, Value
from adl.check.constants import known
from adl.check.context import Context, Found
from adl.check.trees import mentioned
from adl.stdlib.models import CollectionSchema, Schema, SingletonSchema
from adl.stdlib.models.choices import Choice, find_choice
from adl.stdlib.models.finding import find_attribute, find_singleton
from adl.syntax.diagnostics import Findings, did_you_mean
from adl.syntax.source import Source, Span
from adl.syntax.tree import Binary, Call, Expr, File, Name, Text, UseAs

_POINT = " wp "  # between a tagger and a working point whose era is not known


def choices(
    file: File, source: Source, schema: Schema, findings: Findings
) -> tuple[Schema, dict[str, UseAs]]:
    """Return the schema with the objects that were chosen, and the chosen attributes."""
    chosen: dict[str, UseAs] = {}
    seen: dict[str, UseAs] = {}
    for block in file.blocks:
        if not isinstance(block, UseAs):
            continue
        choice = find_choice(schema.choices, block.name.name)
        first = seen.setdefault(choice.name if choice else block.name.name, block)
        if first is not block:
            line = source.position(first.name.span.start)[0]
            message = f"what {block.name.name} means is said on line {line} already"
            findings.error("E207", message, block.name.span, "leave one of them out")
            continue
        renamed = _renamed(schema, block, choice)
        if renamed is not None:
            schema = renamed
        elif choice is None or not any(_has_attribute(schema, c) for c in choice.candidates):
            _refuse(schema, block, choice, findings)
        else:
            chosen.update((spelling.casefold(), block) for spelling in choice.spellings)
    return schema, chosen


def _renamed(schema: Schema, block: UseAs, choice: Choice | None) -> Schema | None:
    """Return the schema in which a singleton has the name, and no other one; None if it is none."""
    found = [find_singleton(schema, name) for name in _alternatives(block.value)]
    wanted = next((match for match in found if match is not None), None)
    known = find_singleton(schema, block.name.name)
    if wanted is None or (choice is None and known is None):
        return None
    names = dict.fromkeys([block.name.name, *(choice.spellings if choice else ())])
    if known is not None:
        names.update(dict.fromkeys((known.name, *known.item.aliases)))
    names.pop(wanted.name, None)
    target = replace(wanted.item, aliases=tuple(dict.fromkeys((*wanted.item.aliases, *names))))
    others = {n: s for n, s in schema.singletons.items() if n not in names and n != wanted.name}
    return replace(schema, singletons={**others, wanted.name: target})


def _alternatives(value: Expr) -> tuple[str, ...]:
    """Return A and B of ``A or B``, of which the first counts that an input has."""
    match value:
        case Name(name=name):
            return (name,)
        case Binary(operator="or", left=left, right=right):
            before, after = _alternatives(left), _alternatives(right)
            return (*before, *after) if before and after else ()
    return ()


def _has_attribute(schema: Schema, name: str) -> bool:
    return any(find_attribute(schema, owner, name) for owner in schema.collections.values())


def _refuse(schema: Schema, block: UseAs, choice: Choice | None, findings: Findings) -> None:
    name = block.name.name
    if choice is not None:
        value = " or ".join(_alternatives(block.value)) or "this"
        message = f"{value} is no object of the input that {name} could mean"
        offered = available(schema, choice) or list(schema.singletons)
        help = f"the input has {', '.join(offered)}" if offered else "the input has none"
        findings.error("E253", message, block.value.span, help)
        return
    names = [spelling for c in schema.choices for spelling in c.spellings]
    several = f"has several of {', '.join(names)}, not of {name}" if names else "has none of these"
    message = f"use says which of several {name} is: the format {schema.model} {several}"
    hints = (did_you_mean(name, names), f"define {name} = … names a value")
    findings.error("E253", message, block.name.span, "\n".join(filter(None, hints)))


def available(schema: Schema, choice: Choice) -> list[str]:
    """Return the candidates that an input has."""
    return [c for c in choice.candidates if c in schema.singletons or _has_attribute(schema, c)]


def unchosen(context: Context, name: str, span: Span) -> bool:
    """Report a name that stands for several, and that no ``use`` has settled."""
    choice = find_choice(context.schema.choices, name)
    if choice is None:
        return False
    found = available(context.schema, choice)
    if not found:
        return False
    several = f"one of {', '.join(found)}" if len(found) > 1 else found[0]
    if find_singleton(context.schema, found[0]):
        help = f"use {choice.name} = {found[0]}"
    else:
        help = (
            f'use {choice.name} = {found[0]} > wp("M") where {name} is a decision, 0 or 1; '
            f"use {choice.name} = {found[0]} where it is a number"
        )
    message = f"{name} is not in the input; it could mean {several}"
    help = f"{help}, on a line of its own at the top"
    if not context.schema.complete:
        help += (
            f"\nthis is so in {context.schema.model}: --model or --input says which format it is"
        )
    context.findings.everywhere("E254", message, span, help)
    return True


# --------------------------------------------------------------------------------- attributes


def chosen_attribute(
    context: Context,
    particle: Value,
    owners: tuple[CollectionSchema | SingletonSchema, ...],
    name: Name,
    span: Span,
) -> Found[Value] | None:
    """Return the attribute that ``use`` gives elements; None for those that lack its columns."""
    block = context.chosen.get(name.name.casefold())
    sources = tuple(owner for owner in owners if isinstance(owner, CollectionSchema))
    if block is None or not sources or len(sources) < len(owners):
        return None
    words = [n.name for n in mentioned(block.value)]
    choice = find_choice(context.schema.choices, block.name.name)
    taggers = [w for w in words if choice and w in choice.candidates]
    if any(find_attribute(context.schema, o, w) is None for o in sources for w in taggers):
        return None
    key = block.name.name, tuple(source.name for source in sources)
    if key not in context.given:
        this = Loop(None, "this")
        context.sources[this] = sources
        value = context.of_element(context, this, sources, block.value)
        context.given[key] = None if value is None else AttributeDef(block.name.name, value, this)
    definition = context.given[key]
    if definition is None:
        return Found(None)
    return Found(OwnAttribute(particle, definition, type=definition.value.type, span=span))


# ------------------------------------------------------------------------------ working points


def is_working_point(expr: Expr) -> bool:
    """Whether an expression asks for the threshold of a tagger."""
    return isinstance(expr, Call) and expr.function.name.lower() == "wp"


def working_point(context: Context, tagger: Value | None, expr: Call) -> Value | None:
    """Return the published threshold of the attribute that stands on the other side."""
    if tagger is None:
        return None
    match expr.arguments:
        case (Text(value=name),):
            pass
        case _:
            message = "wp takes the name of a working point"
            context.findings.error("E206", message, expr.span, 'btagDeepFlavB > wp("M")')
            return None
    if not isinstance(tagger, AttributeOf):
        message = f"wp is compared with a tagger, {context.words(tagger.span)} is none"
        context.findings.error("E255", message, expr.span, 'btagDeepFlavB > wp("M")')
        return None
    points = context.schema.working_points.get(tagger.attribute, {})
    names = list(dict.fromkeys(n for era in points.values() for n in era))
    if name not in names:
        known_ = f"it has {', '.join(names)}" if names else "the object model gives none for it"
        message = f"{tagger.attribute} has no working point {name}"
        context.findings.error("E255", message, expr.span, f"{known_}; or write the number")
        return None
    return _of_era(context, tagger.attribute, name, expr.span)


def named_point(value: Open) -> tuple[str, str] | None:
    """Return the tagger and the name of a working point whose era is not known."""
    tagger, sign, name = value.words.partition(_POINT)
    return (tagger, name) if sign else None


def _of_era(context: Context, tagger: str, name: str, span: Span) -> Value | None:
    if context.dataset is None:
        return Open(f"{tagger}{_POINT}{name}", type="real", span=span)
    era = known(context, "era", span)
    if not era:
        return None
    points = context.schema.working_points[tagger]
    if name not in points.get(era, {}):
        message = f"{tagger} has no working point {name} for the era {era}"
        help = f"the object model has {', '.join(points)}; or write the number"
        context.findings.error("E255", message, span, help)
        return None
    return Literal_(points[era][name], True, type="real", span=span)
