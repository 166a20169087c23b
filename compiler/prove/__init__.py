"""How the events of two regions relate: proofs over their cuts, and witnesses of an overlap.

A region is a mask, one closed boolean node. ``normal.py`` brings masks to a form in which equal
things are one node, ``encode.py`` makes a formula of literals, *a quantity lies in a set of
values*, ``facts.py`` says what is true of quantities in every event, and ``boxes.py`` (intervals,
always there) or ``smt.py`` (z3) shows that no event can pass. ``search.py`` looks for an event that
passes both, which the interpreter then has to confirm. ``decide.py`` puts these together.
"""
