"""The reference restoration network (ISPL), its training and its use.

What is public is listed in __init__.pyi; each name is imported when it is first used.
"""

import lazy_loader

from degrade import __version__ as __version__

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
