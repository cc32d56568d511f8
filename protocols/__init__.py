"""Data only: protocols, profiles, tables and the published numbers. This file makes importlib.resources find them."""
