"""What a run computed: cutflows, bins and histograms of every region, as plain data.

A histogram is a ``boost_histogram`` object with Weight storage (Σw and Σw² a bin, flow bins in).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from adl.check.published import Published

if TYPE_CHECKING:
    import boost_histogram
    import numpy.typing as npt

    from adl.compiler.layout import Fault

NOMINAL = "nominal"  # what is computed without any variation


@dataclass(frozen=True)
class Process:
    """What the events are: the labels that every result carries."""

    name: str
    dataset: str
    era: str = ""
    is_data: bool | None = None  # None: nobody said


@dataclass(frozen=True)
class Step:
    """The events that passed a statement of a region.

    ``missing`` counts the events for which a missing value decided the condition, ``skipped`` those
    whose weight is NaN or infinite: they are in ``raw`` and not in the sums.
    """

    label: str
    raw: int
    sumw: float
    sumw2: float
    missing: int = 0
    weight: bool = False  # a weight statement: its row shows a mean, not an efficiency
    skipped: int = 0
    published: tuple[Published, ...] = ()


@dataclass(frozen=True)
class BinCount:
    """The events in one bin of a region, with the weight at the region's end."""

    label: str
    raw: int
    sumw: float
    sumw2: float
    published: tuple[Published, ...] = ()


@dataclass(frozen=True)
class OddWeights:
    """Events of which a variation makes the weight zero, of the other sign, or above ten times."""

    zero: int = 0
    flipped: int = 0
    large: int = 0

    def __add__(self, other: OddWeights) -> OddWeights:
        """Add those of other events, or of another variation."""
        return OddWeights(
            self.zero + other.zero, self.flipped + other.flipped, self.large + other.large
        )

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.zero or self.flipped or self.large)


@dataclass(frozen=True)
class Cutflow:
    """A region's steps, the first being all events before any statement, and its bins."""

    process: Process
    variation: str
    region: str
    steps: tuple[Step, ...]
    bins: tuple[BinCount, ...]
    title: str = ""
    # Of a variation that moves events: the squared error of how far its last step is from nominal.
    moved: float | None = None
    # Of a variation of weights: how many events behind the last step have one that is odd.
    odd: OddWeights | None = None


@dataclass(frozen=True)
class Histogram:
    """One histogram of a region; ``skipped`` fills had a missing, NaN or infinite value or weight.

    ``moved``, of a variation that moves entries, is the squared error of each bin's shift.
    """

    process: Process
    variation: str
    region: str
    name: str
    title: str
    hist: boost_histogram.Histogram[boost_histogram.storage.Weight]  # written only once
    skipped: int = 0
    moved: npt.NDArray[np.float64] | None = None

    @cached_property
    def values(self) -> npt.NDArray[np.float64]:
        """The sums of weights of all cells, flow in: asked for often, and slow to make."""
        return np.asarray(self.hist.values(flow=True), np.float64)

    @cached_property
    def variances(self) -> npt.NDArray[np.float64]:
        """The sums of squared weights of all cells, flow in."""
        return np.asarray(self.hist.variances(flow=True), np.float64)


@dataclass(frozen=True)
class Varied:
    """One direction of a systematic, or one replica.

    ``unchanged`` are the cutflows, ``REGION``, and histograms, ``REGION/HISTO``, that it cannot
    change: they are not computed again.
    """

    label: str
    direction: str
    unchanged: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What is odd about a systematic in a region: in its last step, or in a ``histogram``.

    ``up`` and ``down`` are its shifts and ``error`` the larger of their statistical errors, all
    relative to nominal; of a histogram there are none. ``zero``, ``flipped`` and ``large`` count the
    events with odd weights, of all its variations.
    """

    kind: Literal[
        "unchanged",
        "one-sided",
        "same-side",
        "insignificant",
        "odd-weights",
        "absent",
        "incomplete",
    ]
    process: str = ""
    region: str = ""
    histogram: str = ""
    up: float | None = None
    down: float | None = None
    error: float | None = None
    zero: int = 0
    flipped: int = 0
    large: int = 0


@dataclass(frozen=True)
class Rate:
    """Factors of the yield of a process, up and down; a ``region`` where regions differ."""

    process: str
    region: str
    up: float
    down: float


@dataclass(frozen=True)
class Systematic:
    """A systematic as the analysis declares it; ``rate`` is a factor of every yield, up and down.

    In a run over a dataset list ``processes`` are those that it acts on, and ``rates`` their
    factors; then ``rate`` is there only if it is the same for all. None: the run has no list.
    """

    name: str
    kind: str
    variations: tuple[Varied, ...] = ()
    correlate: str = ""
    family: str = ""
    combine: str = ""
    normalise: bool = False
    mirror: str = ""
    rate: tuple[float, float] | None = None
    findings: tuple[Finding, ...] = ()
    processes: tuple[str, ...] | None = None
    rates: tuple[Rate, ...] = ()

    def acts_on(self, process: str) -> bool:
        """Whether it is in force for a process, or the sum of all, of the run."""
        return self.processes is None or process in self.processes

    def rate_of(self, process: str, region: str) -> tuple[float, float] | None:
        """Return the factors of a yield, upwards and downwards; None if it has none."""
        for one in self.rates:
            if one.process == process and one.region in ("", region):
                return one.up, one.down
        return self.rate if self.processes is None else None


@dataclass(frozen=True)
class Results:
    """Everything that one run of an analysis computed, and the files it could not use."""

    version: str
    analysis: str
    dialect: str
    events: int
    cutflows: tuple[Cutflow, ...]
    histograms: tuple[Histogram, ...]
    files: tuple[dict[str, Any], ...] = ()  # {"path", "events", "error"}: error is "" when read
    faults: tuple[Fault, ...] = ()  # what the user's functions have raised
    systematics: tuple[Systematic, ...] = ()
    datasets: tuple[dict[str, Any], ...] = ()  # of a dataset list: what it covers and counts
    friends: tuple[dict[str, Any], ...] = ()  # {"name", "by", "events", "matched", "missing"}
    metrics: str = ""  # the file beside the results that says what the run cost
