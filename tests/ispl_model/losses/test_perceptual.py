"""The perceptual loss, and the frozen trunks against torchvision's."""

import pytest
import torch
from torch import nn

from degrade.core.errors import InputError
from ispl_model.losses import perceptual
from ispl_model.losses.perceptual import BACKBONES, FeatureLayers, Perceptual, perceptual_label
from ispl_model.losses.tone import match_tone

CORNERS = ((0, 0), (0, 1), (1, 0), (1, 1))
TORCHVISION = {"vgg19": ("vgg19", 30), "squeezenet": ("squeezenet1_1", 13)}


def random_weights(network: nn.Module, seed: int = 0) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {key: torch.randn(value.shape, generator=generator) * 0.1 for key, value in network.state_dict().items()}


@pytest.fixture
def squeezenet_file(tmp_path):
    """Seeded random weights under the layout of the real file: they test paths and shapes, nothing perceptual."""
    path = tmp_path / "features.pth"
    torch.save(random_weights(BACKBONES["squeezenet"].build()), path)
    return path


@pytest.mark.parametrize("name", BACKBONES)
def test_a_trunk_with_random_weights_computes_what_torchvisions_does(name, tmp_path):
    torchvision_name, end = TORCHVISION[name]
    models = pytest.importorskip("torchvision.models")
    with torch.device("meta"):
        theirs = getattr(models, torchvision_name)(weights=None).features[:end]
    theirs.load_state_dict(random_weights(theirs), assign=True)
    path = tmp_path / "weights.pth"
    torch.save({f"features.{key}": value for key, value in theirs.state_dict().items()}, path)
    ours = Perceptual(str(path))
    hidden = image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    if BACKBONES[name].normalised:
        hidden = (image - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)) / torch.tensor([0.229, 0.224, 0.225]).view(
            3, 1, 1
        )
    wanted = []
    for index, layer in enumerate(theirs):
        hidden = layer(hidden)
        if index in ours.taps:
            wanted.append(hidden)
    for map_of_ours, map_of_theirs in zip(ours.features(image), wanted, strict=True):
        torch.testing.assert_close(map_of_ours, map_of_theirs)


@pytest.fixture
def images():
    """Two of noise, the second brighter and harder."""
    return torch.rand(2, 1, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * torch.tensor([0.5, 0.9]).view(
        2, 1, 1, 1, 1
    )


def weighted_sum(loss, ours, theirs, distance):
    pairs = zip(loss.features(ours), loss.features(theirs), (32, 16, 8, 4, 1), strict=True)
    return sum(distance(one - other).mean() / weight for one, other, weight in pairs)


def test_the_perceptual_loss_on_vgg_is_the_weighted_sum_of_its_maps_of_the_images_as_they_are(tmp_path, images):
    loss, (ours, theirs) = Perceptual(vgg_file(tmp_path / "vgg.pth")), images
    torch.testing.assert_close(loss(ours, theirs), weighted_sum(loss, ours, theirs, torch.abs))
    assert loss(ours, ours).item() == 0


def test_a_stand_in_compares_images_of_one_tone_and_adds_the_distance_in_tone(squeezenet_file, images):
    loss, (ours, theirs) = Perceptual(str(squeezenet_file)), images
    matched, distance = match_tone(ours, theirs)
    wanted = weighted_sum(loss, matched, theirs, torch.abs) + 250 * distance
    torch.testing.assert_close(loss(ours, theirs), wanted)
    assert loss(ours, ours).item() == pytest.approx(0, abs=1e-4)


def test_with_shifts_a_pattern_of_the_strides_period_is_no_constant(squeezenet_file):
    """A pattern of period 2 has one colour at every other pixel: the first map is constant at each of four offsets."""
    pattern = torch.zeros(1, 3, 65, 65)
    pattern[..., ::2, ::2] = 1
    plain, shifting = Perceptual(str(squeezenet_file)), Perceptual(str(squeezenet_file), shifts=True)
    torch.manual_seed(0)
    values = [{loss(pattern, torch.zeros_like(pattern)).item() for _ in range(64)} for loss in (plain, shifting)]
    at_offsets = {plain(part, torch.zeros_like(part)).item() for part in (pattern[..., i:, j:] for i, j in CORNERS)}
    assert [len(found) for found in values] == [1, 4] and values[1] == at_offsets


def test_the_image_gets_a_gradient_and_the_trunk_none(squeezenet_file):
    loss = Perceptual(str(squeezenet_file))
    image = torch.rand(1, 3, 64, 64, requires_grad=True)
    loss(image, torch.zeros(1, 3, 64, 64)).backward()
    assert image.grad.abs().sum() > 0
    assert all(weight.grad is None for weight in loss.parameters())


def test_another_file_under_a_published_name_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    torch.save(random_weights(BACKBONES["squeezenet"].build()), tmp_path / "checkpoints" / BACKBONES["squeezenet"].file)
    with pytest.raises(InputError, match=r"squeezenet1_1-b8a52dc0\.pth: expected the published file"):
        Perceptual("squeezenet")


def test_a_named_trunk_is_taken_from_torchs_own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(perceptual, "check_published", lambda *_arguments: "random weights")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    (tmp_path / "checkpoints").mkdir()
    state = random_weights(BACKBONES["squeezenet"].build())
    whole = {f"features.{key}": value for key, value in state.items()} | {"classifier.1.bias": torch.zeros(1000)}
    torch.save(whole, tmp_path / "checkpoints" / BACKBONES["squeezenet"].file)
    torch.testing.assert_close(
        Perceptual("squeezenet").backbone.state_dict(), state, rtol=0, atol=0, check_stride=False
    )


def test_missing_weights_without_a_network_name_the_file_and_the_way_out(tmp_path, monkeypatch):
    def offline(*_):
        raise OSError("no route")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(InputError, match=r"vgg19-dcbb9e9d\.pth.*no route.*--perceptual none or --perceptual FILE"):
        Perceptual("vgg19")


def test_a_file_that_does_not_exist_is_one_sentence(tmp_path):
    for use in (Perceptual, perceptual_label):
        with pytest.raises(InputError, match="expected vgg19, squeezenet, none or an existing file"):
            use(str(tmp_path / "nothing.pth"))


def test_a_damaged_or_foreign_file_is_one_sentence(tmp_path, squeezenet_file):
    damaged, foreign, table = tmp_path / "damaged.pth", tmp_path / "foreign.pth", tmp_path / "table.pth"
    damaged.write_bytes(squeezenet_file.read_bytes()[:1000])
    torch.save({"weight": torch.zeros(3)}, foreign)
    torch.save([1, 2], table)
    for path, sentence in (
        (damaged, "cannot be read"),
        (foreign, "fit neither of vgg19, squeezenet"),
        (table, "table"),
    ):
        with pytest.raises(InputError, match=sentence):
            Perceptual(str(path))


def test_the_label_of_a_file_tells_its_content(squeezenet_file):
    assert perceptual_label("none") == "none"
    first = perceptual_label(str(squeezenet_file))
    torch.save(random_weights(BACKBONES["squeezenet"].build(), seed=1), squeezenet_file)
    assert first.startswith("features.pth sha256:") and perceptual_label(str(squeezenet_file)) != first


def test_the_label_of_a_stand_in_tells_its_version_and_vggs_has_none(squeezenet_file, tmp_path):
    assert [perceptual_label(name) for name in BACKBONES] == ["vgg19", "squeezenet@3"]
    asked = FeatureLayers({"conv5_4": 1.0})
    assert [perceptual_label(name, asked) for name in BACKBONES] == ["vgg19", "squeezenet@3 x 0.062"]
    assert perceptual_label(str(squeezenet_file)).endswith("@3")
    assert "@" not in perceptual_label(vgg_file(tmp_path / "vgg.pth"))


def vgg_file(path):
    torch.save(random_weights(BACKBONES["vgg19"].build()), path)
    return str(path)


def test_a_methods_own_taps_are_taken_from_vgg_with_random_weights(tmp_path):
    asked = FeatureLayers({"conv5_4": 2.0, "relu3_3": 0.5}, distance="mse", normalised=True)
    loss = Perceptual(vgg_file(tmp_path / "vgg.pth"), asked)
    ours, theirs = torch.rand(2, 1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    pairs = zip(loss.features(ours), loss.features(theirs), strict=True)
    shallow, deep = ((one - other).square().mean() for one, other in pairs)
    assert loss.features(ours)[1].min() < 0 <= loss.features(ours)[0].min()  # before and after the activation
    torch.testing.assert_close(loss(ours, theirs), 0.5 * shallow + 2 * deep)
    assert loss.mean.flatten()[0].item() == pytest.approx(0.485) and len(loss.backbone) == 35


def test_a_method_may_ask_for_vggs_features_of_images_in_minus_1_to_1(tmp_path):
    image = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    loss = Perceptual(vgg_file(tmp_path / "vgg.pth"), FeatureLayers({"conv3_3": 1.0}, normalised=False, signed=True))
    torch.testing.assert_close(loss.features(image)[0], loss.backbone(2 * image - 1))


def test_squeezenet_stands_in_for_vggs_taps(squeezenet_file, images):
    loss, (ours, theirs) = Perceptual(str(squeezenet_file), FeatureLayers({"conv3_3": 2.0}, "mse")), images
    matched, distance = match_tone(ours, theirs)
    wanted = weighted_sum(loss, matched, theirs, torch.square) + 17000 * distance
    factor = 2 * 1.7 / 280  # the gradient of VGG-19's map at its weight over SqueezeNet's own
    torch.testing.assert_close(loss(ours, theirs), factor * wanted)
    assert loss.mean.flatten()[0].item() == pytest.approx(0.485)  # its own normalisation stays
