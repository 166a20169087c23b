"""Loops that only an excluded part of an expression asks for.

In ``sum((isData ? pT(jets) : 1) * pT(muons))`` data have a turn for each pair and simulation would
have one for each muon, if what simulation leaves out had no say: that is a mistake, not a reading.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adl.check.scope import Binder, Scope
from adl.check.trees import children
from adl.stdlib.library import find_function
from adl.stdlib.models.finding import find_collection
from adl.stdlib.prelude import named
from adl.syntax.source import Span
from adl.syntax.tree import Attribute, Call, Composite, Index, Lookup, Name, Object, Take, Tree

# Calls in which a collection stands for itself, or has a loop of its own.
_OWN_LOOPS = frozenset(
    [
        *("sum", "prod", "count", "min", "max", "ave", "any", "all", "argmin", "argmax"),
        *("size", "numof", "closest", "add", "last", "ossf"),
    ]
)


def keeps_its_loops(
    scope: Scope, binder: Binder, excluded: Sequence[Tree], who: str, span: Span
) -> bool:
    """Return whether all collections that stand un-indexed in excluded parts have a loop.

    ``who`` runs over them; one that has no loop is reported.
    """
    if scope.current is not None and not scope.current.explicit:
        return True  # names may mean the current element
    looped = {loop.collection.name.split("[")[0] for loop in binder.loops if loop.collection}
    looped |= {composite.name for composite, _ in binder.composites}
    names = (name for tree in excluded for name in _mentioned(tree))
    lost = [n for n in names if (known := _collection(scope, n)) and known not in looped]
    for name in lost[:1]:
        scope.context.findings.error(
            "E217",
            f"{who} runs over {name} for other datasets, and here {name} is left out",
            span,
            "write the loop, sum(jets j, …), or a statement for each dataset with only",
        )
    return not lost


def _collection(scope: Scope, name: str) -> str:
    """Return the name of the collection that a name stands for; empty if it stands for none."""
    context = scope.context
    block = context.blocks.get(name)
    if isinstance(block, Object):
        takes = [line.source for line in block.statements if isinstance(line, Take)]
        single = any(isinstance(t, Name) and t.name in context.schema.singletons for t in takes)
        return "" if single else name
    if block is not None:
        return name if isinstance(block, Composite) else ""
    found = find_collection(context.schema, name)
    return found.name if found is not None and found.exact else ""


def _mentioned(tree: Tree) -> Iterator[str]:
    """Yield the names that stand un-indexed in an expression, outside the loops in it."""
    match tree:
        case Name():
            yield tree.name
        case Index() | Lookup():
            return
        case Attribute():
            if tree.name.name != "size":
                yield from _mentioned(tree.value)
        case Call():
            if not _takes_collections(tree):
                for argument in tree.arguments:
                    yield from _mentioned(argument)
        case _:
            for part in children(tree):
                yield from _mentioned(part)


def _takes_collections(call: Call) -> bool:
    name = call.function.name
    function = find_function(name)
    flat = function is None or "collection" not in function.arguments
    return name.lower() in _OWN_LOOPS or not flat or bool(named(name))
