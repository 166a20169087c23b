"""Replicas are normalised with the sums that files have counted, before any skim."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import numpy.typing as npt
import pytest
import uproot
import yaml
from click.testing import CliRunner, Result

from adl.cli import main

Numbers = npt.NDArray[np.float64]
LUMI = 1000.0  # 1/pb
TEXT = """
region r
  weight pu 1 + MET / 100
  select MET > 40
systematic pdf
  reweight LHEPdfWeight[1:4]  normalise
systematic scale
  reweight LHEScaleWeight[0,2]  combine envelope  normalise
systematic isr
  reweight up PSWeight[0]  mirror  normalise
"""


class Sample:
    """A hundred generated events times ``seed``, of which a file has those of high MET."""

    def __init__(self, seed: int, weight: float = 1e5) -> None:
        rng = np.random.default_rng(seed)
        many = 100 * seed
        self.genw = weight * rng.choice([1.0, 1.0, 1.0, -1.0], many) * rng.uniform(0.5, 1.5, many)
        self.genw = self.genw.astype(np.float32).astype(np.float64)
        self.met = rng.exponential(40, many).astype(np.float32).astype(np.float64)
        self.each = {
            name: rng.normal(1 + self.met[:, None] / 200, 0.1, (many, number)).astype(np.float32)
            for name, number in (("LHEPdfWeight", 5), ("LHEScaleWeight", 3), ("PSWeight", 1))
        }
        self.kept = self.met > 30

    def write(
        self, path: Path, *, runs: bool = True, whole: bool = False, short: bool = False
    ) -> None:
        """Write the file; with ``runs`` it has counted all events, ``short`` not the replicas."""
        kept = np.full_like(self.kept, True) if whole else self.kept
        columns: dict[str, Any] = {
            "run": np.ones(kept.sum(), np.uint32),
            "luminosityBlock": np.ones(kept.sum(), np.uint32),
            "event": np.flatnonzero(kept).astype(np.uint64),
            "MET_pt": self.met[kept].astype(np.float32),
            "MET_phi": np.zeros(kept.sum(), np.float32),
            "HLT_Mu": kept[kept],
            "genWeight": self.genw[kept].astype(np.float32),
            **{n: ak.from_regular(ak.Array(v[kept])) for n, v in self.each.items()},
        }
        types = {n: "var * float32" if n in self.each else v.dtype for n, v in columns.items()}
        with uproot.recreate(path) as file:
            file.mktree("Events", types).extend(columns)
            if not runs:
                return
            # Two rows, as a merged file has them: of each half of the events.
            halves = [slice(0, len(self.met) // 2), slice(len(self.met) // 2, None)]
            sums = [self.genw[half].sum() for half in halves]
            rows: dict[str, Any] = {
                "run": np.array([1, 1], np.uint32),
                "genEventCount": np.array([len(self.met[half]) for half in halves]),
                "genEventSumw": np.array(sums),
                "genEventSumw2": np.array([(self.genw[half] ** 2).sum() for half in halves]),
            }
            relative = {
                name.replace("Weight", "Sumw"): ak.Array(
                    [
                        ((self.genw[half, None] * values[half]).sum(0) / total).tolist()
                        for half, total in zip(halves, sums, strict=True)
                    ]
                )
                for name, values in self.each.items()
            }
            if short:
                relative["LHEPdfSumw"] = relative["LHEPdfSumw"][:, :2]
            types = {n: v.dtype for n, v in rows.items()}
            types |= dict.fromkeys(relative, "var * float64")
            file.mktree("Runs", types).extend({**rows, **relative})

    def sums(self, column: str, place: int) -> float:
        """Return the sum of the weight times a replica over all generated events."""
        return float((self.genw * self.each[column][:, place].astype(np.float64)).sum())

    def passing(self, factor: Numbers | float = 1.0) -> float:
        """Return the yield before it is scaled."""
        chosen = self.genw * (1 + self.met / 100) * (self.met > 40)
        return float((chosen * factor).sum())


def simulated(files: Any, **more: Any) -> dict[str, Any]:
    return {"files": files, "kind": "simulation", "cross_section": 10.0, **more}


def run(folder: Path, entries: dict[str, Any], *options: str) -> Result:
    (folder / "a.adl").write_text(TEXT)
    (folder / "list.yaml").write_text(yaml.safe_dump({"luminosity": f"{LUMI}/pb", **entries}))
    arguments = ["run", str(folder / "a.adl"), str(folder / "list.yaml")]
    return CliRunner().invoke(main, [*arguments, "-o", str(folder / "out"), "-q", *options])


def yields(folder: Path) -> dict[tuple[str, str], float]:
    found = json.loads((folder / "out" / "results.json").read_text())
    return {(c["process"], c["variation"]): c["steps"][-1]["sumw"] for c in found["cutflows"]}


def expected(samples: list[Sample], cross_section: float = 10.0) -> dict[str, float]:
    """Return all yields of a dataset: each variation is divided by its own sum of weights."""
    worth = cross_section * LUMI

    def varied(column: str, place: int, mirrored: bool = False) -> float:
        factors = [s.each[column][:, place].astype(np.float64) for s in samples]
        factors = [2.0 - f if mirrored else f for f in factors]
        total = sum(float((s.genw * f).sum()) for s, f in zip(samples, factors, strict=True))
        return sum(s.passing(f) for s, f in zip(samples, factors, strict=True)) * worth / total

    nominal = sum(s.passing() for s in samples) * worth / sum(s.genw.sum() for s in samples)
    scales = [nominal, varied("LHEScaleWeight", 0), varied("LHEScaleWeight", 2)]
    return {
        "nominal": nominal,
        **{f"pdf_{k}": varied("LHEPdfWeight", k) for k in (1, 2, 3)},
        "scaleUp": max(scales),
        "scaleDown": min(scales),
        "isrUp": varied("PSWeight", 0),
        "isrDown": varied("PSWeight", 0, mirrored=True),
    }


def test_replicas_of_a_skim_are_divided_by_their_sums_over_all_events(tmp_path: Path) -> None:
    samples = [Sample(3), Sample(5)]
    for number, sample in enumerate(samples):
        sample.write(tmp_path / f"{number}.root")
    result = run(tmp_path, {"datasets": {"top": simulated("[01].root")}})
    assert result.exit_code == 0, result.output
    assert "keeps the sum of weights" not in result.stderr
    found, known = yields(tmp_path), expected(samples)
    assert {label for _, label in found} == known.keys()
    for label, value in known.items():
        assert found["top", label] == pytest.approx(value, rel=1e-9), label


def compare(folder: Path, process: str, known: dict[str, float]) -> None:
    found = yields(folder)
    for label, value in known.items():
        assert found[process, label] == pytest.approx(value, rel=1e-9), label


@pytest.mark.parametrize("runs", [True, False])
def test_whole_files_give_the_same_with_counters_and_without(tmp_path: Path, runs: bool) -> None:
    sample = Sample(4)
    sample.write(tmp_path / "a.root", runs=runs, whole=True)
    result = run(tmp_path, {"datasets": {"top": simulated("a.root")}})
    assert result.exit_code == 0, result.output
    assert "keeps the sum of weights" not in result.stderr
    compare(tmp_path, "top", expected([sample]))


@pytest.mark.parametrize("sums", ["events", 12345.0])
def test_what_the_list_says_of_the_sum_of_weights_counts(tmp_path: Path, sums: Any) -> None:
    sample = Sample(4)
    sample.write(tmp_path / "a.root")
    result = run(tmp_path, {"datasets": {"top": simulated("a.root", sum_of_weights=sums)}})
    assert result.exit_code == 0, result.output
    known = expected([sample])
    if sums == "events":  # the list says that the file is no skim
        whole = Sample(4)
        whole.genw, whole.met = sample.genw[sample.kept], sample.met[sample.kept]
        whole.each = {n: v[sample.kept] for n, v in sample.each.items()}
        known = expected([whole])
    else:
        known = {label: v * sample.genw.sum() / sums for label, v in known.items()}
    compare(tmp_path, "top", known)


def test_lost_files_and_a_limit_scale_the_sums_of_replicas(tmp_path: Path) -> None:
    samples = [Sample(3), Sample(5)]
    for number, sample in enumerate(samples):
        sample.write(tmp_path / f"{number}.root")
    (tmp_path / "2.root").write_bytes(b"root")
    result = run(tmp_path, {"datasets": {"top": simulated("[012].root")}})
    assert result.exit_code == 2, "a file was lost"
    compare(tmp_path, "top", expected(samples))

    first, second = (int(s.kept.sum()) for s in samples)
    part = (second // 2) / second
    limit = first + second // 2
    result = run(tmp_path, {"datasets": {"top": simulated("[01].root")}}, "-n", str(limit))
    assert result.exit_code == 0, result.output
    read = np.flatnonzero(samples[1].kept)[: second // 2]
    chosen = np.zeros_like(samples[1].kept)
    chosen[read] = True

    def ratio(factors: list[Numbers]) -> float:
        """Return the yield over the sum of the weight, of what was read."""
        (a, b), (f, g) = samples, factors
        passed = a.passing(f) + b.passing(g * chosen)
        return passed / float((a.genw * f).sum() + part * (b.genw * g).sum())

    ones = [np.ones(len(s.met)) for s in samples]
    second_replica = [s.each["LHEPdfWeight"][:, 2].astype(np.float64) for s in samples]
    known = {"nominal": ratio(ones), "pdf_2": ratio(second_replica)}
    compare(tmp_path, "top", {label: 10 * LUMI * value for label, value in known.items()})


def test_stitched_datasets_are_divided_by_the_sum_of_all(tmp_path: Path) -> None:
    samples = [Sample(3), Sample(5)]
    for number, sample in enumerate(samples):
        sample.write(tmp_path / f"{number}.root")
    datasets = {name: simulated(f"{name}.root", process="top") for name in ("0", "1")}
    result = run(tmp_path, {"datasets": datasets, "stitch": {"all": {"inclusive": ["0", "1"]}}})
    assert result.exit_code == 0, result.output
    compare(tmp_path, "top", expected(samples))


def test_a_skim_that_we_write_is_normalised_as_its_input(tmp_path: Path) -> None:
    sample = Sample(4)
    sample.write(tmp_path / "a.root", whole=True)
    (tmp_path / "a.adl").write_text(TEXT)
    skim = ["skim", str(tmp_path / "a.adl"), str(tmp_path / "a.root"), "-o"]
    result = CliRunner().invoke(main, [*skim, str(tmp_path / "skim.root")])
    assert result.exit_code == 0, result.output
    with uproot.open(tmp_path / "skim.root") as file:
        assert file["Events"].num_entries == (sample.met > 40).sum()
    result = run(tmp_path, {"datasets": {"top": simulated("skim.root")}})
    assert result.exit_code == 0, result.output
    assert "keeps the sum of weights" not in result.stderr
    compare(tmp_path, "top", expected([sample]))


def test_a_skim_that_has_not_counted_a_replica_is_told(tmp_path: Path) -> None:
    sample = Sample(4)
    sample.write(tmp_path / "a.root", short=True)
    result = run(tmp_path, {"datasets": {"top": simulated("a.root")}})
    assert result.exit_code == 0, result.output
    assert "warning: top: pdf with `normalise` keeps the sum of weights of the ev" in result.stderr
    known = expected([sample])
    compare(tmp_path, "top", {n: v for n, v in known.items() if n not in ("pdf_2", "pdf_3")})


def test_a_real_skim_of_nanoaod_is_normalised_by_its_runs(tmp_path: Path, real_data: Path) -> None:
    path = real_data / "nano_legacy_10.root"
    text = "region r\n  select MET > 20\nsystematic pdf\n  reweight LHEPdfWeight[1:101] normalise\n"
    (tmp_path / "a.adl").write_text(text)
    entries = {"luminosity": f"{LUMI}/pb", "datasets": {"top": simulated(str(path))}}
    (tmp_path / "list.yaml").write_text(yaml.safe_dump(entries))
    arguments = ["run", str(tmp_path / "a.adl"), str(tmp_path / "list.yaml"), "-q"]
    result = CliRunner().invoke(main, [*arguments, "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    with uproot.open(path) as file:
        runs = file["Runs"].arrays(["genEventSumw", "LHEPdfSumw", "genEventCount"])
        events = file["Events"].arrays(["genWeight", "LHEPdfWeight", "MET_pt"])
    assert runs["genEventCount"][0] > 1000 * len(events), "it is a skim"
    weights = ak.to_numpy(events["genWeight"]).astype(np.float64)
    passing = weights * ak.to_numpy(events["MET_pt"] > 20)
    found = yields(tmp_path)
    for k in range(1, 101):
        replica = ak.to_numpy(events["LHEPdfWeight"][:, k]).astype(np.float64)
        total = float(runs["genEventSumw"][0] * runs["LHEPdfSumw"][0][k])
        value = float((passing * replica).sum()) * 10 * LUMI / total
        assert found["top", f"pdf_{k}"] == pytest.approx(value, rel=1e-9)


def test_a_run_over_a_skim_says_what_it_is_normalised_to(tmp_path: Path) -> None:
    sample = Sample(4)
    sample.write(tmp_path / "a.root")
    sample.write(tmp_path / "b.root", whole=True)
    (tmp_path / "a.adl").write_text(TEXT)
    arguments = ["run", str(tmp_path / "a.adl"), str(tmp_path / "a.root"), str(tmp_path / "b.root")]
    result = CliRunner().invoke(main, [*arguments, "-q"])
    assert result.exit_code == 0, result.output
    words = "a.root is a skim of 400 events: pdf, scale, isr with `normalise` keeps the sum"
    assert result.stderr.count(words) == 1
    assert "b.root is a skim" not in result.stderr
