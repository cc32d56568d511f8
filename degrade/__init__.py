"""Clean faces in, repeatable degraded splits out. numpy, SciPy and OpenCV; never torch.

What is public is listed in __init__.pyi; each name is imported when it is first used.
"""

import lazy_loader

from degrade.core.streams import open_streams

__version__ = "0.1.0"  # of the whole distribution; setup.cfg and the other packages read it here

open_streams()  # here, as every command and every function of the three packages comes by

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
