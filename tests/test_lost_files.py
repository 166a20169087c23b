"""A file in the middle that cannot be used: it is named with the reason, and the rest is complete."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boost_histogram as bh
import numpy as np
import pytest
import uproot
import yaml
from click.testing import CliRunner, Result

from adl.cli import main
from tests.listed_files import make

TEXT = 'region all\n  histo h, "MET", 10, 0, 100, MET_pt\n'


def truncated(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def foreign(path: Path) -> None:
    path.write_text("<html><body>404 not found</body></html>\n" * 20)


def without_a_tree(path: Path) -> None:
    with uproot.recreate(path) as file:
        file["h"] = np.histogram([1.0, 2.0])


def vanished(path: Path) -> None:
    path.unlink()


def with_two_trees(path: Path) -> None:
    make(path, 10, 9)
    with uproot.recreate(path) as file:
        for name in ("first", "second"):
            file.mktree(name, {"MET_pt": "float32"}).extend({"MET_pt": np.ones(3, np.float32)})


def damaged(path: Path) -> None:
    """Overwrite baskets in the middle, and leave what opening reads."""
    whole = bytearray(path.read_bytes())
    with uproot.open(path) as file:
        places = [int(seek) for seek in file["Events"]["MET_pt"].member("fBasketSeek") if seek]
    at = places[1]
    whole[at : at + 60] = b"\xff" * 60
    path.write_bytes(bytes(whole))


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


KINDS: dict[Callable[[Path], None], str] = {
    truncated: "the file is truncated",
    empty: "the file is empty",
    foreign: "is not a ROOT file",
    without_a_tree: "there is no tree in the file",
    vanished: "no such file or directory",
    with_two_trees: "there is more than one tree, say which to read",
    damaged: "MET_pt: entries",
    a_folder: "is a folder, not a file",
}


@pytest.mark.parametrize("spoil", KINDS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("listed", [False, True], ids=["files", "list"])
def test_a_file_in_the_middle_is_named_and_the_rest_is_complete(
    tmp_path: Path, spoil: Callable[[Path], None], threads: int, listed: bool
) -> None:
    paths = [tmp_path / f"{number}.root" for number in range(4)]
    columns = [make(path, 200, number) for number, path in enumerate(paths)]
    spoil(paths[2])
    result, found = ran(tmp_path, paths, threads, listed)
    assert result.exit_code == 2
    reason = KINDS[spoil]
    assert f"{paths[2]}: {reason}" in result.output
    assert "1 of 4 files could not be used; the results cover the other 3" in result.output
    assert found["events"] == 600
    by_path = {file["path"]: file for file in found["files"]}
    assert [by_path[str(p)]["events"] for p in paths] == [200, 200, 0, 200]
    assert reason in by_path[str(paths[2])]["error"]
    assert not any(by_path[str(paths[i])]["error"] for i in (0, 1, 3))
    good = np.concatenate([columns[i]["MET_pt"] for i in (0, 1, 3)]).astype(np.float64)
    (hist,) = (h["hist"] for h in found["histograms"])
    np.testing.assert_array_equal(bh.Histogram(hist).values(), np.histogram(good, 10, (0, 100))[0])
    if listed:
        (dataset,) = found["datasets"]
        assert (dataset["files"], dataset["read"], dataset["lost"]) == (4, 3, 1)


def ran(
    folder: Path, paths: list[Path], threads: int, listed: bool
) -> tuple[Result, dict[str, Any]]:
    """Run over files, or over a list of them that is not normalised."""
    (folder / "a.adl").write_text(TEXT)
    inputs = [str(path) for path in paths]
    if listed:
        entries = {"normalise": False, "datasets": {"d": {"files": inputs}}}
        (folder / "list.yaml").write_text(yaml.safe_dump(entries))
        inputs = [str(folder / "list.yaml")]
    result = CliRunner().invoke(
        main, ["run", str(folder / "a.adl"), *inputs, f"-j{threads}", "-o", str(folder / "out")]
    )
    return result, json.loads((folder / "out" / "results.json").read_text())


def test_what_some_files_lack_is_said_with_their_names(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.root" for number in range(6)]
    for number, path in enumerate(paths):
        make(path, 50, number, data=number > 1)
    (tmp_path / "a.adl").write_text("region all\n  select Pileup_nTrueInt > 0\n")
    arguments = ["run", str(tmp_path / "a.adl"), *map(str, paths)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert result.output.count("error[E201]") == 1
    assert f"in {paths[2]}, {paths[3]}, {paths[4]} and 1 more files" in result.output
    assert "other files of this run have what is not found" in result.output
    assert "end the line with only simulation or only data" in result.output


def test_a_file_is_looked_for_at_its_other_places(tmp_path: Path) -> None:
    (tmp_path / "copies").mkdir()
    first = make(tmp_path / "0.root", 200, 0)
    second = make(tmp_path / "copies" / "1.root", 200, 1)
    (tmp_path / "a.adl").write_text(TEXT)
    files = ["0.root", {"file": "1.root", "places": ["nowhere/1.root", "copies/1.root"]}]
    entries = {"normalise": False, "datasets": {"d": {"files": files}}}
    (tmp_path / "list.yaml").write_text(yaml.safe_dump(entries))
    arguments = ["run", str(tmp_path / "a.adl"), str(tmp_path / "list.yaml")]
    result = CliRunner().invoke(main, [*arguments, "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "out" / "results.json").read_text())
    assert [file["path"] for file in found["files"]] == [
        str(tmp_path / "0.root"),
        str(tmp_path / "1.root"),
    ]
    met = np.concatenate([c["MET_pt"] for c in (first, second)]).astype(np.float64)
    (hist,) = (h["hist"] for h in found["histograms"])
    np.testing.assert_array_equal(bh.Histogram(hist).values(), np.histogram(met, 10, (0, 100))[0])
    checked = CliRunner().invoke(main, ["datasets", "check", str(tmp_path / "list.yaml")])
    assert checked.exit_code == 0, checked.output


@pytest.mark.parametrize(
    "command",
    [
        ("inspect", "FAR"),
        ("check", "ADL", "--input", "FAR"),
        ("columns", "ADL", "--input", "FAR"),
        ("why", "ADL", "FAR", "--event", "3"),
        ("run", "ADL", "FAR"),
    ],
)
def test_every_command_that_opens_files_can_look_elsewhere(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    make(tmp_path / "0.root", 50, 0)
    (tmp_path / "a.adl").write_text(TEXT)
    words = {"FAR": "root://nowhere.invalid//store/0.root", "ADL": str(tmp_path / "a.adl")}
    arguments = [words.get(word, word) for word in command]
    rewrite = f"--rewrite=root://nowhere.invalid//store={tmp_path}"
    result = CliRunner().invoke(main, [*arguments, rewrite])
    assert result.exit_code == 0, result.output
    wrong = CliRunner().invoke(main, [*arguments, "--rewrite=somewhere"])
    assert wrong.exit_code == 2
    assert "expected FROM=TO" in wrong.output
