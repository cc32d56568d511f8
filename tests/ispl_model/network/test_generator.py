"""The two U-nets, which trained checkpoints exist of: their keys, their start, and what they do to an image."""

import hashlib

import pytest
import torch

from ispl_model.network.ispl import Ispl
from ispl_model.network.variants import IsplConfig
from ispl_model.runtime.device import seeded_build

# Of the first version, at width 3, 64 px, D = 8 and seed 0: digest of "key shape" lines, and three restored numbers.
FIRST = {
    "isp_unet": ("162d3f692048060f", (0.302946, 0.337885, 0.835646)),
    "isp_unet_pac": ("9fde1aaad986a811", (0.364983, 0.225122, 0.866089)),
}


def small(variant: str = "isp_unet_pac") -> Ispl:
    return seeded_build(lambda: Ispl(IsplConfig(variant, width=4, size=64, projection=8)), 0)


def images() -> torch.Tensor:
    coarse = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(coarse, size=64, mode="bilinear")


@pytest.mark.parametrize("variant", FIRST)
def test_keys_shapes_and_numbers_are_those_that_checkpoints_were_trained_with(variant):
    network = seeded_build(lambda: Ispl(IsplConfig(variant, width=3, size=64, projection=8)), 0)
    keys = "\n".join(f"{key} {tuple(value.shape)}" for key, value in network.state_dict().items())
    digest, pixel = FIRST[variant]
    assert hashlib.sha256(keys.encode()).hexdigest()[:16] == digest
    degraded = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(network(degraded)[0, :, 10, 20], torch.tensor(pixel), atol=1e-4, rtol=0)


def test_an_untrained_network_gives_nearly_its_input():
    degraded = images()
    with torch.no_grad():
        assert (small()(degraded) - degraded).abs().mean() < 0.06


def test_a_darker_image_stays_darker():
    network = small()
    with torch.no_grad():
        assert network(0.5 * images()).mean() < network(images()).mean() - 0.1
