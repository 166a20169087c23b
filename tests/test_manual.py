"""The manual is true: its examples are checked, its results computed, its tables generated.

``python tests/test_manual.py`` writes the generated tables anew. How a block is marked in
``grammar/README.md``:

    ```adl                  has no mistake and no warning
    ```adl error E203       has this error, and no other
    ```adl warning W301     has these warnings, and no other
    ```adl prelude          is what the other examples use without declaring it
    <!-- values: event 0 -->, passes, bins    the table below is executed on the four events
    <!-- generated: NAME --> … <!-- end -->   is what the function of this name in TABLES gives

Examples that begin with a statement stand in a region.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import awkward as ak
import numpy as np
import pytest
import uproot
from click.testing import CliRunner

from adl.check import codes, primitives, reducers, whole_calls
from adl.check.checker import check
from adl.check.silence import silenced
from adl.cli import run as run_module
from adl.compiler.prove.facts import FACTS
from adl.runtime.datasets.entries import DatasetEntry, ListEntry
from adl.stdlib import labels
from adl.stdlib.models import load_model
from adl.stdlib.prelude import definitions
from adl.stdlib.registry import FUNCTIONS, Function
from adl.syntax import keywords, mistakes
from adl.syntax.diagnostics import AnalysisError, Diagnostic
from adl.syntax.parse import parse
from adl.syntax.source import Source
from adl.syntax.tree import File

TOP = Path(__file__).parents[1]
MANUAL = TOP / "grammar" / "README.md"
TEXT = MANUAL.read_text(encoding="utf-8")
NANOAOD = load_model("nanoaod").schema()
MODELS = (str(TOP / "tests" / "corpus"),)  # the folder of the networks in examples

GENERATED = re.compile(r"(<!-- generated: ([\w ]+) -->\n)(.*?)(<!-- end -->)", re.DOTALL)


class Example(NamedTuple):
    """A block of ADL: what it is marked with, and where it stands."""

    kind: str  # "", "error", "warning", "prelude" or "first"
    codes: tuple[str, ...]
    text: str
    line: int


def examples() -> list[Example]:
    found = []
    for match in re.finditer(r"^```adl *([^\n]*)\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE):
        kind, *wanted = match[1].split() or [""]
        line = TEXT[: match.start()].count("\n") + 1
        found.append(Example(kind, tuple(wanted), match[2], line))
    return found


EXAMPLES = examples()
(PRELUDE,) = (example.text for example in EXAMPLES if example.kind == "prelude")


def whole(text: str) -> str:
    """Return an example as a file: in a region if need be, and with the prelude that it uses."""
    words = [line.split()[0] for line in text.splitlines() if line and not line.startswith("#")]
    if words[0] not in keywords.BLOCKS:
        text = "region example\n" + "".join(f"  {line}\n" for line in text.splitlines())
    own = set(re.findall(r"^(?:object|define|region) ([\w-]+)", text, re.MULTILINE))
    # From the last declaration to the first: each uses those above it.
    for block in reversed(PRELUDE.strip().split("\n\n")):
        name = block.split()[1]
        if name not in own and re.search(rf"\b{name}(\b|_[0-9])", text):
            text = f"{block}\n\n{text}"
    return text


def findings(text: str) -> tuple[Diagnostic, ...]:
    source = Source(str(TOP / "examples" / "manual.adl"), text)
    try:
        return silenced(check(parse(source), source, NANOAOD, model_path=MODELS)[1], source)
    except AnalysisError as error:
        return error.diagnostics


# ------------------------------------------------------------------------------ tables


def rows(text: str) -> list[list[str]]:
    """Return the cells of a table, without its heading."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines[2:]]
    return [[cell.strip().replace("\\|", "|") for cell in row] for row in cells]


def table(heading: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *body]
    escaped = ([cell.replace("|", "\\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in escaped)


def marked(mark: str) -> list[tuple[str, list[list[str]]]]:
    """Return what follows the colon of a mark, and the rows of the table below it."""
    pattern = rf"<!-- {mark}:? ?(.*?) -->\n((?:\|.*\n)+)"
    return [(match[1], rows(match[2])) for match in re.finditer(pattern, TEXT)]


def quoted(words: Iterable[str]) -> str:
    return " ".join(f"`{word}`" for word in words)


def dataset_table() -> str:
    fields = [
        *DatasetEntry.model_fields.items(),
        *(
            (name, field)
            for name, field in ListEntry.model_fields.items()
            if name not in DatasetEntry.model_fields
        ),
    ]
    body = (
        [
            f"`{name}`",
            " and ".join(
                where
                for part, where in ((DatasetEntry, "dataset"), (ListEntry, "list"))
                if name in part.model_fields
            ),
            field.description or "",
        ]
        for name, field in fields
        if name != "own"
    )
    return table(("field", "of a", "meaning"), body)


def keyword_table() -> str:
    names = {"REGION": "region", "TAKE": "take", "SELECT": "select"}
    spellings: dict[str, list[str]] = {}
    for word, token in {**keywords.BLOCKS, **keywords.STATEMENTS}.items():
        spellings.setdefault(names.get(token, token.lower()), []).append(word)
    body = ([f"`{k}`", quoted(w for w in words if w != k)] for k, words in spellings.items())
    return table(("keyword", "also"), body)


def function_table() -> str:
    body = [
        [f"`{f.name}`", quoted(f.aliases), ", ".join(f.arguments), summary(f)]
        for f in FUNCTIONS.values()
    ]
    return table(("name", "also", "of", "what it is"), body)


def prelude_table() -> str:
    body = [
        [f"`{d.heading}`", " ".join(d.doc.split(". ")[0].split()).removesuffix(".")]
        for d in definitions()
        if d.doc
    ]
    return table(("call", "what it is"), body)


def summary(function: Function) -> str:
    """Return the first line of a function's docstring, without its stop."""
    line = str(function.body.__doc__).splitlines()[0].replace("``", "`")
    line = line.removeprefix("Return ").removesuffix(".")
    return line if line[1] == " " else line[0].upper() + line[1:]  # "x to the power y"


def collection_tables() -> str:
    collections = [
        [f"`{c.name}`", quoted(c.aliases), "yes" if c.ordered == "pt" else ""]
        for c in NANOAOD.collections.values()
    ]
    singletons = [[f"`{s.name}`", quoted(s.aliases)] for s in NANOAOD.singletons.values()]
    return "\n".join(
        (
            table(("collection", "also", "descending pT"), collections),
            table(("once an event", "also"), singletons),
            table(("attribute", "also"), aliases(NANOAOD.attribute_aliases)),
            table(("column of the event", "also"), aliases(NANOAOD.scalar_aliases)),
        )
    )


def aliases(names: Mapping[str, str]) -> list[list[str]]:
    found: dict[str, list[str]] = {}
    for alias, name in names.items():
        found.setdefault(name, []).append(alias)
    return [[f"`{name}`", quoted(words)] for name, words in found.items()]


def results_table() -> str:
    path = TOP / "runtime" / "outputs" / "results.schema.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    return table(("field", "meaning"), fields(schema, schema["$defs"], ""))


def fields(
    schema: Mapping[str, Any], shared: Mapping[str, Any], above: str
) -> list[tuple[str, str]]:
    """Return the fields of an object and of the objects in its lists, each with its meaning."""
    found = []
    for name, content in schema["properties"].items():
        reference = content.get("$ref", "").removeprefix("#/$defs/")
        entry = {**(shared[reference] if reference else {}), **content}
        found.append((f"`{above}{name}`", entry["description"]))
        if entry.get("type") == "array" and "properties" in entry["items"]:
            found += fields(entry["items"], shared, f"{above}{name}[].")
    return found


def code_table() -> str:
    return table(("code", "meaning"), sorted({**mistakes.CODES, **codes.CODES}.items()))


def label_table() -> str:
    lines = ((t.name, t.means, quoted(t.names)) for t in labels.terms())
    return table(("label", "meaning", "names that mean it"), lines)


def fact_table() -> str:
    """The background facts of proofs, with their justifications."""
    rows = (f"| {name} | {reason} |" for name, reason in FACTS.items())
    return "\n".join(["| fact | why it holds in every event |", "|---|---|", *rows, ""])


TABLES = {
    "labels": label_table,
    "keywords": keyword_table,
    "functions": function_table,
    "prelude": prelude_table,
    "collections": collection_tables,
    "results": results_table,
    "codes": code_table,
    "dataset fields": dataset_table,
    "facts": fact_table,
}


def regenerated(text: str) -> str:
    """Return the manual with its generated parts as they have to be."""
    return GENERATED.sub(lambda m: f"{m[1]}{TABLES[m[2]]()}{m[4]}", text)


# -------------------------------------------------------------------------- execution


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the four events of the manual."""
    ((_, body),) = marked("events")
    path = tmp_path_factory.mktemp("manual") / "events.root"
    (path.parent / "corrections").symlink_to(TOP / "examples" / "corrections")
    columns: dict[str, Any] = {"event": np.array([int(row[0]) for row in body], np.uint64)}
    for place, name in enumerate(("Jet", "Muon", "Electron"), 1):
        pt = ak.Array([[float(x) for x in row[place].split()] for row in body])
        zero = 0 * pt
        parts = {"pt": pt, "eta": zero, "phi": zero, "mass": zero, "charge": zero + 1}
        columns[name] = ak.values_astype(ak.zip(parts), np.float32)
    columns["MET_pt"] = np.array([float(row[4]) for row in body], np.float32)
    columns["MET_phi"] = np.zeros(len(body), np.float32)
    columns["Jet"]["btagDeepFlavB"] = columns["Jet"].eta
    # As NanoAOD rounds an isolation of 0.15: what the manual says about float32.
    columns["iso"] = np.full(len(body), 0.15, np.float32)
    columns["genWeight"] = np.ones(len(body), np.float32)
    types = {n: c.type if isinstance(c, ak.Array) else c.dtype for n, c in columns.items()}
    with uproot.recreate(path) as file:
        file.mktree("Events", types).extend(columns)
    return path


class Region(NamedTuple):
    """What came of a region with one statement: its cutflow, and the events that passed."""

    cutflow: dict[str, Any]
    passed: list[bool]


def executed(statements: Sequence[str], events: Path, declared: str = "") -> list[Region]:
    """Run each statement in a region of its own."""
    text = f"info adl\n  dialect adl\n{PRELUDE}\n{declared}"
    for number, statement in enumerate(statements):
        text += f'\nregion r{number}\n  {statement}\n  histo h, "event", 4, 0, 4, event\n'
    file = events.parent / "statements.adl"
    file.write_text(text, encoding="utf-8")
    out = events.parent / "results"
    output = CliRunner().invoke(run_module.command, [str(file), str(events), "-o", str(out), "-q"])
    assert output.exit_code == 0, output.output
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    passed = {h["region"]: h["hist"]["storage"]["values"][1:-1] for h in results["histograms"]}
    flows = {c["region"]: c for c in results["cutflows"]}
    regions = [f"r{number}" for number in range(len(statements))]
    return [Region(flows[r], [n == 1 for n in passed[r]]) for r in regions]


def equals(expression: str, value: str) -> str:
    match value:
        case "true":
            return f"select {expression}"
        case "false":
            return f"reject {expression}"
        case "inf":
            return f"select {expression} == 1/0"
        case "-inf":
            return f"select {expression} == -1/0"
        case _:
            return f"select ({expression}) == {value}"


# ------------------------------------------------------------------------------- tests


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"line {example.line}")
def test_an_example_means_what_its_mark_says(example: Example) -> None:
    found = findings(whole(example.text) if example.kind != "prelude" else example.text)
    said = {d.code for d in found if d.severity in ("error", "warning")}
    if example.kind == "error":
        said = {d.code for d in found if d.severity == "error"}
    assert said == set(example.codes), "\n".join(f"{d.code} {d.message}" for d in found)


def test_every_block_of_the_manual_has_a_known_language() -> None:
    languages = re.findall(r"^```(\w*)", TEXT, re.MULTILINE)[::2]
    assert set(languages) == {"adl", "sh", "text", "yaml"}  # yaml: tests/test_dataset_lists.py
    assert {e.kind for e in EXAMPLES} == {"", "first", "prelude", "error", "warning"}


def test_generated_tables_are_what_the_code_gives() -> None:
    assert {name for _, name, _, _ in GENERATED.findall(TEXT)} == set(TABLES)
    assert regenerated(TEXT) == TEXT, "run: python tests/test_manual.py"


def test_values_in_the_manual_are_computed(events: Path) -> None:
    cases = [(mark, *row) for mark, body in marked("values") for row in body]
    statements = [equals(expression.strip("`"), value) for _, expression, value in cases]
    for (mark, *case), region in zip(cases, executed(statements, events), strict=True):
        assert region.passed[int(mark.removeprefix("event "))], case
    assert len(cases) > 20


def test_statements_with_missing_values_pass_the_events_that_the_manual_says(events: Path) -> None:
    ((_, body),) = marked("passes")
    regions = executed([row[0].strip("`") for row in body], events)
    for (statement, *cells), region in zip(body, regions, strict=True):
        missing = region.cutflow["steps"][1]["missing"]
        words = ["yes" if passed else "\N{EN DASH}" for passed in region.passed]
        assert [*words, str(missing)] == cells, statement


def test_variations_pass_the_events_that_the_manual_says(events: Path, tmp_path: Path) -> None:
    ((_, body),) = marked("variations")
    (example,) = (e.text for e in EXAMPLES if "up 1.2  down 0.8" in e.text)
    file = tmp_path / "varied.adl"
    file.write_text(whole(example), encoding="utf-8")
    arguments = [str(file), str(events), "-o", str(tmp_path), "-q"]
    output = CliRunner().invoke(run_module.command, arguments)
    assert output.exit_code == 0, output.output
    results = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    flows = [c for c in results["cutflows"] if c["region"] == "hard"]
    found = [[c["variation"], *(str(s["raw"]) for s in c["steps"][1:])] for c in flows]
    assert found == body


def test_bins_between_edges_are_labelled_and_filled_as_the_manual_says(events: Path) -> None:
    ((statement, body),) = marked("bins")
    (region,) = executed([statement], events)
    expected = [[b["label"], str(b["raw"])] for b in region.cutflow["bins"]]
    assert [[label.strip("`"), events] for label, events in body] == expected


def test_a_float32_of_0_15_is_above_0_15(events: Path) -> None:
    assert "`iso <= 0.15` is false, too" in TEXT
    below, at_most = executed(["select iso < 0.15", "select iso <= 0.15"], events)
    assert not any(below.passed)
    assert not any(at_most.passed)


def test_the_first_analysis_prints_the_cutflow_of_the_manual(tmp_path: Path) -> None:
    (first,) = (example.text for example in EXAMPLES if example.kind == "first")
    shown = re.search(r"```text\n(hard · ttbar.*?)```", TEXT, re.DOTALL)
    assert shown is not None
    file = tmp_path / "hard.adl"
    file.write_text(first, encoding="utf-8")
    sample = TOP / "examples" / "sample" / "ttbar.root"
    output = CliRunner().invoke(run_module.command, [str(file), str(sample)])
    assert words(output.stdout) == words(shown[1])


def words(text: str) -> list[list[str]]:
    """Return the words of the lines that have letters or digits."""
    return [line.split() for line in text.splitlines() if re.search(r"\w", line)]


BINARY = ("or", "and", "<", "+", "*", "^")


def test_operators_bind_in_the_order_of_the_table() -> None:
    ((_, body),) = marked("operators")
    levels = [[op for op in BINARY if f"`{op}`" in row[0]][:1] for row in body]
    order = [op for level in levels for op in level]
    assert order == list(BINARY)
    for place, loose in enumerate(order):
        for tight in order[place + 1 :]:
            assert tree(f"a {loose} b {tight} c") == tree(f"a {loose} (b {tight} c)")
            assert tree(f"a {tight} b {loose} c") == tree(f"(a {tight} b) {loose} c")
    for op in ("or", "and", "+", "*"):
        assert tree(f"a {op} b {op} c") == tree(f"(a {op} b) {op} c")
    assert tree("a ^ b ^ c") == tree("a ^ (b ^ c)")
    assert tree("a ? b : c ? d : e") == tree("a ? b : (c ? d : e)")


def tree(expression: str) -> File:
    return parse(Source("manual.adl", f"define x = {expression}\n"))


def test_both_kinds_of_overlap_removal_keep_a_jet_where_there_is_no_lepton(events: Path) -> None:
    (removal,) = (e.text for e in EXAMPLES if "object cleaned_too" in e.text)
    (region,) = executed(["select size(cleaned) == 1 and size(cleaned_too) == 1"], events, removal)
    # In event 2 there is no lepton; in the others every lepton is near every jet.
    assert region.passed == [False, False, True, False]


def test_what_is_inherited_twice_counts_once(events: Path) -> None:
    once, twice = executed(["presel", "presel\n  take presel"], events)
    assert [step["label"] for step in once.cutflow["steps"]] == ["all events", "size(jets) >= 2"]
    assert twice.cutflow["steps"] == once.cutflow["steps"]
    assert twice.cutflow["weights"] == once.cutflow["weights"]


def test_a_weight_that_is_nan_counts_the_event_and_no_weight(events: Path) -> None:
    (region,) = executed(["weight sqrt(60 - MET)\n  select ALL"], events)
    last = region.cutflow["steps"][-1]
    assert last["raw"] == 4
    assert last["sumw2"] == pytest.approx(50 + 10)


def test_the_message_in_the_manual_is_what_the_checker_says() -> None:
    (first,) = (example.text for example in EXAMPLES if example.kind == "first")
    shown = re.search(r"```text\n(hard\.adl:.*?)```", TEXT, re.DOTALL)
    assert shown is not None
    lines = [*first.splitlines()[:7], "  select pT(jets) > 40"]
    source = Source("hard.adl", "\n".join(lines))
    with pytest.raises(AnalysisError) as caught:
        check(parse(source), source, NANOAOD, model_path=MODELS)
    assert caught.value.render() == shown[1].rstrip()


def test_every_function_that_is_no_row_of_the_library_is_named() -> None:
    for name in (*primitives.PRIMITIVES, *reducers.REDUCERS, *whole_calls.SIZES, "default"):
        assert re.search(rf"`{name}\b", TEXT), name


def test_every_file_of_a_link_exists_and_every_anchor_is_a_heading() -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", TEXT):
        if "://" not in target:
            name, _, anchor = target.partition("#")
            file = MANUAL.parent / name if name else MANUAL
            assert file.exists(), target
            assert not anchor or anchor in anchors(file.read_text(encoding="utf-8")), target


def anchors(text: str) -> set[str]:
    """Return what a link may name within a text: its headings, as GitHub spells them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}


def test_every_example_that_is_named_exists() -> None:
    folders = (TOP / "adl" / "cli", TOP / "grammar", TOP)
    texts = [p for f in folders for p in (*f.glob("*.py"), *f.glob("*.md"))]
    named = {
        (path.name, name)
        for path in texts
        for name in re.findall(r"\bexamples/[\w./-]+\.\w+", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 20
    assert [(path, name) for path, name in named if not (TOP / name).exists()] == []


if __name__ == "__main__":
    MANUAL.write_text(regenerated(TEXT), encoding="utf-8")
    sys.stdout.write(f"wrote {MANUAL}\n")
