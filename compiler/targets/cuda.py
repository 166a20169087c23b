"""The CUDA target: LLVM text to PTX with LLVM's own back-end, and PTX to a cubin with ``ptxas``.

No driver and no GPU are needed for either. Arithmetic is IEEE's, instruction by instruction: no
fast mathematics, no contraction to fused multiply-adds, division and square root rounded to
nearest. So a value has the bits that it has on the host (``compiler/README.md`` says what else is
promised).
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llvmlite import binding as llvm

from adl.compiler import cache as disk
from adl.compiler.emit.device import HEAD, DeviceModule
from adl.compiler.emit.remainder import REMAINDER, with_remainder
from adl.compiler.emit.sums import FOLD
from adl.compiler.ir import Evaluate
from adl.compiler.program import Program
from adl.compiler.targets.host import PIPELINE, optimised
from adl.stdlib.registry import Function

if TYPE_CHECKING:
    from adl.compiler.pipeline import Compiled

TRIPLE = "nvptx64-nvidia-cuda"
ARCHITECTURES = ("sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120")
DEFAULT = "sm_80"
# The oldest PTX that knows an architecture: an old driver reads it, too.
_PTX = {"sm_75": 63, "sm_80": 70, "sm_86": 71, "sm_89": 78, "sm_90": 78, "sm_100": 86, "sm_120": 87}
THREADS = 128  # of a group

# What only a GPU has: a thread's number, and the barrier between the three parts of its work.
_KERNELS = f"""
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)

define ptx_kernel void @adl_count_events({HEAD}) nounwind {{
  %group.32 = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %group = zext i32 %group.32 to i64
  %thread.32 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %thread = zext i32 %thread.32 to i64
  %threads.32 = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %threads = zext i32 %threads.32 to i64
  call void @adl_begin({HEAD}, i64 %group, i64 %thread, i64 %threads)
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  call void @adl_events({HEAD}, i64 %group, i64 %thread, i64 %threads)
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  call void @adl_finish({HEAD}, i64 %group, i64 %thread, i64 %threads)
  ret void
}}

define ptx_kernel void @adl_sum_streams({FOLD}, i64 %number) nounwind {{
entry:
  %group.32 = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %group = zext i32 %group.32 to i64
  %thread.32 = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %thread = zext i32 %thread.32 to i64
  %threads.32 = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %threads = zext i32 %threads.32 to i64
  %before = mul i64 %group, %threads
  %mine = add i64 %before, %thread
  %inside = icmp slt i64 %mine, %number
  br i1 %inside, label %work, label %end
work:
  call void @adl_fold({FOLD}, i64 %mine)
  br label %end
end:
  ret void
}}
"""


class Unavailable(Exception):
    """What a program needs and a GPU does not have, or a tool that is not installed."""


def obstacle(compiled: Compiled) -> str:
    """Return why an analysis has to run on the CPU; nothing if it need not."""
    if compiled.networks:
        return f"the network {compiled.networks[0]} runs there"
    for function in _functions(compiled.program):
        try:
            _check(function)
        except Unavailable as error:
            return f"the function {function.name} {error}"
    return ""


def _check(function: Function) -> None:
    """Refuse a Python function that a device cannot have.

    Raises:
        Unavailable: it calls what a device has not.
    """
    from adl.compiler.python.code import code

    text = code(function).text
    defined = set(re.findall(r'^define [^@]*@"?([^"(]+)"?\(', text, re.MULTILINE))
    for name in re.findall(r'^declare [^@]*@"?([^"(]+)"?\(', text, re.MULTILINE):
        if not name.startswith("llvm.") and name not in defined:
            raise Unavailable(f"calls {name}, which a GPU does not have")


def _functions(program: Program) -> list[Function]:
    return list(dict.fromkeys(n.function for n in program.nodes if isinstance(n, Evaluate)))


def ptx(module: DeviceModule, architecture: str = DEFAULT) -> str:
    """Return the PTX of a module, from the cache if it is known there."""
    from adl.compiler.python.code import code

    called = (code(function).symbol for function in _functions(module.arguments.program))
    version = ".".join(map(str, llvm.llvm_version_info))
    level = 0 if module.stepping else 2
    passes = PIPELINE, str(level)
    name = disk.key(module.text, _KERNELS, *called, TRIPLE, architecture, version, *passes)
    known = disk.load(name)
    if known is None:
        machine = _machine(architecture)
        whole = optimised(linked_module(module, _KERNELS, machine), machine, level)
        known = machine.emit_assembly(whole).encode()
        disk.save(name, known)
    return known.decode()


def linked_module(module: DeviceModule, more: str, machine: Any) -> Any:
    """Return the module with the Python functions that it calls, all of it for one machine."""
    from adl.compiler.python.code import code

    whole = _parsed(module.text + more, machine)
    for function in _functions(module.arguments.program):
        whole.link_in(_parsed(_plain(code(function).text), machine))
    for function in whole.functions:
        if not function.is_declaration and function.name.startswith("alg_"):
            function.linkage = "internal"
    whole.verify()
    return whole


def _plain(text: str) -> str:
    """Return numba's IR without what it says of this machine."""
    text = re.sub(r"^target .*$|^source_filename.*$", "", text, flags=re.MULTILINE)
    exact = with_remainder(text)
    if exact == text:
        return text
    own = REMAINDER  # of the kernel's module only the kernel sees its own
    for line in re.findall("^declare .*$", REMAINDER, re.MULTILINE):
        name = line.partition("@")[2].partition("(")[0]
        if re.search(rf"^declare .*@{re.escape(name)}\(", text, re.MULTILINE):
            own = own.replace(line, "")
    return exact + own


def _parsed(text: str, machine: Any) -> Any:
    # Said before the text: without it LLVM takes an i64 for a thing of two halves when it reads.
    head = f'target datalayout = "{machine.target_data}"\ntarget triple = "{machine.triple}"\n'
    return llvm.parse_assembly(head + text)


def _machine(architecture: str) -> Any:
    _initialise()
    target = llvm.Target.from_triple(TRIPLE)
    features = f"+ptx{_PTX.get(architecture, 70)}"
    return target.create_target_machine(cpu=architecture, features=features, opt=3)


@cache
def _initialise() -> None:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()


# ------------------------------------------------------------------------------------ ptxas


def find_ptxas() -> str | None:
    """Return the assembler of PTX: of ``PATH``, or of a wheel nvidia-cuda-nvcc."""
    found = shutil.which("ptxas")
    if found is not None:
        return found
    spec = find_spec("nvidia")
    for place in (spec.submodule_search_locations or ()) if spec is not None else ():
        for path in sorted(Path(place).glob("*/bin/ptxas")):
            if os.access(path, os.X_OK):
                return str(path)
    return None


def cubin(text: str, architecture: str = DEFAULT) -> bytes:
    """Return the machine code of PTX.

    Raises:
        Unavailable: there is no ptxas, or it refuses.
    """
    ptxas = find_ptxas()
    if ptxas is None:
        raise Unavailable(
            "a cubin is made by ptxas, which is not here\n"
            "  help: pip install nvidia-cuda-nvcc-cu12, or --emit ptx"
        )
    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder, "kernel.ptx"), Path(folder, "kernel.cubin")
        source.write_text(text)
        command = [ptxas, f"-arch={architecture}", "--fmad=false", str(source), "-o", str(result)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode:
            raise Unavailable(f"ptxas refuses the kernel: {run.stderr.strip() or run.returncode}")
        return result.read_bytes()
