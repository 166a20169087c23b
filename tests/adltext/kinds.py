"""The input of random analyses: some columns of NanoAOD, and what each kind of particle has."""

from __future__ import annotations

from adl.stdlib.models import Branch, Schema, load_model
from tests.adltext.writer import Collection, Kind

MOMENTUM = ("pt", "eta", "phi", "mass")
FUNCTIONS = ("px", "py", "pz", "p", "energy", "rapidity", "theta", "abseta")
SPELLINGS = {
    "pt": ("pt", "pT", "Pt", "PT"),
    "eta": ("eta", "Eta", "ETA"),
    "phi": ("phi", "Phi", "PHI"),
    "mass": ("mass", "m", "M", "Mass"),
    "charge": ("charge", "q", "Q", "Charge"),
    "energy": ("energy", "E", "e"),
    "p": ("p", "P"),
    "rapidity": ("rapidity", "rap"),
}
_LEPTON = {"charge": "int32", "pdgId": "int32", "genPartIdx": "int16", "jetIdx": "int32"}
COLUMNS: dict[str, dict[str, str]] = {
    "Electron": {**_LEPTON, "convVeto": "bool", "dxy": "float32"},
    "Muon": {**_LEPTON, "tightId": "bool", "pfRelIso04_all": "float32"},
    "Jet": {"btagDeepFlavB": "float32", "nConstituents": "uint8", "jetId": "int32"},
    "FatJet": {"msoftdrop": "float32", "subJetIdx1": "int16"},
    "SubJet": {"tau1": "float32"},
    "GenPart": {"pdgId": "int32", "status": "int32", "genPartIdxMother": "int16"},
}
# Of some collections each element has a list of numbers.
LISTS = {"Jet": "hits", "GenPart": "steps"}
SCALARS = {
    "run": "uint32",
    "luminosityBlock": "uint32",
    "event": "uint64",
    "MET_pt": "float32",
    "MET_phi": "float32",
    "PuppiMET_pt": "float32",
    "PuppiMET_phi": "float32",
    "genWeight": "float32",
    "PV_npvs": "int32",
    "Flag_METFilters": "bool",
    "HLT_IsoMu24": "bool",
    "HLT_Ele27": "bool",
}
EVENT_REALS = ("pT(MET)", "2 * MET", "genWeight", "MET.phi", "MET_pt")
EVENT_INTEGERS = ("PV_npvs",)
EVENT_TRUTHS = ("Flag_METFilters", "HLT_IsoMu24")


def branches() -> dict[str, Branch]:
    """Return the columns of a file."""
    found = {n: Branch(n, dtype, None) for n, dtype in SCALARS.items()}
    for collection, attributes in COLUMNS.items():
        counter = f"n{collection}"
        found[counter] = Branch(counter, "uint32", None)
        for name, dtype in {**dict.fromkeys(MOMENTUM, "float32"), **attributes}.items():
            full = f"{collection}_{name}"
            found[full] = Branch(full, dtype, counter)
    for collection, word in LISTS.items():
        own = f"{collection}_{word}"
        for border in ("begin", "end"):
            name = f"{own}_{border}"
            found[name] = Branch(name, "int32", f"n{collection}", border=True)
        found[f"{own}[]"] = Branch(f"{own}[]", "float32", f"{own}[]", inside=own)
    return found


def schema() -> Schema:
    """Return what the checker knows of the input."""
    return load_model("nanoaod").schema(branches())


def _kind(name: str, **more: object) -> Kind:
    columns = COLUMNS[name]
    reals = tuple(n for n, dtype in columns.items() if dtype == "float32")
    integers = tuple(n for n, dtype in columns.items() if dtype not in ("float32", "bool"))
    truths = tuple(n for n, dtype in columns.items() if dtype == "bool")
    own = (*MOMENTUM, *reals, *FUNCTIONS)
    lists = (LISTS[name],) if name in LISTS else ()
    more = {"lists": lists, "origins": frozenset((name,)), **more}
    return Kind(name, own, integers, truths, **more)  # type: ignore[arg-type]


_MATCHED = {
    "links": (("genPart", "GenPart"), ("jet", "Jet")),
    "positions": (("genPartIdx", "GenPart"), ("jetIdx", "Jet")),
}
GEN = _kind(
    "GenPart",
    links=(("mother", "GenPart"),),
    positions=(("genPartIdxMother", "GenPart"),),
    many=(("daughters", "GenPart"),),
)
FAT = _kind("FatJet", links=(("subJet1", "SubJet"),), positions=(("subJetIdx1", "SubJet"),))
INPUTS = (
    Collection("Jet", _kind("Jet")),
    Collection("Muon", _kind("Muon", **_MATCHED)),
    Collection("Electron", _kind("Electron", **_MATCHED)),
    Collection("GenPart", GEN),
    Collection("FatJet", FAT),
)
KINDS = {c.name: c.kind for c in INPUTS} | {"SubJet": _kind("SubJet")}

MET = Kind("MET", ("pt", "phi", "px", "py"), momentum=False, element=False)
SUM = Kind("sum", (*MOMENTUM, *FUNCTIONS), element=False)
MADE = Kind("made", (*MOMENTUM, *FUNCTIONS))


def common(*kinds: Kind) -> Kind:
    """Return what particles of several kinds have in common."""

    def of(field: str) -> tuple[str, ...]:
        first, *others = (getattr(k, field) for k in kinds)
        return tuple(x for x in first if all(x in other for other in others))

    return Kind(
        "/".join(k.name for k in kinds),
        of("reals"),
        of("integers"),
        of("truths"),
        lists=of("lists"),
        origins=frozenset().union(*(k.origins for k in kinds)),
        momentum=all(k.momentum for k in kinds),
        element=all(k.element for k in kinds),
    )
