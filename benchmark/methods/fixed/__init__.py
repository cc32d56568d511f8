"""Methods with nothing to choose or learn."""
