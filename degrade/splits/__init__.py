"""Folders of pairs on disk: which faces, made, read, replayed, reduced."""
