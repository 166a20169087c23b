"""A file of a server: read again after a failure, at its other places, too.

A request that fails is made again after a while, at the next of the file's places, as long as
``patience`` says; then its failure is raised. A server that takes no connection is given up sooner than
the libraries would. A place counts only if it has the same file: of the same size, with the same start.
"""

from __future__ import annotations

import itertools
import os
import re
import threading
import time
from collections.abc import Callable, Sequence
from queue import Queue
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import uproot
from uproot.source.chunk import Chunk, Source

from adl.runtime.inputs import reason
from adl.runtime.inputs.patience import PATIENCE

T = TypeVar("T")

# Seconds before each new attempt, the last of them before all that follow.
DELAYS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
# Seconds until a server has to take a connection, and to send something. XRootD's own are minutes.
CONNECT, SEND = 10, 60
_XROOTD = {
    "XRD_CONNECTIONWINDOW": CONNECT,
    "XRD_CONNECTIONRETRY": 1,
    "XRD_STREAMERRORWINDOW": CONNECT,
    "XRD_REQUESTTIMEOUT": SEND,
}
_REFUSALS = (401, 403, 404, 410)  # HTTP's
_NOBODY = ("NoCredentialsError", "PartialCredentialsError")  # botocore's, which is an extra
_HEAD = 100  # bytes of a ROOT file that tell it from others


class Remote(Source):  # type: ignore[misc]  # uproot is untyped
    """The bytes of a file that is at one or more URLs."""

    def __init__(self, places: Sequence[str]) -> None:
        super().__init__()
        self._places = tuple(places)
        self._file_path = places[0]
        self._lock = threading.RLock()
        self._inner: Any = None
        self._turn = 0  # of the places
        self._same: tuple[int, bytes] | None = None  # size and start
        self._shut = False
        self._num_bytes = self._attempt(lambda inner: int(inner.num_bytes))

    @property
    def num_bytes(self) -> int:
        """The size of the file."""
        return int(self._num_bytes or 0)

    @property
    def closed(self) -> bool:
        """Whether it can be read no more."""
        return self._shut

    def chunk(self, start: int, stop: int) -> Chunk:
        """Return some bytes."""
        return self.chunks([(start, stop)], Queue())[0]

    def chunks(self, ranges: list[tuple[int, int]], notifications: Queue[Chunk]) -> list[Chunk]:
        """Return several pieces, asked for at once."""
        self._num_requests += 1
        self._num_requested_chunks += len(ranges)
        self._num_requested_bytes += sum(stop - start for start, stop in ranges)
        out = []
        for (start, _), data in zip(ranges, self._attempt(lambda i: _got(i, ranges)), strict=True):
            out.append(Chunk.wrap(self, data, start))
            notifications.put(out[-1])
        return out

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._shut = True
            self._drop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _attempt(self, ask: Callable[[Any], T]) -> T:
        if self._shut:
            raise OSError(f"{self._file_path} is closed")
        began, deadline = 0.0, 0.0
        for attempt in itertools.count(1):
            inner, place = None, self._places[self._turn % len(self._places)]
            try:
                inner = self._opened()
                found = ask(inner)
                PATIENCE.silent.discard(_server(place))
                return found
            except ImportError:
                raise  # no attempt will install it
            except Exception as error:
                lasting, now = _lasting(error), time.monotonic()
                if attempt == 1:
                    began, deadline = now, now + PATIENCE.with_server(_server(place))
                self._next(inner)
                if lasting and self._turn >= len(self._places):
                    raise OSError(why(error)) from error
                if not lasting and now >= deadline and attempt >= len(self._places):
                    PATIENCE.silent.add(_server(place))
                    raise OSError(_given_up(error, attempt, now - began)) from error
                if attempt == 1 and not lasting and deadline > now:
                    PATIENCE.told(f"{place}: {why(error)}; trying for {deadline - now:.0f} s")
                if not lasting:
                    delay = DELAYS[min(attempt, len(DELAYS)) - 1]
                    time.sleep(max(0.0, min(delay, deadline - now)))
        raise AssertionError

    def _opened(self) -> Any:
        with self._lock:
            if self._inner is None:
                place = self._places[self._turn % len(self._places)]
                # A connection that broke is not to be used again.
                fresh = {"skip_instance_cache": True} if self._turn else {}
                inner = uproot.source.fsspec.FSSpecSource(place, **_limits(place), **fresh)
                (start,) = _got(inner, [(0, min(_HEAD, int(inner.num_bytes)))])
                found = int(inner.num_bytes), bytes(start)
                if self._same is not None and found != self._same:
                    inner.close()
                    raise OSError(f"{place} is another file than {self._places[0]}")
                self._same, self._inner = found, inner
            return self._inner

    def _next(self, failed: Any) -> None:
        """Go to the next place, unless another thread has."""
        with self._lock:
            if failed is self._inner:
                self._drop()
                self._turn += 1

    def _drop(self) -> None:
        if self._inner is not None:
            inner, self._inner = self._inner, None
            inner.close()


def why(error: BaseException) -> str:
    """Return what is the matter, in a line: that of the cause, where fsspec only says the URL."""
    cause = error.__cause__
    if cause is not None and isinstance(error, FileNotFoundError):
        return why(cause)
    status = getattr(error, "status", None)
    if status in (404, 410) or isinstance(error, FileNotFoundError):
        return "the server has no such file"
    if status in _REFUSALS:
        return f"the server gives it to nobody without the right to it (HTTP {status})"
    if isinstance(error, TimeoutError) and not str(error):
        return "the server does not answer"
    return re.sub(r"<bound method (\S+) of <[^>]*>>", r"\1", reason(error))


def _given_up(error: BaseException, attempts: int, seconds: float) -> str:
    tried = f" ({attempts} times in {seconds:.0f} s)" if attempts > 1 else ""
    return f"{why(error)}{tried}"


def _server(place: str) -> str:
    parts = urlsplit(place)
    return f"{parts.scheme}://{parts.netloc}"


def _limits(place: str) -> dict[str, Any]:
    """Return what makes a library give up a server that does not answer; fsspec's options."""
    kind = place.partition(":")[0]
    if kind in ("http", "https"):
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT, sock_read=SEND)
        return {"client_kwargs": {"timeout": timeout}}
    if kind == "s3":
        own = {"connect_timeout": CONNECT, "read_timeout": SEND, "retries": {"max_attempts": 1}}
        return {"config_kwargs": own}
    if kind in ("root", "roots"):  # its C++ part reads them when it is loaded
        for name, seconds in _XROOTD.items():
            os.environ.setdefault(name, str(seconds))
    return {}


def _lasting(error: BaseException) -> bool:
    """Whether asking again will not help: the server has answered, and it has no such file for us.

    fsspec calls a file of a web server that does not answer not found, too, and gives the cause.
    """
    if error.__cause__ is not None:
        return _lasting(error.__cause__)
    status = getattr(error, "status", None)
    if status in _REFUSALS or isinstance(error, FileNotFoundError | PermissionError):
        return True
    return type(error).__name__ in _NOBODY


def _got(inner: Any, ranges: list[tuple[int, int]]) -> list[Any]:
    found = [chunk.raw_data for chunk in inner.chunks(ranges, Queue())]
    for (start, stop), data in zip(ranges, found, strict=True):
        if len(data) != stop - start:
            raise OSError(f"the server sent {len(data)} of {stop - start} bytes")
    return found
