"""Other people's models behind one call: any image in, its restored image out."""
