"""The host target: LLVM text to machine code of this processor, and calls of it.

LLVM is initialised on first use; an object found in the cache is loaded without parsing any IR.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from llvmlite import binding as llvm

from adl.compiler import cache as disk
from adl.compiler.emit.arguments import PARAMETERS, Arguments
from adl.compiler.emit.module import Module
from adl.compiler.ir import Evaluate
from adl.compiler.layout import Chunk, Partial
from adl.compiler.program import Program
from adl.compiler.targets.work import Work
from adl.stdlib.registry import Function

PIPELINE = "O2 without unrolling and vectorisation, O1 for many regions"
# Characters of LLVM IR beyond which passes are those of O1: for 200 regions with 2 000 cuts of many
# loops LLVM takes two thirds of the time (all stages three quarters), and the code is as fast.
_MANY = 1_000_000
_FUNCTION = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * len(PARAMETERS), ctypes.c_int64)


class Code(NamedTuple):
    """How a module is compiled."""

    model: str  # LLVM's name for how far apart code and data may be
    level: int = 0  # of optimisation, 0 for that of the text's length


ALONE = Code("jitdefault")
JOINED = Code("small")  # what ``linked.py`` loads: its linker puts an object's parts together


@dataclass(frozen=True)
class HostKernel:
    """A loaded kernel; calling it releases the GIL, and calls may run at the same time."""

    arguments: Arguments
    engine: Any  # keeps the code alive
    function: Any

    def run(self, chunk: Chunk) -> Partial:
        """Count over the events of a chunk."""
        work = Work.on(chunk, self.arguments)
        numbers = np.frombuffer(b"".join(self.arguments.numbers), np.int64)
        self.function(
            _table(work.columns),
            _table(work.offsets),
            numbers.ctypes.data,
            *(b.ctypes.data for b in work.counts),
            work.rows.ctypes.data,
            _table(work.buffers),
            _table(work.scratch),
            work.memo.ctypes.data,
            work.flags.ctypes.data,
            chunk.events,
        )
        return work.result()


def load(module: Module) -> HostKernel:
    """Return a module's kernel, compiled or from the cache."""
    publish(module.arguments.program)
    engine = new_engine(compile_object(module.text))
    return HostKernel(module.arguments, engine, _FUNCTION(engine.get_function_address("kernel")))


def publish(program: Program) -> None:
    """Let code that is loaded from now on find the Python functions of a program."""
    called = functions(program)
    if called:
        from adl.compiler.targets import python

        for function in called:
            python.publish(function)


def functions(program: Program) -> list[Function]:
    """Return the Python functions that a program calls, each once."""
    return list(dict.fromkeys(n.function for n in program.nodes if isinstance(n, Evaluate)))


def new_engine(content: bytes) -> Any:
    """Return an engine that has loaded an object file; several in one confuse their symbols."""
    # An engine owns its target machine and frees it: each gets a new one.
    engine = llvm.create_mcjit_compiler(_parse(""), new_machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(content))
    engine.finalize_object()
    return engine


def compile_object(text: str, code: Code = ALONE) -> bytes:
    """Return the object code of a module, from the cache if it is known there."""
    name = disk.key(text, code.model, str(code.level), *_identity())
    payload = disk.load(name)
    if payload is None:
        payload = _machine(code.model).emit_object(optimise(text, code.level))
        disk.save(name, payload)
    return payload


def optimise(text: str, level: int = 0) -> Any:
    """Return the optimised LLVM module of a text; a level of 0 is that of its length."""
    module = _parse(text)
    module.verify()
    return optimised(module, _machine(), level or (2 if len(text) < _MANY else 1))


def optimised(module: Any, machine: Any, level: int = 2) -> Any:
    """Return a module after LLVM's passes for a machine."""
    tuning = llvm.create_pipeline_tuning_options(speed_level=level)
    # Loops over an event's objects are short: unrolled and vectorised they only grow the code.
    tuning.loop_vectorization = tuning.slp_vectorization = False
    tuning.loop_unrolling = tuning.loop_interleaving = False
    builder = llvm.create_pass_builder(machine, tuning)
    builder.getModulePassManager().run(module, builder)
    return module


def assembly(text: str, level: int = 0) -> str:
    """Return the machine code of a module as assembly text."""
    return str(_machine().emit_assembly(optimise(text, level)))


def _parse(text: str) -> Any:
    """Read LLVM IR as code for this machine."""
    module = llvm.parse_assembly(text)
    module.triple = _machine().triple
    module.data_layout = str(_machine().target_data)
    return module


@cache
def _machine(model: str = ALONE.model) -> Any:
    return new_machine(model)


def new_machine(model: str = ALONE.model) -> Any:
    """Return a description of this machine, for the caller alone."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_default_triple()
    features = llvm.get_host_cpu_features().flatten()
    return target.create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features, opt=2, reloc="pic", codemodel=model
    )


@cache
def _identity() -> tuple[str, ...]:
    return (
        llvm.get_default_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
        ".".join(map(str, llvm.llvm_version_info)),
        PIPELINE,
    )


def _table(arrays: Sequence[npt.NDArray[Any]]) -> Any:
    return (ctypes.c_void_p * max(1, len(arrays)))(*(a.ctypes.data for a in arrays))
