"""The tables that random fields are drawn from."""

import numpy as np
from scipy.special import ndtri

from degrade.core.random import normal_table


def test_the_normal_table_is_scipys_bit_for_bit() -> None:
    """Splits were first made with SciPy's quantiles; the standard library's are the same numbers."""
    quantiles = ndtri((np.arange(65536) + 0.5) / 65536)
    np.testing.assert_array_equal(normal_table(), (quantiles / quantiles.std()).astype(np.float32))
