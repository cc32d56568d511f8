"""What others made, as splits."""
