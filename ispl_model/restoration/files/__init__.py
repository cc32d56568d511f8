"""Files of images restored one after another: read, planned, recorded, written in the format they came in."""
