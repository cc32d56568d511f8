"""The six tasks of the paper by the names of their recipes; apart from these, so that --help reads no OpenCV."""

TASKS = ("sr4", "mosaic16", "denoise", "deblur", "jpeg", "dual_blind")  # in the order of Table 2
