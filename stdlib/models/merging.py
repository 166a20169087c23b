"""One model over another: what a file says goes before what the file says that it extends."""

from __future__ import annotations

import yaml

# Lists of words, to which a file adds; other words it replaces.
_ADDED = frozenset(
    (
        *(
            "aliases",
            "probabilities",
            "candidates",
            "simulation",
            "MeV",
            "as_stored",
            "weights",
            "triggers",
        ),
        "counters",
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float32", "float64"),
    )
)


def over(below: yaml.Node, above: yaml.Node) -> yaml.Node:
    """Return nodes of two mappings as one; each keeps the place where it was written."""
    if not isinstance(below, yaml.MappingNode) or not isinstance(above, yaml.MappingNode):
        return above
    keys = {key.value: key for key, _ in (*below.value, *above.value)}
    old = {key.value: value for key, value in below.value}
    new = {key.value: value for key, value in above.value}
    merged = [(key, _one(name, old.get(name), new.get(name))) for name, key in keys.items()]
    return yaml.MappingNode(above.tag, merged, above.start_mark, above.end_mark)


def _one(name: str, below: yaml.Node | None, above: yaml.Node | None) -> yaml.Node:
    if below is None or above is None:
        found = below or above
        assert found is not None, name
        return found
    words = isinstance(below, yaml.ScalarNode) and isinstance(above, yaml.ScalarNode)
    if words and name in _ADDED:
        text = f"{below.value} {above.value}"
        return yaml.ScalarNode(above.tag, text, above.start_mark, above.end_mark)
    return over(below, above)
