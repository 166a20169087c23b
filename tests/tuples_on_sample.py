"""Tuples of the bundled sample with awkward: what searches and composites are compared with."""

from __future__ import annotations

import awkward as ak

from tests.on_sample import Array

OBJECTS = """
info analysis
  dialect adl
object muons
  take Muon
  select pT > 10
object jets
  take Jet
  select pT > 30 and abs(eta) < 2.4
object leptons
  take union(Muon, Electron)
"""


def pairs_of(collection: Array) -> Array:
    return ak.combinations(collection, 2, fields=("a", "b"))


def best(tuples: Array, distance: Array) -> Array:
    """Return the first tuple with the least distance in each event, None where there is none."""
    return ak.firsts(tuples[ak.argmin(distance, axis=1, keepdims=True)])


def off_z(pairs: Array) -> Array:
    return abs((pairs.a + pairs.b).mass - 91.2)


def without(collection: Array, *found: Array) -> Array:
    """Return what is left of a union without some of its elements."""
    for one in found:
        same = (collection.index == one.index) & (collection.source == one.source)
        collection = collection[~ak.fill_none(same, False)]
    return collection


def muons_of(events: Array) -> Array:
    return events.Muon[events.Muon.pt > 10]


def jets_of(events: Array) -> Array:
    return events.Jet[(events.Jet.pt > 30) & (abs(events.Jet.eta) < 2.4)]
