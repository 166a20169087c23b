"""The machine and the process: what a run used beside its stages. None: this system does not say."""

from __future__ import annotations

import os
import platform
import resource
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_LIBRARIES = ("numpy", "uproot", "awkward", "llvmlite", "numba", "boost-histogram", "correctionlib")


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


def cpu(wall: float, threads: int) -> dict[str, Any]:
    """Return the processor, the CPU seconds of this process, and how busy its threads were."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    both = used.ru_utime + used.ru_stime
    return {
        "model": _field("/proc/cpuinfo", "model name") or platform.processor() or None,
        "cores": os.cpu_count(),
        "available": cores(),
        "threads": threads,
        "user": used.ru_utime,
        "system": used.ru_stime,
        "efficiency": both / (wall * threads) if wall else 0.0,
    }


def memory() -> dict[str, Any]:
    """Return bytes of the machine's memory, and the most that this process had."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {
        "total": _kilobytes("/proc/meminfo", "MemTotal"),
        "peak": peak * (1 if sys.platform == "darwin" else 1024),
    }


def resident() -> int:
    """Return the bytes of memory that this process has now, or else the most that it had."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return int(memory()["peak"])


def swap() -> dict[str, Any]:
    """Return bytes of the machine's swap, and what this process has there now."""
    return {
        "total": _kilobytes("/proc/meminfo", "SwapTotal"),
        "used": _kilobytes("/proc/self/status", "VmSwap"),
        "page_faults": resource.getrusage(resource.RUSAGE_SELF).ru_majflt,
    }


def local() -> dict[str, int | None]:
    """Return what the process has had from disks and given to them: not what was in memory."""
    return {
        "read": _number("/proc/self/io", "read_bytes"),
        "written": _number("/proc/self/io", "write_bytes"),
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
