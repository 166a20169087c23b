"""The commands as a user meets them: what they print, their exit codes, and how they refuse."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import awkward as ak
import jsonschema
import numpy as np
import pytest
import uproot

import adl
from adl.compiler.targets import host
from adl.runtime.outputs import __file__ as outputs
from tests.commands import adl as call
from tests.commands import adlc

ZPEAK = """
object mu
  take Muon
  select pT > 20
region z
  select size(mu) == 2
  histo h, "m", 10, 60, 120, m(mu[0] + mu[1])
"""


@pytest.fixture
def analysis(tmp_path: Path) -> Path:
    path = tmp_path / "z.adl"
    path.write_text(ZPEAK)
    return path


@pytest.fixture
def sample(examples: Path) -> Path:
    return examples / "sample" / "zmumu.root"


def write_muons(path: Path, pt: list[list[float]]) -> Path:
    """Write a small file with muons of these momenta."""
    lists = ak.Array([np.array(p, dtype=np.float32) for p in pt])
    zero = ak.zeros_like(lists)
    columns = {"pt": lists, "eta": zero, "phi": zero, "mass": zero}
    types = {"Muon": ak.zip(columns).type.content}
    with uproot.recreate(path) as file:
        tree = file.mktree(
            "Events",
            types,
            counter_name=lambda name: f"n{name}",
            field_name=lambda outer, inner: f"{outer}_{inner}",
        )
        tree.extend({"Muon": ak.zip(columns)})
    return path


def test_a_run_prints_each_region_and_writes_both_files(
    analysis: Path, sample: Path, tmp_path: Path
) -> None:
    result = call("run", analysis, sample, "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert "z · zmumu" in result.output
    assert "size(mu) == 2" in result.output
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["results.json", "results.root"]


def test_the_json_follows_its_schema(analysis: Path, sample: Path, tmp_path: Path) -> None:
    assert call("run", analysis, sample, "-q", "-o", tmp_path).exit_code == 0
    schema = json.loads((Path(outputs).parent / "results.schema.json").read_text())
    document = json.loads((tmp_path / "results.json").read_text())
    jsonschema.validate(document, schema, cls=jsonschema.Draft202012Validator)
    assert document["adlc"] == adl.__version__
    assert document["cutflows"][0]["process"] == "zmumu"
    assert document["cutflows"][0]["variation"] == "nominal"
    assert [s["label"] for s in document["cutflows"][0]["steps"]] == ["all events", "size(mu) == 2"]


def test_quiet_prints_nothing(analysis: Path, sample: Path) -> None:
    assert call("run", analysis, sample, "-q").stdout == ""


@pytest.mark.parametrize("command", ["run", "check"])
def test_help_shows_an_example(command: str) -> None:
    result = call(command, "--help")
    assert result.exit_code == 0
    assert "Example:" in result.output


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("tree", "Object(span="),
        ("ir", "column(Muon_pt float32"),
        ("kernel", "for i0 in Muon:"),
        ("llvm", "define void @kernel("),
        ("asm", "kernel:"),
    ],
)
def test_every_stage_can_be_shown(analysis: Path, stage: str, expected: str) -> None:
    result = adlc("compile", analysis, "--emit", stage)
    assert result.exit_code == 0
    assert expected in result.output


def test_object_code_goes_to_a_file(analysis: Path, tmp_path: Path) -> None:
    object_file = tmp_path / "z.o"
    arguments = ["compile", analysis, "--emit", "object", "-o", object_file]
    assert adlc(*arguments).exit_code == 0
    assert object_file.read_bytes()[:4] == b"\x7fELF"
    assert adlc(*arguments[:-2]).exit_code == 2  # not to a terminal


def test_another_threshold_is_the_same_kernel(
    analysis: Path, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call("run", analysis, sample, "-q")
    monkeypatch.setattr(host, "optimise", lambda text: pytest.fail("compiled again"))
    analysis.write_text(ZPEAK.replace("pT > 20", "pT > 25").replace("10, 60, 120", "30, 50, 130"))
    assert call("run", analysis, sample, "-q").exit_code == 0


def test_a_truncated_cached_object_is_compiled_again(
    analysis: Path, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADL_CACHE_DIR", str(tmp_path / "cache"))
    first = call("run", analysis, sample)
    for path in (tmp_path / "cache").rglob("*.o"):
        path.write_bytes(path.read_bytes()[:1000])
    again = call("run", analysis, sample)
    assert again.exit_code == 0
    assert again.output == first.output


# ------------------------------------------------------------------------------ bad input


def test_a_missing_analysis_is_named(sample: Path) -> None:
    result = call("run", "nothing.adl", sample)
    assert result.exit_code == 2
    assert "nothing.adl: No such file" in result.stderr


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("check", "zz.adl"), "did you mean {}/z.adl?"),
        (("run", "z.adl", "zmumu.rot"), "did you mean {}/zmumu.root?"),
        (("run", "z.adl", "dataset.yaml"), "did you mean {}/datasets.yaml?"),
        (("inspect", "muon.json"), "did you mean {}/muons.json?"),
        (("inspect", "none/zmumu.root"), "there is no folder {}/none"),
    ],
)
def test_a_misspelt_file_is_answered_with_what_is_there(
    words: tuple[str, ...], meant: str, tmp_path: Path
) -> None:
    for name in ("zmumu.root", "datasets.yaml", "muons.json"):
        (tmp_path / name).touch()
    (tmp_path / "z.adl").write_text(ZPEAK)
    result = call(words[0], *(tmp_path / word for word in words[1:]))
    assert result.exit_code == 2
    assert f"help: {meant.format(tmp_path)}\n" in result.stderr


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("check", "list.yaml"), "adl datasets check"),
        (("run", "list.yaml", "z.adl"), "adl datasets check"),
        (("inspect", "z.adl"), "adl check"),
        (("inspect", "list.yaml"), "adl datasets show"),
        (("datasets", "show", "zmumu.root"), "adl inspect"),
        (("datasets", "show", "z.adl"), "adl check"),
    ],
)
def test_a_file_of_another_kind_is_answered_with_the_command_for_it(
    words: tuple[str, ...], meant: str, tmp_path: Path, sample: Path
) -> None:
    (tmp_path / "list.yaml").write_text("datasets: {a: {files: zmumu.root}}\n")
    (tmp_path / "z.adl").write_text(ZPEAK)
    shutil.copy(sample, tmp_path / "zmumu.root")
    paths = [tmp_path / word if "." in word else word for word in words]
    result = call(*paths)
    assert result.exit_code == 2
    assert "help: " in result.stderr
    assert meant in result.stderr


def test_a_misspelt_command_and_a_misspelt_model_are_answered(analysis: Path) -> None:
    assert "No such command 'chek'. Did you mean 'check'?" in call("chek", analysis).stderr
    assert "did you mean nanoaod?" in call("check", analysis, "--model", "nanoad").stderr


def test_an_analysis_that_is_not_text_is_located(tmp_path: Path, sample: Path) -> None:
    path = tmp_path / "latin.adl"
    path.write_bytes(b"# first\n# \xe9\n")
    result = call("run", path, sample)
    assert result.exit_code == 2
    assert "latin.adl:2: byte 0xe9 is not UTF-8" in result.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such file"), (b"hello", "not a ROOT file"), (b"", "empty")],
    ids=["missing", "text", "empty"],
)
def test_an_input_that_is_no_root_file_is_named(
    analysis: Path, tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "data.root"
    if content is not None:
        path.write_bytes(content)
    result = call("run", analysis, path)
    assert result.exit_code == 2
    assert "data.root" in result.stderr
    assert message in result.stderr


def test_a_truncated_file_is_named_and_the_others_are_kept(
    analysis: Path, sample: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.root"
    broken.write_bytes(sample.read_bytes()[:300_000])
    result = call("run", analysis, sample, broken, "-o", tmp_path / "out")
    assert result.exit_code == 2
    assert "broken.root: the file is truncated" in result.stderr
    assert "1 of 2 files could not be used" in result.stderr
    document = json.loads((tmp_path / "out" / "results.json").read_text())
    assert document["events"] == 8000
    assert [f["events"] for f in document["files"]] == [8000, 0]


def test_no_table_is_printed_where_every_file_breaks_while_it_is_read(
    analysis: Path, sample: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.root"
    content = bytearray(sample.read_bytes())
    with uproot.open(sample) as file:
        start = int(file["Events/Muon_pt"].member("fBasketSeek")[0])
    content[start + 70 : start + 4000] = bytes(3930)
    broken.write_bytes(content)
    result = call("run", analysis, broken)
    assert result.exit_code == 2
    assert ": entries 0 to 1000 cannot be read: " in result.stderr
    assert "  help: copy the file again; if it stays so it is damaged" in result.stderr
    assert result.stdout == ""


def test_a_process_is_called_after_the_first_file_that_could_be_used(
    analysis: Path, sample: Path, tmp_path: Path
) -> None:
    results = []
    files = tmp_path / "none.root", sample, shutil.copy(sample, tmp_path / "again.root")
    for more in ([], ["--process", "dy"]):
        result = call("run", analysis, *files, "-o", tmp_path / "out", *more)
        assert result.exit_code == 2
        results.append((result, json.loads((tmp_path / "out" / "results.json").read_text())))
    (plain, document), (named, told) = results
    assert "z · zmumu" in plain.stdout
    assert "2 files are one process, zmumu after the first" in plain.stderr
    assert {c["process"] for c in document["cutflows"]} == {"zmumu"}
    assert "z · dy" in named.stdout
    assert "2 files are one process, dy\n" in named.stderr
    assert {(c["process"], c["dataset"]) for c in told["cutflows"]} == {("dy", "zmumu")}


def test_an_unknown_tree_is_answered_with_those_that_exist(analysis: Path, sample: Path) -> None:
    result = call("run", analysis, sample, "--tree", "nominal")
    assert result.exit_code == 2
    assert "there is no tree nominal" in result.stderr
    assert "Events" in result.stderr


def test_a_tree_without_an_event_is_said(analysis: Path, sample: Path, tmp_path: Path) -> None:
    empty = write_muons(tmp_path / "full.root", [[30.0, 40.0]])
    with uproot.open(empty) as file:
        assert file["Events"].num_entries == 1
    with uproot.recreate(tmp_path / "empty.root") as file:
        file.mktree("Events", {"Muon_pt": "var * float32", "MET_pt": "float32"})
    text = "region r\n  select MET > 3\n"
    analysis.write_text(text)
    result = call("run", analysis, tmp_path / "empty.root")
    assert result.exit_code == 2
    assert "empty.root: the tree has no event" in result.stderr
    both = call("run", analysis, sample, tmp_path / "empty.root")
    assert both.exit_code == 0
    assert "empty.root: the tree has no event" in both.stderr


def test_a_branch_that_the_file_lacks_is_named_with_near_names(
    analysis: Path, sample: Path
) -> None:
    analysis.write_text(
        "object j\n  take Jet\n  select btagDeepFlavQ > 1\nregion r\n  select ALL\n"
    )
    result = call("run", analysis, sample)
    assert result.exit_code == 2
    assert "z.adl:3:10: error[E201]" in result.stderr or "error[E202]" in result.stderr
    assert "btagDeepFlavB" in result.stderr


def test_all_mistakes_come_in_one_run_with_their_lines(analysis: Path, sample: Path) -> None:
    analysis.write_text(
        "object a\n  take b\n  select pT > 20\n"
        "object b\n  take a\n"
        "region r\n  select siez(Muon) > 1\n  select pT(Muon[0]) > 3\n  select MTE > 2\n"
    )
    result = call("check", analysis, "--input", sample)
    assert result.exit_code == 2
    assert "a -> b -> a" in result.stderr.replace("→", "->")
    assert ":7:10: error" in result.stderr
    assert "size" in result.stderr
    assert ":9:10: error" in result.stderr
    assert "did you mean" in result.stderr


@pytest.mark.parametrize("more", ["", "  select MEET > 3\n"])
def test_a_run_prints_no_note_but_that_about_the_dialect(
    more: str, tmp_path: Path, sample: Path
) -> None:
    path = tmp_path / "a.adl"
    path.write_text("region r\n  select size(Muon) > 1 && pT(Muon[0]) > 20\n" + more)
    assert "note[N403]" in call("check", path).stderr
    result = call("run", path, sample)
    assert "note[" not in result.stderr
    assert ("error[E201]" in result.stderr) == bool(more)


def test_an_index_without_a_size_cut_is_a_warning(analysis: Path, sample: Path) -> None:
    analysis.write_text("region r\n  select pT(Muon[1]) > 20\n")
    result = call("run", analysis, sample)
    assert result.exit_code == 0
    assert "warning[W301]" in result.stderr


def test_nan_in_a_column_is_said_and_counted(analysis: Path, tmp_path: Path) -> None:
    nan = float("nan")
    path = write_muons(tmp_path / "nan.root", [[30.0, 40.0], [nan, 50.0], [35.0, nan]])
    analysis.write_text(
        'region r\n  histo h, "", 2, 0, 100, pT(Muon)\n  select any(pT(Muon) > 0)\n'
    )
    result = call("run", analysis, path, "-o", tmp_path)
    assert result.exit_code == 0
    assert "Muon_pt holds NaN 2 times" in result.stderr
    assert "r/h: 2 fills were skipped" in result.stderr
    document = json.loads((tmp_path / "results.json").read_text())
    assert document["histograms"][0]["skipped"] == 2
    assert document["cutflows"][0]["steps"][1]["raw"] == 3


def test_a_directory_that_cannot_be_written_is_refused_before_the_work(
    analysis: Path, sample: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr("adl.runtime.execute.local.execute", lambda *a, **k: pytest.fail("ran"))
    result = call("run", analysis, sample, "-o", tmp_path / "file" / "out")
    assert result.exit_code == 2
    assert "cannot write" in result.stderr


@pytest.mark.parametrize(
    ("folder", "message"),
    [("", "the folder for results is empty"), ("taken", "taken is a file: results need a folder")],
)
def test_a_folder_that_is_none_is_refused(
    analysis: Path, sample: Path, tmp_path: Path, folder: str, message: str
) -> None:
    (tmp_path / "taken").write_text("")
    result = call("run", analysis, sample, "-o", str(tmp_path / folder) if folder else "")
    assert result.exit_code == 2
    assert message in result.stderr


def test_an_analysis_without_a_region_is_nothing_to_run(analysis: Path, sample: Path) -> None:
    analysis.write_text("# only a comment\n")
    result = call("run", analysis, sample)
    assert result.exit_code == 2
    assert "there is no region" in result.stderr


def test_the_analysis_and_its_input_in_the_wrong_order_are_noticed(
    analysis: Path, sample: Path
) -> None:
    result = call("run", sample, analysis)
    assert result.exit_code == 2
    assert "is a ROOT file: the analysis comes first" in result.stderr


def shell(line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell with ``adl`` as $ADL."""
    return subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "ADL": f"{sys.executable} -m adl", **environment},
    )


@pytest.mark.parametrize("reader", ["| head -1", "> /dev/full"])
def test_results_are_kept_when_nobody_reads_the_tables(
    analysis: Path, sample: Path, tmp_path: Path, reader: str
) -> None:
    out = tmp_path / "out"
    run = shell(f"$ADL run {analysis} {sample} -o {out} {reader}")
    assert "Traceback" not in run.stderr
    assert sorted(p.name for p in out.iterdir()) == ["results.json", "results.root"]


def test_a_locale_of_plain_ascii_loses_characters_and_nothing_else(
    analysis: Path, sample: Path
) -> None:
    run = shell(f"$ADL run {analysis} {sample}", PYTHONIOENCODING="ascii")
    assert run.returncode == 0
    assert "size(mu) == 2" in run.stdout


def test_no_colours_without_a_terminal(analysis: Path) -> None:
    analysis.write_text("region r\n  select MTE > 2\n")
    assert "\x1b[" not in call("check", analysis).stderr


def test_the_version_takes_less_than_a_few_tenths_of_a_second() -> None:
    times = []
    for _ in range(3):
        start = time.perf_counter()
        command = [sys.executable, "-m", "adl", "--version"]
        out = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
        times.append(time.perf_counter() - start)
        assert out.stdout == f"adl, version {adl.__version__}\n"
    # Ten times what it takes: this notices a heavy import, not a busy machine.
    assert min(times) < 1.0
