"""Attributes that only excluded statements use: what is wrong with them is no mistake of a dataset.

An object block is checked where the first statement uses it, before it is known what else the
dataset has a use for. So the mistakes of its defines are withheld, and told in the end unless only
what is excluded mentions them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adl.check.constants import excluded_names
from adl.check.trees import subtrees
from adl.syntax.diagnostics import Diagnostic
from adl.syntax.tree import Define, Name

if TYPE_CHECKING:
    from adl.check.analysis import Value
    from adl.check.context import Context


@dataclass(frozen=True)
class Withheld:
    """The mistakes of one define, and the names of the attributes for which it asks."""

    written: Define
    mistakes: tuple[Diagnostic, ...]
    asks: frozenset[str]


def withholding(
    context: Context, written: Define, check: Callable[[], Value | None]
) -> Value | None:
    """Return the value of a define in a block; of one without a value the mistakes are withheld."""
    if context.dataset is None:  # nothing is excluded
        return check()
    before, asked, context.asked = len(context.findings.items), context.asked, set()
    blocks = [declared for declared in context.corrections.values() if declared is not None]
    idle = [declared for declared in blocks if not declared.called]
    found = check()
    own, context.asked = context.asked, asked
    if found is None:
        mistakes = tuple(context.findings.withdraw(before, lambda _: True))
        context.withheld.append(Withheld(written, mistakes, frozenset(own)))
        for declared in idle:
            declared.called = False  # nothing comes of what it has called
    else:
        context.asked |= own
    return found


def tell(context: Context) -> None:
    """Tell the mistakes of defines that the dataset has a use for, or nothing mentions."""
    unused = set(_excluded(context)) - context.asked
    waiting = list(context.withheld)
    while told := [one for one in waiting if one.written.name.name not in unused]:
        waiting = [one for one in waiting if one not in told]
        for one in told:
            context.findings.restore(one.mistakes)
            unused -= one.asks


def _excluded(context: Context) -> Iterator[str]:
    """Yield the names that only excluded statements mention, or withheld defines that these use."""
    found = excluded_names(context)
    yield from found
    waiting = list(context.withheld)
    while reached := [one for one in waiting if one.written.name.name in found]:
        waiting = [one for one in waiting if one not in reached]
        found = {
            tree.name
            for one in reached
            for tree in subtrees(one.written.value)
            if isinstance(tree, Name)
        }
        yield from found
