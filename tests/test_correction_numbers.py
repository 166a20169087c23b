"""Numbers of a file of corrections are those that correctionlib reads, to the bit."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import correctionlib
import numpy as np

from adl.stdlib.corrections.numbers import number
from tests.correction_trees import bits, ours, saved, written


def digits(draw: random.Random, most: int) -> str:
    return "".join(draw.choices("0123456789", k=draw.randint(1, most)))


def texts(draw: random.Random, how_many: int) -> Iterator[str]:
    """Yield numbers as files have them, and as none has them."""
    for _ in range(how_many):
        whole = str(int(digits(draw, draw.choice((1, 3, 12, 25)))))
        zeros = "0" * draw.choice((0, 0, 1, 4, 25))
        yield from (
            repr(draw.uniform(-3, 3)),
            repr(draw.gauss(0, 1) * 10.0 ** draw.randint(-300, 300)),
            f"-{whole}.{zeros}{digits(draw, 30)}",
            f"{whole}.{zeros}{digits(draw, 20)}",
            f"{whole}e{draw.choice(('', '+', '-'))}{draw.randint(0, 250)}",
            f"{whole}.{digits(draw, 20)}E-{draw.randint(0, 345)}",
        )


def test_a_number_is_the_one_that_correctionlib_reads() -> None:
    every = list(texts(random.Random(5), 1500))
    wanted = read_by_correctionlib(every)
    assert list(map(bits, map(number, every))) == list(map(bits, wanted))
    # Otherwise correctionlib has come to read to the nearest: then so can we.
    assert sum(float(text) != value for text, value in zip(every, wanted, strict=True)) > 100


def read_by_correctionlib(every: list[str]) -> list[float]:
    content = (
        '{"schema_version": 2, "corrections": [{"name": "a", "version": 1,'
        ' "inputs": [{"name": "x", "type": "real"}], "output": {"name": "y", "type": "real"},'
        ' "data": {"nodetype": "binning", "input": "x", "flow": "clamp", "edges":'
        f' {{"n": {len(every)}, "low": 0.0, "high": {len(every)}.0}},'
        f' "content": [{", ".join(every)}]}}}}]}}'
    )
    found = correctionlib.CorrectionSet.from_string(content)["a"]
    return list(np.atleast_1d(found.evaluate(np.arange(len(every)) + 0.5)).tolist())


def test_edges_and_values_have_the_bits_of_correctionlib(tmp_path: Path) -> None:
    odd = 0.012939865692439823  # correctionlib reads the float above it
    above = float(np.nextafter(odd, 1))
    assert number(repr(odd)) == above
    data = {
        "nodetype": "binning",
        "input": "x",
        "edges": [0, odd, 1],
        "content": [odd, 0.5],
        "flow": "clamp",
    }
    mine, reference = saved(written(data), tmp_path / "test.json")
    at = [(odd, 0.0, 0), (above, 0.0, 0)]
    interpreted, compiled = ours(mine, (None, None, None), at)
    assert interpreted[0] == compiled[0] == [above, 0.5]
    assert [reference.evaluate(*point) for point in at] == [above, 0.5]
