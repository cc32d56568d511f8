"""What a network gives becomes images, or a sentence where it is none."""

import numpy as np
import pytest
import torch

from ispl_model.runtime.tensors import NotFiniteOutput, to_images, to_tensor


def test_images_go_there_and_back_and_are_clipped():
    image = np.random.default_rng(0).random((5, 7, 3), dtype=np.float32) * 3 - 1
    (back,) = to_images(to_tensor(image)[None].to(torch.float64))
    np.testing.assert_array_equal(back, np.clip(image, 0, 1))
    assert back.dtype == np.float32 and back.flags["C_CONTIGUOUS"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_one_value_that_is_not_finite_is_a_sentence(value, dtype):
    output = torch.full((2, 3, 4, 4), 0.5, dtype=dtype)
    output[1, 2, 3, 3] = value
    with pytest.raises(NotFiniteOutput, match="the network gave NaN or infinite values"):
        to_images(output)
