"""Where two analyses differ: matched by what they compute, then by name, then by likeness."""
