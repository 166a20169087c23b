"""What the formatter makes of texts, which keep their tree and their comments."""

from __future__ import annotations

from textwrap import dedent

from adl.syntax.format import format_file
from adl.syntax.parse import parse
from adl.syntax.source import Source
from adl.syntax.tree import File


def formatted(text: str, dialect: str | None = None) -> str:
    """Format a text, and require that its tree and its comments stay, and the form, too."""
    source = Source("cuts.adl", text)
    tree = parse(source)
    result = format_file(tree, source)
    again = Source("cuts.adl", result)
    tree_again = parse(again)
    assert tree_again == tree, result
    assert format_file(tree_again, again) == result
    assert texts_of(tree_again) == texts_of(tree), result
    return format_file(tree, source, dialect) if dialect else result


def texts_of(tree: File) -> list[str]:
    return [comment.text for comment in tree.comments]


def formats(old: str, new: str) -> None:
    """Require a golden pair; both are indented as the test is."""
    assert formatted(dedent(old)) == dedent(new).lstrip("\n")


def expression(text: str) -> str:
    """What becomes of a value."""
    return formatted(f"define x = {text}").removeprefix("define x = ").rstrip()


def statement(text: str) -> str:
    """What becomes of a statement of a region."""
    return formatted(f"region r\n{text}").removeprefix("region r\n")[2:].rstrip()
