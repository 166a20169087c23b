"""The machine and the process: what a run used beside its stages. None: this system does not say."""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NamedTuple

_LIBRARIES = ("numpy", "uproot", "awkward", "llvmlite", "numba", "boost-histogram", "correctionlib")


class Used(NamedTuple):
    """What a process has used up to a moment: seconds of CPU, bytes of memory and of disks."""

    user: float
    system: float
    peak: int  # bytes of memory, at most
    faults: int  # that waited for a disk
    read: int | None  # not what was in memory
    written: int | None


def used() -> Used:
    """Return what this process has used so far."""
    found = resource.getrusage(resource.RUSAGE_SELF)
    return Used(
        found.ru_utime,
        found.ru_stime,
        found.ru_maxrss * (1 if sys.platform == "darwin" else 1024),
        found.ru_majflt,
        _number("/proc/self/io", "read_bytes"),
        _number("/proc/self/io", "write_bytes"),
    )


def cores() -> int:
    """Return how many CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def since_start() -> float | None:
    """Return the seconds since the process began, of Linux to a hundredth."""
    try:
        with open("/proc/self/stat", encoding="ascii", errors="replace") as file:
            ticks = int(file.read().rpartition(")")[2].split()[19])
        with open("/proc/uptime", encoding="ascii") as file:
            up = float(file.read().split()[0])
        return max(up - ticks / os.sysconf("SC_CLK_TCK"), 0.0)
    except (OSError, ValueError, IndexError):
        return None


def cpu(used: Used, wall: float, threads: int) -> dict[str, Any]:
    """Return the processor, the CPU seconds of this process, and how busy its threads were."""
    both = used.user + used.system
    return {
        "model": _field("/proc/cpuinfo", "model name") or platform.processor() or None,
        "cores": os.cpu_count(),
        "available": cores(),
        "threads": threads,
        "user": used.user,
        "system": used.system,
        "efficiency": both / (wall * threads) if wall else 0.0,
    }


def memory(used: Used) -> dict[str, Any]:
    """Return bytes of the machine's memory, and the most that this process had."""
    return {"total": _kilobytes("/proc/meminfo", "MemTotal"), "peak": used.peak}


def resident() -> int:
    """Return the bytes of memory that this process has now, or else the most that it had."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return used().peak


def swap(used: Used) -> dict[str, Any]:
    """Return bytes of the machine's swap, and what this process has there now."""
    return {
        "total": _kilobytes("/proc/meminfo", "SwapTotal"),
        "used": _kilobytes("/proc/self/status", "VmSwap"),
        "page_faults": used.faults,
    }


def software() -> dict[str, str]:
    """Return the versions of what a run is made of."""
    found = {"python": platform.python_version(), "system": platform.platform()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # an application that is put together otherwise
            continue
    return found


def now() -> str:
    """Return the time as ISO 8601 has it, of UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _field(path: str, name: str) -> str | None:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                key, _, value = line.partition(":")
                if key.strip() == name:
                    return value.strip()
    except OSError:
        pass
    return None


def _number(path: str, name: str) -> int | None:
    value = _field(path, name)
    return int(value.split()[0]) if value else None


def _kilobytes(path: str, name: str) -> int | None:
    number = _number(path, name)
    return None if number is None else number * 1024
