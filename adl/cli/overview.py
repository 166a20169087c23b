"""An analysis as a tree for people: what it declares, and what stands in each block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from adl.syntax.tree import (
    Composite,
    Define,
    File,
    Histo,
    HistoList,
    Info,
    Name,
    Object,
    Region,
    Reject,
    Select,
    Statement,
    Table,
    Take,
    UniformBins,
    Use,
    VariableBins,
    Weight,
)

if TYPE_CHECKING:
    from adl.syntax.source import Source, Span
    from adl.syntax.tree import Block

_NAME = "bold"
_QUIET = "dim"
_KEYWORD = "cyan"


def overview(file: File, source: Source) -> Tree:
    """Return the tree of an analysis, its blocks by kind and in the order of the text."""
    return _Overview(file, source).tree()


class _Overview:
    def __init__(self, file: File, source: Source) -> None:
        self.file = file
        self.source = source
        self.regions = {b.name.name: b for b in file.blocks if isinstance(b, Region)}
        self.lists = {b.name.name: b for b in file.blocks if isinstance(b, HistoList)}

    def tree(self) -> Tree:
        root = Tree(self.heading(), guide_style=_QUIET)
        groups: dict[str, tuple[tuple[type[Block], ...], Callable[[Tree, Block], object]]] = {
            "objects": ((Object, Composite), self.object),
            "defines": ((Define,), self.define),
            "regions": ((Region,), self.region),
            "histogram lists": ((HistoList,), self.histogram_list),
        }
        shown: list[type[Block]] = [Info]
        for title, (kinds, show) in groups.items():
            self.group(root, title, kinds, show)
            shown += kinds
        rest = tuple({type(b): None for b in self.file.blocks if not isinstance(b, tuple(shown))})
        self.group(root, "more", rest, self.other)
        return root

    def group(
        self,
        root: Tree,
        title: str,
        kinds: tuple[type[Block], ...],
        show: Callable[[Tree, Block], object],
    ) -> None:
        blocks = [block for block in self.file.blocks if isinstance(block, kinds)]
        if blocks:
            branch = root.add(Text(title, _QUIET))
            for block in blocks:
                show(branch, block)

    def words(self, span: Span) -> str:
        return self.source.words(span)

    def heading(self) -> Text:
        infos = (block for block in self.file.blocks if isinstance(block, Info))
        titles = [t for info in infos for word, t in info.fields if word.lower() == "title" and t]
        name = PurePath(self.source.name).name
        return _line((f"{name}:" if titles else name, _NAME), (" ".join(titles[:1]), ""))

    # ------------------------------------------------------------------------------ blocks

    def object(self, branch: Tree, block: Block) -> None:
        assert isinstance(block, Object | Composite)
        takes = [s for s in block.statements if isinstance(s, Take)]
        from_ = ", ".join(self.words(t.source.span) for t in takes)
        kind = "composite of" if isinstance(block, Composite) else "from"
        node = branch.add(
            _line((block.name.name, _NAME), (f"{kind} {from_}" * bool(takes), _QUIET))
        )
        for statement in block.statements:
            if not isinstance(statement, Take):
                node.add(self.statement(statement))

    def define(self, branch: Tree, block: Block) -> None:
        assert isinstance(block, Define)
        value = self.words(block.value.span)
        branch.add(Text.assemble((block.name.name, _NAME), " = ", value))

    def region(self, branch: Tree, block: Block) -> None:
        assert isinstance(block, Region)
        parents = ", ".join(parent for s in block.statements for parent in self.parents(s))
        inherits = f"inherits {parents}" if parents else ""
        node = branch.add(_line((block.name.name, _NAME), (inherits, _QUIET)))
        for statement in block.statements:
            node.add(self.statement(statement))

    def histogram_list(self, branch: Tree, block: Block) -> None:
        assert isinstance(block, HistoList)
        node = branch.add(Text(block.name.name, _NAME))
        for histo in block.histos:
            node.add(self.statement(histo))

    def other(self, branch: Tree, block: Block) -> None:
        if isinstance(block, Table):
            name = block.name.name
            branch.add(_line(("table", _KEYWORD), (name, _NAME), (block.kind, _QUIET)))
            return
        text = self.source.text[block.span.start : block.span.end]
        lines = [" ".join(line.split("#")[0].split()) for line in text.splitlines()]
        first, *rest = filter(None, lines)
        node = branch.add(_keyworded(first))
        for line in rest:
            node.add(_keyworded(line))

    # -------------------------------------------------------------------------- statements

    def statement(self, statement: Statement) -> Text:
        """Return a statement as it was written; a histogram without its commas."""
        if isinstance(statement, Histo):
            axes = " \N{MULTIPLICATION SIGN} ".join(_axis(axis) for axis in statement.axes)
            values = ", ".join(self.words(value.span) for value in statement.values)
            return _line(
                ("histo", _KEYWORD),
                (f"{statement.name.name}:", ""),
                (values, ""),
                (f"in {axes}", _QUIET),
            )
        for parent in self.parents(statement):
            handed = self.handed_down(parent, set())
            return _line((parent, _KEYWORD), (f"({handed})" if handed else "", _QUIET))
        if isinstance(statement, Use) and statement.name.name in self.lists:
            number = len(self.lists[statement.name.name].histos)
            histograms = f"({number} histogram{'s' * (number != 1)})"
            return _line((statement.name.name, _KEYWORD), (histograms, _QUIET))
        return _keyworded(self.words(statement.span))

    def parents(self, statement: Statement) -> Iterator[str]:
        """Yield the region that a statement inherits from, if it is one that does."""
        match statement:
            case Use(name=Name(name)) | Take(source=Name(name)):
                if name in self.regions:
                    yield name

    def handed_down(self, name: str, above: set[str]) -> str:
        counted = self.counted(name, above)
        return ", ".join(f"{n} {word}{'s' * (n > 1)}" for word, n in counted.items() if n)

    def counted(self, name: str, above: set[str]) -> Counter[str]:
        """Count the cuts and weights that a region has and inherits, without regard to twins."""
        found = Counter({"cut": 0, "weight": 0})
        if name in above:
            return found
        for statement in self.regions[name].statements:
            found["cut"] += isinstance(statement, Select | Reject)
            found["weight"] += isinstance(statement, Weight)
            for parent in self.parents(statement):
                found.update(self.counted(parent, above | {name}))
        return found


def _line(*parts: tuple[str, str]) -> Text:
    """Return styled words, those that are empty left out."""
    return Text(" ").join(Text(text, style) for text, style in parts if text)


def _keyworded(text: str) -> Text:
    word, _, rest = text.partition(" ")
    return _line((word, _KEYWORD), (rest, ""))


def _axis(axis: UniformBins | VariableBins) -> str:
    if isinstance(axis, UniformBins):
        number, low, high = axis.number, axis.lower, axis.upper
    else:
        number, low, high = len(axis.edges) - 1, axis.edges[0], axis.edges[-1]
    return f"{number} bin{'s' * (number != 1)} from {low:g} to {high:g}"
