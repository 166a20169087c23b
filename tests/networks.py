"""Small ONNX models for tests, and what they compute with numpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[Any]


@dataclass(frozen=True)
class Model:
    """Two layers: tanh, then the logistic function."""

    weights: tuple[Numbers, ...]

    def __call__(self, *inputs: Any) -> Numbers:
        """Return the outputs (rows, numbers) in double precision."""
        first, bias, second, other = (w.astype(np.float64) for w in self.weights)
        rows = np.stack([np.asarray(x, np.float64) for x in inputs], axis=1)
        return 1 / (1 + np.exp(-(np.tanh(rows @ first + bias) @ second + other)))


def make(
    path: Path,
    inputs: int,
    outputs: int,
    *,
    batch: int | str | None = "N",
    seed: int = 1,
    change: Callable[[Any], None] | None = None,
) -> Model:
    """Write a model; ``batch`` is its number of rows, None for one without rows."""
    import onnx
    from onnx import helper, numpy_helper

    random = np.random.default_rng(seed)
    shapes = ((inputs, 6), (6,), (6, outputs), (outputs,))
    weights = tuple(random.normal(size=shape).astype(np.float32) for shape in shapes)
    names = ("w1", "b1", "w2", "b2")
    steps = (
        ("MatMul", ["x", "w1"], "a"),
        ("Add", ["a", "b1"], "b"),
        ("Tanh", ["b"], "c"),
        ("MatMul", ["c", "w2"], "d"),
        ("Add", ["d", "b2"], "e"),
        ("Sigmoid", ["e"], "y"),
    )
    rows = [] if batch is None else [batch]
    graph = helper.make_graph(
        [helper.make_node(kind, given, [result]) for kind, given, result in steps],
        "test",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [*rows, inputs])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [*rows, outputs])],
        [numpy_helper.from_array(w, n) for w, n in zip(weights, names, strict=True)],
    )
    if change is not None:
        change(graph)
    opset = [helper.make_opsetid("", 17)]
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=9), path)
    return Model(weights)


# The models of tests/corpus, which the manual and the explanations use, too.
CORPUS = {
    "stau_low": (8, 1),
    "stau_mid": (8, 1),
    "stau_high": (8, 1),
    "vlq_classes": (12, 3),
    "shape": (2, 1),
    "toptag": (5, 2),
}


def main() -> None:
    """Write the models of the corpus."""
    folder = Path(__file__).parent / "corpus" / "models"
    for seed, (name, (inputs, outputs)) in enumerate(CORPUS.items()):
        make(folder / f"{name}.onnx", inputs, outputs, seed=seed)


if __name__ == "__main__":
    main()
