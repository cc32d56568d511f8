"""What digital processing does: resizing, mosaics, compression."""
