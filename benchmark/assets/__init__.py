"""External files: weights; cached results of images."""
