"""Opening files before they are asked for, in threads of their own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from adl.runtime.inputs.opening import open_input
from adl.runtime.inputs.trees import Input


def openings(
    paths: Sequence[str],
    tree: str | None,
    ahead: int,
    places: Callable[[str], Sequence[str]] = lambda path: (path,),
) -> Generator[tuple[str, Callable[[], Input]]]:
    """Yield each path with what returns the open file, or raises ``open_input``'s errors.

    Up to ``ahead`` files are being opened, or are open and wait; with 0 each is opened when it is
    asked for. ``places`` says where a file may be. Close the generator: it closes the files that nobody has asked for.
    """
    if not ahead:
        for path in paths:
            yield path, partial(open_input, path, tree, places(path))
        return
    waiting: deque[Future[Input]] = deque()
    with ThreadPoolExecutor(ahead) as pool:
        try:
            for number, path in enumerate(paths):
                for each in paths[number + len(waiting) : number + ahead]:
                    waiting.append(pool.submit(open_input, each, tree, places(each)))
                yield path, waiting.popleft().result
        finally:
            for future in waiting:
                if not future.cancel() and future.exception() is None:
                    future.result().close()
