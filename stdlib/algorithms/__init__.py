"""Functions with loops: plain Python that is compiled as it stands, see ``registry.algorithm``."""
