"""Plain losses against numbers worked out by hand."""

import torch

from ispl_model import losses
from ispl_model.losses import LOSSES


def test_l1_is_the_mean_absolute_difference():
    assert losses.l1(torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5, 4.0]])) == 1.25


def test_the_pixel_losses_of_the_table():
    batch = {"reference": torch.tensor([[[[0.5, 1.0]]]])}
    outputs = {"restored": torch.tensor([[[[0.0, 0.0]]]]), "steps": torch.tensor([[[[[0.0, 0.0]]]], [[[[0.5, 2.0]]]]])}
    assert LOSSES["l1"](outputs, batch) == 0.75
    assert LOSSES["mse"](outputs, batch) == (0.25 + 1) / 2
    assert LOSSES["l1_steps"](outputs, batch) == 0.75 + 0.5  # a sum over the unrolled steps, not a mean


def test_the_gradient_of_l1_has_the_layout_of_the_maps_it_compares():
    for layout in (torch.channels_last, torch.contiguous_format):
        restored = torch.rand(2, 3, 4, 5).contiguous(memory_format=layout).requires_grad_()
        reference = torch.rand(2, 3, 4, 5)
        losses.l1(restored, reference).backward()
        torch.testing.assert_close(restored.grad, (restored - reference).sign() / 120)
    hidden = torch.rand(2, 3, 4, 5).contiguous(memory_format=torch.channels_last).requires_grad_()
    (gradient,) = torch.autograd.grad(losses.l1(hidden * 1, hidden.detach() * 0), hidden)
    assert gradient.is_contiguous(memory_format=torch.channels_last)
