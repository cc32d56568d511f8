"""Numbers as text and pictures."""
