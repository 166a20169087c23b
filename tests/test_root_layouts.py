"""Histograms of one shape are laid out once: the bytes are those that uproot makes of each."""

from __future__ import annotations

from functools import partial

import boost_histogram as bh
import numpy as np
import pytest

from adl.runtime.outputs import root
from adl.runtime.outputs.layouts import Layouts, Shape, Shaped

SHAPES = {
    "one": root._shape("m;GeV", [bh.axis.Regular(3, 0, 10)]),
    "edges": root._shape("m", [bh.axis.Variable([0, 1, 10, 100])]),
    "two": root._shape("a;b;c;d", [bh.axis.Regular(2, 0, 1), bh.axis.Integer(0, 3)]),
    "labels": Shape("steps", partial(root._labelled_th1, "events", ["all", "pT > 30"]), 4),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("name", ["h", "mass__jesUp", "x" * 300, "\x01\x02", "Δφ", ""])
def test_a_layout_gives_the_bytes_of_uproots_own_models(shape: Shape, name: str) -> None:
    draw = np.random.default_rng(len(name))
    layouts = Layouts()
    for _ in range(3):
        values = draw.choice([0.0, -0.0, 1.5, np.nan, np.inf, 1e300], shape.cells)
        variances = draw.random(shape.cells)
        entries = float(draw.random())
        own = shape.make(values, variances, entries)
        found = Shaped(layouts, shape, values, variances, entries)
        assert found.serialize(name=name) == own.serialize(name=name)
        assert (found.classname, found.fTitle) == (own.classname, own.member("fTitle"))


def test_a_class_is_described_once() -> None:
    layouts, one = Layouts(), SHAPES["one"]
    told = [Shaped(layouts, one, *2 * (np.zeros(5),), 0.0).class_rawstreamers for _ in range(2)]
    assert told == [one.make(np.zeros(5), np.zeros(5), 0.0).class_rawstreamers, ()]
    assert Shaped(layouts, SHAPES["two"], *2 * (np.zeros(20),), 0.0).class_rawstreamers
