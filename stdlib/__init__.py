"""The physics library: primitive operations, functions of numbers and particles, object models."""
