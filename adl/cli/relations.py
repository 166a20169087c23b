"""How regions relate, as text, as a matrix and as JSON."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from adl import __version__
from adl.check.texts import TEXT_OF, text_of
from adl.cli import wording
from adl.cli.wording import METHODS, WORDS

if TYPE_CHECKING:
    from adl.compiler.layout import Chunk
    from adl.compiler.prove.findings import Finding
    from adl.compiler.prove.regions import Region
    from adl.compiler.prove.verdicts import Relation, Verdict

Pair = tuple[int, int]
Verdicts = Mapping[Pair, "Verdict"]

MOST_LINES = 60  # pairs that are listed by name; a matrix shows more
MOST_OBJECTS = 8  # lines of an event between bins
MOST_NAMES = 5  # variations of a pair that are listed by name

LETTERS: dict[Relation, str] = {
    "disjoint": ".",
    "equal": "=",
    "subset": "<",
    "superset": ">",
    "overlapping": "O",
    "unknown": "?",
}


def print_relations(
    regions: Sequence[Region],
    verdicts: Verdicts,
    findings: Sequence[Finding],
    variations: Mapping[Pair, Sequence[str]],
    seconds: float,
    matrix: bool,
) -> None:
    """Print a summary, then a matrix or a line for each pair that is not disjoint."""
    click.echo(_summary(regions, verdicts, seconds))
    if matrix:
        click.echo("\n" + "\n".join(_matrix(regions, verdicts)))
    else:
        _print_pairs(regions, verdicts)
    if variations:
        always = sum(not unproven for unproven in variations.values())
        number = wording.pairs(len(variations)).replace("pair", "disjoint pair")
        verb = "is" if always == 1 else "are"
        click.echo(f"\n{always} of {number} {verb} so under every variation")
    for (i, j), unproven in variations.items():
        if unproven:
            click.echo(f"  {regions[i]}, {regions[j]}: not proven under {_some(unproven)}")
    if findings:
        click.echo()
    for finding in findings:
        click.echo(f"{finding.kind}: {finding.region}: {finding.text}")
        if finding.witness is not None:
            event = described(finding.witness.chunk)
            more = [f"… {len(event) - MOST_OBJECTS} more lines: --format json has all of it"]
            for line in event if len(event) <= MOST_OBJECTS else event[:MOST_OBJECTS] + more:
                click.echo(f"    {line}")


def _some(names: Sequence[str]) -> str:
    """Return the first names of many, and how many more there are."""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return ", ".join(names[:MOST_NAMES]) + more


def _summary(regions: Sequence[Region], verdicts: Verdicts, seconds: float) -> str:
    decided = sum(verdict.decided for verdict in verdicts.values())
    share = f" ({100 * decided / len(verdicts):.0f} %)" if verdicts else ""
    numbers = f"{wording.regions(len(regions))}, {wording.pairs(len(verdicts))}"
    told = f"{numbers}: {decided} decided{share} in {seconds:.1f} s"
    return f"{told}\n{wording.tally(verdicts.values())}" if verdicts else told


def _print_pairs(regions: Sequence[Region], verdicts: Verdicts) -> None:
    shown = [(p, v) for p, v in verdicts.items() if v.relation != "disjoint"]
    if shown:
        click.echo()
    for (i, j), verdict in shown[:MOST_LINES]:
        click.echo(f"{regions[i]} {WORDS[verdict.relation]} {regions[j]}")
        if verdict.term:
            click.echo(f"    {verdict.term}")
    if len(shown) > MOST_LINES:
        click.echo(
            f"... and {len(shown) - MOST_LINES} more: --matrix shows all, --format json, too"
        )


def _matrix(regions: Sequence[Region], verdicts: Verdicts) -> list[str]:
    """Return a row of letters for each region, and what the letters mean."""
    width = max((len(str(region)) for region in regions), default=0)
    digits = len(str(len(regions)))
    lines = []
    for place in range(digits):
        numbers = (str(n + 1).rjust(digits)[place] for n in range(len(regions)))
        lines.append(" " * (width + digits + 2) + "".join(numbers))
    for i, region in enumerate(regions):
        row = "".join(
            "\\" if i == j else LETTERS[_between(verdicts, i, j).relation]
            for j in range(len(regions))
        )
        lines.append(f"{region!s:<{width}} {i + 1:>{digits}} {row}")
    meaning = ", ".join(f"{letter} {WORDS[relation]}" for relation, letter in LETTERS.items())
    return [*lines, "", f"{meaning} (the row to the column)"]


def _between(verdicts: Verdicts, i: int, j: int) -> Verdict:
    return verdicts[i, j] if i < j else verdicts[j, i].mirrored


def explain(
    regions: Sequence[Region], verdicts: Verdicts, variations: Mapping[Pair, Sequence[str]]
) -> list[str]:
    """Return how the two regions of a study relate, and all that shows it."""
    from adl.compiler.prove.facts import FACTS

    verdict = verdicts[0, 1]
    lines = [f"{regions[0]} {WORDS[verdict.relation]} {regions[1]}: {verdict.reason}"]
    if verdict.method in ("intervals", "z3"):
        lines.append(
            f"proven {METHODS[verdict.method]}" + (", with these facts:" if verdict.facts else "")
        )
        lines += [f"  {fact}: {FACTS[fact]}" for fact in verdict.facts if fact in FACTS]
    for unproven in variations.values():
        names = ", ".join(unproven)
        told = f"not proven to be disjoint under {names}" if names else "so under every variation"
        lines.append(told)
    if verdict.term:
        lines.append(f"what blocks a decision: {verdict.term}")
    if verdict.witness is not None:
        lines.append(f"an event that passes both ({verdict.witness.origin}):")
        lines += [f"  {line}" for line in described(verdict.witness.chunk)]
    return lines


def described(chunk: Chunk) -> list[str]:
    """Return one event as a list of objects with their numbers."""
    of: dict[str, list[str]] = {name: [] for name in chunk.offsets}
    scalars = []
    for column in sorted(chunk.columns):
        owner = max((c for c in of if column.startswith(f"{c}_")), key=len, default="")
        # A column of the event can begin like a collection: the lengths tell.
        if owner and len(chunk.columns[column]) == chunk.offsets[owner][-1]:
            of[owner].append(column)
        else:
            scalars.append(column)
    lines = [f"{c.removeprefix(TEXT_OF)} = {_told(c, chunk.columns[c][0])}" for c in scalars]
    for owner, columns in of.items():
        length = int(chunk.offsets[owner][-1])
        lines.append(f"{length} {owner}")
        for place in range(length):
            each = (
                f"{c.removeprefix(f'{owner}_')} {_number(chunk.columns[c][place])}" for c in columns
            )
            lines.append(f"  {owner}[{place}]: {', '.join(each)}")
    return lines


def _told(column: str, value: Any) -> str:
    """Return what a column of the event is; a number that stands for a text as that text."""
    return f'"{_text(value)}"' if column.startswith(TEXT_OF) else _number(value)


def _text(number: Any) -> str:
    return text_of(int(number)) or "another one"


def _number(value: Any) -> str:
    return f"{float(value):.9g}" if value.dtype.kind == "f" else str(value.item())


# ---------------------------------------------------------------------------------- JSON


def document(
    regions: Sequence[Region],
    verdicts: Verdicts,
    findings: Sequence[Finding],
    variations: Mapping[Pair, Sequence[str]],
    seconds: Mapping[Pair, float],
) -> dict[str, Any]:
    """Return all of it as plain data: see ``overlap.schema.json``."""
    return {
        "version": 1,
        "adlc": __version__,
        "regions": [
            {
                "name": r.name,
                "bin": r.label,
                "file": r.file,
                "cuts": [label for label, _ in r.steps],
            }
            for r in regions
        ],
        "counts": dict(Counter(v.relation for v in verdicts.values())),
        "pairs": [
            {
                "a": i,
                "b": j,
                "relation": v.relation,
                "reason": v.reason,
                "method": v.method,
                "facts": list(v.facts),
                "term": v.term,
                "empty": v.empty,
                "seconds": round(seconds[i, j], 6),
                "witness": None if v.witness is None else event(v.witness.chunk),
                "unproven_variations": (list(variations[i, j]) if (i, j) in variations else None),
            }
            for (i, j), v in verdicts.items()
        ],
        "findings": [
            {
                "kind": f.kind,
                "region": f.region,
                "text": f.text,
                "witness": None if f.witness is None else event(f.witness.chunk),
            }
            for f in findings
        ],
    }


def event(chunk: Chunk) -> dict[str, Any]:
    """Return one event as plain data: numbers by column, and lengths of collections."""
    return {
        "lengths": {name: int(o[-1]) for name, o in sorted(chunk.offsets.items())},
        "columns": {
            name.removeprefix(TEXT_OF): (
                list(map(_text, v)) if name.startswith(TEXT_OF) else _plain(v.tolist())
            )
            for name, v in sorted(chunk.columns.items())
        },
    }


def _plain(values: list[Any]) -> list[Any]:
    """Return numbers as JSON has them: NaN and infinities are words."""
    return [repr(v) if isinstance(v, float) and not math.isfinite(v) else v for v in values]
