"""Clean faces in, repeatable degraded splits out. numpy, SciPy and OpenCV; never torch."""
