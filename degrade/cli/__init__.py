"""The commands of `degrade`."""
