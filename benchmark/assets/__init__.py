"""Files from elsewhere: weights, and what is remembered of images."""
