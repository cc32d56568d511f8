"""PULSE and mGANprior on small random generators: they find the face that was planted, or say that they did not."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from benchmark import methods
from benchmark.methods import latent_search, mganprior, pulse
from benchmark.metrics.pixel import psnr
from benchmark.places import Settings
from benchmark.protocol import Profile, load_protocol
from benchmark.request import RunRequest
from benchmark.run import run
from degrade.errors import InputError
from degrade.files import sha256_file
from degrade.resize import resize_bicubic
from ispl_model.device import seeded_build

SIZE = 64  # of restored faces; the searches see 4 px
TINY = Profile("quick", SIZE, 2, 2, 2, 4, 1, 2, "none", (0,))


class Styled(nn.Module):
    """PULSE's contract: four layers of eight numbers and three noise maps to 64 px."""

    latent_shape: list[int]
    noise_shapes: list[list[int]]

    def __init__(self) -> None:
        super().__init__()
        self.latent_shape, self.noise_shapes = [4, 8], [[4, 4], [8, 8], [64, 64]]
        self.paint = nn.Linear(32, 48)
        self.register_buffer("latent_mean", torch.randn(8) / 4)
        self.register_buffer("latent_std", torch.rand(8) + 0.5)

    def forward(self, latents: torch.Tensor, noise: list[torch.Tensor]) -> torch.Tensor:
        small = 2 * self.paint(latents.flatten(1)).view(1, 3, 4, 4)
        face = functional.interpolate(small, (64, 64), mode="bilinear") + 0.02 * noise[2]
        return torch.tanh(face + 0.02 * functional.interpolate(noise[0], (64, 64)))


class Composed(nn.Module):
    """mGANprior's contract: eight numbers to features of 4 px, and these to 64 px."""

    latent_width: int

    def __init__(self) -> None:
        super().__init__()
        self.latent_width = 8
        self.first, self.last = nn.Linear(8, 6 * 16), nn.Conv2d(6, 3, 1)

    @torch.jit.export
    def head(self, latents: torch.Tensor) -> torch.Tensor:
        return torch.relu(self.first(latents)).view(-1, 6, 4, 4)

    @torch.jit.export
    def tail(self, features: torch.Tensor) -> torch.Tensor:
        return torch.tanh(functional.interpolate(2 * self.last(features), (64, 64), mode="bilinear"))


def saved(network, path):
    with pytest.warns(DeprecationWarning):
        torch.jit.script(seeded_build(network, 0)).save(str(path))
    return str(path)


def planted(tensor):
    """(1, 3, S, S) in [-1, 1] as a contract image."""
    return (tensor[0].detach() / 2 + 0.5).permute(1, 2, 0).numpy().copy()


@pytest.fixture(scope="module")
def styled(tmp_path_factory):
    """The file of a generator, and a face it makes of a latent that no search starts from."""
    path = saved(Styled, tmp_path_factory.mktemp("generators") / "styled.pt")
    generator, rng = torch.jit.load(path), torch.Generator().manual_seed(7)
    latents = torch.randn(1, 4, 8, generator=rng) * generator.latent_std + generator.latent_mean
    noise = [torch.randn(1, 1, *shape, generator=rng) for shape in generator.noise_shapes[:2]]
    return path, planted(generator(functional.leaky_relu(latents, 0.2), [*noise, torch.zeros(1, 1, 64, 64)]))


@pytest.fixture(scope="module")
def composed(tmp_path_factory):
    path = saved(Composed, tmp_path_factory.mktemp("generators") / "composed.pt")
    generator, rng = torch.jit.load(path), torch.Generator().manual_seed(7)
    return path, planted(generator.tail(generator.head(torch.randn(1, 8, generator=rng))))


def test_pulse_finds_a_planted_face_and_repeats(styled):
    path, face = styled
    method = pulse.load("cpu", path, SIZE)
    given, state = resize_bicubic(face, 4, 4), torch.random.get_rng_state()
    first, second = method.restore([given, given])
    assert psnr(first, face) > 24 > 14 > psnr(_start(path), face)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(method.restore([resize_bicubic(face, 16, 16)])[0].shape, face.shape)
    assert torch.equal(torch.random.get_rng_state(), state)


def _start(path):
    """What PULSE's search shows before its first step."""
    generator = torch.jit.load(path)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.random.default_generator.manual_seed(0)
        latents = torch.randn(1, 4, 8) * generator.latent_std + generator.latent_mean
        noise = [torch.randn(1, 1, *shape) for shape in generator.noise_shapes]
        return planted(generator(functional.leaky_relu(latents, 0.2), [*noise[:2], 0 * noise[2]]))
