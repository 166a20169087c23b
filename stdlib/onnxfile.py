"""What an ONNX file says of its inputs and outputs, read without onnxruntime.

A check can so tell that a network does not fit where onnxruntime is not installed. The file is a
protocol buffer: fields of a number and a wire type (https://protobuf.dev/programming-guides/encoding),
with the numbers of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# ModelProto.graph; GraphProto's parts; TensorProto.name, ValueInfoProto.name and .type;
# TypeProto.tensor_type; Tensor.elem_type and .shape; Shape.dim; Dimension.dim_value.
_GRAPH, _INITIALIZER, _INPUT, _OUTPUT, _TENSOR_NAME = 7, 5, 11, 12, 8
_NAME, _TYPE, _TENSOR, _ELEMENT, _SHAPE, _DIMENSION, _SIZE = 1, 2, 1, 1, 2, 1, 1
_IR_VERSION = 1

# TensorProto.DataType -> numpy's name, of the types that a network's numbers can have here.
DTYPES = {1: "float32", 6: "int32", 7: "int64", 10: "float16", 11: "float64"}


class ModelFileError(Exception):
    """A file that is no ONNX model; the message says what is wrong in some words."""


@dataclass(frozen=True)
class Tensor:
    """An input or output; a size is None where it is open, ``shape`` where it is not told."""

    name: str
    dtype: str  # "" for one that is no array of numbers
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True)
class Signature:
    """What a model takes and gives."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


def signature(path: Path) -> Signature:
    """Return the inputs and outputs of a model.

    Raises:
        OSError: The file cannot be read.
        ModelFileError: It is no model.
    """
    try:
        fields = dict(_fields(path.read_bytes()))
        if _IR_VERSION not in fields or not isinstance(fields.get(_GRAPH), bytes):
            raise ModelFileError("it is no ONNX model")
        return _of_graph(_bytes(fields[_GRAPH]))
    except (IndexError, ValueError) as error:
        raise ModelFileError("it is no ONNX model, or a damaged one") from error


def _of_graph(graph: bytes) -> Signature:
    inputs, outputs, weights = [], [], set[str]()
    for number, content in _fields(graph):
        if number == _INITIALIZER:
            weights.add(_text(_bytes(content), _TENSOR_NAME))
        elif number == _INPUT:
            inputs.append(_tensor(_bytes(content)))
        elif number == _OUTPUT:
            outputs.append(_tensor(_bytes(content)))
    if not inputs or not outputs:
        raise ModelFileError("it is no ONNX model: it has no input or no output")
    # Old files list their weights among the inputs.
    return Signature(tuple(i for i in inputs if i.name not in weights), tuple(outputs))


def _tensor(content: bytes) -> Tensor:
    fields = dict(_fields(content))
    kind = dict(_fields(_bytes(fields.get(_TYPE, b""))))
    tensor = dict(_fields(_bytes(kind.get(_TENSOR, b""))))
    element = tensor.get(_ELEMENT, 0)
    dtype = DTYPES.get(element, "") if isinstance(element, int) else ""
    shape = None
    if _SHAPE in tensor:
        sizes = [dict(_fields(_bytes(d))) for n, d in _fields(_bytes(tensor[_SHAPE])) if n == 1]
        shape = tuple(_size(size.get(_SIZE)) for size in sizes)
    return Tensor(_bytes(fields.get(_NAME, b"")).decode(), dtype, shape)


def _size(content: int | bytes | None) -> int | None:
    return content if isinstance(content, int) and content > 0 else None


def _text(content: bytes, wanted: int) -> str:
    return next((_bytes(c).decode() for n, c in _fields(content) if n == wanted), "")


def _bytes(content: int | bytes) -> bytes:
    if not isinstance(content, bytes):
        raise ModelFileError("it is no ONNX model, or a damaged one")
    return content


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a message: numbers, and what has a length as bytes."""
    place = 0
    while place < len(message):
        key, place = _number(message, place)
        match key & 7:
            case 0:
                number, place = _number(message, place)
                yield key >> 3, number
            case 1 | 5 as wire:  # doubles and floats, which nothing here needs
                place += 8 if wire == 1 else 4
            case 2:
                size, place = _number(message, place)
                if place + size > len(message):
                    raise ValueError("the file ends within a field")
                yield key >> 3, message[place : place + size]
                place += size
            case wire:
                raise ValueError(f"no wire type {wire}")


def _number(message: bytes, place: int) -> tuple[int, int]:
    """Return a number of seven bits a byte, and where the next field begins."""
    number = shift = 0
    while True:
        byte = message[place]
        place += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, place
        shift += 7
        if shift > 63:
            raise ValueError("a number of more than 64 bits")
