"""The codes of what the checker says, each with its meaning in one line.

A code never changes its meaning: users silence and search for it.
"""

from __future__ import annotations

CODES: dict[str, str] = {
    "E190": "this version does not support the construct yet",
    "E201": "nothing has this name",
    "E202": "this particle has no such attribute",
    "E203": "a collection stands where one element is needed",
    "E204": "a particle stands where a number is needed",
    "E205": "no function has this name",
    "E206": "a function has the wrong number or kind of arguments",
    "E207": "two declarations have one name",
    "E208": "declarations depend on each other in a circle",
    "E209": "a number stands where a particle is needed",
    "E210": "a collection is needed here",
    "E211": "a text stands where a value is needed",
    "E212": "a ternary without else stands inside an expression",
    "E213": "a region is needed here",
    "E214": "a statement stands in a block that cannot have it",
    "E215": "a histogram's axes and values do not fit",
    "E216": "bin edges are not ascending",
    "E217": "a reducer has nothing to run over",
    "E218": "a weight can be missing",
    "E219": "two histograms of a region have one name",
    "E220": "the file's dialect is not clear",
    "E221": "missing momentum has no pseudorapidity",
    "E222": "an element is called like a collection",
    "E223": "a histogram is called like one that every region has",
    "W301": "an element is used that no size cut guarantees",
    "W302": "a name was found in another case",
    "W303": "a declared name hides one of the library or the input",
    "W304": "a number stands as a condition",
    "W305": "a region used as a condition has weights, which do not count",
    "W306": "several particles after commas were read as their sum",
    "W307": "a cut of an object block does not depend on the element",
    "W308": "a name of the input differs from a declared one in case or number only",
    "N401": "the file was read in the dialect cutlang",
    "N402": "a name was read as the current element",
    "N403": "an index counts in the order of the file",
    "N404": "a comment that silences has nothing to silence",
}
