"""N405: an object, define, table or list that no region needs."""

from __future__ import annotations

from adl.check.analysis import RegionDef
from adl.check.lints.subject import Subject
from adl.syntax.tree import Composite, Define, HistoList, Object, Table

KINDS = {
    Object: "object",
    Composite: "composite",
    Define: "define",
    Table: "table",
    HistoList: "list of histograms",
}


def unused(subject: Subject) -> None:
    """Note the declared names that no region uses, directly or through other names.

    A file without regions declares things for others.
    """
    context = subject.context
    if not subject.regions:
        return
    needed = {region.name for region in subject.regions} | {""}
    todo = list(needed)
    while todo:
        new = context.uses.get(todo.pop(), set()) - needed
        needed |= new
        todo += new
    users: dict[str, list[str]] = {}
    for user, names in context.uses.items():
        for name in names:
            users.setdefault(name, []).append(user)
    for definition in subject.definitions:
        name = definition.name
        if isinstance(definition, RegionDef) or name in needed:
            continue
        block = context.blocks[name]
        kind = KINDS.get(type(block), "name")
        others = [user for user in context.blocks if user in users.get(name, []) and user != name]
        only = f"only {others[0]} uses it, which nothing uses" if others else ""
        message = f"nothing uses the {kind} {name}"
        context.findings.note("N405", message, block.name.span, only)
