"""Blurs."""
