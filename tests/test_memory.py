"""What a run lets go of serves its next unit, where the C library can be told."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

UNITS = """
import resource
import numpy as np
from adl.runtime.execute.memory import keep_memory
keep_memory()
for unit in range(20):
    arrays = [np.ones(4 << 20, np.uint8) for _ in range(4)]
    if not unit:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) * resource.getpagesize())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="malloc of glibc is adjusted")
def test_memory_of_a_unit_serves_the_next() -> None:
    done = subprocess.run([sys.executable, "-c", UNITS], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 3 * (16 << 20)  # not once more for each of 19 units
