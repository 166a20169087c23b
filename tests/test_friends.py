"""Friends: columns of other files or trees, joined by event or by entry, compared with awkward."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import awkward as ak
import boost_histogram as bh
import jsonschema
import numpy as np
import numpy.typing as npt
import pytest
import uproot
import yaml
from click.testing import CliRunner, Result

from adl.cli import main
from tests.commands import adl

TOP = Path(__file__).parents[1]
SCHEMA = json.loads((TOP / "runtime" / "outputs" / "results.schema.json").read_text())
KEYS = {"run": np.uint32, "luminosityBlock": np.uint32, "event": np.uint64}
EVENTS = 500

ANALYSIS = """
define tagged = count(Jet.score > 0.5)

region signal
  select quality > 0.2
  select Jet[0].score > 0.1
  weight w default(quality, 1)
  histo hq, "quality", 12, 0, 1.2, quality
  histo hs, "score", 10, 0, 1, Jet.score
  histo hn, "tagged", 5, 0, 5, tagged
  histo hf, "fat", 4, 0, 4, size(Fat)
"""


def numbers(events: int, run: int = 1) -> dict[str, npt.NDArray[Any]]:
    """Return the columns that tell events apart; numbers repeat in other blocks and runs."""
    at = np.arange(events)
    return {
        "run": np.full(events, run, np.uint32) + (at >= events // 2),
        "luminosityBlock": (1 + at // 50).astype(np.uint32),
        "event": (at % 50 + 10_000_000_000).astype(np.uint64),
    }


def write(path: Path, tree: str, columns: dict[str, Any], step: int = 70) -> None:
    """Write columns in baskets of ``step`` entries, lists with one counter for each collection."""
    lists = {n.partition("_")[0]: n for n, v in columns.items() if isinstance(v, ak.Array)}
    owned = {n for n in columns if n.partition("_")[0] in lists}
    types: dict[str, Any] = {n: v.dtype for n, v in columns.items() if n not in owned}
    for owner in lists:
        members = {n for n in owned if n.startswith(f"{owner}_")}
        array = ak.zip({n.removeprefix(f"{owner}_"): columns[n] for n in sorted(members)})
        columns = {**{n: v for n, v in columns.items() if n not in members}, owner: array}
        types[owner] = ak.type(array).content
    events = len(next(iter(columns.values())))
    with uproot.recreate(path) as file:
        out = file.mktree(tree, types)
        for start in range(0, events, step):
            out.extend({n: v[start : start + step] for n, v in columns.items()})


def main_file(path: Path, seed: int = 1, run: int = 1) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 5, EVENTS)
    pt = rng.exponential(50, lengths.sum()).astype(np.float32)
    columns = {**numbers(EVENTS, run), "Jet_pt": ak.unflatten(pt, lengths)}
    for name in ("eta", "phi", "mass"):
        columns[f"Jet_{name}"] = ak.unflatten(pt / 100, lengths)
    columns["MET_pt"] = rng.exponential(40, EVENTS).astype(np.float32)
    write(path, "Events", columns)
    return columns


def friend_of(columns: dict[str, Any], seed: int = 2) -> dict[str, Any]:
    """Return columns of a friend for each event of a file: of the event, of jets, and its own."""
    rng = np.random.default_rng(seed)
    lengths = ak.num(columns["Jet_pt"])
    fat = rng.integers(0, 3, EVENTS)
    return {
        **{name: columns[name] for name in KEYS},
        "quality": rng.random(EVENTS).astype(np.float32),
        "Jet_score": ak.unflatten(rng.random(ak.sum(lengths)).astype(np.float32), lengths),
        "Fat_pt": ak.unflatten(rng.random(fat.sum()).astype(np.float32), fat),
    }


def taken(columns: dict[str, Any], entries: npt.NDArray[np.int64]) -> dict[str, Any]:
    return {name: values[entries] for name, values in columns.items()}


def run(folder: Path, *arguments: str, text: str = ANALYSIS) -> Result:
    (folder / "a.adl").write_text(text)
    shutil.rmtree(folder / "out", ignore_errors=True)
    inputs = [a if a.startswith(("-", ":")) or a.isalpha() else str(folder / a) for a in arguments]
    return CliRunner().invoke(
        main, ["run", str(folder / "a.adl"), *inputs, "-o", str(folder / "out")]
    )


def results(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "out" / "results.json").read_text())
    jsonschema.validate(found, SCHEMA)
    return found


def cells(found: dict[str, Any], name: str) -> npt.NDArray[np.float64]:
    (hist,) = (h["hist"] for h in found["histograms"] if h["name"] == name)
    return np.asarray(bh.Histogram(hist).values(flow=True))


def expected(
    columns: dict[str, Any], friend: dict[str, Any], there: npt.NDArray[np.bool_]
) -> dict[str, npt.NDArray[np.float64]]:
    """Return the histograms: what a friend lacks is in none, and its events fail the cuts."""
    quality = friend["quality"].astype(np.float64)
    score = ak.values_astype(friend["Jet_score"], np.float64)
    leading = ak.fill_none(ak.firsts(score), -1.0).to_numpy()
    passing = there & (quality > 0.2) & (leading > 0.1)
    weights = quality[passing]
    of_jets = ak.flatten(ak.broadcast_arrays(weights, score[passing])[0])

    def filled(values: Any, weights: Any, number: int, upper: float) -> Any:
        axis = bh.axis.Regular(number, 0, upper)
        hist = bh.Histogram(axis, storage=bh.storage.Weight())
        return hist.fill(np.asarray(values, float), weight=np.asarray(weights)).values(flow=True)

    return {
        "hq": filled(weights, weights, 12, 1.2),
        "hs": filled(ak.flatten(score[passing]), of_jets, 10, 1),
        "hn": filled(ak.sum(score > 0.5, axis=1)[passing], weights, 5, 5),
        "hf": filled(ak.num(friend["Fat_pt"])[passing], weights, 4, 4),
    }


@pytest.mark.parametrize("order", ["as stored", "shuffled", "in two files"])
def test_a_friend_joined_by_event_equals_awkward(tmp_path: Path, order: str) -> None:
    columns = main_file(tmp_path / "main.root")
    friend = friend_of(columns)
    there = np.random.default_rng(3).random(EVENTS) < 0.8
    entries = np.flatnonzero(there)
    if order == "shuffled":
        entries = np.random.default_rng(4).permutation(entries)
    pieces = np.array_split(entries, 2 if order == "in two files" else 1)
    for number, piece in enumerate(pieces):
        write(tmp_path / f"friend{number}.root", "Friends", taken(friend, piece), step=33)
    outputs = []
    for threads in ("1", "3"):
        for target in ("host", "reference"):
            done = run(
                tmp_path, "main.root", "--friend", "friend*.root", f"-j{threads}",
                f"--target={target}",
            )  # fmt: skip
            assert done.exit_code == 0, done.output
            outputs.append((tmp_path / "out" / "results.json").read_text())
    assert len(set(outputs)) == 1  # any number of threads, compiled or interpreted
    found = results(tmp_path)
    for name, values in expected(columns, friend, there).items():
        np.testing.assert_allclose(cells(found, name), values, rtol=1e-12, err_msg=name)
    (match,) = found["friends"]
    assert (match["events"], match["matched"]) == (EVENTS, there.sum())
    lost = np.flatnonzero(~there)[:3]
    names = [":".join(str(columns[k][i]) for k in KEYS) for i in lost]
    assert match["missing"] == names
    assert f"has {there.sum()} of {EVENTS} events" in done.output
    assert names[0] in done.output


def test_a_friend_joined_by_entry_equals_awkward(tmp_path: Path) -> None:
    columns = main_file(tmp_path / "main.root")
    friend = friend_of(columns)
    for name in KEYS:
        del friend[name]
    write(tmp_path / "friend.root", "Friends", friend, step=41)
    done = run(tmp_path, "main.root", "--friend", "friend.root:Friends", "--friend-by", "entry")
    assert done.exit_code == 0, done.output
    found = results(tmp_path)
    for name, values in expected(columns, friend, np.ones(EVENTS, bool)).items():
        np.testing.assert_allclose(cells(found, name), values, rtol=1e-12, err_msg=name)
    assert found["friends"][0]["matched"] == EVENTS


COUNT = 'region all\n  histo hs, "s", 10, 0, 1, Jet.score\n  histo hq, "q", 10, 0, 1, quality\n'


def test_missing_is_never_stale(tmp_path: Path) -> None:
    columns = main_file(tmp_path / "main.root")
    friend = taken(friend_of(columns), np.array([7]))
    write(tmp_path / "friend.root", "Friends", friend)
    text = (
        "region a\n  select quality >= 0 or quality < 0\n"
        "region b\n  select size(Fat) >= 0\n"
        "region c\n  select not (quality > 2)\n"
        "region d\n  select default(quality, 5) == 5\n"
        "region e\n  select size(Jet) > 0\n  select default(Jet[0].score, 5) == 5\n"
    )
    done = run(tmp_path, "main.root", "--friend", "friend.root", text=text)
    assert done.exit_code == 0, done.output
    last = {c["region"]: c["steps"][-1] for c in results(tmp_path)["cutflows"]}
    some = int((ak.num(columns["Jet_pt"]) > 0).to_numpy().sum())
    seen = int(ak.num(columns["Jet_pt"])[7] > 0)
    wanted = {"a": 1, "b": 1, "c": EVENTS, "d": EVENTS - 1, "e": some - seen}
    assert {region: step["raw"] for region, step in last.items()} == wanted
    assert last["a"]["missing"] == last["b"]["missing"] == EVENTS - 1


def test_a_weight_of_a_friend_needs_a_value_where_it_is_missing(tmp_path: Path) -> None:
    write(tmp_path / "friend.root", "Friends", friend_of(main_file(tmp_path / "main.root")))
    text = "region a\n  select MET > 0\n  weight w quality\n"
    done = run(tmp_path, "main.root", "--friend", "friend.root", text=text)
    assert done.exit_code == 2
    assert "error[E218]" in done.output
    assert "quality may be missing" in done.output
    text = "region a\n  select quality > 0.5\n  weight w quality\n"
    assert run(tmp_path, "main.root", "--friend", "friend.root", text=text).exit_code == 0


def test_another_number_of_jets_is_named_with_its_event(tmp_path: Path) -> None:
    columns = main_file(tmp_path / "main.root")
    friend = friend_of(columns)
    lengths = ak.num(columns["Jet_pt"]).to_numpy().copy()
    lengths[321] += 1
    friend["Jet_score"] = ak.unflatten(np.zeros(lengths.sum(), np.float32), lengths)
    write(tmp_path / "friend.root", "Friends", friend)
    done = run(tmp_path, "main.root", "--friend", "friend.root", text=COUNT)
    assert done.exit_code == 2
    wanted = f"has {lengths[321]} elements where Jet has {lengths[321] - 1}, first in entry 321"
    assert wanted in done.output
    assert "main.root" in done.output


def test_an_event_that_a_friend_has_twice_is_named(tmp_path: Path) -> None:
    columns = main_file(tmp_path / "main.root")
    friend = taken(friend_of(columns), np.array([0, 1, 2, 1, 4]))
    write(tmp_path / "friend.root", "Friends", friend)
    done = run(tmp_path, "main.root", "--friend", "friend.root", text=COUNT)
    assert done.exit_code == 2
    assert "has 1 events more than once: 1:1:10000000001" in done.output


def test_by_entry_both_have_the_same_entries(tmp_path: Path) -> None:
    columns = main_file(tmp_path / "main.root")
    write(tmp_path / "friend.root", "Friends", taken(friend_of(columns), np.arange(EVENTS - 1)))
    done = run(tmp_path, "main.root", "--friend", "friend.root", "--friend-by", "entry", text=COUNT)
    assert done.exit_code == 2
    assert re.search(r"main.root: has 500 entries, and its friend .*friend.root 499", done.output)


def test_by_entry_each_file_has_its_friend(tmp_path: Path) -> None:
    quality = []
    for number in range(3):
        columns = main_file(tmp_path / f"main{number}.root", number, 10 * number + 1)
        friend = friend_of(columns, number + 20)
        write(tmp_path / f"friend{number}.root", "Friends", friend)
        quality.append(friend["quality"])
    files = ("main0.root", "main1.root", "main2.root")
    done = run(tmp_path, *files, "--friend", "friend*.root", "--friend-by", "entry", text=COUNT)
    assert done.exit_code == 0, done.output
    wanted, _ = np.histogram(np.concatenate(quality).astype(float), 10, (0, 1))
    np.testing.assert_array_equal(cells(results(tmp_path), "hq")[1:-1], wanted)
    done = run(tmp_path, *files[:2], "--friend", "friend*.root", "--friend-by", "entry", text=COUNT)
    assert done.exit_code == 2
    assert "there are 2 files, and of the friend" in done.output


def test_another_tree_of_each_file(tmp_path: Path) -> None:
    columns = main_file(tmp_path / "main.root")
    friend = friend_of(columns)
    with uproot.update(tmp_path / "main.root") as file:
        names = (*KEYS, "quality")
        tree = file.mktree("Scores", {name: friend[name].dtype for name in names})
        order = np.random.default_rng(5).permutation(EVENTS)
        tree.extend({name: friend[name][order] for name in names})
    text = 'region all\n  histo hq, "q", 10, 0, 1, quality\n'
    done = run(tmp_path, "main.root", "--tree=Events", "--friend", ":Scores", text=text)
    assert done.exit_code == 0, done.output
    wanted, _ = np.histogram(friend["quality"].astype(float), 10, (0, 1))
    np.testing.assert_array_equal(cells(results(tmp_path), "hq")[1:-1], wanted)


def test_a_prefix_stands_before_columns_and_attributes(tmp_path: Path) -> None:
    columns = main_file(tmp_path / "main.root")
    friend = {name: columns[name] for name in (*KEYS, "Jet_pt", "MET_pt")}
    friend["Jet_pt"], friend["MET_pt"] = 2 * friend["Jet_pt"], 2 * friend["MET_pt"]
    write(tmp_path / "friend.root", "Events", friend)
    text = (
        "region all\n"
        '  histo one, "", 10, 0, 10, Jet.new_pt / Jet.pt\n  histo two, "", 10, 0, 10, new_MET_pt / MET\n'
    )
    done = run(tmp_path, "main.root", "--friend", "friend.root", "--friend-prefix=new_", text=text)
    assert done.exit_code == 0, done.output
    found = results(tmp_path)
    assert cells(found, "one")[3] == ak.sum(ak.num(columns["Jet_pt"]))
    assert cells(found, "two")[3] == EVENTS
    # Without it the columns of the file count, and that is said.
    text = 'region all\n  histo one, "", 10, 0, 10, MET / MET_pt\n'
    done = run(tmp_path, "main.root", "--friend", "friend.root", text=text)
    assert "has MET_pt, Jet_pt, as the file has: those of the file count" in done.output


def test_a_friend_that_is_not_there_costs_no_more_than_what_needs_it(tmp_path: Path) -> None:
    main_file(tmp_path / "main.root")
    done = run(tmp_path, "main.root", "--friend", "nowhere.root", text=COUNT)
    assert done.exit_code == 2
    assert "the friend" in done.output
    assert "nowhere.root" in done.output


def test_friends_of_datasets(tmp_path: Path) -> None:
    columns = main_file(tmp_path / "main.root")
    main_file(tmp_path / "other.root", 5, 7)
    friend = friend_of(columns)
    write(tmp_path / "friend.root", "Friends", taken(friend, np.arange(400)))
    entries = {
        "normalise": False,
        "datasets": {
            "a": {"files": "main.root", "friends": [{"files": "friend.root", "tree": "Friends"}]},
        },
    }
    (tmp_path / "list.yaml").write_text(yaml.safe_dump(entries))
    done = run(tmp_path, "list.yaml", text=COUNT)
    assert done.exit_code == 0, done.output
    (dataset,) = results(tmp_path)["datasets"]
    assert dataset["friends"][0]["matched"] == 400
    assert dataset["friends"][0]["events"] == EVENTS
    wanted, _ = np.histogram(friend["quality"][:400].astype(float), 10, (0, 1))
    np.testing.assert_array_equal(cells(results(tmp_path), "hq")[1:-1], wanted)
    assert "a: the friend" in done.output
    planned = adl("plan", tmp_path / "a.adl", tmp_path / "list.yaml", "--format", "json")
    assert planned.exit_code == 0, planned.output
    assert "quality" in json.loads(planned.stdout)["plans"][0]["nominal"]["columns"]


def test_a_skim_is_chosen_with_friends_and_runs_with_them(tmp_path: Path) -> None:
    columns = main_file(tmp_path / "events.root")
    friend = friend_of(columns)
    write(tmp_path / "friend.root", "F", taken(friend, np.arange(EVENTS)[30:]))
    (tmp_path / "a.adl").write_text(
        'region r\n  select default(quality, 0) > 0.7\n  histo h, "q", 10, 0, 1, default(quality, 0)\n'
    )
    friends = ("--friend", tmp_path / "friend.root")
    skim, text = tmp_path / "skim.root", tmp_path / "a.adl"
    result = adl("skim", text, tmp_path / "events.root", *friends, "-o", skim)
    assert result.exit_code == 0, result.output
    assert "the skim has no column of a friend" in result.stderr
    passing = (friend["quality"].astype(np.float64) > 0.7) & (np.arange(EVENTS) >= 30)
    with uproot.open(skim) as file:
        assert file["Events"]["event"].array().tolist() == columns["event"][passing].tolist()
        assert "quality" not in file["Events"]
    found = []
    for name in ("events.root", "skim.root"):
        result = adl("run", text, tmp_path / name, *friends, "-o", tmp_path / "out", "-q")
        assert result.exit_code == 0, result.output
        found.append(cells(results(tmp_path), "h"))
    assert found[0].tolist() == found[1].tolist()
    assert np.sum(found[0]) > 0
    result = adl(
        "skim", text, tmp_path / "events.root", *friends, "--friend-by", "entry", "-o", skim
    )
    assert "a skim has other entries than its inputs" in result.stderr


def test_why_and_inspect_know_the_columns_of_friends(tmp_path: Path) -> None:
    columns = main_file(tmp_path / "events.root")
    friend = friend_of(columns)
    write(tmp_path / "friend.root", "F", taken(friend, np.arange(EVENTS)[30:]))
    (tmp_path / "a.adl").write_text("region r\n  select default(quality, -1) > 0.7\n")
    friends = ("--friend", tmp_path / "friend.root")
    arguments = (tmp_path / "a.adl", tmp_path / "events.root", *friends, "--event")
    assert "missing: quality" in adl("why", *arguments, 3).stdout
    value = float(friend["quality"][40])
    assert f"default(quality, -1) = {value:.6g}" in adl("why", *arguments, 40).stdout
    shown = adl("inspect", tmp_path / "events.root", *friends, "--format", "json").stdout
    document = json.loads(shown)
    assert "quality" in document["columns"]
    assert "score" in document["collections"]["Jet"]["attributes"]
    assert "Fat" in document["collections"]
    planned = adl("plan", *arguments[:-1], "--format", "json")
    assert planned.exit_code == 0, planned.output
    nominal = json.loads(planned.stdout)["plans"][0]["nominal"]
    assert "quality" in nominal["columns"]
    with uproot.open(tmp_path / "friend.root") as file:  # which lacks 30 of the events
        held = file["F"]["quality"].compressed_bytes * EVENTS / (EVENTS - 30)
    assert nominal["bytes"] == pytest.approx(held, abs=1)
    assert adl("plan", arguments[0], *friends).exit_code == 2  # of which events?


def test_a_list_is_checked_with_its_friends_where_they_are_cached(tmp_path: Path) -> None:
    columns = main_file(tmp_path / "events.root")
    friend = friend_of(columns)
    write(tmp_path / "friend.root", "F", friend)
    main_file(tmp_path / "more.root", run=2)
    write(tmp_path / "twice.root", "F", taken(friend, np.array([*range(EVENTS), 5])))
    (tmp_path / "a.adl").write_text("region r\n  select default(quality, -1) > 0.7\n")
    entry = {"kind": "simulation", "cross_section": 1.0}
    listed = {
        "luminosity": "1 /fb",
        "datasets": {
            "good": {
                **entry,
                "files": "root://far/events.root",
                "friends": [{"files": "root://far/friend.root"}],
            },
            "bad": {**entry, "files": "root://far/more.root", "friends": [{"files": "twice.root"}]},
        },
    }
    (tmp_path / "list.yaml").write_text(yaml.safe_dump(listed, sort_keys=False))
    result = adl(
        *("datasets", "check", tmp_path / "list.yaml", "--analysis", tmp_path / "a.adl"),
        *("--rewrite", f"root://far/={tmp_path}/", "--format", "json"),
    )
    found = json.loads(result.stdout)
    assert (found[0]["error"], found[0]["missing"], found[0]["events"]) == ("", [], EVENTS)
    assert "1 events more than once" in found[1]["error"]
    assert result.exit_code == 2
