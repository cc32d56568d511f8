"""What a caller may choose, for the command lines too, whose --help loads no numpy."""

LARGEST_SEED = 2**63 - 1  # that JSON, Arrow and numpy all hold
ROLES = ("train", "val", "test")
CROPS = ("none", "center")
DTYPES = ("auto", "bf16", "fp32")  # what a network multiplies in
SMALLEST_SIDE = 16  # px, of a reference
