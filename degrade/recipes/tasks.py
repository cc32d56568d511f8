"""What --help says of recipes and sizes; a file of its own, as reading the recipes takes OpenCV."""

TASKS = ("sr4", "mosaic16", "denoise", "deblur", "jpeg", "dual_blind")  # of the paper, each the name of a recipe
SMALLEST = 16  # px, side of a reference
