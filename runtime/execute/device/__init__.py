"""Running a program on a GPU: memory, launches, and what the CPU does where a GPU cannot."""
