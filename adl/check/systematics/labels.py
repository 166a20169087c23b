"""``correlate "jet energy scale"``: the label by which other analyses know an uncertainty."""

from __future__ import annotations

from adl.check.context import Context
from adl.stdlib.labels import known, labelled
from adl.syntax.diagnostics import did_you_mean
from adl.syntax.source import Span


def label_of(context: Context, name: str, span: Span) -> str:
    """Return the label that a name means, or that it is; empty if it is none, which is reported."""
    found = labelled(name)
    if found:
        return found
    head, _, source = name.partition(":")
    near = did_you_mean(head.strip(), known())
    free = f'correlate "other: {source.strip() or head.strip() or "SOURCE"}" has a name of its own'
    message = f'"{name}" is no label that all experiments know'
    context.findings.error("E276", message, span, f"{near} {free}" if near else free)
    return ""
