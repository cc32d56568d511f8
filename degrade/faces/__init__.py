"""Where faces are: detection, and FFHQ's alignment."""
