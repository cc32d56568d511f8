"""The engine inside anyone's training: each face degraded anew as it is read, the pixels fixed by its name alone.

The only sub-package of `degrade` that needs torch; nothing of it is imported by `import degrade`.
"""

from degrade.torch.pairs import DegradedPair as DegradedPair
from degrade.torch.pairs import DegradedPairs as DegradedPairs
from degrade.torch.transform import Degrade as Degrade

__all__ = ["Degrade", "DegradedPair", "DegradedPairs"]
