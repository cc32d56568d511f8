"""Painted faces, for use without photographs."""
