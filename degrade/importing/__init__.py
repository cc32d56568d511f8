"""Existing data sets as splits."""
