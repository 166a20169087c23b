"""One LLVM instruction (or two) for each primitive of ``stdlib.ops``, by the kind it works on."""

from __future__ import annotations

from adl.compiler.emit.text import LLVM_TYPE, Lines
from adl.compiler.ir import Kind

# (primitive, kind of its first argument) -> instruction; {0} {1} are the operands
INSTRUCTIONS: dict[tuple[str, str], str] = {
    ("add", "real"): "fadd double {0}, {1}",
    ("sub", "real"): "fsub double {0}, {1}",
    ("mul", "real"): "fmul double {0}, {1}",
    ("div", "real"): "fdiv double {0}, {1}",
    ("neg", "real"): "fneg double {0}",
    ("abs", "real"): "call double @llvm.fabs.f64(double {0})",
    ("sqrt", "real"): "call double @llvm.sqrt.f64(double {0})",
    ("rint", "real"): "call double @llvm.rint.f64(double {0})",
    ("floor", "real"): "call double @llvm.floor.f64(double {0})",
    ("truncate", "real"): "call i64 @llvm.fptosi.sat.i64.f64(double {0})",
    ("bits", "real"): "bitcast double {0} to i64",
    ("from_bits", "int"): "bitcast i64 {0} to double",
    ("add", "int"): "add i64 {0}, {1}",
    ("sub", "int"): "sub i64 {0}, {1}",
    ("mul", "int"): "mul i64 {0}, {1}",
    ("neg", "int"): "sub i64 0, {0}",
    ("abs", "int"): "call i64 @llvm.abs.i64(i64 {0}, i1 false)",
    ("bitand", "int"): "and i64 {0}, {1}",
    ("bitor", "int"): "or i64 {0}, {1}",
    ("bitxor", "int"): "xor i64 {0}, {1}",
    ("mod", "real"): "frem double {0}, {1}",
    ("and", "bool"): "and i1 {0}, {1}",
    ("or", "bool"): "or i1 {0}, {1}",
    ("not", "bool"): "xor i1 {0}, true",
    ("real", "int"): "sitofp i64 {0} to double",
    ("real", "bool"): "uitofp i1 {0} to double",
    ("int", "bool"): "zext i1 {0} to i64",
    ("eq", "bool"): "icmp eq i1 {0}, {1}",
    ("ne", "bool"): "icmp ne i1 {0}, {1}",
}
# Ordered comparisons are false with a NaN; "ne" is true, as in Python.
_REAL = {"lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge", "eq": "oeq", "ne": "une"}
_INT = {"lt": "slt", "le": "sle", "gt": "sgt", "ge": "sge", "eq": "eq", "ne": "ne"}
INSTRUCTIONS |= {(name, "real"): f"fcmp {c} double {{0}}, {{1}}" for name, c in _REAL.items()}
INSTRUCTIONS |= {(name, "int"): f"icmp {c} i64 {{0}}, {{1}}" for name, c in _INT.items()}
_SHIFTS = {"shl": "shl", "shr": "ashr"}

INTRINSICS = """\
declare double @llvm.fabs.f64(double)
declare double @llvm.sqrt.f64(double)
declare double @llvm.rint.f64(double)
declare double @llvm.floor.f64(double)
declare i64 @llvm.fptosi.sat.i64.f64(double)
declare i64 @llvm.abs.i64(i64, i1)
declare i64 @llvm.smin.i64(i64, i64)
declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
"""


def emit_primitive(lines: Lines, name: str, kinds: tuple[Kind, ...], operands: list[str]) -> str:
    """Append one primitive and return its result."""
    if name == "where":
        type_ = LLVM_TYPE[kinds[1]]
        condition, yes, no = operands
        return lines.let(f"select i1 {condition}, {type_} {yes}, {type_} {no}")
    if name in _SHIFTS:  # by 64 or more is undefined in LLVM
        by = lines.let(f"and i64 {operands[1]}, 63")
        return lines.let(f"{_SHIFTS[name]} i64 {operands[0]}, {by}")
    if (name, kinds[0]) == ("mod", "int"):
        # By 0, and the least integer by -1, are undefined in LLVM; both leave 0, as by 1.
        near = lines.let(f"add i64 {operands[1]}, 1")
        special = lines.let(f"icmp ult i64 {near}, 2")
        by = lines.let(f"select i1 {special}, i64 1, i64 {operands[1]}")
        return lines.let(f"srem i64 {operands[0]}, {by}")
    return lines.let(INSTRUCTIONS[name, kinds[0]].format(*operands))
