"""What a training can be asked for beside its losses: averages, starts, stages, levels, conditions, samples."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from degrade.core.errors import InputError
from degrade.core.image import read
from ispl_model.network.ispl import Ispl
from ispl_model.network.variants import IsplConfig
from ispl_model.runtime import checkpoint
from ispl_model.runtime.device import mixed_precision
from ispl_model.runtime.tensors import to_tensor
from ispl_model.training.config import Pretraining, TrainOptions
from ispl_model.training.ispl import train_ispl
from ispl_model.training.loop import drawn_level, train
from ispl_model.training.resume import Interrupted
from tests.ispl_model.tiny import ADVERSARIAL, HEADER, PIXEL, lines, stop, tiny, weights


def test_the_average_goes_into_the_checkpoint_and_the_state_holds_both(make_tiny_split, tmp_path):
    split, training = make_tiny_split("sr4"), replace(PIXEL, ema=0.9)
    with pytest.raises(Interrupted):
        train(tiny({3: stop}), HEADER, training, TrainOptions(4, 1), split, tmp_path / "m")
    state = checkpoint.read_tensors(tmp_path / "state.safetensors")[0]
    key = "layers.0.weight"
    assert not torch.equal(state[f"average.{key}"], state[f"generator.{key}"])
    train(tiny(), HEADER, training, TrainOptions(4, 1), split, tmp_path / "m")
    train(tiny(), HEADER, PIXEL, TrainOptions(4, 1), split, tmp_path / "plain" / "m")
    assert lines(tmp_path / "m") == lines(tmp_path / "plain" / "m")
    # the fourth update: d = min(0.9, (1 + 3) / (10 + 3))
    wanted = 4 / 13 * state[f"average.{key}"] + 9 / 13 * weights(tmp_path / "plain" / "m")[key]
    torch.testing.assert_close(weights(tmp_path / "m")[key], wanted)


def test_a_warm_start_takes_the_weights_and_is_recorded(make_tiny_split, tmp_path):
    split, first = make_tiny_split("sr4"), tmp_path / "first" / "m"
    train(tiny(seed=3), HEADER, PIXEL, TrainOptions(1, 1), split, first)
    run = TrainOptions(1, 1, start=first)
    network = tiny()
    train(network, HEADER, replace(PIXEL, learning_rate=1e-12), run, split, tmp_path / "m")
    torch.testing.assert_close(weights(tmp_path / "m"), weights(first))
    assert checkpoint.load_header(tmp_path / "m")["training"]["start"].startswith("m sha256:")
    other = HEADER | {"network": {"width": 3}}
    with pytest.raises(InputError, match="cannot be the start of this network .width 2 instead of 3"):
        train(tiny(), other, PIXEL, run, split, tmp_path / "n" / "m")


class Level(nn.Module):
    """Writes down which levels it was asked for."""

    config = SimpleNamespace(top_level=4)

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.asked = nn.Conv2d(3, 3, 1), []

    def forward(self, degraded, level=None):
        self.asked.append(level)
        return self.conv(degraded)


def test_half_of_the_steps_ask_for_a_level_drawn_uniformly(make_tiny_split, tmp_path):
    network = Level()
    train(network, HEADER, replace(PIXEL, levels=True), TrainOptions(200, 1), make_tiny_split("sr4"), tmp_path / "m")
    drawn = [level for level in network.asked if level is not None]
    assert 80 < len(drawn) < 120 and min(drawn) < 0.3 and max(drawn) > 3.7
    assert abs(np.mean(drawn) - 2) < 0.4
    assert drawn_level(network, replace(PIXEL, levels=True), 0, 7) == network.asked[7]
    assert checkpoint.load_header(tmp_path / "m")["training"]["levels"] is True


@pytest.mark.parametrize("stopped", [1, 2, 3])  # before, at and behind the switch
def test_a_training_with_a_pretraining_goes_on_exactly_and_its_table_has_one_shape(make_tiny_split, tmp_path, stopped):
    split, training = make_tiny_split("sr4"), replace(ADVERSARIAL, pretraining=Pretraining(0.5, {"l1": 1.0}, 1e-3))
    run = TrainOptions(4, 1)
    train(tiny(), HEADER, training, run, split, tmp_path / "whole" / "m")
    with pytest.raises(Interrupted):
        train(tiny({stopped: stop}), HEADER, training, run, split, tmp_path / "parts" / "m")
    train(tiny(), HEADER, training, run, split, tmp_path / "parts" / "m")
    assert (tmp_path / "parts" / "m").read_bytes() == (tmp_path / "whole" / "m").read_bytes()
    table = [line.split(",") for line in lines(tmp_path / "parts" / "m")]
    assert table[0] == ["step", "learning_rate", "l1", "lsgan", "feature_matching", "discriminator"]
    assert [[bool(cell) for cell in row[2:]] for row in table[1:]] == [[True, False, False, False]] * 2 + [
        [False, True, True, True]
    ] * 2


PERCEPTUAL = {"perceptual": 1.0}


@pytest.mark.parametrize("stage", [{"losses": PERCEPTUAL}, {"pretraining": Pretraining(0.5, PERCEPTUAL, 1e-3)}])
def test_a_stage_whose_only_loss_is_left_out_is_refused_before_anything_is_written(make_tiny_split, tmp_path, stage):
    with pytest.raises(InputError, match="losses: expected one that is computed, got perceptual alone"):
        train(tiny(), HEADER, replace(PIXEL, **stage), TrainOptions(1, 1), make_tiny_split("sr4"), tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_the_step_after_a_pretraining_is_the_first_of_a_fresh_optimiser(make_tiny_split, tmp_path):
    """Adam's first step moves every weight that has a gradient by the learning rate, whatever the gradient is."""
    split, rate = make_tiny_split("sr4"), 1e-4
    first = Pretraining(0.75, {"l1": 1.0}, 1e-2)
    training = replace(PIXEL, losses={"mse": 1.0}, learning_rate=rate, constant_share=1.0, pretraining=first)
    with pytest.raises(Interrupted):
        train(tiny({3: stop}), HEADER, training, TrainOptions(4, 1), split, tmp_path / "m")
    before = checkpoint.read_tensors(tmp_path / "state.safetensors")[0]
    train(tiny(), HEADER, training, TrainOptions(4, 1), split, tmp_path / "m")
    moves = [(value - before[f"generator.{key}"]).abs() for key, value in weights(tmp_path / "m").items()]
    moved = torch.cat([move.flatten() for move in moves])
    moved = moved[moved > 0]
    assert len(moved) > 100
    torch.testing.assert_close(moved, torch.full_like(moved, rate), rtol=0.01, atol=0)


def test_samples_show_the_first_faces_and_change_nothing(make_tiny_split, tmp_path):
    split, training = make_tiny_split("denoise"), replace(ADVERSARIAL, ema=0.9)
    train(tiny(), HEADER, training, TrainOptions(3, 1, samples_every=2), split, tmp_path / "seen" / "m")
    train(tiny(), HEADER, training, TrainOptions(3, 1), split, tmp_path / "unseen" / "m")
    assert (tmp_path / "seen" / "m").read_bytes() == (tmp_path / "unseen" / "m").read_bytes()
    sheets = sorted((tmp_path / "seen" / "samples").iterdir())
    assert [sheet.name for sheet in sheets] == ["00000002.png", "00000003.png"]
    last = read(sheets[1])
    assert last.shape[0] >= 4 * 64 and last.shape[1] >= 3 * 64
    network = tiny()
    network.load_state_dict(weights(tmp_path / "seen" / "m"))  # the averaged ones
    with torch.no_grad(), mixed_precision(torch.device("cpu")):
        restored = network.eval()(to_tensor(split.degraded("face_3"))[None]).float().clamp(0, 1)
    shown = last[-70:-6, 76:140]  # last row, middle column; 6 px between cells of 64
    np.testing.assert_allclose(shown, restored[0].permute(1, 2, 0).numpy(), atol=0.6 / 255)


def test_ispl_restores_alike_in_training_and_in_evaluation_mode(make_tiny_split, tmp_path):
    """The authors' code does not: see the fact sheet's "train mode" fault."""
    split = make_tiny_split("denoise")
    train_ispl("isp_unet_pac", 4, TrainOptions(10, 2), split, tmp_path / "m")
    config = checkpoint.load_header(tmp_path / "m")["network"]
    network = Ispl(IsplConfig(**config))
    network.load_state_dict(weights(tmp_path / "m"))
    image = torch.stack([to_tensor(split.degraded(name)) for name in split.names])
    with torch.no_grad():
        evaluation, training = network.eval()(image), network.train()(image)
    assert evaluation.std() > 0.1
    assert (evaluation - training).abs().max() < 1 / 255


class Stacked(nn.Module):
    """Takes the image and what stands behind it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv, self.seen = nn.Conv2d(channels, 3, 1), None

    def forward(self, given):
        self.seen = given.detach().clone()
        return self.conv(given)


def test_a_methods_condition_reaches_the_network_and_the_discriminator_sees_the_image_alone(make_tiny_split, tmp_path):
    def bright_red(split):
        def channels(name, mirrored):
            red = (split.degraded(name)[..., :1] > 0.5).astype(np.float32)
            return red[:, ::-1] if mirrored else red

        return channels

    network, training = Stacked(4), replace(ADVERSARIAL, condition=bright_red)
    train(network, HEADER, training, TrainOptions(1, 1, redraw=False), make_tiny_split("denoise"), tmp_path / "m")
    assert torch.equal(network.seen[:, 3], (network.seen[:, 0] > 0.5).float()) and 0 < network.seen[:, 3].mean() < 1
    assert checkpoint.load_header(tmp_path / "m")["training"]["condition"] == "bright_red"


def test_label_maps_become_nineteen_channels(make_tiny_split, tmp_path, monkeypatch):
    split, maps, network = make_tiny_split("sr4"), tmp_path / "maps", Stacked(22)
    labels = np.arange(64 * 64).reshape(64, 64) % 19
    monkeypatch.setattr("ispl_model.training.parsing.label_map", lambda folder, name, size: labels)
    maps.mkdir()
    with pytest.raises(InputError, match="face_0.png: expected an existing file"):
        train(network, HEADER, PIXEL, TrainOptions(1, 1, parsing=maps), split, tmp_path / "m")
    for name in split.names:
        (maps / f"{name}.png").write_bytes(b"")
    train(network, HEADER, PIXEL, TrainOptions(1, 1, parsing=maps), split, tmp_path / "m")
    classes = network.seen[0, 3:].argmax(0).numpy()
    assert (network.seen[0, 3:].sum(0) == 1).all()
    assert (classes == labels).all() or (classes == labels[:, ::-1]).all()
    assert checkpoint.load_header(tmp_path / "m")["training"]["parsing"]
    with pytest.raises(InputError, match="label maps .* are for ep_map"):
        train_ispl("isp_unet_pac", 2, TrainOptions(1, 1, parsing=maps), split, tmp_path / "n" / "m")
