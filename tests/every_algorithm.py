"""An analysis that calls every algorithm of the library."""

from __future__ import annotations

EVERY_ALGORITHM = """
object jets
  take Jet
  select pT > 20
object far
  take separated(jets, 0.8)
object halves
  take fhemisphere(jets, 2, 3)
object megas
  take fmegajets(jets)
object fat
  take antikT(jets, 0.8)
object opposite
  take fVectorSum(jets, -1)
region r
  select size(jets) >= 2
  weight w MET_pt / 50 + fThrust(jets)
  histo h1, "h", 20, 0, 200, pT(far)
  histo h2, "h", 20, 0, 200, m(halves)
  histo h3, "h", 20, 0, 200, fMR(megas)
  histo h4, "h", 20, 0, 200, pT(fat)
  histo h5, "h", 20, 0, 2, fAlphaT(jets)
  histo h6, "h", 20, 0, 1, fSphericity(jets)
  histo h7, "h", 20, 0, 1, fAplanarity(jets)
  histo h8, "h", 20, 0, 1, fTransverseSphericity(jets)
  histo h9, "h", 20, 0, 1, fTransverseThrust(jets)
  histo h10, "h", 20, 0, 1, fFoxWolfram(jets, 2)
  histo h11, "h", 20, 0, 200, pT(opposite)
  histo h12, "h", 20, 0, 200, fMT2(jets[0], jets[1], MET)
  print pT(far), m(halves)
"""
