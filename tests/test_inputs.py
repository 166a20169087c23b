from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import awkward as ak
import fsspec
import numpy as np
import pytest
import uproot

from adl.compiler.ir import Axis, Column, Index
from adl.compiler.layout import Chunk
from adl.runtime.inputs import DataError, InputError
from adl.runtime.inputs.chunks import read
from adl.runtime.inputs.forms import leaves
from adl.runtime.inputs.opening import open_input
from adl.runtime.inputs.paths import expand
from adl.runtime.inputs.stored import Basket
from adl.runtime.inputs.trees import Input
from adl.stdlib.models import Branch

DATA = Path(__file__).parents[2] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason="the folder shared/data is not here")

EVENTS = 500
INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
SCALARS = ["bool", "float32", "float64", *INTEGERS]
ELEMENTS = ["bool", "int16", "uint8", "int32", "float32", "float64"]


def events() -> dict[str, Any]:
    rng = np.random.default_rng(1)
    counts = rng.integers(0, 5, EVENTS)
    total = int(counts.sum())
    jets = {d: ak.unflatten(rng.integers(0, 100, total).astype(d), counts) for d in ELEMENTS}
    scalars = {f"x_{d}": rng.integers(0, 100, EVENTS).astype(d) for d in SCALARS}
    return {**scalars, "Jet": ak.zip(jets), "grid": rng.normal(size=(EVENTS, 3))}


def write(path: Path, data: dict[str, Any], step: int, tree: str = "Events") -> None:
    types = {
        n: v.type if isinstance(v, ak.Array) else (v.dtype, v.shape[1:]) for n, v in data.items()
    }
    with uproot.recreate(path, compression=uproot.ZLIB(1)) as file:
        written = file.mktree(tree, types)
        for start in range(0, len(data["Jet"]), step):
            written.extend({n: v[start : start + step] for n, v in data.items()})


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of eight baskets a branch."""
    path = tmp_path_factory.mktemp("inputs") / "events.root"
    write(path, events(), step=64)
    return str(path)


@pytest.fixture
def source(path: str) -> Iterator[Input]:
    with open_input(path) as opened:
        yield opened


def column(branch: Branch) -> Column:
    if branch.counter is None:
        return Column(branch.name, branch.dtype)
    collection = branch.counter.removeprefix("n")
    return Column(branch.name, branch.dtype, collection, Index(Axis((collection,), 0)))


def columns(source: Input, *names: str) -> list[Column]:
    branches = source.branches()
    return [column(branches[name]) for name in names]


def same(chunk: Chunk, column: Column, expected: ak.Array) -> None:
    """Check a column of a chunk bit by bit against uproot's own array."""
    values = chunk.columns[column.name]
    assert values.flags.c_contiguous
    assert values.dtype.isnative
    if column.collection is not None:
        offsets = chunk.offsets[column.collection]
        assert offsets.dtype == np.int64
        assert np.array_equal(np.diff(offsets), ak.num(expected))
        assert (offsets[0], offsets[-1]) == (0, len(values))
        expected = ak.flatten(expected)
    expected = ak.to_numpy(expected)
    assert values.dtype == expected.dtype == np.dtype(column.dtype)
    assert values.tobytes() == expected.tobytes()


# --------------------------------------------------------------------------------- paths


def test_a_glob_is_sorted_and_the_order_of_patterns_is_kept(tmp_path: Path) -> None:
    for name in ("b1", "a2", "a10", "a1"):
        (tmp_path / name).touch()
    found = expand([f"{tmp_path}/b*", f"{tmp_path}/a*"])
    assert [Path(f).name for f in found] == ["b1", "a1", "a10", "a2"]


def test_two_stars_go_into_folders(tmp_path: Path) -> None:
    (tmp_path / "x" / "y").mkdir(parents=True)
    (tmp_path / "x" / "y" / "f.root").touch()
    assert expand([f"{tmp_path}/**/*.root"]) == [f"{tmp_path}/x/y/f.root"]


def test_urls_and_plain_names_stay_as_they_are() -> None:
    names = ["root://host//store/a*.root", "https://host/b?.root", "not/there.root"]
    assert expand(names) == names


def test_a_file_whose_name_has_brackets_is_found(tmp_path: Path) -> None:
    (tmp_path / "f[1].root").touch()
    assert expand([f"{tmp_path}/f[1].root"]) == [f"{tmp_path}/f[1].root"]


def test_a_pattern_without_a_match_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file matches"):
        expand([f"{tmp_path}/*.root"])


def test_a_file_that_is_named_twice_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.root").touch()
    with pytest.raises(InputError, match="its events would count twice"):
        expand([f"{tmp_path}/a.root", f"{tmp_path}/*.root"])


# --------------------------------------------------------------------------------- trees


def test_an_input_knows_its_tree_entries_and_identity(source: Input, path: str) -> None:
    assert (source.path, source.tree, source.entries) == (path, "Events", EVENTS)
    with uproot.open(path) as file:
        assert source.uuid == str(file.file.uuid)


def test_branches_are_numbers_and_lists_of_numbers(source: Input) -> None:
    branches = source.branches()
    expected = {f"x_{d}": Branch(f"x_{d}", d, None) for d in SCALARS}
    expected |= {f"Jet_{d}": Branch(f"Jet_{d}", d, "nJet") for d in ELEMENTS}
    expected["nJet"] = Branch("nJet", "int32", None)
    assert dict(branches) == expected  # and not "grid", which has three numbers an event


@pytest.mark.parametrize("wanted", ["Small", "/Small", "Small;1"])
def test_a_tree_is_chosen_by_name(tmp_path: Path, wanted: str) -> None:
    path = two_trees(tmp_path, "Large", "Small")
    with open_input(path, wanted) as source:
        assert (source.tree, source.entries) == ("Small", 1)


def test_a_tree_in_a_folder_of_the_file_is_found(tmp_path: Path) -> None:
    path = two_trees(tmp_path, "Large", "analysis/Small")
    with open_input(path, "analysis/Small") as source:
        assert source.tree == "analysis/Small"


def test_more_than_one_tree_is_an_error_that_lists_them(tmp_path: Path) -> None:
    path = two_trees(tmp_path, "Large", "Small")
    with pytest.raises(InputError, match="more than one tree") as caught:
        open_input(path)
    assert caught.value.help == "it has Large, Small"


def test_events_is_the_tree_among_others(tmp_path: Path) -> None:
    with open_input(two_trees(tmp_path, "Runs", "Events")) as source:
        assert source.tree == "Events"


def test_a_tree_that_is_not_there_is_an_error_that_lists_those_that_are(path: str) -> None:
    with pytest.raises(InputError, match="there is no tree events") as caught:
        open_input(path, "events")
    assert caught.value.help == "the file has Events"


def two_trees(folder: Path, first: str, second: str) -> str:
    path = folder / "two.root"
    with uproot.recreate(path) as file:
        file.mktree(first, {"x": np.float64}).extend({"x": np.zeros(2)})
        file.mktree(second, {"x": np.float64}).extend({"x": np.zeros(1)})
    return str(path)


def test_a_file_without_a_tree_is_an_error(tmp_path: Path) -> None:
    with uproot.recreate(tmp_path / "h.root") as file:
        file["h"] = np.histogram([1.0])
    with pytest.raises(InputError, match="there is no tree in the file"):
        open_input(str(tmp_path / "h.root"))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "uint16", "int32", "uint64"])
def test_any_entries_of_an_rntuple_are_read(tmp_path: Path, dtype: str) -> None:
    path = str(tmp_path / "n.root")
    number = np.arange(12).astype(dtype)
    lists = ak.values_astype(ak.Array([list(range(n % 4)) for n in range(12)]), dtype)
    with uproot.recreate(path) as file:
        file.mkrntuple("Events", {"x": number[:5], "X_pt": lists[:5]})
        file["Events"].extend({"x": number[5:], "X_pt": lists[5:]})
    columns = [Column("x", dtype), Column("X_pt", dtype, "X", Index(Axis(("X",), 0)))]
    with open_input(path) as source:
        assert dict(source.branches()) == {
            "x": Branch("x", dtype, None),
            "X_pt": Branch("X_pt", dtype, "X_pt"),
        }
        assert source.bytes(["x", "X_pt"]) > 0
        for start, stop in ((0, 12), (0, 5), (3, 7), (5, 6), (4, 4), (11, 12)):
            chunk = read(source, columns, (), start, stop)
            assert chunk.columns["x"].tolist() == number[start:stop].tolist()
            assert chunk.columns["x"].dtype == chunk.columns["X_pt"].dtype == dtype
            assert chunk.columns["X_pt"].tolist() == ak.flatten(lists[start:stop]).tolist()
            assert np.diff(chunk.offsets["X"]).tolist() == ak.num(lists[start:stop]).tolist()


def test_what_is_no_number_in_an_rntuple_is_no_branch(tmp_path: Path) -> None:
    path = str(tmp_path / "n.root")
    nested = ak.Array([[[1.0], []], [[2.0]]])
    with uproot.recreate(path) as file:
        file.mkrntuple("Events", {"x": np.zeros(2), "s": ak.Array(["a", "b"]), "deep": nested})
    with open_input(path, "Events") as source:
        assert set(source.branches()) == {"x", "deep_begin", "deep_end", "deep[]"}
        assert source.unread == ("s",)


def test_what_is_not_a_root_file_is_said_in_one_line(tmp_path: Path, path: str) -> None:
    text = tmp_path / "text.root"
    text.write_text("select pt > 30\n" * 10)
    empty = tmp_path / "empty.root"
    empty.touch()
    cases = {
        str(tmp_path / "missing.root"): "no such file or directory",
        str(tmp_path): "is a folder, not a file",
        str(text): "is not a ROOT file",
        str(empty): "the file is empty",
        f"{path}/x": "not a directory",
    }
    for name, reason in cases.items():
        with pytest.raises(InputError) as caught:
            open_input(name)
        assert caught.value.path == name
        assert caught.value.reason == reason


def test_of_a_dataset_list_in_the_place_of_a_file_its_own_command_is_named(tmp_path: Path) -> None:
    lists = tmp_path / "datasets.yaml"
    lists.write_text("datasets: {}\n")
    with pytest.raises(InputError) as caught:
        open_input(str(lists))
    assert f"`adl datasets show {lists}`" in caught.value.help


def test_a_name_with_a_colon_is_a_name(tmp_path: Path, path: str) -> None:
    name = str(tmp_path / "a:b.root")
    shutil.copy(path, name)
    with open_input(name) as source:
        assert source.entries == EVENTS


@pytest.mark.parametrize("fraction", [0.0005, 0.001, 0.3, 0.9, 0.9999])
def test_a_truncated_file_is_said_to_be_truncated(
    tmp_path: Path, path: str, fraction: float
) -> None:
    whole = Path(path).read_bytes()
    cut = tmp_path / "cut.root"
    cut.write_bytes(whole[: int(fraction * len(whole))])
    with pytest.raises(InputError, match="the file is truncated: it has") as caught:
        open_input(str(cut))
    assert "\n" not in caught.value.reason


# -------------------------------------------------------------------------------- chunks


@pytest.mark.parametrize(
    ("start", "stop"),
    [(0, EVENTS), (0, 64), (64, 128), (10, 20), (60, 70), (63, 64), (100, 499), (77, 77), (0, 0)],
)
def test_columns_equal_uproots_arrays(source: Input, path: str, start: int, stop: int) -> None:
    every = [column(branch) for branch in source.branches().values()]
    chunk = read(source, every, ["Jet"], start, stop)
    assert chunk.events == stop - start
    with uproot.open(path) as file:
        for each in every:
            expected = file["Events"][each.name].array(entry_start=start, entry_stop=stop)
            same(chunk, each, expected)


def test_sizes_of_a_collection_come_without_any_of_its_columns(source: Input) -> None:
    chunk = read(source, columns(source, "x_int8"), ["Jet"], 30, 90)
    expected = read(source, columns(source, "Jet_float32"), ["Jet"], 30, 90)
    assert list(chunk.columns) == ["x_int8"]
    assert np.array_equal(chunk.offsets["Jet"], expected.offsets["Jet"])


def test_only_needed_columns_are_read(source: Input) -> None:
    chunk = read(source, columns(source, "Jet_float32"), ["Jet"], 0, EVENTS)
    assert list(chunk.columns) == ["Jet_float32"]
    assert list(chunk.offsets) == ["Jet"]


def test_a_collection_that_nothing_counts_is_an_error(source: Input) -> None:
    with pytest.raises(InputError, match="no branch counts Muon: neither nMuon, Muon_size, Muon"):
        read(source, [], ["Muon"], 0, 1)


def test_any_units_put_together_are_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "large.root"
    write(path, events(), step=EVENTS)  # one basket, in which every unit has its part
    with open_input(str(path)) as source:
        every = columns(source, "x_int64", "Jet_float64", "Jet_bool")
        whole = read(source, every, ["Jet"], 0, EVENTS)
        for size in (1, 7, 100, 499):
            spans = [(a, min(a + size, EVENTS)) for a in range(0, EVENTS, size)]
            parts = [read(source, every, ["Jet"], *span) for span in spans]
            for name, values in whole.columns.items():
                assert np.array_equal(np.concatenate([p.columns[name] for p in parts]), values)
            lengths = np.concatenate([np.diff(p.offsets["Jet"]) for p in parts])
            assert np.array_equal(lengths, np.diff(whole.offsets["Jet"]))


def test_a_large_basket_is_decompressed_once_for_all_units(tmp_path: Path) -> None:
    path = tmp_path / "large.root"
    write(path, events(), step=EVENTS)
    with open_input(str(path)) as source:
        (wanted,) = columns(source, "Jet_float64")
        before = source.source.num_requests
        for start in range(0, EVENTS, 100):
            read(source, [wanted], ["Jet"], start, start + 100)
        assert source.source.num_requests == before + 1


def test_a_server_is_asked_once_for_all_baskets_of_a_unit(path: str) -> None:
    files = fsspec.filesystem("memory")
    files.pipe("/events.root", Path(path).read_bytes())
    with open_input("memory://events.root") as source, open_input(path) as local:
        wanted = columns(source, "x_float32", "Jet_float64", "Jet_int16")
        raw = source.source
        for start, stop in ((0, 100), (100, 400), (400, EVENTS)):
            before = raw.num_requests
            chunk = read(source, wanted, ["Jet"], start, stop)
            assert raw.num_requests == before + 1
            expected = read(local, wanted, ["Jet"], start, stop)
            for name, values in expected.columns.items():
                assert np.array_equal(chunk.columns[name], values)
            assert np.array_equal(chunk.offsets["Jet"], expected.offsets["Jet"])


class Altered:
    """Baskets of a file as if it stored other offsets."""

    def __init__(self, source: Input, change: Callable[[Any], Any]) -> None:
        self.whole = source.baskets
        self.change = change

    def get(self, *arguments: Any) -> Iterator[Basket]:
        for basket in self.whole.get(*arguments):
            offsets = basket.offsets
            yield basket if offsets is None else basket._replace(offsets=self.change(offsets))

    def first(self, name: str, entry: int) -> int:
        return self.whole.first(name, entry)


def descending(offsets: Any) -> Any:
    return np.concatenate([offsets[:1], offsets[-2:0:-1], offsets[-1:]])


def beyond(offsets: Any) -> Any:
    return offsets + 4000


def ragged(offsets: Any) -> Any:
    return np.append(offsets[:-1], offsets[-1] - 1)


@pytest.mark.parametrize("change", [descending, beyond, ragged])
def test_offsets_that_make_no_sense_are_an_error(
    source: Input, change: Callable[[Any], Any]
) -> None:
    source.__dict__["baskets"] = Altered(source, change)
    with pytest.raises(DataError, match="Jet_float32: entries 0 to 64 cannot be read"):
        read(source, columns(source, "Jet_float32"), [], 0, EVENTS)


@pytest.mark.parametrize(("start", "stop"), [(0, EVENTS), (0, 64), (70, 300), (130, 140)])
def test_lists_without_stored_offsets_take_lengths_from_the_counter(
    path: str, start: int, stop: int
) -> None:
    """ROOT writes such files with kGenerateOffsetMap."""
    with open_input(path) as source, open_input(path) as bare:
        bare.__dict__["baskets"] = Altered(bare, lambda _: None)
        wanted = columns(source, "Jet_bool", "Jet_int16", "Jet_float64")
        expected, chunk = (read(s, wanted, ["Jet"], start, stop) for s in (source, bare))
        for name, values in expected.columns.items():
            assert np.array_equal(chunk.columns[name], values)
        assert np.array_equal(chunk.offsets["Jet"], expected.offsets["Jet"])


def test_columns_of_different_lengths_in_one_collection_are_an_error(tmp_path: Path) -> None:
    path = str(tmp_path / "odd.root")
    with uproot.recreate(path) as file:
        data = {"Jet_pt": ak.Array([[1.0], []]), "Jet_eta": ak.Array([[1.0], [2.0]])}
        file.mktree("Events", {name: values.type for name, values in data.items()}).extend(data)
    with open_input(path) as source:
        at = Index(Axis(("Jet",), 0))
        wanted = [Column(f"Jet_{name}", "float64", "Jet", at) for name in ("pt", "eta")]
        with pytest.raises(DataError, match="Jet_eta: its lists differ in length") as caught:
            read(source, wanted, ["Jet"], 0, 2)
        assert caught.value.path == path


@pytest.mark.parametrize("name", ["x_float64", "nJet", "Jet_float32"])
def test_a_corrupt_basket_is_named_by_branch_and_entries(
    tmp_path: Path, path: str, name: str
) -> None:
    damaged = tmp_path / "damaged.root"
    shutil.copy(path, damaged)
    with uproot.open(path) as file:
        branch = file["Events"][name]
        start, size = (int(branch.member(m)[2]) for m in ("fBasketSeek", "fBasketBytes"))
    with damaged.open("r+b") as raw:
        raw.seek(start + size - 40)
        raw.write(b"\xff" * 40)
    with open_input(str(damaged)) as source:
        wanted = columns(source, name)
        read(source, wanted, [], 0, 128)  # the baskets before it are whole
        with pytest.raises(DataError, match=f"{name}: entries 128 to 192 cannot be read"):
            read(source, wanted, [], 0, EVENTS)


def test_any_damage_is_an_input_error_or_gives_offsets_inside_the_columns(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    small = tmp_path / "small.root"
    data = events()
    write(small, {name: data[name][:100] for name in ("Jet", "x_int8")}, step=40)
    whole = small.read_bytes()
    refused = 0
    for number in range(100):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 3):
            damaged[place] = rng.integers(0, 256)
        file = tmp_path / f"damaged{number}.root"
        file.write_bytes(damaged)
        with contextlib.suppress(InputError), open_input(str(file)) as source:
            check_bounds(source)
            continue
        refused += 1
    assert 10 < refused < 100


def check_bounds(source: Input) -> None:
    every = [column(branch) for branch in source.branches().values()]
    for start in range(0, source.entries, 64):
        chunk = read(source, every, [], start, min(start + 64, source.entries))
        for each in every:
            values = chunk.columns[each.name]
            if each.collection is None:
                assert len(values) == chunk.events
            else:
                offsets = chunk.offsets[each.collection]
                assert offsets[0] == 0
                assert np.all(np.diff(offsets) >= 0)
                assert offsets[-1] == len(values)


def test_a_tree_without_entries_has_columns_without_values(tmp_path: Path) -> None:
    path = tmp_path / "empty.root"
    write(path, {n: v[:0] for n, v in events().items()}, step=1)
    with open_input(str(path)) as source:
        wanted = columns(source, "x_int8", "Jet_float32")
        chunk = read(source, wanted, ["Jet"], 0, 0)
    assert source.entries == 0
    assert [len(v) for v in chunk.columns.values()] == [0, 0]
    assert list(chunk.offsets["Jet"]) == [0]


# ----------------------------------------------------------------------------- real files


@needs_data
@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("cms_opendata2012_dimuon_100k", 6),
        ("cms_opendata2015_ttbar_nano", 947),
        ("delphes_10", 285),
        ("edm4hep_ee_ww", 260),
        ("hzz_flat_2421", 51),
        ("nano_empty", 1499),
        ("nano_legacy_10", 1011),
        ("nano_v12_ttbar", 654),
        ("treemaker_10", 410),
    ],
)
def test_every_branch_of_a_real_file_equals_uproots_array(name: str, number: int) -> None:
    path = str(DATA / f"{name}.root")
    with open_input(path) as source, uproot.open(path) as file:
        branches = source.branches()
        assert len(branches) == number
        every = dict(leaves(file[source.tree]))
        parts = {n for n, stored in source.stored.items() if stored.physical}
        for branch in (b for n, b in branches.items() if n not in parts):  # of these other tests
            chunk = read(source, [column(branch)], [], 0, source.entries)
            raw = every[branch.name]
            if raw.branches:  # the number of objects: uproot gives the objects
                first = column(branches[raw.branches[0].name])
                lists = read(source, [first], [], 0, source.entries).offsets[branch.name]
                assert np.array_equal(chunk.columns[branch.name], np.diff(lists))
            else:
                same(chunk, column(branch), raw.array())


@needs_data
def test_objects_of_a_delphes_file_are_counted_by_their_own_branch() -> None:
    with open_input(str(DATA / "delphes_10.root")) as source:
        branches = source.branches()
        assert branches["Jet.PT"] == Branch("Jet.PT", "float32", "Jet")
        assert branches["Jet"] == Branch("Jet", "int32", None)
        jets = read(source, [column(branches["Jet.PT"])], ["Jet", "GenJet"], 2, 9)
        assert list(np.diff(jets.offsets["Jet"])) == [5, 4, 5, 5, 6, 6, 6]
        (sizes,) = read(source, columns(source, "GenJet_size"), [], 2, 9).columns.values()
        assert list(np.diff(jets.offsets["GenJet"])) == list(sizes)


@needs_data
def test_a_vector_counts_itself() -> None:
    with open_input(str(DATA / "treemaker_10.root")) as source:
        branch = source.branches()["Electrons_charge"]
        assert branch == Branch("Electrons_charge", "int32", "Electrons_charge")


@needs_data
def test_a_broken_delphes_file_is_an_input_error() -> None:
    with pytest.raises(InputError, match="there is no tree"):
        open_input(str(DATA / "corrupt_delphes.root"))
