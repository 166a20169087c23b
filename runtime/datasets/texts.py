"""YAML and JSON as plain values, each with its place in the text.

Numbers are those of YAML 1.2 and JSON: ``1e5`` is one, ``on`` and ``2018_B`` are words. A tab in
JSON counts as a blank, which YAML would not allow everywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.source import Source, Span

Path = tuple[str | int, ...]

_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None, "~": None, "": None}
_DEEPEST = 30
_MOST = 2_000_000  # values: what anchors repeat counts again


@dataclass(frozen=True)
class Document:
    """A text as values; ``places`` and ``names`` say where a value and its name stand, by path."""

    source: Source
    data: Any
    places: dict[Path, Span] = field(default_factory=dict)
    names: dict[Path, Span] = field(default_factory=dict)

    def place(self, path: Path) -> Span:
        """Return where a value stands; of one that is not there, where it would be."""
        while path:
            found = self.places.get(path) or self.names.get(path)
            if found is not None:
                return found
            path = path[:-1]
        return Span(0, 1)


def mistake(source: Source, code: str, message: str, span: Span, help: str = "") -> AnalysisError:
    """Return an error about one place of a list."""
    return AnalysisError(source, [Diagnostic(code, "error", message, span, help)])


def read_yaml(source: Source) -> Document:
    """Return the values of a YAML text.

    Raises:
        AnalysisError: It is not YAML (E501), or a name stands twice in one mapping.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(source.text, Loader=loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        offset = _offset(source, mark.line, mark.column) if mark else 0
        what = error.problem or error.context or "it cannot be read"
        help = _INDENTED if what in _OF_INDENTATION else ""
        at = _at(source, offset)
        raise mistake(source, "E501", f"this is not YAML: {what}", at, help) from None
    except yaml.YAMLError as error:
        what = str(error).splitlines()[0]
        raise mistake(source, "E501", f"this is not YAML: {what}", Span(0, 1)) from None
    if root is None:
        raise mistake(source, "E501", "the list is empty", Span(0, 1), EXAMPLE)
    document = Document(source, None)
    return Document(source, _Values(document).of(root, ()), document.places, document.names)


# What YAML says of lines that begin in a column where nothing of theirs can stand.
_OF_INDENTATION = (
    "did not find expected key",
    "expected <block end>, but found '<block mapping start>'",
    "found character that cannot start any token",
    "mapping values are not allowed in this context",
)
_INDENTED = (
    "lines of one dataset begin in one column, deeper than its name, after blanks and no tabs; "
    "a text with a colon and a blank stands in quotes"
)
EXAMPLE = (
    "datasets: has a name for each dataset, and below it files: and kind:, "
    "as in datasets: {ttbar: {kind: simulation, files: ttbar/*.root}}"
)


def read_json(source: Source) -> Document:
    """Return the values of a JSON text.

    Raises:
        AnalysisError: It is not JSON (E501).
    """
    try:
        json.loads(source.text)
    except json.JSONDecodeError as error:
        message = f"this is not JSON: {error.msg[0].lower()}{error.msg[1:]}"
        raise mistake(source, "E501", message, _at(source, error.pos)) from None
    except RecursionError:
        raise mistake(source, "E501", "the values are nested too deep", Span(0, 1)) from None
    return read_yaml(Source(source.name, source.text.replace("\t", " ")))


def _at(source: Source, offset: int) -> Span:
    """Return the place of a character; at the end of a text the last one."""
    last = max(len(source.text.rstrip()) - 1, 0)
    start = min(offset, last)
    return Span(start, start + 1)


def _offset(source: Source, line: int, column: int) -> int:
    starts = source.line_starts
    return min(starts[min(line, len(starts) - 1)] + column, len(source.text))


class _Values:
    """Turns nodes into values and notes where they stand."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.source = document.source
        self.number = 0

    def of(self, node: yaml.Node, path: Path) -> Any:
        span = self.span(node)
        self.number += 1
        if len(path) > _DEEPEST or self.number > _MOST:
            raise mistake(self.source, "E501", "the values are nested too deep", span)
        self.document.places[path] = span
        match node:
            case yaml.MappingNode():
                return self.mapping(node, path)
            case yaml.SequenceNode():
                return [self.of(item, (*path, i)) for i, item in enumerate(node.value)]
        assert isinstance(node, yaml.ScalarNode)
        return _word(node)

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in node.value:
            span = self.span(key)
            if not isinstance(key, yaml.ScalarNode):
                raise mistake(self.source, "E501", "a name is expected before the colon", span)
            inner = (*path, key.value)
            if key.value in found:
                line = self.source.position(self.document.names[inner].start)[0]
                message = f"{key.value} stands here twice, first on line {line}"
                raise mistake(self.source, "E501", message, span)
            self.document.names[inner] = span
            found[key.value] = self.of(value, inner)
        return found

    def span(self, node: yaml.Node) -> Span:
        begin, end = node.start_mark, node.end_mark
        start = _offset(self.source, begin.line, begin.column)
        stop = _offset(self.source, end.line, end.column)
        return Span(start, max(stop, start + 1))


def _word(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    if node.style:  # quoted, or a block
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text
