"""Looking into a network."""
