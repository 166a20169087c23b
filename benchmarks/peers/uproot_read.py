"""Read columns with uproot alone and do nothing with them: FILE TREE THREADS COLUMN..."""

from __future__ import annotations

import sys

import uproot


def main() -> None:
    path, tree, threads, *columns = sys.argv[1:]
    workers = uproot.ThreadPoolExecutor(int(threads)) if int(threads) > 1 else None
    with uproot.open(path, decompression_executor=workers, interpretation_executor=workers) as file:
        for _ in file[tree].iterate(columns, step_size=200_000, library="ak"):
            pass


if __name__ == "__main__":
    main()
