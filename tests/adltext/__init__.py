"""Random analyses as text: what users write, over all constructs of the language."""
