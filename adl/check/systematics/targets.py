"""What a line changes: ``pt(Jet)``, ``Jet.pt``, ``MET``, or a column of the event."""

from __future__ import annotations

from dataclasses import dataclass, replace

from adl.check.analysis import AttributeOf, EventValue, Loop, Singleton, Type, Value, Variable
from adl.check.computed import plain
from adl.check.context import Context
from adl.check.elements import branch_type
from adl.check.offers import attributes_offered, collections_offered, lacking_here
from adl.check.parts_of_inputs import selected
from adl.check.scope import Current, Scope
from adl.check.substitute import with_elements
from adl.check.uses import unchosen
from adl.stdlib.library import find_function
from adl.stdlib.models import Branch, CollectionSchema, Part, SingletonSchema
from adl.stdlib.models.finding import find_attribute, find_collection, find_scalar, find_singleton
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.source import Span
from adl.syntax.tree import Attribute, Call, Expr, Name

_WAY_OUT = "pt(Jet), phi(MET), or a column of the event"


@dataclass(frozen=True)
class Target:
    """What changes, with its owner; ``written`` is how the owner was called.

    It is a column of the input, or what the object model computes in the place of one. Of a part of a
    collection only the elements of the part change.
    """

    branch: Branch
    attribute: str
    owner: CollectionSchema | SingletonSchema | None
    written: str
    span: Span
    part: Part | None = None

    @property
    def collection(self) -> CollectionSchema | None:
        """The collection whose elements change, if it is one."""
        return self.owner if isinstance(self.owner, CollectionSchema) else None

    @property
    def type(self) -> Type:
        """The type of the column's values."""
        return branch_type(self.branch)


def target(context: Context, written: Expr) -> Target | None:
    """Return the column that an expression names; None after a mistake."""
    match written:
        case Call(function=attribute, arguments=(Name() as owner,)):
            return _of_owner(context, owner, attribute, written.span)
        case Attribute(value=Name() as owner, name=attribute):
            return _of_owner(context, owner, attribute, written.span)
        case Name():
            single = find_singleton(context.schema, written.name)
            if single is not None and single.exact and written.name not in context.blocks:
                return _of_owner(context, written, Name("pt", span=written.span), written.span)
            found = find_scalar(context.schema, written.name)
            if found is not None and found.exact and written.name not in context.blocks:
                return Target(plain(found.item), found.name, None, "", written.span)
    if isinstance(written, Name) and unchosen(context, written.name, written.span):
        return None
    message = f"{context.words(written.span)} is no column of the input"
    context.findings.error("E261", message, written.span, _instead_of(context, written))
    return None


def _instead_of(context: Context, written: Expr) -> str:
    """Return what may have been meant by something that is no column."""
    if not isinstance(written, Name) or written.name in context.blocks:
        return _WAY_OUT
    schema = context.schema
    near = did_you_mean(written.name, [*schema.scalars, *schema.scalar_aliases, *schema.singletons])
    return lacking_here(written.name, schema) or near or _WAY_OUT


def owner_named(
    context: Context, name: Name, what: str
) -> CollectionSchema | SingletonSchema | None:
    """Return the collection or object of the input that a name means; None after a mistake."""
    if name.name in context.blocks:
        message = f"{what} changes what the input has, {name.name} is made of it"
        help = "name the input: everything that is made of it follows"
        context.findings.error("E261", message, name.span, help)
        return None
    every = [*context.schema.collections, *context.schema.singletons]
    for find in (find_collection, find_singleton):
        found = find(context.schema, name.name)
        if found is not None and found.exact and isinstance(found.item, Part):
            message = f"{what} changes what the input has, {name.name} is a part of {found.item.of}"
            help = f"name {found.item.of}: {name.name} follows"
            context.findings.error("E261", message, name.span, help)
            return None
        if found is not None and found.exact:
            return found.item
    if unchosen(context, name.name, name.span):
        return None
    message = f"the input has nothing called {name.name}"
    lacking = lacking_here(name.name, context.schema)
    near = did_you_mean(name.name, every)
    help = lacking or near or collections_offered(context.schema)
    context.findings.error("E201", message, name.span, help)
    return None


def _of_owner(context: Context, owner: Name, attribute: Name, span: Span) -> Target | None:
    found, part = whole_and_part(context, owner, "a systematic")
    if found is None:
        return None
    match = find_attribute(context.schema, found, attribute.name)
    if match is None or not match.exact:
        message = f"{found.name} has no attribute {attribute.name}"
        near = did_you_mean(attribute.name, list(found.attributes))
        help = near or _computed_from(found, attribute.name) or attributes_offered([found])
        context.findings.error("E202", message, attribute.span, help)
        return None
    return Target(plain(match.item), match.name, found, owner.name, span, part)


def _computed_from(found: CollectionSchema | SingletonSchema, name: str) -> str:
    """Say that a name is a formula, whose columns are to be changed; nothing of another name."""
    function = find_function(name)
    if function is None or function.arguments != ("particle",):
        return ""
    columns = [f"{c}({found.name})" for c in ("pt", "eta", "phi", "mass") if c in found.attributes]
    change = f": change {', '.join(columns)}, and it follows" if columns else ""
    return f"{name} is computed, no column of the input{change}"


def whole_and_part(
    context: Context, name: Name, what: str
) -> tuple[CollectionSchema | SingletonSchema | None, Part | None]:
    """Return what of the input a name means, and the part of it, as Electron is one of Lepton."""
    found = find_collection(context.schema, name.name)
    known = found is not None and found.exact and name.name not in context.blocks
    if known and found is not None and isinstance(found.item, Part):
        return context.schema.collections[found.item.of], found.item
    return owner_named(context, name, what), None


def belongs_to(context: Context, part: Part, this: Loop, span: Span) -> Value:
    """Return whether the current element is one of a part."""
    whole = selected(context, part, span)
    (condition,) = whole.cuts
    return with_elements(condition, {whole.this: Variable(this, type="particle", span=span)})


def scope_of(context: Context, found: Target) -> tuple[Scope, Loop | None]:
    """Return what an expression about a target can see, and the loop of its element."""
    if found.collection is not None:
        return element_scope(context, found.collection, found.written)
    if isinstance(found.owner, SingletonSchema):  # its attributes stand bare, as in objects
        scalars = {**context.schema.scalars, **found.owner.attributes}
        inside = replace(context, schema=replace(context.schema, scalars=scalars))
        return Scope(inside), None
    return Scope(context), None


def element_scope(
    context: Context, collection: CollectionSchema, written: str
) -> tuple[Scope, Loop]:
    """Return the scope of the current element of an input collection."""
    this = Loop(None, "this")
    context.sources[this] = (collection,)
    current = Current(this, (collection,), frozenset(("this",)), frozenset((written,)), False)
    return Scope(context, current=current), this


def present(found: Target, this: Loop | None, span: Span) -> Value:
    """Return the value that a target has before the change."""
    match found.owner:
        case CollectionSchema():
            assert this is not None
            element = Variable(this, type="particle", span=span)
            return AttributeOf(element, found.attribute, type=found.type, span=span)
        case SingletonSchema():
            single = Singleton(found.owner, type="particle", span=span)
            return AttributeOf(single, found.attribute, type=found.type, span=span)
    return EventValue(found.branch, type=found.type, span=span)
