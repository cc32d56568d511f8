"""LPIPS and DISTS against their formulas, with seeded random weights; and with the real ones where they are."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from benchmark.metrics.base import MetricError, Unavailable
from benchmark.metrics.registry import definition, load
from benchmark.metrics.table import METRICS
from degrade.core.image import read
from degrade.core.storage.files import sha256_file
from degrade.portraits.paint import paint

LAYERS = {
    "lpips.alex": (1, 4, 7, 9, 11),
    "lpips.vgg": (3, 8, 15, 22, 29),
    "lpips.squeeze": (1, 4, 7, 9, 10, 11, 12),
}
CHANNELS = {
    "lpips.alex": (64, 192, 384, 256, 256),
    "lpips.vgg": (64, 128, 256, 512, 512),
    "lpips.squeeze": (64, 128, 256, 384, 384, 512, 512),
}
# The official programs on five pairs of TID2013, collected by IQA-PyTorch (ResultsCalibra).
PUBLISHED = {
    "lpips.alex": {"I03": 0.7237, "I04": 0.2572, "I06": 0.0508, "I08": 0.0521, "I19": 0.4253},
    "dists": {"I03": 0.4742, "I04": 0.1424, "I06": 0.0682, "I08": 0.0287, "I19": 0.3123},
}


def seeded_backbone(name: str) -> tuple[torch.nn.Module, dict[str, torch.Tensor]]:
    """Features with seeded weights, and the state of the whole network.

    Its classifier is one number repeated, so that the file stays small.
    """
    from torchvision import models

    with torch.device("meta"):
        network = {"lpips.alex": models.alexnet, "lpips.squeeze": models.squeezenet1_1}.get(name, models.vgg16)()
    generator, state = torch.Generator().manual_seed(7), {}
    for key, empty in network.state_dict().items():
        if key.startswith("features.") and empty.ndim == 4:
            state[key] = torch.randn(empty.shape, generator=generator) * (2 / empty[0].numel()) ** 0.5
        else:
            state[key] = torch.zeros(1).expand(empty.shape)
    features = network.features.to_empty(device="cpu")
    features.load_state_dict({key.removeprefix("features."): value for key, value in state.items() if "fea" in key})
    return features.eval(), state


def put(home, name: str, states) -> None:
    for file, state in zip(METRICS[name].weights, states, strict=True):
        path = home / "hub" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, path)


@pytest.fixture(params=sorted(LAYERS), scope="module")
def made(request, tmp_path_factory):
    name, home = request.param, tmp_path_factory.mktemp("random_weights")
    features, state = seeded_backbone(name)
    generator = torch.Generator().manual_seed(8)
    heads = [torch.rand((1, channels, 1, 1), generator=generator) for channels in CHANNELS[name]]
    put(home, name, (state, {f"lin{index}.model.1.weight": head for index, head in enumerate(heads)}))
    return name, features, heads, home


@pytest.fixture
def random_weights(made, monkeypatch, any_weights):
    monkeypatch.setenv("TORCH_HOME", str(made[3]))
    load.cache_clear()
    yield made
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


def dists_by_the_formula(features, weights, images) -> float:
    """Pooling in the L2 sense instead of the largest value; one structure and one luminance term a channel."""
    window = torch.outer(*2 * [torch.tensor([0.5, 1.0, 0.5])]) / 4
    shift, scale = (torch.tensor(three).view(3, 1, 1) for three in ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))
    pair = torch.stack([torch.from_numpy(image.transpose(2, 0, 1)) for image in images])
    value, taken = (pair - shift) / scale, [pair]
    with torch.no_grad():
        for index, layer in enumerate(features[:30]):
            if isinstance(layer, torch.nn.MaxPool2d):
                kernel = window.expand(value.shape[1], 1, 3, 3)
                squares = torch.nn.functional.conv2d(value**2, kernel, stride=2, padding=1, groups=value.shape[1])
                value = (squares + 1e-12).sqrt()
            else:
                value = layer(value)
            if index in LAYERS["lpips.vgg"]:
                taken.append(value)
    similar, start = 0.0, 0
    for first, second in (stage.double().flatten(2).numpy() for stage in taken):
        part = slice(start, start + len(first))
        start = part.stop
        alpha, beta = (weights[name].numpy().ravel()[part] for name in ("alpha", "beta"))
        means, spreads = [one.mean(1) for one in (first, second)], [one.var(1) for one in (first, second)]
        shared = (first * second).mean(1) - means[0] * means[1]
        luminance = (2 * means[0] * means[1] + 1e-6) / (means[0] ** 2 + means[1] ** 2 + 1e-6)
        similar += (alpha * luminance + beta * (2 * shared + 1e-6) / (sum(spreads) + 1e-6)).sum()
    return 1 - similar / sum(weights[name].double().sum().item() for name in ("alpha", "beta"))


def test_with_random_weights_dists_is_the_papers_formula(tmp_path, monkeypatch, any_weights):
    features, state = seeded_backbone("dists")
    generator = torch.Generator().manual_seed(9)
    weights = {name: torch.rand((1, 1475, 1, 1), generator=generator) for name in ("alpha", "beta")}
    put(tmp_path, "dists", (state, weights))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    load.cache_clear()
    images = [paint(seed, 256)[:96, 80:176].copy() for seed in (1, 2)]
    expected = dists_by_the_formula(features, weights, images)
    assert expected > 0.01
    assert load("dists")(*images) == pytest.approx(expected, rel=1e-3)
    load.cache_clear()


@pytest.mark.skipif("METRICS_GOLDEN" not in os.environ, reason="METRICS_GOLDEN: no folder of golden images")
@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_tid2013_pairs_have_the_published_values(name):
    try:
        scorer = load(name)
    except Unavailable as reason:
        pytest.skip(str(reason))
    for stem, expected in PUBLISHED[name].items():
        pair = [read(Path(os.environ["METRICS_GOLDEN"]) / "tid2013" / kind / f"{stem}.png") for kind in ("dist", "ref")]
        assert scorer(*pair) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_more_blur_is_further_away(name):
    try:
        scorer = load(name)
    except Unavailable as reason:
        pytest.skip(str(reason))
    portrait = paint(1, 256)
    values = [scorer(np.clip(cv2.GaussianBlur(portrait, (0, 0), sigma), 0, 1), portrait) for sigma in (0.5, 1, 2, 4)]
    assert values == sorted(values) and 0 < values[0] < values[-1] < 1
