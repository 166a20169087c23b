"""What a run was bound by, and what would help: two tables of rules over what was measured.

A remedy applies only where it is true of this run, and says how much of the time it would save. How
fast zstd would be is measured on what was read (``recompress.py``), not looked up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_LEAST = 0.05  # of the time: a remedy that saves less, 1.0x as it is told, is not worth a line
_MOST = 3  # remedies
_RARE = 0.5  # of the events: a column that more of them need is not late
_KERNEL = ("kernel", "fill")


class Late(NamedTuple):
    """Columns that few of the events need, though all of them are read."""

    names: tuple[str, ...] = ()
    seconds: float = 0.0  # of reading, decompressing, interpreting them
    events: float = 1.0  # the part of the events that needs them


NOT_LATE = Late()


@dataclass(frozen=True)
class Measured:
    """What the rules look at.

    ``seconds`` of a stage is its part of the time to completion: what threads did side by side
    counts once.
    """

    total: float  # seconds to completion
    seconds: Mapping[str, float]
    threads: int = 1
    cores: int = 1
    blocks: int = 1  # that threads can share
    files: int = 1
    codecs: Mapping[str, float] = field(default_factory=dict)  # part of the bytes of each
    slow: float = 0.0  # part of the decompressing that was of ``meter.SLOW``
    zstd: float | None = None  # how many times faster it decompresses the same, if that was tried
    growth: float = 1.0  # bytes in zstd over bytes as they are
    remote: float = 0.0  # part of the bytes that came from servers
    waited: float = 0.0  # part of the reading that was not the CPU's work
    compiled: int = 0  # kernels that are in the cache only now
    described: int = 0  # files that are in the index only now
    late: Late = NOT_LATE
    varied: float = 0.0  # part of the kernel's work that is for variations, by counting
    interpreted: bool = False  # by the reference, not compiled

    def of(self, *stages: str) -> float:
        """Return the seconds of some stages together."""
        return sum(self.seconds.get(stage, 0.0) for stage in stages)

    @property
    def codec(self) -> str:
        """The codec of most bytes, in words."""
        name = max(self.codecs, key=lambda c: self.codecs[c], default="")
        return f"decompressing {name}" if name else "copying uncompressed data"

    @property
    def parallel(self) -> float:
        """Seconds of what more threads would share: neither a disk nor what is written."""
        return self.of("decompress", "interpret", *_KERNEL) + self.of("read") * self.remote


class Bound(NamedTuple):
    """What a run can be bound by: the stages that have to be most of the time."""

    name: str
    stages: tuple[str, ...]
    what: Callable[[Measured], str]  # the time is …
    otherwise: str = "nothing simple makes it faster"  # said where no remedy applies


BOUNDS = (
    Bound(
        "start-up",
        ("start", "prepare", "compile"),
        lambda m: "getting ready, before the first event",
        "more events would cost little",
    ),
    Bound("opening", ("open",), lambda m: f"opening {_files(m.files)}"),
    Bound("I/O", ("read",), lambda m: f"reading from {'a server' if m.remote > 0.5 else 'disk'}"),
    Bound("I/O", ("decompress", "wait"), lambda m: m.codec),
    Bound("CPU", ("interpret",), lambda m: "making arrays of decompressed bytes"),
    Bound("CPU", _KERNEL, lambda m: "the analysis itself: cuts, weights and fills"),
    Bound("output", ("rows", "write"), lambda m: "writing prints, saves and results"),
    Bound("merge", ("merge",), lambda m: "adding up what blocks have counted"),
    Bound("other", ("other",), lambda m: "outside the stages that are measured"),
)


class Rule(NamedTuple):
    """A remedy: where it is true, the seconds that it saves, and its words."""

    name: str
    applies: Callable[[Measured], bool]
    saves: Callable[[Measured], float]
    words: Callable[[Measured], str]
    most: bool = False  # what it saves is at most that


RULES = (
    Rule(
        "zstd",
        lambda m: m.slow > 0 and m.zstd is not None and m.zstd > 1.2,
        lambda m: m.of("decompress", "wait") * m.slow * (1 - 1 / (m.zstd or 1)),
        lambda m: (
            f"recompress with zstd, {m.zstd:.1f} times as fast to decompress on a sample of these data "
            f"({m.growth:.2f} times the size)"
        ),
    ),
    Rule(
        "threads",
        lambda m: m.threads < _useful(m),
        lambda m: m.parallel * (1 - m.threads / _useful(m)),
        lambda m: f"use {_useful(m)} threads: -j {_useful(m)}",
        most=True,
    ),
    Rule(
        "skim",
        lambda m: bool(m.late.names) and m.late.events <= _RARE,
        lambda m: m.late.seconds * (1 - m.late.events),
        lambda m: _of_late(m.late),
        most=True,
    ),
    Rule(
        "again",
        lambda m: m.compiled + m.described > 0,
        lambda m: (m.compiled > 0) * m.of("compile") + m.of("open") * m.described / m.files,
        lambda m: f"run again: {_kept(m)} in the cache now",
        most=True,
    ),
    Rule(
        "near",
        lambda m: m.remote > 0,
        lambda m: m.of("open", "read") * m.remote,
        lambda m: "copy the files to a disk near by; --rewrite FROM=TO then looks there first",
        most=True,
    ),
    Rule(
        "disk",
        lambda m: m.remote < 1 and m.waited > 0.5,
        lambda m: m.of("read") * (1 - m.remote) * m.waited,
        lambda m: "put the files on a faster disk: reading them was mostly waiting",
        most=True,
    ),
    Rule(
        "compiled",
        lambda m: m.interpreted,
        lambda m: m.of(*_KERNEL),
        lambda m: "run compiled code: --target host",
        most=True,
    ),
    Rule(
        "nominal",
        lambda m: m.varied > 0,
        lambda m: m.of(*_KERNEL) * m.varied,
        lambda m: (
            f"leave out variations while you need none: --systematics none (they are about "
            f"{m.varied:.0%} of the kernel's work)"
        ),
    ),
    Rule(
        "merge files",
        lambda m: m.files >= 10 and m.blocks <= 2 * m.files,
        lambda m: m.of("open") * (1 - 1 / m.files),
        lambda m: f"merge the {m.files} files into fewer, as with hadd: each is small",
        most=True,
    ),
    Rule(
        "fewer rows",
        lambda m: m.of("rows") > 0,
        lambda m: m.of("rows"),
        lambda m: "print and save fewer columns, or behind tighter cuts",
        most=True,
    ),
)


class Remedy(NamedTuple):
    """Something to do: its rule, its words, the seconds it saves and how many times faster then."""

    name: str
    text: str
    saves: float
    factor: float


class Verdict(NamedTuple):
    """What a run was bound by, in a word and in a sentence, and the best remedies, best first."""

    bound: str
    share: float
    text: str
    remedies: tuple[Remedy, ...]


def verdict(measured: Measured) -> Verdict:
    """Judge a run."""
    total = max(measured.total, sum(measured.seconds.values()), 1e-9)
    bound = max(BOUNDS, key=lambda b: measured.of(*b.stages))
    share = measured.of(*bound.stages) / total
    found = [_remedy(rule, measured, total) for rule in RULES if rule.applies(measured)]
    worth = [remedy for remedy in found if remedy.saves >= _LEAST * total]
    remedies = tuple(sorted(worth, key=lambda r: -r.saves)[:_MOST])
    words = remedies[0].text if remedies else bound.otherwise
    name = bound.name[0].upper() + bound.name[1:]
    begin = f"{name}-bound: {share:.0%} of the time is {bound.what(measured)}"
    return Verdict(bound.name, share, f"{begin.replace('%', ' %')}; {words}", remedies)


def _remedy(rule: Rule, measured: Measured, total: float) -> Remedy:
    saves = min(rule.saves(measured), total)
    factor = total / max(total - saves, 0.01 * total)
    about = f"{'up to' if rule.most else 'about'} {factor:.1f}x faster"
    text = f"{rule.words(measured)}: {about}".replace("%", " %")
    return Remedy(rule.name, text, saves, factor)


def _useful(measured: Measured) -> int:
    """Threads that have a core and a block to work on."""
    return min(measured.cores, measured.blocks)


def _files(number: int) -> str:
    return "the file" if number == 1 else f"{number} files"


def _of_late(late: Late) -> str:
    names = ", ".join(late.names[:3]) + (", …" if len(late.names) > 3 else "")
    few = f"only {late.events:.1%} of the events need" if late.events else "no event needs"
    return f"{few} {names}: adl skim writes a file of the events that pass"


def _kept(measured: Measured) -> str:
    kept: list[Any] = ["the compiled kernel"] if measured.compiled else []
    kept += [f"what opening {_files(measured.described)} found out"] if measured.described else []
    return " and ".join(kept) + (" are" if len(kept) > 1 else " is")
