"""Which dialect a file is in.

The rule is language.md's: CutLang's own spellings make a file ``cutlang`` only where the meaning
of something in it would differ.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from adl.check.analysis import Dialect
from adl.check.trees import children, subtrees
from adl.stdlib.models import Schema
from adl.stdlib.models.finding import find_collection, find_singleton
from adl.syntax.diagnostics import Findings
from adl.syntax.source import Source, Span
from adl.syntax.tree import (
    Attribute,
    Binding,
    Call,
    Composite,
    Edges,
    File,
    Histo,
    Index,
    Info,
    Name,
    Object,
    Region,
    Slice,
    Sort,
    Statement,
    Table,
    Take,
    Tree,
    Use,
)


def detect(file: File, source: Source, schema: Schema, asked: str, findings: Findings) -> Dialect:
    """Return the dialect that was asked for, or that the file says, or that its spellings show."""
    for said, span in ((asked, file.span), *_said(file)):
        if said == "adl":
            return "adl"
        if said == "cutlang":
            return "cutlang"
        if said != "auto":
            message = f"the dialect is adl, cutlang or auto, not {said}"
            findings.error("E220", message, span)
    cutlang = next(_cutlang_spellings(file, source, schema), None)
    matter = None if cutlang is None else next(_matters(file, schema), None)
    if cutlang is None or matter is None:
        return "adl"
    adl = next(_adl_spellings(file, source), None)
    lines = [source.position(t.span.start)[0] for t in (cutlang, matter)]
    words = source.words(cutlang.span)
    if adl is not None:
        findings.error(
            "E220",
            f"{source.words(matter.span)} means one thing in ADL and another in CutLang, and the "
            f"file has spellings of both: {words} on line {lines[0]}, {source.words(adl.span)} on "
            f"line {source.position(adl.span.start)[0]}",
            matter.span,
            "write `dialect adl` or `dialect cutlang` in a block `info adl`",
        )
        return "adl"
    findings.note(
        "N401",
        f"read in the dialect cutlang, because of {words} on line {lines[0]}; it matters here",
        matter.span,
        "a line `dialect adl` in a block `info adl` asks for ADL's meaning",
    )
    return "cutlang"


def _said(file: File) -> list[tuple[str, Span]]:
    """Return what the info blocks say about the dialect, each with the place of its block."""
    infos = (block for block in file.blocks if isinstance(block, Info))
    return [
        (text.strip().lower(), info.name.span)
        for info in infos
        for word, text in info.fields
        if word.lower() == "dialect"
    ]


def _cutlang_spellings(file: File, source: Source, schema: Schema) -> Iterator[Tree]:
    keyword = re.compile(r"(algo|algorithm|cmd)\b", re.IGNORECASE)
    objects = {block.name.name for block in file.blocks if isinstance(block, Object)}
    for tree in subtrees(file):
        match tree:
            case Name() if indexed := re.fullmatch(r"(.+)_\d*", tree.name):
                if indexed[1] in objects or _is_input(schema, indexed[1]):
                    yield tree
            case Index() if tree.index < 0:
                yield tree
            case Call() if (
                tree.arguments and tree.function.span.start > tree.arguments[0].span.start
            ):
                yield tree
            case Call() if tree.function.name.lower() == "comb":
                yield tree
            case Take(source=Call() as call) if source.text[tree.span.start] == ":":
                yield call
            case _ if isinstance(tree, (Region, Statement)) and (
                found := keyword.match(source.text, tree.span.start)
            ):
                yield Name(found.group(), span=Span(*found.span()))


def _is_input(schema: Schema, name: str) -> bool:
    return bool(find_collection(schema, name) or find_singleton(schema, name))


def _adl_spellings(file: File, source: Source) -> Iterator[Tree]:
    for tree in subtrees(file):
        match tree:
            case Name("this"):
                yield tree
            case Call() if tree.function.name.lower() in ("any", "all"):
                yield tree
            case Take(source=Call() as call) if source.text[tree.span.start] != ":":
                if call.function.name.lower() != "comb":
                    yield call
            case Composite():
                yield tree.name
            case Region():
                yield from (s for s in tree.statements if isinstance(s, Take))


def _matters(file: File, schema: Schema) -> Iterator[Tree]:
    for tree in subtrees(file):
        match tree:
            case Slice() | Edges() | Use() | Table():
                yield tree
            case Call() if tree.function.name.lower() == "union":
                yield tree
            case Object():
                takes = [s for s in tree.statements if isinstance(s, Take)]
                yield from takes[1:]
            case Region():
                yield from (s for s in tree.statements if isinstance(s, Take))
    yield from _collections_as_numbers(file, schema)


def _collections_as_numbers(file: File, schema: Schema) -> Iterator[Tree]:
    objects = {block.name.name for block in file.blocks if isinstance(block, Object)}
    for block in file.blocks:
        if not isinstance(block, Region):
            continue
        for statement in block.statements:
            if isinstance(statement, (Histo, Sort, Use, Take)):
                continue
            for tree in _unreduced(statement):
                if tree.name in objects or find_collection(schema, tree.name):
                    yield tree


def _unreduced(tree: Tree) -> Iterator[Name]:
    """Yield arguments and owners of attributes that are in no reducer and have no index."""
    reducers = {"sum", "prod", "count", "min", "max", "ave", "any", "all", "size", "numof"}
    reducers |= {"argmin", "argmax", "anyof", "allof", "last"}
    match tree:
        case Call() if tree.function.name.lower() not in reducers:
            yield from (argument for argument in tree.arguments if isinstance(argument, Name))
            for argument in tree.arguments:
                yield from _unreduced(argument)
        case Attribute(value=Name() as name) if tree.name.name.lower() != "size":
            yield name
        case Call() | Index() | Slice() | Attribute() | Binding():
            return
        case _:
            for part in children(tree):
                yield from _unreduced(part)
