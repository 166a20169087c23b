// The selection of benchmarks/systematics.py in RDataFrame: systematics FILE KIND NUMBER OUT
// KIND: nominal, energy (variations of the jets' momenta) or weights. One thread, compiled.
#include <ROOT/RDataFrame.hxx>
#include <ROOT/RDFHelpers.hxx>
#include <TH1D.h>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

using ROOT::RVecD;
using ROOT::RVecF;
using ROOT::RVec;

int main(int, char **argv)
{
   const std::string file = argv[1], kind = argv[2];
   const int number = std::stoi(argv[3]);
   const auto start = std::chrono::steady_clock::now();
   ROOT::RDataFrame events("Events", file);
   ROOT::RDF::RNode d = events.Define(
      "pt", [](const RVecF &x) { return RVecD(x.begin(), x.end()); }, {"Jet_pt"});
   d = d.Define("w", [](float met) { return 1.0 + 0.001 * met; }, {"MET_pt"});
   std::vector<std::string> tags;
   for (int i = 0; i < number; ++i)
      tags.push_back("v" + std::to_string(i));
   if (kind == "energy")
      d = d.Vary(
         "pt",
         [number](const RVecD &pt) {
            RVec<RVecD> out(number);
            for (int i = 0; i < number; ++i) {
               out[i].resize(pt.size());
               const double a = 0.0001 * (i + 1), b = 0.001 * (i + 1);
               for (std::size_t j = 0; j < pt.size(); ++j)
                  out[i][j] = pt[j] * (1.0 + a + b);
            }
            return out;
         },
         {"pt"}, tags, "energy");
   if (kind == "weights")
      d = d.Vary(
         "w",
         [number](double w, float met) {
            RVecD out(number);
            for (int i = 0; i < number; ++i)
               out[i] = w * (1.0 + 0.0001 * (i + 1) * double(met));
            return out;
         },
         {"w", "MET_pt"}, tags, "weights");
   d = d.Define("good", [](const RVecD &pt, const RVecF &eta) {
           RVec<int> out(pt.size());
           for (std::size_t j = 0; j < pt.size(); ++j)
              out[j] = pt[j] > 30 && std::abs(double(eta[j])) < 2.4;
           return out;
        }, {"pt", "Jet_eta"})
          .Define("jets", [](const RVecD &pt, const RVec<int> &good) { return pt[good]; }, {"pt", "good"})
          .Filter([](const RVecD &jets) { return jets.size() >= 4; }, {"jets"})
          .Define("ht", [](const RVecD &jets) {
             double sum = 0;
             for (double x : jets)
                sum += x;
             return sum;
          }, {"jets"})
          .Define("first", [](const RVecD &jets) { return jets[0]; }, {"jets"})
          .Define("met", [](float met) { return double(met); }, {"MET_pt"})
          .Define("mass", [](const RVecD &pt, const RVecF &eta, const RVecF &phi, const RVec<int> &good) {
             int a = -1, b = -1;
             for (int j = 0; j < int(pt.size()) && b < 0; ++j)
                if (good[j])
                   (a < 0 ? a : b) = j;
             return std::sqrt(2 * pt[a] * pt[b] * (std::cosh(double(eta[a]) - eta[b]) - std::cos(double(phi[a]) - phi[b])));
          }, {"pt", "Jet_eta", "Jet_phi", "good"});
   std::vector<std::pair<std::string, double>> values{{"ht", 1000}, {"first", 500}, {"met", 200}, {"mass", 500}};
   std::vector<ROOT::RDF::RResultPtr<TH1D>> found;
   for (const auto &[name, top] : values)
      found.push_back(d.Histo1D<double, double>({name.c_str(), "", 50, 0.00137, top}, name, "w"));
   std::FILE *out = std::fopen(argv[4], "w");
   const auto write = [out](const std::string &name, const TH1D &h) {
      std::fprintf(out, "%s", name.c_str());
      for (int bin = 0; bin <= h.GetNbinsX() + 1; ++bin)
         std::fprintf(out, " %.17g", h.GetBinContent(bin));
      std::fprintf(out, "\n");
   };
   if (kind == "nominal") {
      for (auto &h : found)
         write(std::string(h->GetName()) + " nominal", *h);
   } else {
      std::vector<ROOT::RDF::Experimental::RResultMap<TH1D>> varied;
      for (auto &h : found)
         varied.push_back(ROOT::RDF::Experimental::VariationsFor(h));
      for (std::size_t i = 0; i < varied.size(); ++i)
         for (const auto &key : varied[i].GetKeys())
            write(values[i].first + " " + key, varied[i][key]);
   }
   std::fclose(out);
   const auto stop = std::chrono::steady_clock::now();
   std::printf("%.4f\n", std::chrono::duration<double>(stop - start).count());
}
