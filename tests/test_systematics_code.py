"""The kernel of many variations of one shape is as long as that of two: they run in one loop."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from adl.check.checker import check
from adl.compiler.pipeline import build
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.variations import schema

REGION = """
object jets
  take Jet
  select pt > 30
region r
  weight pu w
  weight sf prod(jets j, sf(pt(j)))
  select size(jets) >= 2
  select MET > 20
  histo ht, "HT", 25, 50, 550, sum(pt(jets))
  histo met, "MET", 25, 0, 250, MET
"""
BLOCK = 'correction sf "sf.json" sf\n  nominal "central"\n'


def family(line: str) -> Callable[[int], str]:
    """Return a block with one systematic for each of so many words."""

    def text(number: int) -> str:
        words = " ".join(f"v{i}" for i in range(number))
        return f"{BLOCK}systematic j_{{s}}\n  for s {words}\n  {line}\n"

    return text


def categories(number: int) -> str:
    return BLOCK + "".join(f'  vary c{i} up "v{i}Up" down "v{i}Down"\n' for i in range(number))


def blocks(number: int) -> str:
    line = "  scale pt(Jet) up 1.0{0} down 0.9{0}\n  keep MET\n"
    return BLOCK + "".join(f"systematic k{i}\n" + line.format(i + 1) for i in range(number))


KINDS = {
    "factors": family(
        "scale pt(Jet) up 1+unc_{s} down 1-unc_{s}\n  propagate MET from Jet pt > 15"
    ),
    "values": family("set pt(Jet) up pt_{s}Up down pt_{s}Down\n  keep MET"),
    "suffixes": family('suffix "_pt" up "_pt_{s}Up" down "_pt_{s}Down"'),
    "columns": lambda number: f"{BLOCK}systematic auto v*\n",
    "weights": family("weight pu up w_{s}Up down w_{s}Down"),
    "reweights": family("reweight up w_{s}Up down w_{s}Down"),
    "mirrored weights": family("weight pu up w_{s}Up mirror"),
    "replicas": lambda number: f"{BLOCK}systematic pdf\n  reweight LHEPdfWeight[0:{number}]\n",
    "categories": categories,
    "blocks": blocks,
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_code_of_many_variations_is_as_long_as_of_two(kind: str, tmp_path: Path) -> None:
    keys = ["central", *(f"v{i}{d}" for i in range(12) for d in ("Up", "Down"))]
    content = [{"key": key, "value": 1 + i / 100} for i, key in enumerate(keys)]
    inputs = [{"name": "sys", "type": "string"}, {"name": "pt", "type": "real"}]
    correction = {"name": "sf", "version": 1, "inputs": inputs}
    correction["output"] = {"name": "weight", "type": "real"}
    correction["data"] = {"nodetype": "category", "input": "sys", "content": content}
    document = {"schema_version": 2, "corrections": [correction]}
    (tmp_path / "sf.json").write_text(json.dumps(document), encoding="utf-8")

    def code(number: int) -> int:
        names = [
            f"{n}_v{i}{d}" for n in ("Jet_pt", "w") for i in range(number) for d in ("Up", "Down")
        ]
        names += [f"Jet_unc_v{i}" for i in range(number)]
        source = Source(str(tmp_path / "a.adl"), KINDS[kind](number) + REGION)
        columns = schema(w="float32", **dict.fromkeys(names, "float32"))
        program = build(check(parse(source), source, columns, "adl")[0])
        assert sum(len(v.members) for v in program.program.variations) >= number
        return len(program.module.text.splitlines())

    assert code(2) == code(12)
