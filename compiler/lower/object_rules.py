"""What object blocks say of the element at a place: its cuts, its order, corrected attributes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from adl.check import analysis as core
from adl.compiler.ir import TRUE, Node, both
from adl.compiler.lower import truth
from adl.compiler.lower.collections import part_mask
from adl.compiler.lower.places import Place
from adl.compiler.lower.truth import Lowered

if TYPE_CHECKING:
    from adl.compiler.lower.values import Lowering


@dataclass(frozen=True)
class ObjectRules:
    """What object blocks say of the element at a place."""

    lowering: Lowering

    @property
    def reordered(self) -> frozenset[str]:
        """The inputs that do not stand as they are stored."""
        return self.lowering.marks.reordered

    @property
    def computed(self) -> frozenset[str]:
        """The attributes of the object model that have another value than it computes."""
        return self.lowering.marks.computed

    def __call__(self, collection: core.ObjectDef, at: Place) -> Node:
        """Return whether the element passes the cuts of the block."""
        lowering = self.lowering
        key = collection, at.parts[0], at.position
        if key not in lowering.masks:
            with lowering.element_is(collection.this, at):
                passed: Node = TRUE
                for cut in collection.cuts:
                    with lowering.looked_at(passed):
                        passed = both(passed, lowering.condition(cut).value)
            lowering.masks[key] = passed
        return lowering.masks[key]

    def key(self, collection: core.ObjectDef, at: Place) -> Node:
        """Return what a sorted object's elements ascend in; NaN, which comes last, if missing."""
        assert collection.key is not None, "a sorted object"
        with self.lowering.element_is(collection.this, at), self.lowering.looked_at(TRUE):
            key = truth.known(self.lowering.value(collection.key))
        return -key if collection.descending else key

    def corrected(self, part: core.Corrected, name: str, position: Node) -> Lowered:
        """Return an attribute that something has corrected, of the element at a position."""
        lowering, key = self.lowering, (part, name, position)
        if key not in lowering.corrections:
            at = Place((part.origin,), position)
            inside = part_mask(part.source, part.number, position, self)
            # What can raise an exception is called for the elements that are corrected.
            with lowering.element_is(part.this, at), lowering.looked_at(inside):
                lowering.corrections[key] = lowering.value(part.values[name])
        return lowering.corrections[key]
