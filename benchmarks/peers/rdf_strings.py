"""The ADL benchmarks in RDataFrame's Python, with expressions as strings: FILE TREE TASK THREADS OUT."""

from __future__ import annotations

import sys

import ROOT

MET = ("met", "", 100, 0, 200)
JETS = "Jet_pt, Jet_eta, Jet_phi, Jet_mass"
ELECTRONS = "Electron_pt, Electron_eta, Electron_phi"
MUONS = "Muon_pt, Muon_eta, Muon_phi"

HELPERS = """
#include <Math/Vector4D.h>
using Momenta = ROOT::RVec<ROOT::Math::PxPyPzEVector>;
template <class T> Momenta momenta(const T &pt, const T &eta, const T &phi, const T &mass) {
   Momenta out(pt.size());
   for (std::size_t i = 0; i < pt.size(); ++i)
      out[i] = ROOT::Math::PtEtaPhiMVector(pt[i], eta[i], phi[i], mass[i]);
   return out;
}
bool z_to_muons(const ROOT::RVecF &pt, const ROOT::RVecF &eta, const ROOT::RVecF &phi,
                const ROOT::RVecF &mass, const ROOT::RVecI &charge) {
   const auto p = momenta(pt, eta, phi, mass);
   for (std::size_t i = 0; i < p.size(); ++i)
      for (std::size_t j = i + 1; j < p.size(); ++j)
         if (charge[i] + charge[j] == 0) {
            const double m = (p[i] + p[j]).M();
            if (m > 60 && m < 120) return true;
         }
   return false;
}
ROOT::RVec<std::size_t> trijet(const Momenta &p) {
   const auto c = ROOT::VecOps::Combinations(p, 3);
   std::size_t best = 0; double nearest = INFINITY;
   for (std::size_t i = 0; i < c[0].size(); ++i) {
      const double off = std::abs((p[c[0][i]] + p[c[1][i]] + p[c[2][i]]).M() - 172.5);
      if (off < nearest) { nearest = off; best = i; }
   }
   return {c[0][best], c[1][best], c[2][best]};
}
double ht(const ROOT::RVecF &pt, const ROOT::RVecF &eta, const ROOT::RVecF &phi,
          const ROOT::RVecF &ept, const ROOT::RVecF &eeta, const ROOT::RVecF &ephi,
          const ROOT::RVecF &mpt, const ROOT::RVecF &meta, const ROOT::RVecF &mphi) {
   double sum = 0;
   for (std::size_t i = 0; i < pt.size(); ++i) {
      if (pt[i] <= 30) continue;
      bool near = false;
      for (std::size_t j = 0; j < ept.size() && !near; ++j)
         near = ept[j] > 10 && ROOT::VecOps::DeltaR<double>(eta[i], eeta[j], phi[i], ephi[j]) < 0.4;
      for (std::size_t j = 0; j < mpt.size() && !near; ++j)
         near = mpt[j] > 10 && ROOT::VecOps::DeltaR<double>(eta[i], meta[j], phi[i], mphi[j]) < 0.4;
      if (!near) sum += pt[i];
   }
   return sum;
}
double third_lepton(const Momenta &p, const ROOT::RVecI &charge, std::size_t electrons,
                    const ROOT::RVecF &pt, const ROOT::RVecF &phi, double met, double met_phi) {
   double nearest = INFINITY; std::size_t a = 0, b = 0, hardest = p.size();
   for (std::size_t i = 0; i < p.size(); ++i)
      for (std::size_t j = i + 1; j < p.size(); ++j)
         if ((i < electrons) == (j < electrons) && charge[i] + charge[j] == 0) {
            const double off = std::abs((p[i] + p[j]).M() - 91.2);
            if (off < nearest) { nearest = off; a = i; b = j; }
         }
   if (nearest == INFINITY) return -1;
   for (std::size_t i = 0; i < p.size(); ++i)
      if (i != a && i != b && (hardest == p.size() || pt[i] > pt[hardest])) hardest = i;
   return std::sqrt(2. * pt[hardest] * met * (1 - std::cos(double(phi[hardest]) - met_phi)));
}
"""


def q1(d):
    return [d.Histo1D(MET, "MET_pt")]


def q2(d):
    return [d.Histo1D(("jet_pt", "", 100, 0, 200), "Jet_pt")]


def q3(d):
    central = d.Define("central", "Jet_pt[abs(Jet_eta) < 1]")
    return [central.Histo1D(("jet_pt", "", 100, 0, 200), "central")]


def q4(d):
    return q1(d.Filter("Sum(Jet_pt > 40) >= 2"))


def q5(d):
    return q1(d.Filter("nMuon >= 2").Filter(f"z_to_muons({MUONS}, Muon_mass, Muon_charge)"))


def q6(d):
    d = d.Filter("nJet >= 3").Define("p", f"momenta({JETS})").Define("best", "trijet(p)")
    d = d.Define("top", "(p[best[0]] + p[best[1]] + p[best[2]]).Pt()")
    d = d.Define("tag", "Max(Take(Jet_btag, best))")
    return [
        d.Histo1D(("trijet_pt", "", 100, 0, 300), "top"),
        d.Histo1D(("leading_btag", "", 100, 0, 1), "tag"),
    ]


def q7(d):
    d = d.Define("ht", f"ht(Jet_pt, Jet_eta, Jet_phi, {ELECTRONS}, {MUONS})")
    return [d.Histo1D(("ht", "", 100, 0, 500), "ht")]


def q8(d):
    d = d.Filter("nElectron + nMuon >= 3")
    for name in ("pt", "eta", "phi", "mass", "charge"):
        d = d.Define(f"l_{name}", f"Concatenate(Electron_{name}, Muon_{name})")
    d = d.Define("p", "momenta(l_pt, l_eta, l_phi, l_mass)")
    d = d.Define("mt", "third_lepton(p, l_charge, nElectron, l_pt, l_phi, MET_pt, MET_phi)")
    return [d.Filter("mt >= 0").Histo1D(("mt", "", 100, 0, 200), "mt")]


def main():
    path, tree, task, threads, out = sys.argv[1:]
    if int(threads) > 1:
        ROOT.EnableImplicitMT(int(threads))
    ROOT.gInterpreter.Declare(HELPERS)
    found = globals()[task](ROOT.RDataFrame(tree, path))
    with open(out, "w") as file:
        for histogram in found:
            cells = (histogram.GetBinContent(i) for i in range(histogram.GetNbinsX() + 2))
            file.write(f"{histogram.GetName()} {' '.join(map(str, cells))}\n")


if __name__ == "__main__":
    main()
