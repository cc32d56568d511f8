"""The six tasks of the paper, each the name of a recipe; a file of its own, as reading the recipes takes OpenCV."""

TASKS = ("sr4", "mosaic16", "denoise", "deblur", "jpeg", "dual_blind")
