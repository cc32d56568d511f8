"""What the bytes of an image file mean: containers, sample depths, colour profiles."""
