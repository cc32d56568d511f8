"""Images in, restored images out."""
