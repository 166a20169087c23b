"""RNTuples read straight into a GPU's memory by uproot's interpreter for GPUs.

KvikIO copies pages from the file to the device, nvCOMP decompresses them there, CuPy puts the columns
together; the CPU sees where lists begin, and whatever else it asks for. These three are one extra.
Anything that goes wrong is a reason to read the same entries with the CPU, which names bad data.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from adl.compiler.ir import Column
from adl.compiler.layout import Chunk
from adl.runtime.inputs import chunks, reason
from adl.runtime.inputs.ntuples import Field, NTuple
from adl.runtime.inputs.paths import is_url
from adl.runtime.inputs.trees import Input

Numbers = npt.NDArray[Any]
_DECOMPRESSED = ("", "ZSTD", "LZ4")  # by nvCOMP, of what RNTuples are compressed with
_OPEN = 2  # files: one is read while the next begins


class Unsuited(Exception):
    """Why the CPU has to read something."""


@dataclass(frozen=True, eq=False)
class OnDevice(Mapping[str, Numbers]):
    """Columns that lie on a device, as arrays of CuPy; ``fetch`` returns one that is asked for."""

    device: Mapping[str, Any]
    fetch: Callable[[str], Numbers]
    host: dict[str, Numbers] = field(default_factory=dict)  # what has been asked for

    def __getitem__(self, name: str) -> Numbers:
        if name not in self.host:
            if name not in self.device:
                raise KeyError(name)
            self.host[name] = self.fetch(name)
        return self.host[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.device)

    def __len__(self) -> int:
        return len(self.device)

    @property
    def nbytes(self) -> int:
        """How many bytes they are."""
        return sum(values.nbytes for values in self.device.values())

    def part(self, start: int, stop: int, of_elements: Collection[str]) -> OnDevice:
        """Return the columns of some of the events; those of elements stay whole."""

        def cut(name: str, values: Any) -> Any:
            return values if name in of_elements else values[start:stop]

        own = {name: cut(name, values) for name, values in self.device.items()}
        return OnDevice(own, lambda name: cut(name, self[name]))

    def nans(self) -> dict[str, int]:
        """Return how many NaNs the columns hold, of those that have any: counted where they lie."""
        found = {}
        for name, values in self.device.items():
            if values.dtype.kind != "f":
                continue
            try:
                number = int((values != values).sum())  # noqa: PLR0124  # CuPy's isnan needs CuPy
            except Exception:  # noqa: BLE001  # the device has failed
                number = int(np.isnan(self[name]).sum())
            if number:
                found[name] = number
        return found


@dataclass
class Straight:
    """Reads RNTuples into the memory of the GPU that a run uses; ``told`` why not, once each."""

    told: Callable[[str], None]
    lost: Callable[[], bool] = lambda: False  # whether the GPU has failed
    opened: dict[str, Any] = field(default_factory=dict)  # uproot's, by path and tree
    lock: Lock = field(default_factory=Lock)
    checked: str | None = None  # why nothing can be read so; empty if it can

    def read(
        self,
        source: Input,
        columns: Sequence[Column],
        collections: Iterable[str],
        start: int,
        stop: int,
        counted_by: Mapping[str, str],
    ) -> Chunk | None:
        """Return what ``chunks.read`` does, with columns on the device; None if the CPU has to read."""
        if not isinstance(source, NTuple) or self.lost():
            return None
        try:
            with self.lock:
                self._check(source, columns)
                found = self._columns(source, columns, start, stop)
        except Unsuited as error:
            self.told(f"RNTuples are read by the CPU: {error}")
            return None
        except Exception as error:  # noqa: BLE001  # whatever uproot, KvikIO, nvCOMP, CuPy meet
            self.told(f"{source.path} is read by the CPU: the GPU could not: {reason(error)}")
            return None
        self.told("RNTuples are read and decompressed by the GPU")
        arrays, offsets = found
        counted = [c for c in collections if c not in offsets]
        if counted:  # only their lengths are needed
            more = chunks.read(source, (), counted, start, stop, counted_by)
            offsets |= more.offsets

        @cache
        def again() -> Chunk:
            return chunks.read(source, columns, collections, start, stop, counted_by)

        def fetch(name: str) -> Numbers:
            try:
                values: Numbers = arrays[name].get()
            except Exception:  # noqa: BLE001  # a device that has failed gives nothing back
                values = again().columns[name]
            return values

        return Chunk(stop - start, OnDevice(arrays, fetch), offsets)

    def _check(self, source: NTuple, columns: Sequence[Column]) -> None:
        """Refuse what cannot be read so.

        Raises:
            Unsuited: It says why.
        """
        if self.checked is None:
            self.checked = lacking()
        if self.checked:
            raise Unsuited(self.checked)
        if is_url(source.path) or is_url(source.source.file_path):
            raise Unsuited("they are not on this machine")
        codec = source.compression.algorithm
        if codec not in _DECOMPRESSED:
            raise Unsuited(f"nvCOMP does not decompress {codec}")
        for column in columns:
            known = source.fields[column.name]
            if known.inner >= 0 or known.border or known.values < 0:
                raise Unsuited(f"{column.name} is no column of numbers or of lists of them")

    def _columns(
        self, source: NTuple, columns: Sequence[Column], start: int, stop: int
    ) -> tuple[dict[str, Any], dict[str, npt.NDArray[np.int64]]]:
        """Return columns on the device, and here where the lists of each collection begin."""
        import uproot

        first = int(np.searchsorted(source.clusters, start, "right")) - 1
        after = int(np.searchsorted(source.clusters, stop, "left"))
        before = int(source.clusters[first])
        fields = {column.name: source.fields[column.name] for column in columns}
        content = self._content(source, fields.values(), first, after)
        arrays: dict[str, Any] = {}
        offsets: dict[str, npt.NDArray[np.int64]] = {}
        for column in columns:
            own = fields[column.name]
            values = content[own.values]
            if column.collection is None:
                found = values[start - before : stop - before]
                wanted = stop - start
            else:
                ends = content[own.ends][start - before : stop - before + 1].get().astype(np.int64)
                # Not to be trusted: a kernel would follow them anywhere.
                if len(ends) != stop - start + 1 or ends[0] < 0 or np.any(np.diff(ends) < 0):
                    raise ValueError(f"{column.name}: lists overlap")
                known = offsets.setdefault(column.collection, ends - ends[0])
                if not np.array_equal(known, ends - ends[0]):
                    raise ValueError(f"{column.name}: its lists differ in length from others")
                found, wanted = values[int(ends[0]) : int(ends[-1])], int(ends[-1] - ends[0])
            if len(found) != wanted:
                raise ValueError(f"{column.name}: there are {len(found)} numbers, not {wanted}")
            arrays[column.name] = found.astype(np.dtype(column.dtype), copy=False)
        # What follows is done in other streams, which wait for none.
        uproot.extras.cupy().cuda.get_current_stream().synchronize()
        return arrays, offsets

    def _content(
        self, source: NTuple, fields: Iterable[Field], first: int, after: int
    ) -> Mapping[int, Any]:
        """Return the columns that fields have in some clusters, by their numbers."""
        numbers = {n for f in fields for n in (f.values, f.ends) if n >= 0}
        keys = [f"column-{number}" for number in sorted(numbers)]
        ntuple = self._opened(source)
        pages = ntuple.gpu_read_cluster_range(keys, first, after)
        pages._decompress()
        # uproot 5.7.7 looks for a cluster by its number in the file, in a list that begins with the
        # first that was read.
        pages._grab_field_output = lambda number: {
            cluster: read.fieldpayloads[number].data for cluster, read in pages.refs.items()
        }
        found: Mapping[int, Any] = ntuple.gpu_deserialize_decompressed_content(pages, first, after)
        return found

    def _opened(self, source: NTuple) -> Any:
        """Return uproot's own view of a file, which the index spares otherwise."""
        import uproot

        key = f"{source.path}:{source.tree}"
        if key not in self.opened:
            while len(self.opened) >= _OPEN:
                self.opened.pop(next(iter(self.opened))).file.close()
            self.opened[key] = uproot.open(source.source.file_path)[source.tree].ntuple
        return self.opened[key]


def lacking() -> str:
    """Return what reading straight into a GPU's memory lacks; nothing if it is all there."""
    import uproot
    from uproot.models.RNTuple import Model_ROOT_3a3a_RNTuple as model

    if not hasattr(model, "gpu_read_cluster_range"):
        return f"uproot {uproot.__version__} has no interpreter for GPUs: pip install -U uproot"
    for name in ("cupy", "kvikio", "nvcomp"):
        try:
            getattr(uproot.extras, name)()
        except ImportError:
            return f"{name} is not installed: pip install 'adlc[gds]'"
        except Exception as error:  # noqa: BLE001  # a library of another CUDA, say
            return f"{name} does not start: {reason(error)}"
    return ""
