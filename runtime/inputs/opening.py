"""Opening a file: its tree from the index, or else described, which then goes into the index.

uproot is imported only where it is asked: see ``mapped.py`` and ``plain.py``.
"""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator, Sequence
from typing import Any

from adl.compiler.cache import Store
from adl.runtime.inputs import InputError, index, plain, reason, way_out
from adl.runtime.inputs.mapped import Mapped
from adl.runtime.inputs.ntuples import NTuple
from adl.runtime.inputs.paths import is_url, near
from adl.runtime.inputs.trees import Input
from adl.runtime.profile.meter import active, stage
from adl.stdlib.models.recognition import keep_in

_EXTRAS = {"root": "xrootd", "roots": "xrootd", "http": "http", "https": "http", "s3": "s3"}

keep_in(Store("models", ".pickle", 20, 1 << 24))


def open_input(path: str, tree: str | None = None, places: Sequence[str] = ()) -> Input:
    """Open a file and find its tree: the named one, or the only one, or ``Events``.

    Args:
        path: What the file is called, in results and errors.
        tree: The name of the tree.
        places: Where it is, if not there: the first that can be read.

    Raises:
        InputError: The file or its tree cannot be used.
    """
    places = places or (path,)
    if not any(map(is_url, places)):
        places = (_first_that_is_there(places),)
    with stage("open"), _opening(path):
        source = _source(places)
        try:
            known = index.load(source, tree or "", path)
            opened = known or _described(source, path, tree)
            meter = active()
            if meter is not None:
                kind = "RNTuple" if isinstance(opened, NTuple) else "TTree"
                elsewhere = ("elsewhere",) if source.file_path != path else ()
                meter.fact(kind, "indexed" if known else "described", *elsewhere)
            return opened
        except BaseException:
            source.close()
            raise


def has(path: str, name: str) -> bool:
    """Return whether a local file has an object of this name, whatever its trees are.

    Raises:
        InputError: It is no ROOT file, or a broken one.
    """
    import uproot

    with _opening(path), uproot.open({path: None}) as directory:
        return name in directory.keys(recursive=False, cycle=False)


def _source(places: Sequence[str]) -> Any:
    if any(map(is_url, places)):
        from adl.runtime.inputs.remote import Remote

        return Remote(places)
    with contextlib.suppress(OSError):
        return Mapped(places[0])
    import uproot

    # Where nothing can be mapped. uproot's own choice, fsspec, copies each basket, too.
    return uproot.MemmapSource(places[0], num_fallback_workers=1)


def _described(source: Any, path: str, tree: str | None) -> Input:
    """Find out what is in a file, and keep it; where it is not plain, uproot says it."""
    found = plain.described(source, path, tree)
    if found is not None:
        return found
    from adl.runtime.inputs.describing import described

    return described(source, path, tree)


@contextlib.contextmanager
def _opening(path: str) -> Iterator[None]:
    """Turn whatever uproot meets in bytes that are not as they should be to InputError."""
    try:
        yield
    except (InputError, MemoryError):
        raise
    except ImportError as error:
        kind = path.partition(":")[0]
        raise InputError(
            path,
            f"cannot be read: {reason(error)}",
            f"pip install 'adlc[{_EXTRAS.get(kind, kind)}]'",
        ) from error
    except Exception as error:
        raise InputError(path, f"cannot be read: {reason(error)}", way_out(error)) from error


def _first_that_is_there(places: Sequence[str]) -> str:
    """Return the first local place with a ROOT file; without any, say what is wrong with the last."""
    for place in places[:-1]:
        with contextlib.suppress(InputError):
            _check_local(place)
            return place
    _check_local(places[-1])
    return places[-1]


def _instead(path: str) -> str:
    """Return a help line for a file that is another one by its name."""
    if path.lower().endswith(_LISTS):
        return f"of a dataset list, `adl datasets show {path}` says what it names"
    if path.lower().endswith(".adl"):
        return f"of an analysis, `adl check {path}` says what is wrong; it stands before its inputs"
    return ""


_LISTS = (".yaml", ".yml", ".json", ".txt")


def _check_local(path: str) -> None:
    """Say plainly what uproot would stumble over."""
    try:
        with open(path, "rb") as file:
            head = file.read(20)
            size = os.fstat(file.fileno()).st_size
    except IsADirectoryError:
        raise InputError(
            path, "is a folder, not a file", f"give the files in it: {path.rstrip('/')}/*.root"
        ) from None
    except OSError as error:
        help = near(path) if isinstance(error, FileNotFoundError) else ""
        raise InputError(path, (error.strerror or str(error)).lower(), help) from error
    if size == 0:
        raise InputError(path, "the file is empty")
    if head[:4] == b"PAR1":
        raise InputError(path, "is Parquet: events are read of ROOT files", "adl skim -o NAME.root")
    if head[:4] != b"root":
        raise InputError(path, "is not a ROOT file", _instead(path))
    # TFile's header: "root", version, start of the first record, end of the last one; the end
    # takes 8 bytes where the version says so.
    end = 0
    if len(head) == 20:
        version, end = struct.unpack_from(">i4xi", head, 4)
        if version >= 1_000_000:
            (end,) = struct.unpack_from(">q", head, 12)
    if size < max(end, 20):
        raise InputError(
            path,
            f"the file is truncated: it has {size} of {max(end, 20)} bytes",
            "copy it again; a file that a job left unfinished must be made again",
        )
