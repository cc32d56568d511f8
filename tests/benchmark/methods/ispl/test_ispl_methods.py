"""The columns of Table 1 as methods; EP-map also with a parser of random weights, as the real ones are not here."""

from dataclasses import asdict

import numpy as np
import pytest
import torch

from benchmark.methods.registry import find_method, method_module, why_unavailable
from benchmark.methods.table import METHODS
from benchmark.specs.tables import load_table
from degrade.core.errors import InputError
from degrade.core.random import rng_for
from degrade.core.resize import match_scale, resize_bicubic
from degrade.portraits.paint import paint
from ispl_model.network.variants import VARIANTS
from ispl_model.runtime.checkpoint import save
from ispl_model.runtime.device import seeded_build
from ispl_model.training import parsing

SIZE = 64


def checkpoint(path, name):
    """The weights that a method's network starts from."""
    module = method_module(name)
    network = seeded_build(lambda: module.build(2, SIZE), 0)
    save(path, network.state_dict(), {"method": name, "network": asdict(module.configure(2, SIZE))})
    return path


def test_every_column_of_table_1_is_a_method_of_its_own_variant():
    (row,) = load_table("table1").rows
    assert len(row.methods) == 7 and set(row.methods) <= METHODS.keys()
    for name in [*row.methods, "ispl:released"]:
        assert name.removeprefix("ispl:") in VARIANTS
        if not why_unavailable(METHODS[name]):
            assert method_module(name).configure(2, SIZE).variant == name.removeprefix("ispl:")


def test_a_checkpoint_of_another_variant_is_refused(tmp_path):
    path = checkpoint(tmp_path / "m.safetensors", "ispl:isp_unet")
    with pytest.raises(InputError, match="expected a network isp_y0 for 64 px, got isp_unet for 64 px"):
        method_module("ispl:isp_y0").load("cpu", path, SIZE)
    with pytest.raises(InputError, match="expected a network isp_unet for 128 px"):
        method_module("ispl:isp_unet").load("cpu", path, 128)


def test_the_authors_code_is_trained_with_their_two_rates():
    training = method_module("ispl:released").TRAINING
    assert (training.learning_rate, training.discriminator_rate, training.betas) == (1e-4, 4e-4, (0.0, 0.9))


def test_without_the_parser_ep_map_is_unavailable_in_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(InputError, match=r"'ispl:ep_map_parsed': unavailable: parsing_parsenet\.pth .*; put it at"):
        find_method("ispl:ep_map_parsed")


@pytest.fixture
def random_parser(monkeypatch, tmp_path):
    """ParseNet with seeded random weights where the real ones would lie, at 64 px to be quick."""
    parsenet = pytest.importorskip("facexlib.parsing.parsenet", reason="facexlib is not installed")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(parsing, "_PARSER_SIDE", SIZE)
    monkeypatch.setattr(parsing, "check_published", lambda *_arguments: "random weights")
    path = tmp_path / "hub" / parsing.PARSER_FILE
    path.parent.mkdir(parents=True)
    network = seeded_build(lambda: parsenet.ParseNet(in_size=512, out_size=512, parsing_ch=19), 0)
    torch.save(network.state_dict(), path)


def test_ep_map_restores_from_the_map_of_the_reference_with_a_parser_of_random_weights(random_parser, tmp_path):
    name = "ispl:ep_map_parsed"
    method = method_module(name).load("cpu", checkpoint(tmp_path / "m.safetensors", name), SIZE)
    assert method.needs_reference and method.scale == METHODS[method.name].scale
    face = resize_bicubic(rng_for(0, "face").random((8, 8, 3)).astype(np.float32), SIZE, SIZE)
    first, second = method.restore([face, match_scale(face, 16, 1)])
    assert first.shape == second.shape == (SIZE, SIZE, 3) and first.dtype == np.float32


def test_ep_map_trains_on_the_maps_of_the_references_with_a_parser_of_random_weights(random_parser):
    class Faces:
        names = ("a", "b")

        def reference(self, name):
            return np.full((SIZE, SIZE, 3), ord(name) / 255, np.float32)

    condition = method_module("ispl:ep_map_parsed").TRAINING.condition(Faces())
    assert condition("b", False).shape == (SIZE, SIZE, 19) and (condition("a", True).sum(2) == 1).all()


def test_ep_map_trains_and_restores_from_maps_that_are_drawn(tmp_path):
    class Faces:
        names = ("painted",)

        def reference(self, name):
            return paint(3, 256)

    condition = method_module("ispl:ep_map").TRAINING.condition(Faces())
    channels = condition("painted", False)
    assert channels.shape == (256, 256, 19) and 5 <= (channels.sum((0, 1)) > 0).sum() <= 10
    method = method_module("ispl:ep_map").load("cpu", checkpoint(tmp_path / "m.safetensors", "ispl:ep_map"), SIZE)
    assert method.needs_reference and method.restore([paint(3, SIZE)])[0].shape == (SIZE, SIZE, 3)
