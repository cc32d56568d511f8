"""What everything stands on: the image contract, files, randomness, colour, resampling, errors."""
