"""Which stored values depend on their own element alone: they are computed for many events at once.

The momenta of jets need three elementary functions a jet. A loop over the few jets of one event does
them one after the other; a loop over those of some hundred events does four or eight at a time, with
the same bits. Such a store therefore runs ahead of the events, by a few elements at first and further
as long as every event asks for it.
"""

from __future__ import annotations

from collections.abc import Container

from adl.compiler.ir import Call, Column, Const, Element, Index, Node, Store, affected, factors
from adl.compiler.variations import is_group

# Elements beyond the event's own: doubled as long as no event is skipped.
LEAST, MOST = 16, 512


def runs_ahead(node: Node) -> bool:
    """Whether a value is a store of what the elements of one input collection give alone."""
    if not isinstance(node, Store) or len(node.axes) != 1 or node.free:
        return False
    (axis,), (value,) = node.axes, node.values
    (collection, *more) = axis.source
    if more or len(factors(collection)) > 1 or is_group(collection):
        return False
    own = dict.fromkeys(affected(value, frozenset([axis])))
    return bool(own) and all(_is_of(part, collection, Index(axis), own) for part in own)


def _is_of(node: Node, collection: str, here: Index, own: Container[Node]) -> bool:
    """Whether a value comes from the current element's columns, from numbers and such stores."""
    match node:
        case Column():
            return node.collection == collection and node.at is here
        case Element(store, at):
            return at is here and runs_ahead(store)
        case Call():
            return all(c in own or isinstance(c, Const) for c in node.children)
    return node is here
