"""What becomes of rows during a run: the first are shown, all are written, file by file.

Until an input file has been read to its end its rows wait, on disk when they are many: a file that
turns out to be broken counts nothing, and leaves no row either.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from adl.compiler.layout import Chunk, Rows
from adl.compiler.program import RowsOutput
from adl.runtime.inputs import InputError
from adl.runtime.outputs.waiting import Waiting
from adl.runtime.profile.meter import stage
from adl.runtime.rows import Table, joined, tables

if TYPE_CHECKING:
    from adl.runtime.execute.kernel import Kernel
    from adl.runtime.outputs.saved import Writer


class Keeper:
    """Keeps the rows of one run; ``with`` writes the files when it ends well.

    Args:
        directory: Where files are written, None for nowhere.
        shown: How many rows of each print are kept in ``heads``.
    """

    def __init__(self, directory: Path | None, shown: int = 0) -> None:
        self.directory = directory
        self.shown = shown
        self.heads: dict[RowsOutput, Table] = {}  # of prints
        self.counts: dict[RowsOutput, int] = {}
        self.unwritten: tuple[str, ...] = ()  # files of saves for which there is no directory
        self._outputs: tuple[RowsOutput, ...] = ()  # those of the first file
        self._first: list[Table] | None = None
        self._waiting = Waiting()
        self._writers: list[Writer] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._waiting.forget()
        with stage("rows"):  # those that wait for more, to be written together
            self._stack.__exit__(*error)  # type: ignore[arg-type]  # the three of an exception

    @property
    def files(self) -> list[str]:
        """What has been written, in words: the file and how many rows it has."""
        written = self._outputs if self._writers else ()
        return [f"{o.name}.{o.format}, {self.counts[o]:,} rows" for o in written]

    def without_rows(self) -> dict[Path, int]:
        """Return the files that have been written, and the bytes that each had without any row."""
        found: dict[Path, int] = {}
        if self.directory is None or not self._writers:
            return found
        from adl.runtime.outputs.saved import writing

        for output, table in zip(self._outputs, self._first or (), strict=True):
            with tempfile.TemporaryDirectory() as folder:
                with writing(Path(folder), output.name, output.format, table) as writer:
                    writer.write(table)
                (path,) = (p for p in Path(folder).rglob("*") if p.is_file())
                found[self.directory / path.relative_to(folder)] = path.stat().st_size
        return found

    def wanted(self, outputs: Sequence[RowsOutput]) -> tuple[RowsOutput, ...]:
        """Return those of a program's outputs of which something is kept.

        Raises:
            OutputError: A format needs a library that is not installed.
        """
        found = tuple(o for o in outputs if o.kind == "print" or self.directory is not None)
        if self.directory is None:
            saves = (o for o in outputs if o.kind == "save")
            self.unwritten = tuple(f"{o.name}.{o.format}" for o in saves)
        if found:
            from adl.runtime.outputs.saved import check_format

            for output in found:
                check_format(output.format)
        if not self._outputs:
            self._outputs = found
        return found

    def add(self, path: str, tables: Sequence[Table]) -> None:
        """Take a block's rows of the file at work.

        Raises:
            InputError: Columns are not those of the files before.
        """
        if self._first is None:
            self._first = [table.head(0) for table in tables]
        for output, known, new in zip(self._outputs, self._first, tables, strict=True):
            if known.schema != new.schema:
                raise InputError(path, _difference(output, known, new))
        with stage("rows"):
            self._waiting.add(list(tables))

    def tables(
        self,
        outputs: Sequence[RowsOutput],
        kernel: Kernel,
        chunk: Chunk,
        recorded: Sequence[Rows],
        place: tuple[int, int],
    ) -> list[Table]:
        """Return the rows of a block, in any thread; ``place`` is its first entry, and its file."""
        return tables(outputs, kernel.program, kernel.inputs.columns, chunk, recorded, *place)

    def end(self, path: str, *, good: bool) -> None:
        """Keep the waiting rows, or forget those of a file that failed."""
        if good:
            with stage("rows"):
                for tables in self._waiting:
                    self._keep(tables)
        self._waiting.forget()

    def _keep(self, tables: list[Table]) -> None:
        if not self._writers and self.directory is not None and tables:
            with stage("start"):
                from adl.runtime.outputs.saved import writing
            with stage("write"):  # takes as long for any number of rows
                self._writers = [
                    self._stack.enter_context(writing(self.directory, o.name, o.format, table))
                    for o, table in zip(self._outputs, tables, strict=True)
                ]
        if self._writers:
            for writer, table in zip(self._writers, tables, strict=True):
                writer.write(table)
        for output, table in zip(self._outputs, tables, strict=True):
            self.counts[output] = self.counts.get(output, 0) + table.rows
            if output.kind == "print":
                before = [self.heads[output]] if output in self.heads else []
                self.heads[output] = joined([*before, table.head(self.shown)]).head(self.shown)


def _difference(output: RowsOutput, known: Table, new: Table) -> str:
    """Say which column differs from that of the files before."""
    before, now = ({column[0]: column for column in t.schema} for t in (known, new))
    name = next(n for n in [*before, *now] if before.get(n) != now.get(n))
    what = [f"{c[name][1]}" if name in c else "absent" for c in (now, before)]
    return f"{output.kind} {output.name}: {name} is {what[0]}, and {what[1]} in the files before"
