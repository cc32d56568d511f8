"""The commands of `benchmark`."""
