"""The ``vary`` lines of correction blocks: one systematic for all that have one name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from adl.check.constants import interpolated
from adl.check.context import Context
from adl.check.correction_blocks import Varied, is_written
from adl.check.systematics.labels import label_of
from adl.check.variations import SystematicDef, Variation
from adl.syntax.source import Span

_DIRECTIONS: tuple[Literal["up", "down"], ...] = ("up", "down")


def of_corrections(context: Context, names: Mapping[str, Span]) -> Iterator[SystematicDef]:
    """Yield the systematics of the correction blocks; ``names`` are those of systematic blocks.

    Of blocks that only other datasets call there are none.
    """
    lines: dict[str, dict[str, Varied]] = {}
    idle: set[str] = set()
    for declared in context.corrections.values():
        for varied in declared.varied if declared is not None else ():
            own = lines.setdefault(varied.systematic, {})
            assert declared is not None
            same = own.get(declared.name)
            first = names.get(varied.systematic) or (None if same is None else same.span)
            if first is not None:
                what = "vary" if same is not None else "systematic"
                where = f"as the {what} on line {context.line(first)}"
                message = f"{varied.systematic} is declared twice, first {where}"
                context.findings.error("E207", message, varied.span, "give one another name")
                continue
            elsewhere = bool(context.excluded) and is_written(context, declared)
            if not declared.called and elsewhere:
                idle.add(declared.name)
            elif not declared.called:
                message = (
                    f"nothing calls {declared.name}: {varied.systematic} changes nothing of it"
                )
                context.findings.warning("W341", message, varied.span)
            elif not declared.follows and not elsewhere:
                message = f"every call of {declared.name} has a category of its own: "
                message += f"{varied.systematic} changes nothing of it"
                help = f"{declared.name}(…) without a text has the nominal category, and varies"
                context.findings.warning("W341", message, varied.span, help)
            own[declared.name] = varied
    for name, own in lines.items():
        blocks = {block: varied for block, varied in own.items() if block not in idle}
        if not blocks:
            continue
        variations = tuple(
            Variation(f"{name}{d.capitalize()}", d, categories=_categories(context, blocks, d))
            for d in _DIRECTIONS
        )
        span = next(iter(blocks.values())).span
        label = _label(context, name, blocks.values())
        yield SystematicDef(name, "correction", variations, span, label)


def _label(context: Context, name: str, lines: Iterable[Varied]) -> str:
    """Return the label of a systematic, which some of its lines give."""
    found = ""
    for text in (varied.correlate for varied in lines):
        if text is None:
            continue
        own = label_of(context, interpolated(context, text.value, text.span), text.span)
        if found and own and own != found:
            message = f"{name} is {found} in another block"
            help = "one systematic has one label, and one line that gives it is enough"
            context.findings.error("E268", message, text.span, help)
        found = found or own
    return found


def _categories(
    context: Context, blocks: dict[str, Varied], direction: Literal["up", "down"]
) -> dict[str, str]:
    texts = {name: v.up if direction == "up" else v.down for name, v in blocks.items()}
    return {n: interpolated(context, t.value, t.span) for n, t in texts.items()}
