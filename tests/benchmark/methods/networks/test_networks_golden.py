"""The baselines' networks against their authors' programs: the same random weights, in float64."""

import pytest
import torch

from benchmark.methods.registry import method_module
from tests.golden_networks import assert_equal, golden, with_golden_weights

# Golden file => our method and the width that gives its narrowed channels.
ALIKE = {
    "arcnn_rgb": ("arcnn:rgb", 8),
    "deblurgan": ("deblurgan", 2),
    "deblurgan_v2": ("deblurgan_v2", 4),
    "edsr": ("edsr", 4),
    "esrgan": ("esrgan", 3),
    "ridnet": ("ridnet", 8),
    "srfbn": ("srfbn", 3),
    "srgan": ("srgan", 4),
    "srgan_nobn": ("srgan:nobn", 4),
    "vdnet": ("vdnet", 4),
    "waveletcnn": ("waveletcnn", 2),
}
SHIFTS = {"edsr": 1, "srfbn": 1, "ridnet": 2}  # means that the authors' image has more than the file's; the input has 1
ROUNDED = 1e-7  # where the file or the program that made it has float32


def loaded(name: str) -> tuple[torch.nn.Module, dict[str, torch.Tensor]]:
    values = golden(name)
    method, width = ALIKE[name]
    return with_golden_weights(method_module(method).build(width, 256), values), values


@pytest.mark.parametrize("name", ALIKE)
def test_the_network_is_the_authors(name):
    network, values = loaded(name)
    shifts = SHIFTS.get(name, 0)
    mean = network.mean if shifts else 0
    with torch.no_grad():
        ours = network(values["input"] + (mean if shifts else 0))
    theirs = values["output"] + shifts * mean
    inside = slice(9, -9) if name == "arcnn_rgb" else slice(None)  # that program pads zeros, and ARCNN's authors do not
    assert_equal(ours[..., inside, inside], theirs[..., inside, inside], ROUNDED if name == "srgan" else 1e-10)


def test_arcnn_on_luma_is_the_authors_to_the_border():
    values = golden("arcnn")
    network = with_golden_weights(method_module("arcnn").build(16, 256), values)
    with torch.no_grad():
        assert_equal(network.body(values["input"]), values["output"])


def test_srfbn_gives_the_authors_four_images():
    network, values = loaded("srfbn")
    with torch.no_grad():
        steps = network.train()(values["input"] + network.mean)["steps"]
    assert_equal(steps, values["steps"] + network.mean, ROUNDED)


def test_srgan_takes_the_statistics_of_a_batch_as_the_authors_do():
    network, values = loaded("srgan")
    with torch.no_grad():
        ours = network.train()(torch.cat([values["input"], values["input2"]]))
    assert_equal(ours, values["output_train"], ROUNDED)


def test_vdnet_estimates_residual_and_noise_as_the_authors_do():
    network, values = loaded("vdnet")
    with torch.no_grad():
        found = network.train()(values["input"])
    assert_equal(torch.cat([found["residual"], found["log_variance"]], dim=1), values["phi_z"])
    assert_equal(torch.cat([found["log_alpha"], found["log_beta"]], dim=1), values["sigma"])


def test_waveletcnn_gives_the_authors_coefficients():
    network, values = loaded("waveletcnn")
    with torch.no_grad():
        features = network.embedding(values["input"])
        ours = torch.cat([branch(features) for branch in network.branches], dim=1)
    assert_equal(ours, values["coefficients"])
