"""``--friend``: columns of other trees or files of the same events, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from adl.cli.common import UserError, show_note, show_warning
from adl.cli.options import F

if TYPE_CHECKING:
    from adl.runtime.friends import Friend


def friend_options(command: F) -> F:
    """Add ``--friend``, ``--friend-by`` and ``--friend-prefix``."""
    options = (
        click.option(
            "--friend",
            "friends",
            metavar="FILE[:TREE]",
            multiple=True,
            help="More columns of the same events, in another file (or glob), or with :TREE in "
            "another tree of each file. Repeatable.",
        ),
        click.option(
            "--friend-by",
            type=click.Choice(["event", "entry"]),
            default="event",
            show_default=True,
            help="Join friends by run, luminosity block and event number, or by the place.",
        ),
        click.option(
            "--friend-prefix",
            metavar="TEXT",
            default="",
            help="Begin the names of friends' columns (of objects, those of attributes) with this.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def taken_out(about: dict[str, Any]) -> tuple[Friend, ...]:
    """Take the options out of a command's, and return the friends that they ask for."""
    texts, by, prefix = (about.pop(n) for n in ("friends", "friend_by", "friend_prefix"))
    if not texts:
        if prefix or by != "event":
            raise UserError("--friend-by and --friend-prefix are about a --friend FILE")
        return ()
    from adl.runtime.friends import Friend, file_and_tree
    from adl.runtime.inputs import InputError
    from adl.runtime.inputs.paths import expand

    friends = []
    for text in texts:
        file, tree = file_and_tree(text)
        try:
            files = tuple(expand([file])) if file else ()
        except InputError as error:
            raise UserError(f"--friend {error}") from None
        friends.append(Friend(files, tree, by, prefix))
    if len({friend.name for friend in friends}) < len(friends):
        raise UserError("a --friend is given twice")
    return tuple(friends)


def once(told: Callable[[str], None]) -> Callable[[str], None]:
    """Return what tells each text the first time only."""
    said: set[str] = set()

    def tell_new(text: str) -> None:
        if text not in said:
            said.add(text)
            told(text)

    return tell_new


def tell(found: Sequence[Mapping[str, Any]], dataset: str = "") -> None:
    """Say how many events each friend has; a warning where it has none."""
    of = f"{dataset}: " if dataset else ""
    for friend in found:
        number, matched = friend["events"], friend["matched"]
        share = f" ({100 * matched / number:.4g} %)" if number else ""
        text = f"{of}the friend {friend['name']} has {matched:,} of {number:,} events{share}"
        if friend["missing"]:
            text += f"; not {', '.join(friend['missing'])}"
            text += " …" if number - matched > len(friend["missing"]) else ""
        (show_note if matched or not number else show_warning)(text)
