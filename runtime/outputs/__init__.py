"""Writers of results, one module a format."""
