"""A device's code on this machine: for events too large for a thread, and to check it without a GPU.

It is the very module that becomes PTX, with loops in the place of a GPU's threads. What that shows
is that the code is right: nothing of it has run on a GPU.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from adl.compiler.emit.arguments import CALL, PARAMETERS, SIGNATURE
from adl.compiler.emit.device import HEAD, NUMBERS, POINTERS, DeviceModule
from adl.compiler.emit.sums import FOLD
from adl.compiler.targets.cuda import linked_module
from adl.compiler.targets.host import new_engine, new_machine, optimised

_SOME = CALL.replace("ptr %raw", "ptr %own.raw").replace("ptr %skipped", "ptr %own.skipped")
# The threads of a group come one after the other, the last first: an order that no result may show.
_LOOPS = f"""
define void @adl_emulate({HEAD}, i64 %groups, i64 %threads) nounwind {{
entry:
  br label %group.head
group.head:
  %group = phi i64 [ 0, %entry ], [ %group.next, %finished ]
  %group.more = icmp slt i64 %group, %groups
  br i1 %group.more, label %begin, label %exit
begin:
  %b = phi i64 [ 0, %group.head ], [ %b.next, %begin ]
  call void @adl_begin({HEAD}, i64 %group, i64 %b, i64 %threads)
  %b.next = add i64 %b, 1
  %b.more = icmp slt i64 %b.next, %threads
  br i1 %b.more, label %begin, label %work
work:
  %e = phi i64 [ %threads, %begin ], [ %e.own, %work ]
  %e.own = sub i64 %e, 1
  call void @adl_events({HEAD}, i64 %group, i64 %e.own, i64 %threads)
  %e.more = icmp sgt i64 %e.own, 0
  br i1 %e.more, label %work, label %finish
finish:
  %f = phi i64 [ 0, %work ], [ %f.next, %finish ]
  call void @adl_finish({HEAD}, i64 %group, i64 %f, i64 %threads)
  %f.next = add i64 %f, 1
  %f.more = icmp slt i64 %f.next, %threads
  br i1 %f.more, label %finish, label %finished
finished:
  %group.next = add i64 %group, 1
  br label %group.head
exit:
  ret void
}}

define void @adl_emulate_sums({FOLD}, i64 %number) nounwind {{
entry:
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %next, %body ]
  %more = icmp slt i64 %i, %number
  br i1 %more, label %body, label %exit
body:
  call void @adl_fold({FOLD}, i64 %i)
  %next = add i64 %i, 1
  br label %head
exit:
  ret void
}}

define void @adl_some({SIGNATURE}, ptr %list, i64 %number, i64 %block, i64 %cells, i64 %skips) nounwind {{
entry:
  br label %head
head:
  %i = phi i64 [ 0, %entry ], [ %next, %body ]
  %more = icmp slt i64 %i, %number
  br i1 %more, label %body, label %exit
body:
  %event.at = getelementptr i64, ptr %list, i64 %i
  %event = load i64, ptr %event.at
  %part = udiv i64 %event, %block
  %raw.first = mul i64 %part, %cells
  %own.raw = getelementptr i64, ptr %raw, i64 %raw.first
  %skip.first = mul i64 %part, %skips
  %own.skipped = getelementptr i64, ptr %skipped, i64 %skip.first
  call void @adl_event({_SOME}, i64 %event)
  %next = add i64 %i, 1
  br label %head
exit:
  ret void
}}
"""
_FOLD_TYPES = [ctypes.c_void_p] * 4 + [ctypes.c_int64] * 4 + [ctypes.c_void_p] * 2
_TYPES: dict[str, list[Any]] = {
    "adl_emulate": [
        *[ctypes.c_void_p] * len(POINTERS),
        *[ctypes.c_int64] * (len(NUMBERS) + 2),
    ],
    "adl_emulate_sums": [*_FOLD_TYPES, ctypes.c_int64],
    "adl_some": [
        *[ctypes.c_void_p] * (len(PARAMETERS) + 1),
        *[ctypes.c_int64] * 4,
    ],
}


@dataclass(frozen=True)
class Emulated:
    """A loaded module; addresses are of this machine's memory."""

    engine: Any  # keeps the code alive
    functions: dict[str, Any]

    def count(self, arguments: Sequence[int], groups: int, threads: int) -> None:
        """Do what a launch of the first kernel does."""
        self.functions["adl_emulate"](*arguments, groups, threads)

    def sum(self, arguments: Sequence[int], number: int) -> None:
        """Do what a launch of the second kernel does."""
        self.functions["adl_emulate_sums"](*arguments, number)

    def some(self, arguments: Sequence[int]) -> None:
        """Run listed events, with memory as large as they need."""
        self.functions["adl_some"](*arguments)


def load(module: DeviceModule) -> Emulated:
    """Return a module's code for this machine."""
    return loaded(compiled(module))


def compiled(module: DeviceModule) -> bytes:
    """Return a module's code for this machine as an object file."""
    machine = new_machine()
    level = 0 if module.stepping else 2
    whole = optimised(linked_module(module, _LOOPS, machine), machine, level)
    content: bytes = machine.emit_object(whole)
    return content


def loaded(content: bytes) -> Emulated:
    """Return the functions of an object file."""
    engine = new_engine(content)
    functions = {
        name: ctypes.CFUNCTYPE(None, *types)(engine.get_function_address(name))
        for name, types in _TYPES.items()
    }
    return Emulated(engine, functions)
