"""Systematics: what a block varies, resolved against the input; every mistake at its word.

Each kind of line has a file of its own; the table ``LINES`` in ``blocks.py`` leads to them.
"""
