// The ADL benchmarks and the search of benchmarks/search.py in RDataFrame, compiled.
//    tasks FILE TREE TASK THREADS OUT
// Momenta are added in double precision, as ours are. OUT gets a line a histogram: name, contents.
#include <ROOT/RDFHelpers.hxx>
#include <ROOT/RDataFrame.hxx>
#include <TH1D.h>
#include <TROOT.h>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <numeric>
#include <string>
#include <vector>

using ROOT::RDF::RNode;
using ROOT::RVecF;
using ROOT::RVecI;
using ROOT::VecOps::RVec;
using Histogram = ROOT::RDF::RResultPtr<TH1D>;
using Histograms = std::vector<Histogram>;

namespace {

constexpr double Pi = 3.14159265358979323846;

struct Momentum {
   double x, y, z, e;
   Momentum operator+(const Momentum &o) const { return {x + o.x, y + o.y, z + o.z, e + o.e}; }
   double mass() const
   {
      const double squared = e * e - x * x - y * y - z * z;
      return squared > 0 ? std::sqrt(squared) : 0;
   }
   double pt() const { return std::hypot(x, y); }
};

Momentum momentum(double pt, double eta, double phi, double mass)
{
   const double x = pt * std::cos(phi), y = pt * std::sin(phi), z = pt * std::sinh(eta);
   return {x, y, z, std::sqrt(x * x + y * y + z * z + mass * mass)};
}

RVec<Momentum> momenta(const RVecF &pt, const RVecF &eta, const RVecF &phi, const RVecF &mass)
{
   RVec<Momentum> out(pt.size());
   for (std::size_t i = 0; i < pt.size(); ++i)
      out[i] = momentum(pt[i], eta[i], phi[i], mass[i]);
   return out;
}

double deltaPhi(double a, double b)
{
   const double d = a - b;
   return d > Pi ? d - 2 * Pi : d < -Pi ? d + 2 * Pi : d;
}

Histogram met(RNode d)
{
   return d.Histo1D<float>({"met", "", 100, 0, 200}, "MET_pt");
}

Histograms q1(RNode d)
{
   return {met(d)};
}

Histograms q2(RNode d)
{
   return {d.Histo1D<RVecF>({"jet_pt", "", 100, 0, 200}, "Jet_pt")};
}

Histograms q3(RNode d)
{
   const auto central = [](const RVecF &pt, const RVecF &eta) { return pt[abs(eta) < 1.f]; };
   return {d.Define("central", central, {"Jet_pt", "Jet_eta"})
              .Histo1D<RVecF>({"jet_pt", "", 100, 0, 200}, "central")};
}

Histograms q4(RNode d)
{
   const auto two = [](const RVecF &pt) {
      return std::count_if(pt.begin(), pt.end(), [](float x) { return x > 40; }) >= 2;
   };
   return {met(d.Filter(two, {"Jet_pt"}))};
}

Histograms q5(RNode d)
{
   const auto pair = [](const RVecF &pt, const RVecF &eta, const RVecF &phi, const RVecF &mass, const RVecI &charge) {
      const std::size_t n = pt.size();
      if (n < 2)
         return false;
      const auto p = momenta(pt, eta, phi, mass);
      for (std::size_t i = 0; i < n; ++i)
         for (std::size_t j = i + 1; j < n; ++j)
            if (charge[i] + charge[j] == 0) {
               const double m = (p[i] + p[j]).mass();
               if (m > 60 && m < 120)
                  return true;
            }
      return false;
   };
   return {met(d.Filter(pair, {"Muon_pt", "Muon_eta", "Muon_phi", "Muon_mass", "Muon_charge"}))};
}

struct Trijet {
   double pt, tag;
};

Histograms q6(RNode d)
{
   const auto best = [](const RVecF &pt, const RVecF &eta, const RVecF &phi, const RVecF &mass, const RVecF &tag) {
      const auto p = momenta(pt, eta, phi, mass);
      const std::size_t n = p.size();
      double nearest = INFINITY;
      std::size_t a = 0, b = 0, c = 0;
      for (std::size_t i = 0; i < n; ++i)
         for (std::size_t j = i + 1; j < n; ++j) {
            const Momentum two = p[i] + p[j];
            for (std::size_t k = j + 1; k < n; ++k) {
               const double off = std::abs((two + p[k]).mass() - 172.5);
               if (off < nearest) {
                  nearest = off;
                  a = i, b = j, c = k;
               }
            }
         }
      return Trijet{(p[a] + p[b] + p[c]).pt(), std::max({tag[a], tag[b], tag[c]})};
   };
   auto found = d.Filter([](unsigned n) { return n >= 3; }, {"size"})
                   .Define("best", best, {"Jet_pt", "Jet_eta", "Jet_phi", "Jet_mass", "Jet_btag"})
                   .Define("trijet", [](const Trijet &t) { return t.pt; }, {"best"})
                   .Define("tag", [](const Trijet &t) { return t.tag; }, {"best"});
   return {found.Histo1D<double>({"trijet_pt", "", 100, 0, 300}, "trijet"),
           found.Histo1D<double>({"leading_btag", "", 100, 0, 1}, "tag")};
}

Histograms q7(RNode d)
{
   const auto ht = [](const RVecF &pt, const RVecF &eta, const RVecF &phi, const RVecF &ept, const RVecF &eeta,
                      const RVecF &ephi, const RVecF &mpt, const RVecF &meta, const RVecF &mphi) {
      double sum = 0;
      for (std::size_t i = 0; i < pt.size(); ++i) {
         if (!(pt[i] > 30))
            continue;
         const auto near = [&](const RVecF &lpt, const RVecF &leta, const RVecF &lphi) {
            for (std::size_t j = 0; j < lpt.size(); ++j)
               if (lpt[j] > 10) {
                  const double x = double(eta[i]) - leta[j], y = deltaPhi(phi[i], lphi[j]);
                  if (std::sqrt(x * x + y * y) < 0.4)
                     return true;
               }
            return false;
         };
         if (!near(ept, eeta, ephi) && !near(mpt, meta, mphi))
            sum += pt[i];
      }
      return sum;
   };
   return {d.Define("ht", ht,
                    {"Jet_pt", "Jet_eta", "Jet_phi", "Electron_pt", "Electron_eta", "Electron_phi", "Muon_pt",
                     "Muon_eta", "Muon_phi"})
              .Histo1D<double>({"ht", "", 100, 0, 500}, "ht")};
}

struct Lepton {
   Momentum p;
   float pt, phi;
   int charge;
   bool muon;
};

Histograms q8(RNode d)
{
   const auto mt = [](const RVecF &ept, const RVecF &eeta, const RVecF &ephi, const RVecF &emass, const RVecI &echarge,
                      const RVecF &mpt, const RVecF &meta, const RVecF &mphi, const RVecF &mmass, const RVecI &mcharge,
                      float met, float metPhi) {
      const std::size_t n = ept.size() + mpt.size();
      if (n < 3)
         return -1.;
      std::vector<Lepton> all;
      all.reserve(n);
      for (std::size_t i = 0; i < ept.size(); ++i)
         all.push_back({momentum(ept[i], eeta[i], ephi[i], emass[i]), ept[i], ephi[i], echarge[i], false});
      for (std::size_t i = 0; i < mpt.size(); ++i)
         all.push_back({momentum(mpt[i], meta[i], mphi[i], mmass[i]), mpt[i], mphi[i], mcharge[i], true});
      std::stable_sort(all.begin(), all.end(), [](const Lepton &a, const Lepton &b) { return a.pt > b.pt; });
      double nearest = INFINITY;
      std::size_t a = n, b = n;
      for (std::size_t i = 0; i < n; ++i)
         for (std::size_t j = i + 1; j < n; ++j)
            if (all[i].muon == all[j].muon && all[i].charge + all[j].charge == 0) {
               const double off = std::abs((all[i].p + all[j].p).mass() - 91.2);
               if (off < nearest) {
                  nearest = off;
                  a = i, b = j;
               }
            }
      if (a == n)
         return -1.;
      std::size_t third = 0;
      while (third == a || third == b)
         ++third;
      return std::sqrt(2. * all[third].pt * met * (1 - std::cos(deltaPhi(all[third].phi, metPhi))));
   };
   return {d.Define("mt", mt,
                    {"Electron_pt", "Electron_eta", "Electron_phi", "Electron_mass", "Electron_charge", "Muon_pt",
                     "Muon_eta", "Muon_phi", "Muon_mass", "Muon_charge", "MET_pt", "MET_phi"})
              .Filter([](double x) { return x >= 0; }, {"mt"})
              .Histo1D<double>({"mt", "", 100, 0, 200}, "mt")};
}

// 50 regions in jets, tags and leptons, each with eight bins of HT and a histogram of MET.
Histograms search(RNode d)
{
   const auto good = [](const RVecF &pt, const RVecF &eta) { return RVec<int>(pt > 30.f && abs(eta) < 2.4f); };
   auto base = d.Define("good", good, {"Jet_pt", "Jet_eta"})
                  .Define("jets", [](const RVecI &g) { return Sum(g); }, {"good"})
                  .Define("tags", [](const RVecI &g, const RVecF &tag) { return Sum(g && tag > 0.7f); }, {"good", "Jet_btag"})
                  .Define("ht",
                          [](const RVecI &g, const RVecF &pt) {
                             double sum = 0;
                             for (std::size_t i = 0; i < pt.size(); ++i)
                                if (g[i])
                                   sum += pt[i];
                             return sum;
                          },
                          {"good", "Jet_pt"})
                  .Define("leptons",
                          [](const RVecF &e, const RVecF &m) {
                             return int(Sum(e > 20.f) + Sum(m > 20.f));
                          },
                          {"Electron_pt", "Muon_pt"})
                  .Filter([](int jets) { return jets >= 1; }, {"jets"});
   Histograms out;
   for (int jets = 1; jets <= 5; ++jets)
      for (int tags = 0; tags <= 4; ++tags)
         for (int leptons = 0; leptons <= 1; ++leptons) {
            const auto cut = [=](int j, int t, int l) {
               return (jets < 5 ? j == jets : j >= 5) && (tags < 4 ? t == tags : t >= 4) &&
                      (leptons ? l >= 1 : l == 0);
            };
            const std::string name = "j" + std::to_string(jets) + "t" + std::to_string(tags) + "l" + std::to_string(leptons);
            auto region = base.Filter(cut, {"jets", "tags", "leptons"});
            out.push_back(region.Histo1D<double>({(name + "_ht").c_str(), "", 8, 0, 800}, "ht"));
            out.push_back(region.Histo1D<float>({(name + "_met").c_str(), "", 100, 0, 200}, "MET_pt"));
         }
   return out;
}

// The leptons of the Analysis Grand Challenge: how many an event has.
const auto electrons = [](const RVecF &pt, const RVecF &eta, const RVecI &cut, const RVecF &sip) {
   int n = 0;
   for (std::size_t i = 0; i < pt.size(); ++i)
      n += pt[i] > 30 && std::abs(double(eta[i])) < 2.1 && cut[i] == 4 && sip[i] < 4;
   return n;
};
const auto muons = [](const RVecF &pt, const RVecF &eta, const RVec<bool> &tight, const RVecF &sip, const RVecF &iso) {
   int n = 0;
   for (std::size_t i = 0; i < pt.size(); ++i)
      n += pt[i] > 30 && std::abs(double(eta[i])) < 2.1 && tight[i] && sip[i] < 4 && double(iso[i]) < 0.15;
   return n;
};

// The selection of top pairs of the Analysis Grand Challenge, as examples/ttbar_agc.adl has it.
Histograms agc(RNode d)
{
   const auto good = [](const RVecF &pt, const RVecF &eta, const RVecI &id) {
      RVec<int> out(pt.size());
      for (std::size_t i = 0; i < pt.size(); ++i)
         out[i] = pt[i] > 30 && std::abs(double(eta[i])) < 2.4 && id[i] >= 4;
      return out;
   };
   auto four = d.Define("e", electrons, {"Electron_pt", "Electron_eta", "Electron_cutBased", "Electron_sip3d"})
                  .Define("m", muons, {"Muon_pt", "Muon_eta", "Muon_tightId", "Muon_sip3d", "Muon_pfRelIso04_all"})
                  .Filter([](int e, int m) { return e + m == 1; }, {"e", "m"})
                  .Define("good", good, {"Jet_pt", "Jet_eta", "Jet_jetId"})
                  .Filter([](const RVecI &g) { return Sum(g) >= 4; }, {"good"})
                  .Define("tags", [](const RVecI &g, const RVecF &tag) { return Sum(g && tag > 0.5f); },
                          {"good", "Jet_btagCSVV2"});
   const auto ht = [](const RVecI &g, const RVecF &pt) {
      double sum = 0;
      for (std::size_t i = 0; i < pt.size(); ++i)
         if (g[i])
            sum += pt[i];
      return sum;
   };
   const auto mass = [](const RVecI &g, const RVecF &pt, const RVecF &eta, const RVecF &phi, const RVecF &m, const RVecF &tag) {
      const RVecF t = tag[g];
      const auto p = momenta(pt[g], eta[g], phi[g], m[g]);
      double hardest = -1, found = 0;
      for (std::size_t i = 0; i < p.size(); ++i)
         for (std::size_t j = i + 1; j < p.size(); ++j) {
            const Momentum two = p[i] + p[j];
            for (std::size_t k = j + 1; k < p.size(); ++k) {
               if (!(std::max({t[i], t[j], t[k]}) > 0.5f))
                  continue;
               const Momentum three = two + p[k];
               if (three.pt() > hardest) {
                  hardest = three.pt();
                  found = three.mass();
               }
            }
         }
      return found;
   };
   return {four.Filter([](int tags) { return tags == 1; }, {"tags"})
              .Define("ht", ht, {"good", "Jet_pt"})
              .Histo1D<double>({"ht", "", 25, 50, 550}, "ht"),
           four.Filter([](int tags) { return tags >= 2; }, {"tags"})
              .Define("mass", mass, {"good", "Jet_pt", "Jet_eta", "Jet_phi", "Jet_mass", "Jet_btagCSVV2"})
              .Histo1D<double>({"trijet_mass", "", 25, 50, 550}, "mass")};
}

// The same with variations: of the jets' momenta by two sources, and of the weight by five.
std::map<std::string, ROOT::RDF::Experimental::RResultMap<TH1D>> agcVaried(RNode d)
{
   using Momenta = RVec<double>;
   const auto scaled = [](const Momenta &pt, double factor) {
      Momenta out(pt.size());
      for (std::size_t i = 0; i < pt.size(); ++i)
         out[i] = pt[i] * factor;
      return out;
   };
   const auto scale = [scaled](const Momenta &pt) { return RVec<Momenta>{scaled(pt, 1.03), scaled(pt, 0.97)}; };
   const auto resolution = [](const Momenta &pt, const RVecF &eta) {
      RVec<Momenta> out(2, Momenta(pt.size()));
      for (std::size_t i = 0; i < pt.size(); ++i) {
         const double off = 0.02 * std::abs(double(eta[i]));
         out[0][i] = pt[i] * (1 + off);
         out[1][i] = pt[i] * (1 - off);
      }
      return out;
   };
   const auto good = [](const Momenta &pt, const RVecF &eta, const RVecI &id) {
      RVec<int> out(pt.size());
      for (std::size_t i = 0; i < pt.size(); ++i)
         out[i] = pt[i] > 30 && std::abs(double(eta[i])) < 2.4 && id[i] >= 4;
      return out;
   };
   // The leptons do not vary: what fails them is gone before momenta are.
   RNode four = d.Define("e", electrons, {"Electron_pt", "Electron_eta", "Electron_cutBased", "Electron_sip3d"})
                   .Define("m", muons, {"Muon_pt", "Muon_eta", "Muon_tightId", "Muon_sip3d", "Muon_pfRelIso04_all"})
                   .Filter([](int e, int m) { return e + m == 1; }, {"e", "m"})
                   .Define("pt", [](const RVecF &x) { return Momenta(x.begin(), x.end()); }, {"Jet_pt"})
                   .Vary("pt", scale, {"pt"}, {"Up", "Down"}, "pt_scale")
                   .Vary("pt", resolution, {"pt", "Jet_eta"}, {"Up", "Down"}, "pt_res")
                   .Define("good", good, {"pt", "Jet_eta", "Jet_jetId"})
                   .Filter([](const RVecI &g) { return Sum(g) >= 4; }, {"good"})
                   .Define("leading",
                           [](const RVecI &g, const Momenta &pt) { return Momenta(pt[g]); }, {"good", "pt"})
                   .Define("weight", [] { return 1.; })
                   .Vary("weight", [](double w) { return RVec<double>{1.025 * w, 0.975 * w}; }, {"weight"},
                         {"Up", "Down"}, "scale_var");
   for (int i = 0; i < 4; ++i)
      four = four.Vary("weight",
                       [i](double w, const Momenta &pt) {
                          const double off = 0.075 * pt[i] / 50;
                          return RVec<double>{w * (1 + off), w * (1 - off)};
                       },
                       {"weight", "leading"}, {"Up", "Down"}, "btag_var_" + std::to_string(i + 1));
   four = four.Define("tags", [](const RVecI &g, const RVecF &tag) { return Sum(g && tag > 0.5f); },
                      {"good", "Jet_btagCSVV2"});
   const auto mass = [](const RVecI &g, const Momenta &pt, const RVecF &eta, const RVecF &phi, const RVecF &m, const RVecF &tag) {
      RVec<Momentum> p;
      RVecF t;
      for (std::size_t i = 0; i < pt.size(); ++i)
         if (g[i]) {
            p.push_back(momentum(pt[i], eta[i], phi[i], m[i]));
            t.push_back(tag[i]);
         }
      double hardest = -1, found = 0;
      for (std::size_t i = 0; i < p.size(); ++i)
         for (std::size_t j = i + 1; j < p.size(); ++j) {
            const Momentum two = p[i] + p[j];
            for (std::size_t k = j + 1; k < p.size(); ++k) {
               if (!(std::max({t[i], t[j], t[k]}) > 0.5f))
                  continue;
               const Momentum three = two + p[k];
               if (three.pt() > hardest) {
                  hardest = three.pt();
                  found = three.mass();
               }
            }
         }
      return found;
   };
   auto ht = four.Filter([](int tags) { return tags == 1; }, {"tags"})
                .Define("ht", [](const Momenta &pt) { return std::accumulate(pt.begin(), pt.end(), 0.); }, {"leading"})
                .Histo1D<double, double>({"ht", "", 25, 50, 550}, "ht", "weight");
   auto top = four.Filter([](int tags) { return tags >= 2; }, {"tags"})
                 .Define("mass", mass, {"good", "pt", "Jet_eta", "Jet_phi", "Jet_mass", "Jet_btagCSVV2"})
                 .Histo1D<double, double>({"trijet_mass", "", 25, 50, 550}, "mass", "weight");
   using ROOT::RDF::Experimental::VariationsFor;
   return {{"ht", VariationsFor(ht)}, {"trijet_mass", VariationsFor(top)}};
}

// Events with three jets of 40 GeV, in a file of their own with the columns of skim.adl.
Histograms skim(RNode d, const std::string &out)
{
   const auto three = [](const RVecF &pt) {
      return std::count_if(pt.begin(), pt.end(), [](float x) { return x > 40; }) >= 3;
   };
   ROOT::RDF::RSnapshotOptions options;
   options.fCompressionAlgorithm = ROOT::RCompressionSetting::EAlgorithm::kZSTD;
   options.fCompressionLevel = 5;
   d.Filter(three, {"Jet_pt"})
      .Snapshot("Events", out,
                {"Jet_pt", "Jet_eta", "Jet_phi", "Jet_mass", "Jet_btagCSVV2", "MET_pt", "MET_phi", "run",
                 "luminosityBlock", "event", "genWeight"},
                options);
   return {};
}

const std::map<std::string, Histograms (*)(RNode)> tasks{{"q1", q1}, {"q2", q2}, {"q3", q3}, {"q4", q4}, {"q5", q5},
                                                         {"q6", q6}, {"q7", q7}, {"q8", q8}, {"search", search},
                                                         {"agc", agc}};

} // namespace

int main(int, char **argv)
{
   const int threads = std::stoi(argv[4]);
   if (threads > 1)
      ROOT::EnableImplicitMT(threads);
   ROOT::RDataFrame events(argv[2], argv[1]);
   const std::string task = argv[3];
   RNode start = task == "q6" ? RNode(events.Define("size", [](const RVecF &pt) { return unsigned(pt.size()); }, {"Jet_pt"}))
                              : RNode(events);
   std::FILE *out = std::fopen(argv[5], "w");
   const auto write = [out](const std::string &name, const TH1D &h) {
      std::fprintf(out, "%s", name.c_str());
      for (int bin = 0; bin <= h.GetNbinsX() + 1; ++bin)
         std::fprintf(out, " %.17g", h.GetBinContent(bin));
      std::fprintf(out, "\n");
   };
   if (task == "agc_varied") {
      // A variation "pt_scale:Up" of "ht" is written as ours is: ht:pt_scaleUp.
      for (auto &[name, variations] : agcVaried(start))
         for (const auto &key : variations.GetKeys()) {
            const auto colon = key.find(':');
            const bool nominal = colon == std::string::npos;
            write(nominal ? name : name + ":" + key.substr(0, colon) + key.substr(colon + 1), variations[key]);
         }
   } else {
      auto found = task == "skim" ? skim(start, std::string(argv[5]) + ".root") : tasks.at(task)(start);
      for (auto &h : found)
         write(h->GetName(), *h);
   }
   std::fclose(out);
}
