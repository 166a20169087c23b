"""Python functions with loops, compiled by numba once and kept as LLVM IR; nothing else uses numba."""
