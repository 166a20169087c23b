"""What one random analysis of random events has to fulfil."""

from __future__ import annotations

from dataclasses import astuple, fields, replace
from importlib.util import find_spec
from pathlib import Path
from random import Random

from adl.check.analysis import AskedDialect
from adl.check.checker import check
from adl.check.dataset import Dataset
from adl.compiler.layout import Fault, Partial
from adl.compiler.pipeline import Compiled, build
from adl.compiler.program import Program
from adl.runtime.networks import Networks
from adl.syntax.format import format_file
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.adltext.analysis import text
from tests.adltext.events import events
from tests.adltext.kinds import schema
from tests.partials import row_differences, same_bits

FOLDER = Path(__file__).parent
SCHEMA = schema()
NETWORKS = Networks()
NETWORK = "../corpus/models/shape.onnx" if find_spec("onnxruntime") else ""
SIMULATION = Dataset("simulation", "ttbar", "2018", constants={"x_k": 1.5})
RECORDED = Dataset("data", "doublemuon", "2017", "Muons", {"x_k": 0.5})


def compare(random: Random) -> None:
    """Check, compile and run one random analysis; format it, and compile what comes out."""
    dialect: AskedDialect = random.choice(["adl", "adl", "cutlang"])
    written = text(random, dialect, network=NETWORK)
    data = random.choice([SIMULATION, RECORDED])
    chunk = events(random, random.choice([1, 3, 6, 12, 12]), most=5 if "[-" in written else 25)
    compiled = compile_text(written, dialect, data)
    expected = compiled.interpret(chunk)
    assert not differences(expected, compiled.run(chunk)), written
    formatted = compile_text(format_text(written), dialect, data)
    # A function is another one each time that its file is read; a table says where it stands.
    if "functions.py" in written or "table " in written:
        found = formatted.interpret(chunk)
        for partial in (expected, found):
            partial.faults = tuple(f for f in partial.faults if not f.function.startswith("table "))
        assert not differences(expected, found), written
    else:
        assert outputs(compiled.program) == outputs(formatted.program), written


def compile_text(written: str, dialect: AskedDialect, dataset: Dataset | None = None) -> Compiled:
    """Return a checked and compiled analysis; a mistake in it is raised."""
    source = Source(str(FOLDER / "a.adl"), written)
    analysis, _ = check(parse(source), source, SCHEMA, dialect, dataset or SIMULATION)
    compiled = build(analysis, evaluate=NETWORKS.evaluate)
    NETWORKS.load(compiled.networks)
    return compiled


def format_text(written: str) -> str:
    """Return the text as ``adl fmt`` writes it."""
    source = Source("a.adl", written)
    return format_file(parse(source), source)


def outputs(program: Program) -> tuple[object, ...]:
    """Return everything that a program computes, without labels; equal nodes are one."""
    of_regions = tuple((r.name, r.fills, r.records) for r in program.regions)
    rows = tuple((r.kind, r.owner, r.format, len(r.columns)) for r in program.rows)
    return of_regions, rows, program.records


def differences(expected: Partial, actual: Partial) -> list[str]:
    """Return the outputs of which a bit differs; one NaN is like another."""
    names = [f.name for f in fields(Partial) if f.name not in ("rows", "faults")]
    found = [n for n in names if not same_bits(getattr(expected, n), getattr(actual, n))]
    if _faults(expected) != _faults(actual):
        found.append("faults")
    return [*found, *row_differences(expected, actual)]


def _faults(partial: Partial) -> list[Fault]:
    """Return the faults in one order, since those of one event have none.

    Equal calls are made once or more often, so their number is left out.
    """
    return sorted((replace(fault, number=0) for fault in partial.faults), key=astuple)
