"""The commands of `ispl`."""
