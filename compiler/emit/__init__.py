"""From a kernel to the text of an LLVM module; nothing here knows which machine will run it."""
