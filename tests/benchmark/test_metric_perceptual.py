"""LPIPS against its formula, with seeded random weights that stand for no network; and with the real ones if here."""

import cv2
import numpy as np
import pytest
import torch

from benchmark.metrics import METRICS, MetricError, Unavailable, definition, load
from degrade.files import sha256_file
from degrade.portraits import paint

LAYERS = {"lpips.alex": (1, 4, 7, 9, 11), "lpips.squeeze": (1, 4, 7, 9, 10, 11, 12)}
CHANNELS = {"lpips.alex": (64, 192, 384, 256, 256), "lpips.squeeze": (64, 128, 256, 384, 384, 512, 512)}


def build(name: str) -> torch.nn.Module:
    """The backbone with seeded weights; its classifier is one number repeated, so that the file stays small."""
    from torchvision import models

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        network = models.alexnet() if name == "lpips.alex" else models.squeezenet1_1()
    for parameter in network.classifier.parameters():
        parameter.data = torch.zeros(1).expand(parameter.shape)
    return network.eval()


@pytest.fixture(params=sorted(LAYERS), scope="module")
def random_weights(request, tmp_path_factory):
    name, home = request.param, tmp_path_factory.mktemp("random_weights")
    network = build(name)
    generator = torch.Generator().manual_seed(8)
    heads = [torch.rand((1, channels, 1, 1), generator=generator) for channels in CHANNELS[name]]
    states = (network.state_dict(), {f"lin{index}.model.1.weight": head for index, head in enumerate(heads)})
    for file, state in zip(METRICS[name].weights, states, strict=True):
        path = home / "hub" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TORCH_HOME", str(home))
        load.cache_clear()
        yield name, network.features, heads, home
    load.cache_clear()


def by_the_formula(layers, features, heads, images) -> float:
    shift, scale = np.array([-0.030, -0.088, -0.188]), np.array([0.458, 0.448, 0.450])
    pair = torch.stack([torch.from_numpy(((2 * image - 1 - shift) / scale).transpose(2, 0, 1)) for image in images])
    value, taken = pair.float(), []
    with torch.no_grad():
        for index, layer in enumerate(features):
            value = layer(value)
            if index in layers:
                taken.append(value.double().numpy())
    total = 0.0
    for (first, second), head in zip(taken, heads, strict=True):
        unit = [one / (np.sqrt((one**2).sum(0)) + 1e-10) for one in (first, second)]
        total += np.einsum("chw,c->hw", (unit[0] - unit[1]) ** 2, head.numpy().ravel()).mean()
    return total


def test_with_random_weights_the_value_is_the_papers_formula(random_weights):
    name, features, heads, _ = random_weights
    images = [paint(seed, 256)[:96, 80:176].copy() for seed in (1, 2)]
    expected = by_the_formula(LAYERS[name], features, heads, images)
    assert expected > 0.01
    assert load(name)(*images) == pytest.approx(expected, rel=1e-3)


def test_with_random_weights_the_definition_names_their_hashes(random_weights):
    name, _, _, home = random_weights
    hashes = definition(name)["weights"]
    assert hashes == {file: sha256_file(home / "hub" / file) for file in METRICS[name].weights}


def test_heads_of_another_network_are_refused(random_weights):
    name, _, heads, home = random_weights
    path = home / "hub" / METRICS[name].weights[1]
    whole = path.read_bytes()
    torch.save({"lin0.model.1.weight": heads[0]}, path)
    load.cache_clear()
    with pytest.raises(Unavailable, match="cannot be used"):
        load(name)
    path.write_bytes(whole)


def test_too_small_an_image_is_a_sentence(random_weights):
    name = random_weights[0]
    small = np.zeros((63, 63, 3), np.float32)
    with pytest.raises(MetricError, match="at least 64 px, got 63"):
        load(name)(small, small)


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_more_blur_is_further_away(name):
    try:
        scorer = load(name)
    except Unavailable as reason:
        pytest.skip(str(reason))
    portrait = paint(1, 256)
    values = [scorer(np.clip(cv2.GaussianBlur(portrait, (0, 0), sigma), 0, 1), portrait) for sigma in (0.5, 1, 2, 4)]
    assert values == sorted(values) and 0 < values[0] < values[-1] < 1
