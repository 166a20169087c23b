"""Targets: each turns a chunk of events into a program's counts, and all of them agree bit by bit."""
