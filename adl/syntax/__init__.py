"""The text of an analysis: source files, the syntax tree, the parser, and how mistakes are shown."""
