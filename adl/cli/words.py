"""Words that are called like functions and belong to the language: what they mean, and where it stands.

Their meaning is in the manual; here is one line of each, for who looks for them among the functions.
"""

from __future__ import annotations

# How it is written: what it is, and the section of the manual.
WORDS = {
    "size(jets)": ("The number of elements of a collection, also numof", "Reducers"),
    "count(pT(jets) > 50)": ("For how many elements a condition holds", "Reducers"),
    "sum(pT(jets))": ("The sum over the elements; 0 over none", "Reducers"),
    "prod(pT(jets))": ("The product over the elements; 1 over none", "Reducers"),
    "min(pT(jets))": ("The least value; of several numbers the least of them", "Reducers"),
    "max(pT(jets))": ("The largest value; of several numbers the largest of them", "Reducers"),
    "ave(pT(jets))": ("The mean over the elements; missing over none", "Reducers"),
    "any(pT(jets) > 50)": ("Whether a condition holds for one element", "Reducers"),
    "all(pT(jets) > 50)": ("Whether a condition holds for all elements", "Reducers"),
    "anyof(leptons)": ("In a cut of an object: of one of them", "Overlap removal: for all, exists"),
    "allof(leptons)": ("In a cut of an object: of all of them", "Overlap removal: for all, exists"),
    "argmin(jets j, abs(eta(j)))": ("The element with the least value", "argmin and argmax"),
    "argmax(jets j, pT(j))": ("The element with the largest value", "argmin and argmax"),
    "disjoint(muons a, muons b)": ("Tuples of different objects", "argmin and argmax"),
    "cartesian(jets a, muons b)": ("Every combination", "argmin and argmax"),
    "closest(this, jets, 0.4)": ("The element of least dR, below 0.4", "Elements as values"),
    "last(jets)": ("The last element", "Indices"),
    "default(pT(jets[2]), 0)": ("A value, or another one where it is missing", "Missing values"),
    "union(muons, electrons)": ("After take: the elements of both, in descending pT", "Unions"),
    "applyHM(eff(pT(this)) == 1)": ("Keeps an element with a probability", "Hit or miss"),
    "applyPTF(1.02)": ("Multiplies the pT of each element", "Corrections"),
    "gauss(1, 0.1)": ("A normal random number: its mean, its deviation", "Normal random numbers"),
    "mod(event, 2)": ("What a division leaves", "Expressions"),
    "abs(x)": ("The size of a number", "Expressions"),
    "sqrt(x)": ("The square root; NaN below zero", "Functions"),
    "floor(x)": ("The largest whole number that is not above x", "Functions"),
    'correction("sf.json", "id", eta, pt)': ("A number of correctionlib", "Corrections"),
    'onnx("model.onnx", MET)': ("What a network gives", "Networks"),
    'wp("M")': ("Beside a tagger: its published threshold", "use: which of several"),
}
