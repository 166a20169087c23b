"""Networks through onnxruntime, the only part that knows it.

What a network gives for a row must not depend on the rows beside it, or another number of threads
or events would change results. So rows go in tiles of one size, the last filled up with zeros, to a
session of one thread.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]

_TILE = 256
_DTYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64}


class NetworkError(Exception):
    """A network that cannot be run, in one line with the way out."""


class Networks:
    """Loaded models; ``evaluate`` may be called by several threads."""

    def __init__(self) -> None:
        self.sessions: dict[str, Any] = {}

    def load(self, files: Iterable[str]) -> None:
        """Load models that are not loaded yet.

        Raises:
            NetworkError: onnxruntime is missing, or refuses a model.
        """
        for file in files:
            if file not in self.sessions:
                self.sessions[file] = _session(file)

    def evaluate(self, file: str, rows: Numbers) -> Numbers:
        """Return a model's first output for each row, laid out in a row.

        Raises:
            NetworkError: The model cannot be run over them.
        """
        session = self.sessions[file]
        taken = session.get_inputs()[0]
        given = rows.astype(_DTYPES[taken.type])
        shape = taken.shape
        if len(shape) == 1:
            results = [_run(file, session, row) for row in given]
        else:
            fixed = shape[0] if isinstance(shape[0], int) else _TILE
            results = [
                _run(file, session, _tile(given[start : start + fixed], fixed), fixed)
                for start in range(0, len(given), fixed)
            ]
        if not results:
            return np.empty((0, 0))
        return np.concatenate([r.astype(np.float64) for r in results])[: len(rows)]


def _session(file: str) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise NetworkError(f"{file}: networks need onnxruntime: pip install 'adlc[ml]'") from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = 4  # what is wrong comes as an exception
    try:
        return onnxruntime.InferenceSession(file, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own are of many kinds, all of this one meaning
        raise NetworkError(f"{file} cannot be loaded: {_reason(error)}") from error


def _tile(rows: npt.NDArray[Any], size: int) -> npt.NDArray[Any]:
    tile = np.zeros((size, rows.shape[1]), rows.dtype)
    tile[: len(rows)] = rows
    return tile


def _run(file: str, session: Any, rows: npt.NDArray[Any], number: int = 1) -> npt.NDArray[Any]:
    try:
        first = session.run(None, {session.get_inputs()[0].name: rows})[0]
    except Exception as error:
        raise NetworkError(f"{file} cannot be run: {_reason(error)}") from error
    result = np.asarray(first)
    if result.size % number or (result.ndim and number > 1 and result.shape[0] != number):
        raise NetworkError(f"{file} gives {result.shape} numbers for {number} rows")
    return result.reshape(number, -1)


def _reason(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "no reason")
