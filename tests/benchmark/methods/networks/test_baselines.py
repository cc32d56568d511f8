"""The trained baselines: published parameter counts, shapes, gradients, and the parts that arithmetic can check."""

import pytest
import torch

from benchmark.methods.networks.deblurgan_v2 import DeblurGanV2, Pyramid, inception, inception_trunk, normalised_mse
from benchmark.methods.networks.gfrnet import RecNet, WarpNet
from benchmark.methods.networks.waveletcnn import HaarPacket, WaveletCnn
from benchmark.methods.registry import method_module
from benchmark.methods.table import METHODS
from degrade.core.errors import InputError
from ispl_model.runtime.device import seeded_build

# Trainable parameters at width 64, 256 px, of the fact sheets and the authors' repositories.
COUNTS = {
    "srgan": 1_549_462,
    "srgan:nobn": 1_517_571,
    "esrgan": 16_697_987,
    "srfbn": 3_631_454,
    "superfan": 1_445_636,
    "waveletcnn": 51_353_968,
    "waveletcnn:x16": 226_203_712,
    "ridnet": 1_499_347,
    "vdnet": 7_700_742 + 116_038,
    "deblurgan": 11_378_179,
    "arcnn": 106_561,
    "arcnn:rgb": 117_731,
    "gfrnet": 177_401_349,
}
BASELINES = [
    name
    for name, row in METHODS.items()
    if row.trainable and not name.startswith(("ispl", "edsr:large")) and "inception" not in name
]


def parameters(network: torch.nn.Module) -> int:
    return sum(weights.numel() for weights in network.parameters())


@pytest.mark.parametrize("name", COUNTS)
def test_the_published_width_has_the_published_parameters(name):
    with torch.device("meta"):
        assert parameters(method_module(name).build(64, 256)) == COUNTS[name]


def test_the_parts_of_deblurgan_v2_and_gfrnet_have_theirs():
    with torch.device("meta"):
        assert parameters(Pyramid((32, 64, 192, 1088, 2080), 256, 128)) == 5_085_827
        assert parameters(WarpNet(64, 8)) == 122_978_818 and parameters(RecNet(64, 8)) == 54_422_531
        assert parameters(WaveletCnn(levels=1)) == 46_327_372


def test_edsr_large_has_the_parameters_of_its_paper():
    with torch.device("meta"):
        assert parameters(method_module("edsr:large").build(64, 256)) == 43_089_923


def test_deblurgan_v2_over_inception_resnet_v2_has_the_authors_parameters_where_they_are_used():
    """The authors' 60,929,291 hold timm's whole classifier; the 25,089,192 behind its last map take no part."""
    timm = pytest.importorskip("timm")
    with torch.device("meta"):
        network, classifier = DeblurGanV2(*inception_trunk(), 256), timm.create_model("inception_resnet_v2")
        assert parameters(network) == 35_840_099
        assert parameters(network.pyramid) + parameters(classifier) == 60_929_291
        assert network.eval()(torch.empty(1, 3, 128, 160)).shape == (1, 3, 128, 160)


def test_deblurgan_v2_over_inception_needs_its_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(InputError, match=r"unavailable: inception_resnet_v2-940b1cd6\.pth.*put it at"):
        method_module("deblurgan_v2:inception")
    with pytest.raises(InputError, match="unavailable"):
        inception.build(64, 256)


@pytest.mark.parametrize("name", BASELINES)
def test_an_untrained_network_gives_back_what_it_is_given_by_and_large(name):
    module = method_module(name)
    network = seeded_build(lambda: module.build(8, 64), 0).eval()
    image = torch.nn.functional.interpolate(0.2 + 0.6 * torch.rand(1, 3, 4, 4), size=(64, 64), mode="bilinear")
    with torch.no_grad():
        restored = network(torch.nn.functional.interpolate(image, scale_factor=1 / module.TRAINING.scale, mode="area"))
    assert (restored - image).square().mean().sqrt() < 0.1


@pytest.mark.parametrize("name", BASELINES)
def test_every_parameter_gets_a_gradient_and_the_output_has_its_side(name):
    module = method_module(name)
    network = seeded_build(lambda: module.build(8, 64), 0).train()
    image = torch.rand(2, 3, 64 // module.TRAINING.scale, 64 // module.TRAINING.scale)
    outputs = network(image)
    parts = list(outputs.values()) if isinstance(outputs, dict) else [outputs]
    restored = outputs["restored"] if isinstance(outputs, dict) else outputs
    assert restored.shape == (2, 3, 64, 64)
    sum(((part - 0.3) ** 2).mean() for part in parts).backward()
    without = [key for key, weights in network.named_parameters() if weights.grad is None]
    assert not without, f"no gradient: {without[:5]}"


def test_deblurgan_v2_takes_its_squared_error_after_imagenets_normalisation():
    reference = torch.rand(2, 3, 8, 8)
    error = normalised_mse({"restored": reference + 0.1}, {"reference": reference})
    by_hand = 0.01 * (0.229**-2 + 0.224**-2 + 0.225**-2) / 3
    assert error.item() == pytest.approx(by_hand, rel=1e-4) and by_hand == pytest.approx(0.01 * 19.58, rel=1e-3)


def test_arcnn_restores_in_double_precision():
    network, image = seeded_build(lambda: method_module("arcnn").build(8, 64), 0), torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        single, double = network(image), network.double()(image.double())
    assert double.dtype == torch.float64
    torch.testing.assert_close(double.float(), single, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["arcnn", "arcnn:rgb"])
def test_arcnn_repeats_the_border_so_that_a_constant_image_stays_constant(name):
    network = seeded_build(lambda: method_module(name).build(8, 64), 0)
    with torch.no_grad():
        restored = network(torch.full((1, 3, 24, 24), 0.7))
    torch.testing.assert_close(restored, restored[..., 12:13, 12:13].expand_as(restored), atol=1e-6, rtol=0)


@pytest.mark.parametrize("levels", [1, 2, 4])
def test_haar_packets_rebuild_the_image_and_keep_its_energy(levels):
    packet, image = HaarPacket(levels), torch.rand(1, 3, 32, 48)
    coefficients = packet.decompose(image)
    assert coefficients.shape == (1, 3 * 4**levels, 32 >> levels, 48 >> levels)
    torch.testing.assert_close(packet.compose(coefficients), image)
    torch.testing.assert_close(coefficients.square().sum(), image.square().sum())
    average = torch.nn.functional.avg_pool2d(image, 2**levels) * 2**levels
    torch.testing.assert_close(coefficients[:, :3], average)
