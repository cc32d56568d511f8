"""Files on disk: which there are, what they may be called, and how they are read and written whole."""
