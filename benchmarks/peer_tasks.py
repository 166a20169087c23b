"""What ``benchmarks.peers`` measures: analyses, the columns that they read, and files of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).parents[1] / "examples"
TASKS = {f"q{i}": EXAMPLES / "benchmarks" / f"q{i}.adl" for i in range(1, 9)}
AGC = EXAMPLES / "ttbar_agc.adl"
CODECS = ("zstd", "lz4", "zlib", "lzma")
FORMS = ("ttree", "rntuple")
_AGC_COLUMNS = (
    "Electron_pt Electron_eta Electron_cutBased Electron_sip3d Muon_pt Muon_eta Muon_tightId "
    "Muon_sip3d Muon_pfRelIso04_all Jet_pt Jet_eta Jet_phi Jet_mass Jet_jetId Jet_btagCSVV2"
)
COLUMNS = {
    "q1": "MET_pt",
    "q2": "Jet_pt",
    "q3": "Jet_pt Jet_eta",
    "q4": "Jet_pt MET_pt",
    "q5": "Muon_pt Muon_eta Muon_phi Muon_mass Muon_charge MET_pt",
    "q6": "Jet_pt Jet_eta Jet_phi Jet_mass Jet_btag",
    "q7": "Jet_pt Jet_eta Jet_phi Electron_pt Electron_eta Electron_phi Muon_pt Muon_eta Muon_phi",
    "q8": (
        "Electron_pt Electron_eta Electron_phi Electron_mass Electron_charge "
        "Muon_pt Muon_eta Muon_phi Muon_mass Muon_charge MET_pt MET_phi"
    ),
    "agc": _AGC_COLUMNS,
    "agc_varied": _AGC_COLUMNS,
    # What a skim keeps besides, so that it is still known as NanoAOD, the peers keep, too.
    "skim": (
        "Jet_pt Jet_eta Jet_phi Jet_mass Jet_btagCSVV2 MET_pt MET_phi run luminosityBlock event "
        "genWeight"
    ),
    "search": "Jet_pt Jet_eta Jet_btag Electron_pt Muon_pt MET_pt",
}
SKIM = """\
object hard
  take Jet
  select pT > 40
region three
  select size(hard) >= 3
"""
# Two sources vary the jets' momenta, five the weight: 14 variations beside nominal.
VARIED = """\
info adl
  dialect adl  # elsewhere lead_1 could be an element

systematic pt_scale
  scale pt(Jet)  up 1.03  down 0.97

systematic pt_res
  scale pt(Jet)  up 1 + 0.02 * abs(eta)  down 1 - 0.02 * abs(eta)

systematic scale_var
  reweight  up 1.025  down 0.975

systematic btag_var_{i}
  for i 1 2 3 4
  reweight  up 1 + 0.075 * lead_{i} / 50  down 1 - 0.075 * lead_{i} / 50

define lead_1 = default(pT(jets[0]), 0)
define lead_2 = default(pT(jets[1]), 0)
define lead_3 = default(pT(jets[2]), 0)
define lead_4 = default(pT(jets[3]), 0)
"""


@dataclass(frozen=True)
class Case:
    """A task on files of one codec and form."""

    task: str
    codec: str = "zstd"
    form: str = "ttree"

    @property
    def name(self) -> str:
        """The task, and the files where they are not the usual ones."""
        return self.task if self == Case(self.task) else f"{self.task}, {self.codec} {self.form}"

    def file(self, size: int) -> str:
        """Return the name of a sample."""
        return f"events_{size}{self._suffix}.root"

    def out(self, who: str, size: int) -> str:
        """Return the name of what a tool writes."""
        return f"{who}_{self.task}_{size}{self._suffix}"

    @property
    def _suffix(self) -> str:
        return "" if self == Case(self.task) else f"_{self.codec}_{self.form}"


def write_analyses(work: Path) -> None:
    """Write the analyses that are not among the examples."""
    (work / "search.adl").write_text(search())
    (work / "skim.adl").write_text(SKIM)
    (work / "agc_varied.adl").write_text(f"{AGC.read_text()}\n{VARIED}")


def analysis(work: Path, task: str) -> Path:
    """Return the file of an analysis."""
    return {**TASKS, "agc": AGC}.get(task, work / f"{task}.adl")


def search() -> str:
    """Return a search of 50 regions by jets, tags and leptons, with 400 bins of HT."""
    lines = [
        "object good\n  take Jet\n  select pT > 30 and abs(eta) < 2.4",
        "object tagged\n  take good\n  select btag > 0.7",
        "object e20\n  take Electron\n  select pT > 20",
        "object mu20\n  take Muon\n  select pT > 20",
        "define leptons = size(e20) + size(mu20)",
        "region base\n  select size(good) >= 1",
    ]
    for jets in range(1, 6):
        for tags in range(5):
            for leptons in range(2):
                name = f"j{jets}t{tags}l{leptons}"
                lines.append(
                    f"region {name}\n  take base\n"
                    f"  select size(good) {'==' if jets < 5 else '>='} {jets}\n"
                    f"  select size(tagged) {'==' if tags < 4 else '>='} {tags}\n"
                    f"  select leptons {'>= 1' if leptons else '== 0'}\n"
                    f'  histo {name}_ht, "", 8, 0, 800, sum(pT(good))\n'
                    f'  histo {name}_met, "", 100, 0, 200, MET'
                )
    return "\n".join(lines) + "\n"
