"""Write a file anew with ROOT: its own clustering, another codec, TTree or RNTuple.

    PYTHON benchmarks/peers/rewrite.py IN OUT --events 1000000 --codec zstd --format rntuple

``PYTHON`` has the ``root`` wheel. Files that uproot writes have no hints where to split them between
threads, which is a handicap for RDataFrame.
"""

from __future__ import annotations

import argparse

import ROOT

CODECS = {"zstd": ("ZSTD", 5), "lz4": ("LZ4", 4), "zlib": ("ZLIB", 1), "lzma": ("LZMA", 7)}


def main() -> None:
    """Write the file that the command line asks for."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("source")
    arguments.add_argument("target")
    arguments.add_argument("--events", type=int, default=0)
    arguments.add_argument("--codec", choices=[*CODECS], default="zstd")
    arguments.add_argument("--format", choices=["ttree", "rntuple"], default="ttree")
    options = arguments.parse_args()
    codec, level = CODECS[options.codec]
    how = ROOT.RDF.RSnapshotOptions()
    how.fCompressionAlgorithm = getattr(ROOT.RCompressionSetting.EAlgorithm, f"k{codec}")
    how.fCompressionLevel = level
    kind = ROOT.RDF.ESnapshotOutputFormat
    how.fOutputFormat = kind.kTTree if options.format == "ttree" else kind.kRNTuple
    events = ROOT.RDataFrame("Events", options.source)
    if options.events:
        events = events.Range(options.events)
    # The counters of lists are written with the lists.
    names = [str(name) for name in events.GetColumnNames()]
    lists = {name.partition("_")[0] for name in names if "_" in name}
    events.Snapshot(
        "Events", options.target, [n for n in names if not (n[0] == "n" and n[1:] in lists)], how
    )


if __name__ == "__main__":
    main()
