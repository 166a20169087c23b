"""Dataset lists: which files a run reads, what they are, and what an event of them counts.

``reading`` turns a text into a ``DatasetList`` and reports what is wrong with file, line and caret;
``entries`` says what a list can hold (and is its JSON Schema), ``foreign`` reads the lists of other
tools; ``preparing`` makes an analysis ready for a dataset, ``running`` runs all of them, ``sums``
computes what an event counts, ``combining`` adds datasets up to processes.
"""
