"""Randomness that depends on names, never on order, workers or earlier draws."""

import hashlib

import numpy as np


def rng_for(seed: int, *key: str | int) -> np.random.Generator:
    """A generator fixed by the SHA-256 of (seed, *key) and by nothing else.

    The key of a degraded image is (recipe, image name), with the epoch appended in training.
    The parts are joined with their lengths, so ("a", "bc") and ("ab", "c") differ.

    >>> bool(rng_for(0, "sr4", "face").random() == rng_for(0, "sr4", "face").random())
    True
    """
    parts = [str(part) for part in (seed, *key)]
    text = "".join(f"{len(part)}:{part}" for part in parts)
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "big"))


def draw_seed(rng: np.random.Generator) -> int:
    """A seed below 2^63 (JSON, Arrow and numpy all hold it) for an operator's noise field."""
    return int(rng.integers(2**63))
