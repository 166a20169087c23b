"""Lints: what is allowed, has one meaning, and probably is a mistake of the physicist.

Most look at the checked analysis, when it has no errors; each is a function of ``Subject``.
"""

from __future__ import annotations

from adl.check.lints.axes import symmetric_axes
from adl.check.lints.bins import overlapping_bins
from adl.check.lints.empty import regions_without_lines
from adl.check.lints.equality import equal_reals
from adl.check.lints.gaps import gaps_between_bins
from adl.check.lints.order import sums_of_all
from adl.check.lints.other_units import numbers_of_other_units
from adl.check.lints.paths import paths_of_one_machine
from adl.check.lints.probabilities import probabilities_above_one
from adl.check.lints.regions import unreachable
from adl.check.lints.stored_units import units_unsaid
from adl.check.lints.subject import Subject
from adl.check.lints.units import mixed_units
from adl.check.lints.unused import unused
from adl.check.lints.windows import reversed_windows

# These look at the text alone.
LINTS_OF_TEXT = (paths_of_one_machine,)
LINTS = (
    equal_reals,
    sums_of_all,
    reversed_windows,
    probabilities_above_one,
    symmetric_axes,
    unreachable,
    regions_without_lines,
    overlapping_bins,
    gaps_between_bins,
    mixed_units,
    numbers_of_other_units,
    units_unsaid,
    unused,
)


def lint(subject: Subject) -> None:
    """Add to the findings what is suspicious about an analysis."""
    failed = subject.context.findings.failed
    for look in LINTS_OF_TEXT if failed else (*LINTS_OF_TEXT, *LINTS):
        look(subject)
