"""Plain losses against numbers worked out by hand."""

import pytest
import torch

from ispl_model.losses import pixel
from ispl_model.losses.pixel import LOSSES


def test_l1_is_the_mean_absolute_difference():
    assert pixel.l1(torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5, 4.0]])) == 1.25


def test_the_pixel_losses_of_the_table():
    batch = {"reference": torch.tensor([[[[0.5, 1.0]]]])}
    outputs = {"restored": torch.tensor([[[[0.0, 0.0]]]]), "steps": torch.tensor([[[[[0.0, 0.0]]]], [[[[0.5, 2.0]]]]])}
    assert LOSSES["l1"](outputs, batch) == 0.75
    assert LOSSES["mse"](outputs, batch) == (0.25 + 1) / 2
    assert LOSSES["l1_steps"](outputs, batch) == 0.75 + 0.5  # a sum over the unrolled steps, not a mean


def test_the_pyramid_compares_averages_over_blocks_of_2_4_and_8_px():
    reference = torch.zeros(1, 3, 8, 12)
    restored = torch.zeros(1, 3, 8, 12)
    restored[..., 0, 0] = 1.0  # alone in a block of 2, 4 and 8 px
    restored[..., 5, 4:6] = torch.tensor([1.0, -1.0])  # cancels within a block of 2 px
    restored[..., :, 8:] = 0.5  # the last column of blocks of 8 px is 4 px wide
    found = LOSSES["l1_pyramid"]({"restored": restored}, {"reference": reference})
    by_side = [(1 / 4 + 8 * 0.5) / 24, (1 / 16 + 2 * 0.5) / 6, (1 / 64 + 0.5) / 2]
    torch.testing.assert_close(found, torch.tensor(sum(by_side) / 3))


def test_consistency_compares_averages_over_8_px_with_the_degraded_image_of_any_size():
    restored, degraded = torch.zeros(1, 3, 16, 16), torch.zeros(1, 3, 4, 4)
    restored[..., 0, 0] = 64.0  # 1 on average in the first of four blocks
    degraded[..., 2:, 2:] = 0.5  # the last block
    found = LOSSES["consistency"]({"restored": restored}, {"degraded": degraded, "reference": torch.ones(1)})
    assert found == (1 + 0.5) / 4


def test_consistency_of_luma_and_chroma_alone():
    grey, red = torch.zeros(1, 3, 64, 64), torch.zeros(1, 3, 64, 64)
    red[:, 0, :, :32] = 1.0  # half of the blocks
    batch = {"degraded": grey}
    torch.testing.assert_close(LOSSES["luma_consistency"]({"restored": red}, batch), torch.tensor(0.299 / 2))
    chroma = LOSSES["chroma_consistency"]({"restored": red}, batch)
    torch.testing.assert_close(chroma, torch.tensor((0.168736 + 0.5) / 2 / 2))  # mean over Cb and Cr
    assert LOSSES["chroma_consistency"]({"restored": grey + 0.3}, batch) < 1e-6  # a brighter grey has no colour


@pytest.mark.parametrize("levels, share", [(0, 1), (3, 1), (4.5, 0.5), (6, 0), (90, 0)])
def test_detail_is_kept_of_an_image_as_far_as_it_is_hardly_degraded(levels, share):
    """The second image of the batch shows its reference as it is and is restored as it is."""
    restored, degraded, reference = (torch.full((2, 3, 16, 16), 0.5) for _ in range(3))
    reference[0] += levels / 255
    restored[0, :, :4] = 0.7  # in one of four rows of blocks
    loss = LOSSES["detail_consistency"]({"restored": restored}, {"degraded": degraded, "reference": reference})
    torch.testing.assert_close(loss, torch.tensor(0.2 / 4 / 2 * share), atol=1e-6, rtol=0)


@pytest.mark.parametrize("loss, derivative", [(pixel.l1, torch.sign), (pixel.mse, lambda x: 2 * x)])
def test_the_gradient_is_right_in_any_layout_and_has_channels_last_where_the_maps_do(loss, derivative):
    reference = torch.rand(2, 3, 4, 5)
    for layout in (torch.channels_last, torch.contiguous_format):
        restored = torch.rand(2, 3, 4, 5).contiguous(memory_format=layout).requires_grad_()
        (gradient,) = torch.autograd.grad(loss(restored * 1, reference), restored)
        torch.testing.assert_close(gradient, derivative(restored - reference) / 120)
        assert layout is torch.contiguous_format or gradient.is_contiguous(memory_format=layout)


@pytest.mark.parametrize("name", sorted(pixel.LOSSES))
def test_every_loss_is_0_at_the_reference_and_leads_to_it_from_elsewhere(name):
    loss, generator = pixel.LOSSES[name], torch.Generator().manual_seed(0)
    reference, far = (torch.rand((2, 3, 64, 64), generator=generator) for _ in range(2))
    batch = {"reference": reference, "degraded": reference, "input": reference}
    assert loss({"restored": reference, "steps": torch.stack([reference] * 2)}, batch).item() == 0
    start = far.requires_grad_()
    value = loss({"restored": start, "steps": torch.stack([start] * 2)}, batch)
    value.backward()
    nearer = far.detach() - 1e-3 * start.grad / start.grad.norm()
    assert value.shape == () and value > loss({"restored": nearer, "steps": torch.stack([nearer] * 2)}, batch)
