"""What the object model computes, where a systematic changes it.

MET can be the column ``met`` by another name, the one element of a list, or made of px and py. The
first two are columns: they change, and everything that is made of them follows. What is computed of
several columns is none: it changes alone, under the name of its ``Computed``, and the columns stay
as they are. It follows them until a line changes it, and has a value of its own from there on.
"""

from __future__ import annotations

from adl.check.analysis import AttributeOf, Computed, Element, EventValue, Variable
from adl.check.values import walk
from adl.stdlib.models import Branch, CollectionSchema


def plain(branch: Branch) -> Branch:
    """Return the column of which a branch is another name, else the branch."""
    while isinstance(branch, Computed):
        match branch.value:
            case EventValue(branch=inner):
                branch = inner
            case AttributeOf(particle=Variable(loop=loop), attribute=name) if loop is branch.this:
                assert branch.owner is not None, branch.name
                branch = branch.owner.attributes[name]
            case AttributeOf(particle=Element(collection=one), attribute=name) if (
                branch.owner is not None and branch.this is None
            ):
                assert one is branch.owner, branch.name
                branch = branch.owner.attributes[name]
            case _:
                break
    return branch


def made_of(branch: Branch) -> frozenset[Branch]:
    """Return the columns that a branch is or is made of."""
    branch = plain(branch)
    if not isinstance(branch, Computed):
        return frozenset((branch,))
    found: frozenset[Branch] = frozenset()
    for value in walk(branch.value):
        match value:
            case EventValue(branch=inner):
                found |= made_of(inner)
            case AttributeOf(particle=Variable(loop=loop), attribute=name) if loop is branch.this:
                assert branch.owner is not None, branch.name
                found |= made_of(branch.owner.attributes[name])
            case AttributeOf(particle=Element(collection=CollectionSchema() as other)):
                found |= made_of(other.attributes[value.attribute])
    return found
