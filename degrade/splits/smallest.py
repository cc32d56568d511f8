"""How small the images of a split may be; apart from its readers, so that --help reads no numpy."""

SMALLEST_SIDE = 16  # px, of a reference
