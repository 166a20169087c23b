"""The host target: LLVM text to machine code of this processor, and calls of it.

LLVM is initialised on first use; an object found in the cache is loaded without parsing any IR.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import binding as llvm

from adl.compiler import cache as disk
from adl.compiler.ahead import MOST
from adl.compiler.emit.arguments import PARAMETERS, Arguments
from adl.compiler.emit.module import Module
from adl.compiler.ir import Evaluate, Record
from adl.compiler.layout import Chunk, Fault, Partial, Rows, rejections, variations
from adl.compiler.variations import is_group, turns

PIPELINE = "O2 without unrolling and vectorisation, O1 for many regions"
# Characters of LLVM IR beyond which passes are those of O1: for 200 regions with 2 000 cuts of many
# loops LLVM takes two thirds of the time (all stages three quarters), and the code is as fast.
_MANY = 1_000_000
_FUNCTION = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(PARAMETERS), ctypes.c_int64)


@dataclass(frozen=True)
class HostKernel:
    """A loaded kernel; calling it releases the GIL, and calls may run at the same time."""

    arguments: Arguments
    engine: Any  # keeps the code alive
    function: Any

    def run(self, chunk: Chunk) -> Partial:
        """Count over the events of a chunk."""
        arguments, partial = self.arguments, Partial.zeros(self.arguments.layout)
        columns = [_contiguous(chunk.columns[c.name], c.dtype) for c in arguments.program.columns]
        offsets = [_contiguous(chunk.offsets[c], "int64") for c in arguments.collections]
        numbers = np.frombuffer(b"".join(arguments.numbers), np.int64)
        room = 1 + (MOST if arguments.windows else 0)
        extents = {s: _extent(chunk, s) for s in dict.fromkeys(arguments.store_sources)}
        scratch = [np.empty(extents[s] + room) for s in arguments.store_sources]
        memo = np.zeros(arguments.memo_size, np.int64)
        for slot, collection in arguments.windows.items():
            memo[slot] = chunk.offsets[collection][-1]
        flags = np.empty(len(arguments.program.nodes), np.int8)
        buffers = (partial.raw, partial.sumw, partial.sumw2, partial.skipped)
        records = [_buffers(record, chunk) for record in arguments.program.records]
        written = np.zeros(len(records), np.int64)
        self.function(
            _table(columns),
            _table(offsets),
            numbers.ctypes.data,
            *(b.ctypes.data for b in buffers),
            written.ctypes.data,
            _table([column for record in records for column in record]),
            _table(scratch),
            memo.ctypes.data,
            flags.ctypes.data,
            chunk.events,
        )
        for fill, place in arguments.repeated.items():
            counts = partial.raw[place.cells : place.cells + place.size].reshape(
                -1, variations(fill)
            )
            counts[:] = counts[:, :1]
        partial.rows = tuple(map(_written, records, written.tolist()))
        partial.faults = _faults(arguments, memo)
        return partial


def load(module: Module) -> HostKernel:
    """Return a module's kernel, compiled or from the cache."""
    called = {n.function: None for n in module.arguments.program.nodes if isinstance(n, Evaluate)}
    if called:
        from adl.compiler.targets import python

        for function in called:
            python.publish(function)
    engine = new_engine(compile_object(module.text))
    return HostKernel(module.arguments, engine, _FUNCTION(engine.get_function_address("kernel")))


def new_engine(content: bytes) -> Any:
    """Return an engine that has loaded an object file; several in one confuse their symbols."""
    # An engine owns its target machine and frees it: each gets a new one.
    engine = llvm.create_mcjit_compiler(_parse(""), new_machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(content))
    engine.finalize_object()
    return engine


def _faults(arguments: Arguments, memo: npt.NDArray[np.int64]) -> tuple[Fault, ...]:
    """Return what Python functions have raised, and where corrections had no value."""
    found = ((r, arguments.rejected(r)) for r in arguments.reasons)
    faults = tuple(f for r, first in found for f in rejections(r, memo[first:].tolist()))
    if not arguments.functions:
        return faults
    from adl.compiler.targets import python

    slots = ((f, arguments.fault(f)) for f in arguments.functions)
    raised = (python.fault(f, memo[first : first + 5].tolist()) for f, first in slots)
    return (*faults, *(fault for fault in raised if fault is not None))


def compile_object(text: str) -> bytes:
    """Return the object code of a module, from the cache if it is known there."""
    name = disk.key(text, *_identity())
    payload = disk.load(name)
    if payload is None:
        payload = _machine().emit_object(optimise(text))
        disk.save(name, payload)
    return payload


def optimise(text: str) -> Any:
    """Return the optimised LLVM module of a text."""
    module = _parse(text)
    module.verify()
    return optimised(module, _machine(), level=2 if len(text) < _MANY else 1)


def optimised(module: Any, machine: Any, level: int = 2) -> Any:
    """Return a module after LLVM's passes for a machine."""
    tuning = llvm.create_pipeline_tuning_options(speed_level=level)
    # Loops over an event's objects are short: unrolled and vectorised they only grow the code.
    tuning.loop_vectorization = tuning.slp_vectorization = False
    tuning.loop_unrolling = tuning.loop_interleaving = False
    builder = llvm.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)
    return module


def assembly(text: str) -> str:
    """Return the machine code of a module as assembly text."""
    return str(_machine().emit_assembly(optimise(text)))


def _parse(text: str) -> Any:
    """Read LLVM IR as code for this machine."""
    module = llvm.parse_assembly(text)
    module.triple = _machine().triple
    module.data_layout = str(_machine().target_data)
    return module


@cache
def _machine() -> Any:
    return new_machine()


def new_machine() -> Any:
    """Return a description of this machine, for the caller alone."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    features = llvm.get_host_cpu_features().flatten()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features, opt=2, reloc="pic", codemodel="jitdefault"
    )


def _identity() -> tuple[str, ...]:
    return (
        llvm.get_default_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
        ".".join(map(str, llvm.llvm_version_info)),
        PIPELINE,
    )


def _contiguous(array: npt.NDArray[Any], dtype: str) -> npt.NDArray[Any]:
    assert array.dtype == np.dtype(dtype), f"{array.dtype} is not {dtype}"
    return np.ascontiguousarray(array)


def _extent(chunk: Chunk, source: tuple[str, ...]) -> int:
    """Return the largest number of elements of an event, over the collections of a source."""
    return sum(turns(s) if is_group(s) else int(np.max(chunk.sizes(s), initial=0)) for s in source)


_STORED = {"real": np.float64, "int": np.int64, "bool": np.bool_}


def _buffers(record: Record, chunk: Chunk) -> list[npt.NDArray[Any]]:
    """Return room for every row that a record can have: the events' numbers, then the values."""
    rows = np.ones(chunk.events, np.int64)
    for axis in record.axes:
        rows *= sum(chunk.sizes(s) for s in axis.source)
    most = int(rows.sum())
    return [np.empty(most, t) for t in (np.int64, *(_STORED[v.kind] for v in record.values))]


def _written(buffers: list[npt.NDArray[Any]], rows: int) -> Rows:
    """Return copies of what was written, so that the rest of the room goes."""
    events, *values = (buffer[:rows].copy() for buffer in buffers)
    return Rows(events, tuple(values))


def _table(arrays: Sequence[npt.NDArray[Any]]) -> Any:
    return (ctypes.c_void_p * max(1, len(arrays)))(*(a.ctypes.data for a in arrays))
