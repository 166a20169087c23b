"""``adl show``: the tree says what the file says, and the graphs are drawn by their programs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adl.cli import main
from adl.cli.front import schema
from adl.cli.graph import Edge, Graph, Node, graph_of
from adl.syntax.parse import parse
from adl.syntax.source import Source
from adl.syntax.tree import Bin, Object, Region, Reject, Select
from tests.commands import adl

TEXT = """
info analysis
  title "A test"
object jets
  take Jet
  select pT > 30   # GeV
    and abs(eta) < 2.4
object leptons
  take Muon mu
  take Electron
  select mu.pT > 10
define HT = sum(pT(jets))
define big = HT > 500
region presel
  select size(jets) >= 2
  weight gen genWeight
region SR-low
  presel
  select big
  reject any(leptons l, pT(l) > 20)
  histo h, "title", 20, 0, 1000, HT
  histo h2, "title", 0 20 50, 10, 0, 1, HT, MET
  bin "tight" MET > 300
  bin MET 100 200
region checked
  take SR-low
  select presel
"""

TREE = """\
a.adl: A test
├── objects
│   ├── jets from Jet
│   │   └── select pT > 30 and abs(eta) < 2.4
│   └── leptons from Muon, Electron
│       └── select mu.pT > 10
├── defines
│   ├── HT = sum(pT(jets))
│   └── big = HT > 500
└── regions
    ├── presel
    │   ├── select size(jets) >= 2
    │   └── weight gen genWeight
    ├── SR-low inherits presel
    │   ├── presel (1 cut, 1 weight)
    │   ├── select big
    │   ├── reject any(leptons l, pT(l) > 20)
    │   ├── histo h: HT in 20 bins from 0 to 1000
    │   ├── histo h2: HT, MET in 2 bins from 0 to 50 \N{MULTIPLICATION SIGN} 10 bins from 0 to 1
    │   ├── bin "tight" MET > 300
    │   └── bin MET 100 200
    └── checked inherits SR-low
        ├── SR-low (3 cuts, 1 weight)
        └── select presel
"""

BLOCKS = """\
a.adl
├── objects
│   └── Zs composite of disjoint(Muon a, Muon b)
│       └── object Z = a + b
├── regions
│   └── r
│       ├── plots (1 histogram)
│       └── select size(Zs) > 0
├── histogram lists
│   └── plots
│       └── histo h: MET in 5 bins from 0 to 1
└── more
    ├── table eff efficiency
    └── trigger mu "HLT_IsoMu24"
"""


def call(*arguments: object) -> Result:
    return adl("show", *arguments)


@pytest.fixture
def analysis(tmp_path: Path) -> Path:
    path = tmp_path / "a.adl"
    path.write_text(TEXT)
    return path


def graph(text: str) -> Graph:
    return graph_of(parse(Source("a.adl", text)), schema("nanoaod", None, None))


def edges(text: str) -> set[tuple[str, str, str]]:
    return {(edge.source.name, edge.kind, edge.target.name) for edge in graph(text).edges}


# ------------------------------------------------------------------------------------ tree


def test_the_tree_shows_what_is_written(analysis: Path) -> None:
    result = call(analysis)
    assert result.exit_code == 0
    assert result.stdout == TREE


def test_every_example_has_a_tree_with_all_its_blocks_and_cuts(examples: Path) -> None:
    for path in examples.glob("*.adl"):
        shown = call(path).stdout
        source = Source(path.name, path.read_text())
        for block in parse(source).blocks:
            if isinstance(block, Object | Region):
                assert f"─ {block.name.name}" in shown
                cuts = [s for s in block.statements if isinstance(s, Select | Reject | Bin)]
                assert all(f"─ {source.words(cut.span)}\n" in shown for cut in cuts)


def test_blocks_that_are_neither_object_nor_region_are_shown(tmp_path: Path) -> None:
    (tmp_path / "a.adl").write_text(
        'histoList plots\n  histo h, "h", 5, 0, 1, MET\n'
        "table eff\n  tabletype efficiency\n  nvars 1\n  errors false\n  0.5 0 10\n"
        "composite Zs\n  take disjoint(Muon a, Muon b)\n  object Z = a + b\n"
        'trigger mu "HLT_IsoMu24"   # one\n'
        "region r\n  plots\n  select size(Zs) > 0\n"
    )
    assert call(tmp_path / "a.adl").stdout == BLOCKS
    assert edges((tmp_path / "a.adl").read_text()) == {
        ("Muon", "takes", "Zs"),
        ("Zs", "uses", "r"),
    }


def test_an_empty_file_is_a_name(tmp_path: Path) -> None:
    (tmp_path / "a.adl").write_text("")
    assert call(tmp_path / "a.adl").stdout == "a.adl\n"


def test_a_file_with_mistakes_of_meaning_is_shown(tmp_path: Path) -> None:
    (tmp_path / "a.adl").write_text("region r\n  r\n  select nothing > 3\n")
    result = call(tmp_path / "a.adl")
    assert result.exit_code == 0
    assert "select nothing > 3" in result.stdout


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.adl").write_text("region r\n  select >\n")
    result = call(tmp_path / "a.adl")
    assert result.exit_code == 2
    assert "a.adl:2:10: error[E101]" in result.stderr
    assert call(tmp_path / "b.adl").exit_code == 2


def test_help_shows_an_example() -> None:
    assert "Example:" in call("--help").stdout


def test_no_color_is_respected_on_a_terminal(
    analysis: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "\x1b[" not in call(analysis).stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[36m" in call(analysis).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[36m" not in call(analysis).stdout


# ----------------------------------------------------------------------------------- graph


def test_the_graph_has_takes_inheritance_and_uses() -> None:
    assert edges(TEXT) == {
        ("Jet", "takes", "jets"),
        ("Muon", "takes", "leptons"),
        ("Electron", "takes", "leptons"),
        ("jets", "uses", "presel"),
        ("presel", "inherits", "SR-low"),
        ("jets", "uses", "SR-low"),  # by way of HT and big
        ("leptons", "uses", "SR-low"),
        ("SR-low", "inherits", "checked"),
        ("presel", "uses", "checked"),
    }


def test_nodes_stand_in_the_order_of_the_data() -> None:
    nodes = [node.name for node in graph(TEXT).nodes]
    assert nodes == ["Jet", "Muon", "Electron", "jets", "leptons", "presel", "SR-low", "checked"]


def test_an_alias_of_the_input_is_its_collection() -> None:
    assert edges("object a\n  take JET\n") == {("Jet", "takes", "a")}


def test_an_indexed_name_is_its_collection() -> None:
    text = "object jets\n  take Jet\nregion r\n  select pT(jets_0) > 3\n"
    assert ("jets", "uses", "r") in edges(text)


def test_circles_end() -> None:
    text = "define a = b\ndefine b = a\nobject o\n  take o\nregion r\n  r\n  select a > b\n"
    assert graph(text) == Graph((Node("o", "object"), Node("r", "region")), ())


def test_a_bound_name_is_no_collection() -> None:
    text = "object jets\n  take Jet\nregion r\n  select any(jets Muon, pT(Muon) > 3)\n"
    assert edges(text) == {("Jet", "takes", "jets"), ("jets", "uses", "r")}


def test_the_collections_of_an_input_are_its_own(analysis: Path, examples: Path) -> None:
    sample = examples / "sample" / "ttbar.root"
    analysis.write_text("object a\n  take Tau\nobject b\n  take Jet\n")
    assert '"Tau"' in call(analysis, "--graph", "mermaid").stdout
    shown = call(analysis, "--graph", "mermaid", "--input", sample).stdout
    assert '"Tau"' not in shown
    assert '"Jet"' in shown


MERMAID_NODE = re.compile(r'  (n\d+)(?:\(\[|\(|\[)"([\w-]+)"(?:\]\)|\)|\]):::(\w+)')
MERMAID_EDGE = re.compile(r"  (n\d+) (-->|==>|-\.->) (n\d+)")


def test_mermaid_has_every_node_and_edge(analysis: Path) -> None:
    first, *lines = call(analysis, "--graph", "mermaid").stdout.splitlines()
    assert first == "flowchart LR"
    rest = [x for x in lines if not x.startswith(("  %%", "  classDef"))]
    nodes = {m[1]: m[2] for x in rest if (m := MERMAID_NODE.fullmatch(x))}
    arrows = {"takes": "-->", "inherits": "==>", "uses": "-.->"}
    found = [m.groups() for x in rest if (m := MERMAID_EDGE.fullmatch(x))]
    assert len(nodes) + len(found) == len(rest)
    made = graph(TEXT)
    assert list(nodes.values()) == [node.name for node in made.nodes]
    assert {(nodes[a], arrow, nodes[b]) for a, arrow, b in found} == {
        (e.source.name, arrows[e.kind], e.target.name) for e in made.edges
    }


def test_graphviz_draws_the_graph(analysis: Path) -> None:
    dot = shutil.which("dot")
    if dot is None:
        pytest.skip("the program dot of Graphviz is not installed")
    text = call(analysis, "--graph", "dot").stdout
    drawn = subprocess.run([dot, "-Tplain"], input=text, capture_output=True, text=True, check=True)
    assert drawn.stderr == ""
    rows = [line.split() for line in drawn.stdout.splitlines()]
    labels = {row[1]: row[6].strip('"') for row in rows if row[0] == "node"}
    made = graph(TEXT)
    assert set(labels.values()) == {node.name for node in made.nodes}
    assert {(labels[row[1]], labels[row[2]]) for row in rows if row[0] == "edge"} == {
        (e.source.name, e.target.name) for e in made.edges
    }


def test_a_pair_of_nodes_has_one_edge() -> None:
    made = graph(TEXT)
    pairs = [(edge.source, edge.target) for edge in made.edges]
    assert len(pairs) == len(set(pairs))
    assert Edge(Node("Jet", "input"), Node("jets", "object"), "takes") in made.edges


# --------------------------------------------------------------------------------- variations

SYSTEMATICS = """
systematic jes
  scale pt(Jet)  up 1.1  down 0.9
  propagate MET from Jet
systematic mu
  weight muons  up 1.1  down 0.9
systematic fake
  weight muons  up 1.3  mirror
systematic pdf
  reweight LHEPdfWeight[1:4]  combine rms
systematic jms
  tree up "jmsUp" down "jmsDown"
object good
  take Jet
  select pT > 30
object tight
  take good
  select pT > 60
object loose
  take Muon
region one
  select size(tight) >= 1
region two
  weight muons 1
  select size(loose) >= 1
"""


def marked(tmp_path: Path, pattern: str, form: str) -> Result:
    path = tmp_path / "a.adl"
    path.write_text(f"info adl\n  dialect adl\n{SYSTEMATICS}")
    arguments = ["show", str(path), "--graph", form, "--variation", pattern]
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("jes", {"Jet", "good", "tight", "one"}),
        ("jesUp", {"Jet", "good", "tight", "one"}),
        ("mu", {"two"}),
        ("fakeDown", {"two"}),
        ("pdfUp", {"one", "two"}),
        ("jmsUp", {"Jet", "Muon", "good", "tight", "loose", "one", "two"}),
        ("[!j]*", {"one", "two"}),
        ("jes*", {"Jet", "good", "tight", "one"}),
    ],
)
def test_a_graph_marks_what_a_variation_touches(
    tmp_path: Path, pattern: str, names: set[str]
) -> None:
    dot = marked(tmp_path, pattern, "dot")
    assert dot.exit_code == 0, dot.output
    lines = [line for line in dot.stdout.splitlines() if 'penwidth="3"' in line]
    assert {re.findall(r'label="(\w+)"', line)[0] for line in lines} == names
    mermaid = marked(tmp_path, pattern, "mermaid").stdout
    numbers = dict(re.findall(r'(n\d+)[(\[]+"(\w+)"', mermaid))
    (classes,) = re.findall(r"class ([n\d,]+) varied", mermaid)
    assert {numbers[n] for n in classes.split(",")} == names


def test_a_process_decides_which_only_counts(tmp_path: Path) -> None:
    path = tmp_path / "a.adl"
    path.write_text(
        "systematic jes\n  scale pt(Jet)  up 1.1  down 0.9  only ttbar\n"
        "systematic mu\n  scale pt(Muon)  up 1.1  down 0.9  only wjets\n"
        "region one\n  select size(Jet) >= 1 and size(Muon) >= 1 and pT(Jet[0]) > 30\n"
    )

    def found(*options: str) -> Result:
        return CliRunner().invoke(main, ["show", str(path), "--graph", "dot", *options])

    def names(result: Result) -> set[str]:
        lines = [line for line in result.stdout.splitlines() if 'penwidth="3"' in line]
        return {re.findall(r'label="(\w+)"', line)[0] for line in lines}

    assert names(found("--variation", "*")) == {"Jet", "Muon", "one"}
    assert names(found("--variation", "*", "--process", "ttbar")) == {"Jet", "one"}
    assert names(found("--variation", "*", "--process", "wjets")) == {"Muon"}  # pt counts nowhere
    other = found("--variation", "jes", "--process", "wjets")
    assert (other.exit_code, names(other)) == (0, set())
    assert "jes is for other datasets" in other.stderr
    assert found("--variation", "tau", "--process", "wjets").exit_code == 2
    idle = found("--process", "ttbar")
    assert idle.exit_code == 2
    assert "add --variation" in idle.stderr


def test_a_factor_of_the_yield_touches_nothing_and_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "a.adl"
    path.write_text(f"{SYSTEMATICS}systematic lumi\n  rate 1.02 0.98\n")
    arguments = ["show", str(path), "--graph", "dot", "--variation", "lumi"]
    found = CliRunner().invoke(main, arguments)
    assert found.exit_code == 0, found.output
    assert "lumi is a factor of the whole yield" in found.stderr
    assert "penwidth" not in found.stdout


def test_a_pattern_that_fits_nothing_and_a_mark_without_a_graph_are_mistakes(
    tmp_path: Path,
) -> None:
    none = marked(tmp_path, "nothing", "dot")
    assert none.exit_code == 2
    assert "the systematics are: jes, mu" in none.stderr
    bare = CliRunner().invoke(main, ["show", str(tmp_path / "a.adl"), "--variation", "jes"])
    assert bare.exit_code == 2
    assert "add --graph" in bare.stderr
