"""ISPL and its variants as methods."""
