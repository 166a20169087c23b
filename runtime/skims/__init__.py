"""Skims: files of the columns that an analysis needs, for the events that pass its regions.

``plan`` says what is kept of a file, ``keeper`` takes it block by block, ``counters`` carries the
sums over all events that were there, ``record`` what a skim is made of.
"""
