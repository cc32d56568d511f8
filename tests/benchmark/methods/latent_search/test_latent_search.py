"""PULSE and mGANprior on small random generators: they find the face that was planted, or say that they did not."""

import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from benchmark.assets import trust
from benchmark.methods.latent_search import mganprior, pulse
from benchmark.methods.latent_search.common import SCALE
from benchmark.methods.registry import adapter_argument
from benchmark.methods.table import ADAPTERS
from benchmark.metrics.pixel import psnr
from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.settings import Settings
from benchmark.specs.protocols import Profile, load_protocol
from degrade.core.errors import InputError
from degrade.core.resize import resize_bicubic
from degrade.core.storage.files import sha256_file
from ispl_model.runtime.device import seeded_build

pytestmark = pytest.mark.usefixtures("trusting")

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
    with warnings.catch_warnings(action="ignore"):  # newer versions of torch would have torch.export used
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
    assert psnr(first, face) > 24 and psnr(_before_pulse(path), face) < 16
    np.testing.assert_array_equal(first, second)
    assert torch.equal(torch.random.get_rng_state(), state)


def _before_pulse(path):
    """What the search shows before its first step."""
    generator = torch.jit.load(path)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.random.default_generator.manual_seed(0)
        latents = torch.randn(1, 4, 8) * generator.latent_std + generator.latent_mean
        noise = [torch.randn(1, 1, *shape) for shape in generator.noise_shapes]
        return planted(generator(functional.leaky_relu(latents, 0.2), [*noise[:2], 0 * noise[2]]))


def test_what_pulse_is_given_larger_is_reduced_first(styled):
    path, face = styled
    method = pulse.load("cpu", path, SIZE)
    small, large = method.restore([resize_bicubic(face, 4, 4), resize_bicubic(face, 64, 64)])
    np.testing.assert_allclose(small, large, atol=0.02)
    with pytest.raises(InputError, match="multiple of its scale 16, got 72"):
        pulse.load("cpu", path, 72)


def test_an_input_that_no_face_is_near_to_is_a_score_line_that_says_so(styled, tmp_path):
    path, _ = styled
    generator, checks = torch.jit.load(path), torch.zeros(1, 3, 16, 16)
    checks[..., ::2] = 1
    with pytest.raises(InputError, match="no face within 0.002 of the input in 3 steps, nearest 0"):
        pulse.search(generator, checks, steps=3)
    settings = Settings(TINY, work=tmp_path / "work", results=tmp_path / "results", device="cpu")
    asked = RunRequest(settings, load_protocol("S2S"), f"pulse:{path}", ("mosaic16",), metrics=("psnr.rgb",))
    for score in run(asked).scores:
        assert score.checkpoint == sha256_file(path)
        assert score.value is not None or "pulse: no face within 0.002" in score.error


def test_latents_and_noise_stay_on_the_spheres_of_their_start(styled, monkeypatch):
    seen, returned = [], pulse._return_to_spheres
    monkeypatch.setattr(pulse, "_return_to_spheres", lambda *both: seen.append(both) or returned(*both))
    pulse.load("cpu", styled[0], SIZE).restore([resize_bicubic(styled[1], 4, 4)])
    values, radii = seen[-1]
    assert len(seen) == 100 and [tuple(value.shape) for value in values] == [(1, 4, 8), (1, 1, 4, 4), (1, 1, 8, 8)]
    for value, radius in zip(values, radii, strict=True):
        torch.testing.assert_close(value.detach().norm(dim=tuple(range(2, value.ndim)), keepdim=True), radius)


def test_the_geodesic_cross_loss_of_two_layers_at_a_right_angle():
    latents = torch.tensor([[[3.0, 0.0], [0.0, 3.0]]])
    expected = 2 / 8 * (torch.pi / 2) ** 2 / 2  # two of the four pairs are apart
    assert pulse.geodesic_cross(latents).item() == pytest.approx(expected, rel=1e-3)
    assert pulse.geodesic_cross(latents[:, :1]).item() == pytest.approx(0, abs=1e-6)


def no_features(image):
    return image.flatten(1)


def test_mganprior_finds_a_planted_face(composed):
    path, face = composed
    generator = torch.jit.load(path)
    target = torch.from_numpy(resize_bicubic(face, 4, 4).transpose(2, 0, 1)[None].copy())
    before, after = (planted(seeded(generator, target, steps) * 2 - 1) for steps in (0, 800))
    assert psnr(before, face) < 20 and psnr(after, face) > 24


def seeded(generator, target, steps):
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(0)
        return mganprior.search(generator, no_features, target, steps, codes=5)


def test_one_code_of_weight_one_is_the_generator_itself(composed):
    generator = torch.jit.load(composed[0])
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(3)
        latent = torch.randn(1, 8)
        torch.random.default_generator.manual_seed(3)
        found = mganprior.search(generator, no_features, torch.zeros(1, 3, 4, 4), steps=0, codes=1)
    torch.testing.assert_close(found * 2 - 1, generator.tail(generator.head(latent)).detach())


def test_the_perceptual_loss_compares_relu3_3_of_vgg16(monkeypatch, tmp_path):
    from torchvision.models import vgg16

    with torch.device("meta"):
        shapes = {key: value.shape for key, value in vgg16().features.state_dict().items()}
    torch.save({f"features.{key}": torch.full(shape, 0.01) for key, shape in shapes.items()}, tmp_path / "vgg16.pth")
    monkeypatch.setattr(mganprior, "weight_path", lambda file: tmp_path / "vgg16.pth")
    features = mganprior._vgg()
    maps = features(torch.ones(1, 3, 4, 4))
    assert maps.shape == (1, 256, 64, 64) and len(features.layers) == 16 and isinstance(features.layers[-1], nn.ReLU)


@pytest.mark.parametrize("module", [pulse, mganprior])
def test_a_file_that_is_no_such_generator_is_refused_in_a_sentence(module, tmp_path, styled, composed):
    name = module.__name__.rpartition(".")[2]
    (tmp_path / "words.pt").write_text("no generator")
    others = {pulse: composed[0], mganprior: styled[0]}
    for file, sentence in (
        (tmp_path / "nothing.pt", "expected a generator as TorchScript, got nothing there"),
        (tmp_path / "words.pt", "cannot be read as TorchScript"),
        (others[module], "is missing; see benchmark/methods/"),
    ):
        with pytest.raises(InputError, match=f"{name}:.*{sentence}"):
            module.load("cpu", str(file), SIZE)


@pytest.mark.parametrize("module", [pulse, mganprior])
def test_a_generator_is_a_program_and_is_not_run_unless_trusted(module, styled, composed, monkeypatch):
    monkeypatch.delenv(trust.VARIABLE)
    with pytest.raises(InputError, match="is a program .*TorchScript.*--trust"):
        module.load("cpu", {pulse: styled, mganprior: composed}[module][0], SIZE)


def test_the_searches_are_methods_from_outside_that_compute_on_the_users_device():
    for name in ("pulse", "mganprior"):
        assert ADAPTERS[name].has_network and ADAPTERS[name].scale == SCALE
    assert adapter_argument("PULSE:My/File.pt") == "My/File.pt"
