"""The lists of other tools, in the words of ours: coffea filesets, RDataFrame's FromSpec, texts.

What they say about a dataset under names that leave no doubt is used; everything else that is a
number or a text becomes a constant, ``dataset.x_NAME``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from adl.runtime.datasets.lists import is_nominal
from adl.runtime.datasets.texts import Document, Path, mistake
from adl.syntax.source import Source, Span

# Their name -> ours.
_FIELDS = {
    **dict.fromkeys(("process",), "process"),
    **dict.fromkeys(("xs", "xsec", "xsecs", "cross_section", "crossSection"), "cross_section"),
    **dict.fromkeys(("kfactor", "k_factor", "kFactor"), "k_factor"),
    **dict.fromkeys(("era", "year"), "era"),
    **dict.fromkeys(("sumw", "sum_of_weights", "genEventSumw"), "sum_of_weights"),
    **dict.fromkeys(("stream",), "stream"),
}
# Their name -> the kind that a true value means.
_KINDS = {
    **dict.fromkeys(("is_data", "isData"), ("simulation", "data")),
    **dict.fromkeys(("is_mc", "isMC"), ("data", "simulation")),
}


def foreign(document: Document) -> Document | None:
    """Return a list of another tool in the words of ours; None if it is none.

    Raises:
        AnalysisError: It asks for what cannot be had.
    """
    data = document.data
    if not isinstance(data, dict) or "datasets" in data or not data:
        return None
    if "schema_version" in data and "corrections" in data:
        help = "adl inspect shows it; an analysis names it in a correction block"
        message = "this is a file of corrections, no dataset list"
        raise mistake(document.source, "E501", message, Span(0, 1), help)
    if isinstance(data.get("samples"), dict):
        return _Translation(document).from_spec()
    if all(_is_fileset(value) for name, value in data.items() if not name.startswith("x-")):
        return _Translation(document).coffea()
    return None


def text_list(source: Source, name: str) -> Document:
    """Return a text with a file a line as a list of one dataset."""
    files: list[str] = []
    places: dict[Path, Span] = {}
    for i, (line, span) in enumerate(lines(source)):
        files.append(line)
        places["datasets", name, "files", i] = span
    if not files:
        raise mistake(source, "E501", "the list names no file", Span(0, 1))
    data = {"normalise": False, "datasets": {name: {"files": files}}}
    return Document(source, data, places, {("datasets", name): Span(0, 1)})


def lines(source: Source) -> Iterator[tuple[str, Span]]:
    """Yield the names of files in a text, one a line; after # stands a comment."""
    for number, start in enumerate(source.line_starts, start=1):
        text = source.line(number).partition("#")[0]
        name = text.strip()
        if name:
            begin = start + text.index(name)
            yield name, Span(begin, begin + len(name))


def _is_fileset(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, dict) and "files" in value)


_CHAIN = ("files", "trees")


class _Translation:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.datasets: dict[str, Any] = {}
        # The datasets stand for the text as a whole; paths to what is in them begin there.
        self.out = Document(
            document.source,
            {"normalise": False, "datasets": self.datasets},
            {("datasets",): Span(0, 1)},
        )

    def coffea(self) -> Document:
        for name, value in self.document.data.items():
            fields = value if isinstance(value, dict) else {"files": value}
            place = (name, "files") if isinstance(value, dict) else (name,)
            self.dataset(name, (name,))
            self.files(name, fields["files"], place)
            self.metadata(name, fields.get("metadata") or {}, (name, "metadata"))
        return self.out

    def from_spec(self) -> Document:
        data = self.document.data
        if data.get("range"):
            span = self.document.names["range",]
            message = "a range of entries of a FromSpec list is not supported yet"
            raise mistake(self.document.source, "E190", message, span, "-n N takes the first ones")
        for name, sample in data["samples"].items():
            place = ("samples", name)
            self.mapping(sample, place)
            self.dataset(name, place)
            self.files(name, sample.get("files"), (*place, "files"))
            self.tree(name, sample.get("trees"), (*place, "trees"))
            self.metadata(name, sample.get("metadata") or {}, (*place, "metadata"))
        friends = data.get("friends") or {}
        self.mapping(friends, ("friends",))
        for name, friend in friends.items():
            self.friend(friend, ("friends", name))
        return self.out

    def friend(self, friend: Any, place: Path) -> None:
        """Give each sample its files of a friend: ROOT joins both chains, entry by entry."""
        files, trees = (friend.get(word) if isinstance(friend, dict) else None for word in _CHAIN)
        of_samples = [d.get("files") for d in self.datasets.values()]
        number = sum(len(f) if isinstance(f, list) else 1 for f in of_samples)
        if not isinstance(files, list) or len(files) != number:
            message = f"the samples have {number} names of files, a friend as many in their order"
            raise mistake(self.document.source, "E504", message, self.document.place(place))
        trees = self.names_of(trees, place)
        if len(trees) > 1:
            message = "the files of a friend have one tree"
            raise mistake(self.document.source, "E504", message, self.document.place(place))
        rest = list(files)
        for name, own in zip(self.datasets, of_samples, strict=True):
            count = len(own) if isinstance(own, list) else 1
            mine, rest = rest[:count], rest[count:]
            entry = {"files": mine, "tree": trees[0], "by": "entry"}
            known = self.datasets[name].setdefault("friends", [])
            at = ("datasets", name, "friends", len(known))
            known.append(entry)
            for where in (at, (*at, "files"), at[:-1]):
                self.out.places[where] = self.document.place(place)

    def dataset(self, name: str, place: Path) -> None:
        self.datasets[name] = {}
        self.out.names["datasets", name] = self.document.names[place]

    def field(self, name: str, field: str, value: Any, place: Path) -> None:
        self.datasets[name][field] = value
        self.out.places["datasets", name, field] = self.document.place(place)
        self.out.names["datasets", name, field] = self.document.place(place)

    def files(self, name: str, files: Any, place: Path) -> None:
        """Take a list of files, or a mapping from each to its tree or to what is known of it."""
        if isinstance(files, dict):
            known = [f.get("object_path") if isinstance(f, dict) else f for f in files.values()]
            self.tree(name, known, place)
            places = [(*place, path) for path in files]
        else:
            places = [(*place, i) for i in range(len(files) if isinstance(files, list) else 0)]
        self.field(name, "files", list(files) if isinstance(files, dict) else files, place)
        for i, at in enumerate(places):
            span = self.document.names.get(at) or self.document.place(at)
            self.out.places["datasets", name, "files", i] = span

    def tree(self, name: str, trees: Any, place: Path) -> None:
        found = self.names_of(trees, place)
        if len(found) > 1:
            message = f"{name}: its files have different trees"
            help = "make a dataset for each tree"
            raise mistake(self.document.source, "E504", message, self.document.place(place), help)
        if found and found[0] is not None:
            self.field(name, "tree", found[0], place)

    def names_of(self, trees: Any, place: Path) -> list[str | None]:
        """Return the names of trees, each once; one stands for all files, none for no name."""
        names = trees if isinstance(trees, list) else [trees]
        if not all(name is None or isinstance(name, str) for name in names):
            message = "the name of a tree is expected here"
            raise mistake(self.document.source, "E504", message, self.document.place(place))
        return list(dict.fromkeys(names))

    def mapping(self, value: Any, place: Path) -> None:
        """Refuse what has no fields by name."""
        if not isinstance(value, dict):
            message = f"{place[-1]} has `name: …` lines"
            raise mistake(self.document.source, "E504", message, self.document.place(place))

    def metadata(self, name: str, metadata: Any, place: Path) -> None:
        self.mapping(metadata, place)
        for key, value in metadata.items():
            at = (*place, key)
            if key in _KINDS and isinstance(value, bool):
                self.field(name, "kind", _KINDS[key][value], at)
            elif key == "variation":
                if not (isinstance(value, str) and is_nominal(value)):
                    self.field(name, "variation", value, at)
            elif key in _FIELDS:
                self.field(name, _FIELDS[key], value, at)
            else:
                self.field(name, f"x-{key}", value, at)
