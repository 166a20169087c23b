"""``adl migrate``: a cutlang file and what it becomes count the same, on any events."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adl.check.analysis import Analysis, AskedDialect
from adl.check.checker import check
from adl.compiler.layout import Chunk, Partial
from adl.compiler.pipeline import Compiled, build
from adl.migrate.migrate import Migrated, migrate
from adl.syntax.diagnostics import AnalysisError
from adl.syntax.parse import parse
from adl.syntax.source import Source
from tests.checking import NANOAOD
from tests.test_corpus import CORPUS, FILES, model_of, pending, schema

OBJECTS = """
object jets
  take Jet
  select pT > 20
object ele
  take Electron
object mu
  take Muon
"""


# ------------------------------------------------------------------------------- two readings


def checked(text: str, dialect: AskedDialect) -> tuple[Source, Analysis]:
    source = Source(str(CORPUS / "old.adl"), text)
    try:
        return source, check(parse(source), source, schema(model_of(text)), dialect)[0]
    except AnalysisError as error:
        pytest.fail(f"{error.render()}\n\n{text}", pytrace=False)


def migrated(text: str) -> Migrated:
    source, analysis = checked(text, "cutlang")
    return migrate(parse(source), source, analysis.schema, analysis)


def number_columns(name: str, dtype: str, size: int, random: np.random.Generator) -> Any:
    """Random values in which edges, ties and equal numbers are frequent."""
    if dtype == "bool":
        return random.random(size) < 0.6
    if np.dtype(dtype).kind in "iu":
        return random.choice([1, 1, 0, 2, 5] if np.dtype(dtype).kind == "u" else [-1, 1], size)
    values = {
        "pt": [10.0, 25.0, 30.0, 50.0, 50.0, 60.0, 100.0, 200.0],
        "eta": [-2.4, -1.0, 0.0, 0.5, 2.0],
        "phi": [-3.0, -1.0, 0.0, 1.0, 3.0],
        "mass": [0.0, 5.0, 91.0],
    }.get(name.rpartition("_")[2], [-1.0, 0.0, 0.5, 1.0, 20.0, float("nan")])
    return random.choice(values, size)


def events(*compiled: Compiled, seed: int = 1, number: int = 60) -> Chunk:
    """Random events with all that some analyses read."""
    random = np.random.default_rng(seed)
    columns = {c.name: c for one in compiled for c in one.columns}
    offsets: dict[str, npt.NDArray[np.int64]] = {}
    names = {c.collection for c in columns.values() if c.collection} | set(NANOAOD.collections)
    for name in sorted(names):
        counts = random.choice([0, 1, 2, 3, 4], number)
        offsets[name] = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    values = {}
    for name, column in sorted(columns.items()):
        size = number if column.collection is None else int(offsets[column.collection][-1])
        own = np.random.default_rng([seed, zlib.crc32(name.encode())])
        values[name] = number_columns(name, column.dtype, size, own).astype(column.dtype)
    return Chunk(number, values, offsets)


def results(compiled: Compiled, chunk: Chunk) -> list[Any]:
    """Every number of every region but those of missing values, which the dialects count apart."""
    places, found = compiled.layout.places, compiled.interpret(chunk)
    out: list[Any] = []
    for region in compiled.program.regions:
        out.append(region.name)
        fills = [step.fill for step in region.steps]
        fills += [region.bins.fill] if region.bins else []
        out += [histogram.name for histogram in region.histograms]
        fills += [fill for histogram in region.histograms for fill in histogram.fills]
        out += [numbers(places[fill], found) for fill in fills]
    return out


def network(file: str, inputs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Six numbers of any model that depend on all its inputs."""
    total = inputs @ np.arange(1.0, inputs.shape[1] + 1.0)
    return np.stack([np.cos(total + n) for n in range(6)], axis=1)


def numbers(place: Any, found: Partial) -> Any:
    cells = slice(place.cells, place.cells + place.size)
    sums = slice(place.sums, place.sums + place.size) if place.sums >= 0 else slice(0, 0)
    lists = (a.tolist() for a in (found.raw[cells], found.sumw[sums], found.sumw2[sums]))
    return (*lists, int(found.skipped[place.number]))


def differ(old: str, new: str) -> None:
    """Check that two texts count the same, one in each dialect."""
    before = build(checked(old, "cutlang")[1], evaluate=network)
    after = build(checked(new, "auto")[1], evaluate=network)
    for seed in range(3):
        chunk = events(before, after, seed=seed)
        assert results(before, chunk) == results(after, chunk), f"{old}\n\n{new}"


# -------------------------------------------------------------------------- row by row

# What stands in a region (or, indented less, in the file), what it becomes, the row of the table.
ROWS = [
    ("select sum(pT(jets[0:1])) > 100", "select sum(pT(jets[0:2])) > 100", "slice"),
    ("select size(jets[:2]) == 3", "select size(jets[:3]) == 3", "slice"),
    ("select size(jets[2:]) == 1", "select size(jets[2:]) == 1", ""),
    ("bin MET 50 100 200", "bin MET >= 200", "edge list"),
    ("bin MET 50 100 200", "bin MET [] 50 100", "edge list"),
    ("bin MET 50 100 200", "bin MET <= 50", "edge list"),
    ("bin eta(jets[0]) -1 0 2", "bin default(eta(jets[0]), 0) <= -1", "edge list"),
    ("bin MET 50 inf", "bin MET >= 50\n  bin NONE", "edge list"),
    ("select pT(jets) > 100", "select sum(pT(jets)) > 100", "collection as a number"),
    ("select pT(jets[1]) < 50", "select default(pT(jets[1]), 0) < 50", "missing element"),
    ("select pT(jets[1]) > 50", "select pT(jets[1]) > 50", ""),
    ("select |eta(jets[1])| > 1", "select abs(eta(jets[1])) > 1", ""),
    ("select not pT(jets[1]) < 50", "select not default(pT(jets[1]), 0) < 50", "missing element"),
    ("select pT(jets[1]) [] 0 50", "select default(pT(jets[1]), 0) [] 0 50", "missing element"),
    ("select pT(jets[1]) ][ 20 50", "select default(pT(jets[1]), 0) ][ 20 50", "missing element"),
    ("weight w pT(jets[1]) / 50", "weight w default(pT(jets[1]), 0) / 50", "missing element"),
    ('histo h, "h", 5, 0, 90, pT(jets[1])', "default(pT(jets[1]), 0)", "missing element"),
    ("select min(dR(jets, mu)) > 1", "select dR(add(jets), add(mu)) > 1", "pair function"),
    ("select min(dR(jets, mu[0:1])) > 1", "select min(dR(add(jets), mu[0:2])) > 1", "pair"),
    ("select min(dPhi(jets, MET)) > 1", "select dPhi(add(jets), MET) > 1", "pair function"),
    ("select min(MET, 50) > 20", "select (MET == 50 ? 0 : min(MET, 50)) > 20", "min and max"),
    ("select max(MET, 50) > 20", "select (MET == 50 ? 0 : max(MET, 50)) > 20", "min and max"),
    ("select sqrt(MET - 50)", "select sqrt(MET - 50) != 0", "NaN"),
    ("reject sqrt(MET - 50)", "reject sqrt(MET - 50) != 0", "NaN"),
    ("select not sqrt(MET - 50)", "select not sqrt(MET - 50) != 0", "NaN"),
    ("select size(jets) > 1\n  select pT(jets_1) < 50", "select pT(jets[1]) < 50", ""),
    ("select size(jets) > 1 ? dR(jets[0], jets[1]) > 1", "? dR(jets[0], jets[1]) > 1", ""),
]


@pytest.mark.parametrize(("old", "new", "row"), ROWS)
def test_a_statement_of_a_region_keeps_its_meaning(old: str, new: str, row: str) -> None:
    text = f"{OBJECTS}region r\n  select ALL\n  {old}\n"
    found = migrated(text)
    assert not found.obstacles
    assert new in found.text
    assert "dialect adl" in found.text
    assert [c.construct for c in found.changes if row not in c.construct] in (
        [],
        ["missing element"],
        ["slice"],
    )
    assert bool(row) == bool(found.changes)
    differ(text, found.text)


BLOCKS = [
    (
        "object parents\n  take GenPart\n  select daughters(GenPart) > 0\nobject far : jets\n",
        "select size(daughters(GenPart)) > 0",
    ),
    (
        "object far\n  take jets\n  select dR(this, mu) > 1\n",
        "select size(mu) > 0 and dR(this, mu) > 1",
    ),
    (
        "object far\n  take jets\n  reject dR(this, mu) < 1 or pT < 30\n",
        "reject size(mu) == 0 or dR(this, mu) < 1 or pT < 30",
    ),
    (
        "object far\n  take jets\n  reject dR(this, mu) < 1 and dR(this, ele) < 1\n",
        "reject size(mu) == 0 or size(ele) == 0",
    ),
    (
        "object far\n  take jets\n  select dR(this, mu[0:1]) > 1\n",
        "select size(mu[0:2]) > 0 and dR(this, mu[0:2]) > 1",
    ),
    (
        "object far\n  take jets\n  select pT > 50 ? dR(this, mu) > 1\n",
        "select size(mu) > 0\n  select pT > 50 ? dR(this, mu) > 1",
    ),
    ("object far\n  take jets[0:1]\n", "take jets[0:2]"),
    ("object far\n  take jets\n  select pT(mu[0]) < 50\n", "select default(pT(mu[0]), 0) < 50"),
    ("object far\n  take jets\n  select pT > 20\n", "select pT > 20"),
    ("object far : union(mu, ele)\n  select pT > 20\n", "take union(mu, ele)"),
]


@pytest.mark.parametrize(("block", "new"), BLOCKS)
def test_an_object_keeps_its_elements(block: str, new: str) -> None:
    text = f'{OBJECTS}{block}region r\n  select size(far) > 0\n  histo h, "h", 9, 0, 90, pT(far)\n'
    found = migrated(text)
    assert not found.obstacles
    assert new in found.text
    differ(text, found.text)


TABLES = [
    ("0.5 10 50\n  0.7 50 100", "50.00000000000001"),
    ("0.7 50 100\n  0.5 10 50", "50  100"),  # the upper row comes first: it has the edge
    ("0.5 10 25\n  0.7 30 50\n  0.8 60 100", "50.00000000000001"),  # holes
    ("0.5 10 50\n  0.7 50 100\n  outside nearest", "outside nearest"),
]


@pytest.mark.parametrize(("rows", "new"), TABLES)
def test_a_table_keeps_its_values_on_every_edge(rows: str, new: str) -> None:
    header = "  outside nearest\n" if "nearest" in rows else ""
    rows = rows.removesuffix("\n  outside nearest")
    text = f"table eff\n  nvars 1\n{header}  {rows}\nregion r\n  weight w eff(MET)\n  select ALL\n"
    found = migrated(text)
    assert not found.obstacles
    assert new in found.text
    differ(text, found.text)


def test_a_table_of_two_variables_keeps_its_values() -> None:
    rows = ["0.1 10 50 0 1", "0.2 50 99 0 1", "0.3 10 50 1 2.4", "0.4 50 99 1 2.4"]
    for order in ([0, 1, 2, 3], [3, 2, 1, 0], [1, 0, 3, 2]):
        lines = "\n  ".join(rows[i] for i in order)
        text = (
            f"table eff\n  nvars 2\n  {lines}\n"
            "region r\n  weight w eff(MET, abs(MET_phi))\n  select ALL\n"
        )
        found = migrated(text)
        assert not found.obstacles
        differ(text, found.text)


def test_an_inherited_region_is_written_out_where_it_hands_down_more_than_cuts() -> None:
    text = f"""{OBJECTS}histoList plots
  histo hm, "m", 9, 0, 200, MET
region plain
  select MET > 20
region base
  plain
  weight w 2
  histo h, "h", 9, 0, 200, MET
  select size(jets) > 1
  bin MET 50 100
region left
  base
  select MET > 25
region right
  plots
  base
  bin MET > 60
region both
  left
  right
"""
    found = migrated(text)
    assert not found.obstacles
    assert found.text.count("plain") == 2  # it has cuts only: its heading, and base inherits it
    assert found.text.count("base\n") == 1
    differ(text, found.text)


def test_published_numbers_go_with_their_bins() -> None:
    lines = "".join(f"  counts results {n}.0\n" for n in range(4))
    text = (
        'countsformat results\n  process bkg, "b"\n'
        f"region r\n  select ALL\n  counts results 9.0\n  bin MET 50 100 200\n{lines}"
    )
    found = migrated(text)
    assert not found.obstacles
    both = checked(text, "cutlang")[1], checked(found.text, "adl")[1]
    counts = [region.counts for analysis in both for region in analysis.regions]
    values = [[published.value for _, published in own] for own in counts]
    assert values[0] == values[1] == [9.0, 0.0, 1.0, 2.0, 3.0]
    places = [[getattr(target, "label", "") for target, _ in own] for own in counts]
    assert len(set(places[1])) == 5


# ------------------------------------------------------------------- what has no words

IMPOSSIBLE = [
    ("region r\n  select ALL\n  bin MET, -inf, 50\n", "edge of -inf", "bin MET"),
    ("object lep : union(mu, ele)\nregion r\n  select pT(lep[0]) > 20\n", "order of lep", "lep[0]"),
    ("object lep : union(mu, ele)\nregion r\n  select sum(pT(lep[0:1])) > 20\n", "order of", "lep"),
    ("object lep : union(mu, ele)\nobject soft : lep\nregion r\n  select pT(soft[0]) > 20\n",
     "order of lep", "soft[0]"),
    ("region r\n  select dR(jets[0], jets[1]) > 1\n", "four-vector of zeros", "jets[0]"),
    ("region r\n  select m(jets[0] jets[1]) > 1\n", "four-vector of zeros", "jets[1]"),
    ("object near\n  take mu\n  select dR(this, jets[0]) < 1\nregion r\n  select size(near) > 0\n",
     "four-vector of zeros", "jets[0]"),
    ("table eff\n  nvars 1\n  0.5 10 60\n  0.7 50 100\nregion r\n  select eff(MET) > 0.6\n",
     "overlap", "eff"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message", "at"), IMPOSSIBLE)
def test_what_adl_has_no_words_for_is_said(text: str, message: str, at: str) -> None:
    found = migrated(OBJECTS + text)
    assert {o.code for o in found.obstacles} == {"E260"}
    source = Source("old.adl", OBJECTS + text)
    assert any(message in o.message and at in source.words(o.span) for o in found.obstacles)
    assert all(o.help for o in found.obstacles)


def test_an_element_that_a_cut_guarantees_is_no_obstacle() -> None:
    text = f"{OBJECTS}region r\n  select size(jets) > 1\n  select dR(jets[0], jets[1]) > 1\n"
    found = migrated(text)
    assert not found.obstacles
    assert not found.changes
    differ(text, found.text)


def test_a_comparison_that_zero_passes_guarantees_no_element() -> None:
    text = f"{OBJECTS}region r\n  select pT(jets[1]) < 50\n  select dR(jets[0], jets[1]) > 1\n"
    assert len(migrated(text).obstacles) == 2


# ---------------------------------------------------------------------- whole analyses

CONDITIONS = (
    "pT(jets[{n}]) {c} {x}",
    "pT(jets) {c} {x}",
    "abs(eta(mu[{n}])) {c} {y}",
    "size(jets[0:{n}]) == {n}",
    "size(jets) > {n}",
    "sum(pT(jets[{n}:3])) {c} {x}",
    "min(dR(jets, ele)) {c} {y}",
    "max(dPhi(jets[0:{n}], MET)) {c} {y}",
    "min(MET, {x}) {c} 40",
    "max(pT(jets[0]), pT(mu[0])) {c} {x}",
    "sqrt(MET - {x})",
    "MET [] {x} 200",
    "pT(jets[{n}]) ][ {y} {x}",
    "ht {c} {x}",
    "lead {c} {x}",
    "eff(MET) {c} 0.6",
    "size(far) {c} {n}",
    "size(lep) {c} {n}",
    "any(pT(lep) > {x})",
    "size(jets) > 1 and m(jets[0] jets[1]) {c} {x}",
)
INSIDE = (
    "select {0}",
    "reject {0}",
    "select {0} or {1}",
    "select not ({0} and {1})",
    "select {0} ? {1}",
    "weight w{i} 0.5",
    "weight w{i} default(lead, 1) / 50",
    'histo h{i}, "h", 10, 0, 200, ht',
    'histo h{i}, "h", 5, 0, 100, pT(jets)',
    'histo h{i}, "h", 5, 0, 100, pT(jets[1])',
    "bin {0}",
    "bin MET 30 50 100",
    "bin ht {x} 150",
)
FAR = (
    "select dR(this, mu) {c} {y}",
    "reject dR(this, ele) < {y} and pT < {x}",
    "select pT {c} {x}",
    "select pT > {x} or dR(this, mu) {c} 1",
    "select dPhi(this, ele[0:{n}]) {c} {y}",
    "reject pT(jets[0]) > {x}",
)


@st.composite
def analyses(draw: st.DrawFn) -> str:
    """Draw the text of an analysis with whatever the dialects differ in."""
    counter = iter(range(1000))

    def filled(template: str) -> str:
        return template.format(
            c=draw(st.sampled_from(["<", ">", "<=", ">=", "==", "!="])),
            n=draw(st.integers(0, 2)),
            x=draw(st.sampled_from([20, 30, 50, 60, 100])),
            y=draw(st.sampled_from([0, 0.5, 1, 2])),
        )

    def condition() -> str:
        return filled(draw(st.sampled_from(CONDITIONS)))

    def statement() -> str:
        template = draw(st.sampled_from(INSIDE))
        x = draw(st.sampled_from([20, 50, 100]))
        return "  " + template.format(condition(), condition(), i=next(counter), x=x) + "\n"

    regions = draw(st.integers(1, 3))
    lines = [OBJECTS, "object far\n  take jets\n"]
    lines += [f"  {filled(draw(st.sampled_from(FAR)))}\n" for _ in range(draw(st.integers(1, 2)))]
    lines += ["object lep : union(mu, ele)\n", "define ht = sum(pT(jets[0:1]))\n"]
    lines += ["define lead = pT(jets[0])\n", "table eff\n  nvars 1\n"]
    lines += draw(st.permutations(["  0.5 10 50\n", "  0.7 50 100\n", "  0.6 100 150\n"]))
    for number in range(regions):
        lines.append(f"region r{number}\n")
        lines += [f"  r{parent}\n" for parent in range(number) if draw(st.booleans())]
        lines += [statement() for _ in range(draw(st.integers(1, 4)))]
    return "".join(lines)


@settings(max_examples=60, deadline=None)
@given(analyses())
def test_what_a_random_analysis_becomes_counts_the_same(text: str) -> None:
    found = migrated(text)
    assert not found.obstacles, found.obstacles
    differ(text, found.text)


CHECKED = [p for p in FILES if p.stem not in pending("check")]
CUTLANG = [p for p in CHECKED if p.stem.startswith("functional")]
MODERN = [p for p in CHECKED if p.stem.startswith("modern")]


@pytest.mark.parametrize("path", CUTLANG, ids=lambda path: path.stem)
def test_a_file_of_the_corpus_counts_the_same_or_says_why_not(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = migrated(text)
    if found.obstacles:
        assert all(o.code == "E260" and o.help for o in found.obstacles)
    else:
        differ(text, found.text)
