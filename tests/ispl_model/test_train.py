"""The loop: learns, stops and goes on exactly, keeps what is good, refuses what is not its own."""

import json
import os
import signal
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from degrade.errors import InputError
from degrade.image import read
from ispl_model import checkpoint
from ispl_model.data import to_tensor
from ispl_model.device import mixed_precision, seeded_build
from ispl_model.gan import GAN_LOSSES, _lsgan_discriminator
from ispl_model.generator import Ispl, IsplConfig
from ispl_model.progress import Interrupted
from ispl_model.train import ISPL_TRAINING, drawn_level, train, train_ispl
from ispl_model.training import Pretraining, Training, TrainRun

HEADER = {"method": "tiny", "network": {"width": 2}}
PIXEL = Training(scale=1, losses={"l1": 1.0}, learning_rate=1e-2, betas=(0.9, 0.999), constant_share=0.5)
ADVERSARIAL = Training(
    scale=1,
    losses={"lsgan": 1.0, "feature_matching": 10.0, "perceptual": 10.0},
    learning_rate=2e-4,
    betas=(0.9, 0.999),
    constant_share=0.6,
)


class Tiny(nn.Module):
    """Two convolutions and dropout, so that torch's own randomness is part of a step."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Dropout(0.2), nn.Conv2d(8, 3, 1))
        self.calls = 0
        self.at_call = {}

    def forward(self, degraded: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        return self.at_call.get(self.calls, lambda output: output)(self.layers(degraded))


def tiny(at_call=None, seed=0) -> Tiny:
    network = seeded_build(Tiny, seed)
    network.at_call = at_call or {}
    return network


def stop(output: torch.Tensor) -> torch.Tensor:
    os.kill(os.getpid(), signal.SIGTERM)
    return output


def weights(path) -> dict[str, torch.Tensor]:
    return checkpoint.load(path)[0]


def lines(path) -> list[str]:
    return (path.parent / "losses.csv").read_text().splitlines()


def test_training_lowers_the_loss(make_tiny_split, tmp_path):
    out = tmp_path / "a" / "m.safetensors"
    summary = train(tiny(), HEADER, PIXEL, TrainRun(60, 2), make_tiny_split("sr4"), out)
    values = [float(line.split(",")[2]) for line in lines(out)[1:]]
    assert len(values) == 60 and np.mean(values[-10:]) < 0.5 * np.mean(values[:10])
    assert (summary.path, summary.steps, summary.images_seen) == (out, 60, 120)
    assert summary.losses["l1"] == pytest.approx(values[-1], rel=1e-4)


def test_the_checkpoint_and_the_report_say_what_made_them(make_tiny_split, tmp_path):
    out, split = tmp_path / "m.safetensors", make_tiny_split("sr4")
    train(tiny(), HEADER, ADVERSARIAL, TrainRun(2, 1, seed=7), split, out)
    header = checkpoint.load_header(out)
    assert (header["method"], header["network"], header["step"]) == ("tiny", {"width": 2}, 2)
    assert header["recipe"].startswith("sr4@") and header["training"]["split"] == split.digest
    assert header["training"]["losses"] == ADVERSARIAL.losses and header["training"]["perceptual"] == "none"
    report = json.loads((tmp_path / "train.json").read_text())
    assert report["header"]["training"]["seed"] == 7 and report["result"]["images_seen"] == 2
    assert lines(out)[0] == "step,learning_rate,lsgan,feature_matching,discriminator"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["losses.csv", "m.safetensors", "train.json"]


@pytest.mark.parametrize("training", [PIXEL, ADVERSARIAL])
def test_the_same_seed_gives_the_same_bytes_for_any_number_of_workers(make_tiny_split, tmp_path, training):
    for name, workers in (("a", 0), ("b", 2)):
        run = TrainRun(4, 2, workers=workers)
        train(tiny(), HEADER, training, run, make_tiny_split("denoise"), tmp_path / name / "m")
    assert (tmp_path / "a" / "m").read_bytes() == (tmp_path / "b" / "m").read_bytes()
    train(tiny(), HEADER, training, TrainRun(4, 2, seed=1), make_tiny_split("denoise"), tmp_path / "c" / "m")
    assert lines(tmp_path / "c" / "m") != lines(tmp_path / "a" / "m")


@pytest.mark.parametrize(
    "training",
    [
        PIXEL,
        replace(ADVERSARIAL, ema=0.9),
        replace(PIXEL, optimiser="sgd"),
        replace(PIXEL, optimiser="rmsprop", part_rates={"layers.3": 0.1}),
    ],
)
def test_a_stopped_training_goes_on_to_the_losses_of_an_uninterrupted_one(make_tiny_split, tmp_path, training):
    split, run = make_tiny_split("denoise"), TrainRun(9, 1, checkpoint_every=4, accumulate=2)
    train(tiny(), HEADER, training, run, split, tmp_path / "whole" / "m")
    out = tmp_path / "parts" / "m"
    with pytest.raises(Interrupted, match="stopped after step 6 of 9"):
        train(tiny({12: stop}), HEADER, training, run, split, out)  # two passes a step
    assert (out.parent / "state.safetensors").exists() and not out.exists()
    with pytest.raises(RuntimeError, match="power"):  # in step 7 + 2, after the state of step 8
        train(tiny({6: lost_power}), HEADER, training, run, split, out)
    train(tiny(seed=5), HEADER, training, run, split, out)  # the start weights of a resumed run do not matter
    assert lines(out) == lines(tmp_path / "whole" / "m")
    assert out.read_bytes() == (tmp_path / "whole" / "m").read_bytes()
    assert not (out.parent / "state.safetensors").exists()


def lost_power(output: torch.Tensor) -> torch.Tensor:
    raise RuntimeError("no power")


def test_the_average_goes_into_the_checkpoint_and_the_state_holds_both(make_tiny_split, tmp_path):
    split, training = make_tiny_split("sr4"), replace(PIXEL, ema=0.9)
    with pytest.raises(Interrupted):
        train(tiny({3: stop}), HEADER, training, TrainRun(4, 1), split, tmp_path / "m")
    state = checkpoint.read_tensors(tmp_path / "state.safetensors")[0]
    key = "layers.0.weight"
    assert not torch.equal(state[f"average.{key}"], state[f"generator.{key}"])
    train(tiny(), HEADER, training, TrainRun(4, 1), split, tmp_path / "m")
    train(tiny(), HEADER, PIXEL, TrainRun(4, 1), split, tmp_path / "plain" / "m")
    assert lines(tmp_path / "m") == lines(tmp_path / "plain" / "m")
    # the fourth update: d = min(0.9, (1 + 3) / (10 + 3))
    wanted = 4 / 13 * state[f"average.{key}"] + 9 / 13 * weights(tmp_path / "plain" / "m")[key]
    torch.testing.assert_close(weights(tmp_path / "m")[key], wanted)


def test_a_warm_start_takes_the_weights_and_is_recorded(make_tiny_split, tmp_path):
    split, first = make_tiny_split("sr4"), tmp_path / "first" / "m"
    train(tiny(seed=3), HEADER, PIXEL, TrainRun(1, 1), split, first)
    run = TrainRun(1, 1, start=first)
    network = tiny()
    train(network, HEADER, replace(PIXEL, learning_rate=1e-12), run, split, tmp_path / "m")
    torch.testing.assert_close(weights(tmp_path / "m"), weights(first))
    assert checkpoint.load_header(tmp_path / "m")["training"]["start"].startswith("m sha256:")
    other = HEADER | {"network": {"width": 3}}
    with pytest.raises(InputError, match="cannot be the start of this network .width 2 instead of 3"):
        train(tiny(), other, PIXEL, run, split, tmp_path / "n" / "m")


def test_signals_are_answered_as_before_after_training(make_tiny_split, tmp_path):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted):
        train(tiny({1: stop}), HEADER, PIXEL, TrainRun(3, 1), make_tiny_split("sr4"), tmp_path / "m")
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_finished_training_is_not_repeated(make_tiny_split, tmp_path):
    split, out = make_tiny_split("sr4"), tmp_path / "m"
    first = train(tiny(), HEADER, PIXEL, TrainRun(2, 1), split, out)
    network = tiny()
    assert train(network, HEADER, PIXEL, TrainRun(2, 1, workers=1, checkpoint_every=1), split, out) == first
    assert network.calls == 0


def test_a_folder_of_another_training_is_refused_and_left_alone(make_tiny_split, tmp_path):
    split, out = make_tiny_split("sr4"), tmp_path / "m"
    train(tiny(), HEADER, PIXEL, TrainRun(2, 1), split, out)
    before = out.read_bytes()
    with pytest.raises(InputError, match=r"another training \(other training.seed, training.steps\)"):
        train(tiny(), HEADER, PIXEL, TrainRun(3, 1, seed=1), split, out)
    with pytest.raises(InputError, match=r"other method.*folder of its own"):
        train(tiny(), {**HEADER, "method": "other"}, PIXEL, TrainRun(2, 1), split, tmp_path / "n")
    with pytest.raises(InputError, match="recipe"):
        train(tiny(), HEADER, PIXEL, TrainRun(2, 1), make_tiny_split("denoise"), out)
    assert out.read_bytes() == before


def test_a_state_of_another_network_is_refused(make_tiny_split, tmp_path):
    split, run = make_tiny_split("sr4"), TrainRun(3, 1)
    with pytest.raises(Interrupted):
        train(tiny({1: stop}), HEADER, PIXEL, run, split, tmp_path / "m")
    with pytest.raises(InputError, match="does not fit this network"):
        train(nn.Conv2d(3, 3, 1), HEADER, PIXEL, run, split, tmp_path / "m")


def test_a_loss_that_is_not_a_number_stops_and_keeps_the_last_good_state(make_tiny_split, tmp_path):
    split, out = make_tiny_split("sr4"), tmp_path / "m"
    network = tiny({5: lambda output: output * float("nan")})
    with pytest.raises(InputError, match=r"stopped in step 5 because l1 = nan is not finite; the last good state"):
        train(network, HEADER, PIXEL, TrainRun(9, 1, checkpoint_every=2), split, out)
    tensors, header = checkpoint.read_tensors(tmp_path / "state.safetensors")
    assert header["step"] == 4 and all(torch.isfinite(value).all() for value in tensors.values())
    assert not out.exists()


def test_weights_that_are_not_finite_never_replace_a_good_state(make_tiny_split, tmp_path):
    def spoil(output):
        network.layers[0].weight.register_hook(lambda gradient: gradient * float("nan"))
        return output

    network = tiny({4: spoil})
    with pytest.raises(InputError, match="stopped in step 4 because generator.layers.0.weight is not finite"):
        train(network, HEADER, PIXEL, TrainRun(4, 1, checkpoint_every=2), make_tiny_split("sr4"), tmp_path / "m")
    assert checkpoint.read_tensors(tmp_path / "state.safetensors")[1]["step"] == 2
    assert not (tmp_path / "m").exists()


def test_a_network_of_another_output_size_is_a_fault_of_the_caller(make_tiny_split, tmp_path):
    with pytest.raises(ValueError, match=r"expected output \(1, 3, 64, 64\), got \(1, 3, 32, 32\)"):
        train(nn.Conv2d(3, 3, 2, stride=2), HEADER, PIXEL, TrainRun(1, 1), make_tiny_split("sr4"), tmp_path / "m")


def test_a_super_resolution_network_is_trained_with_a_discriminator_too(make_tiny_split, tmp_path):
    network = nn.Sequential(nn.Conv2d(3, 48, 3, padding=1), nn.PixelShuffle(4))
    training = Training(4, {"l1": 1.0, "lsgan": 0.1}, 1e-4, (0.9, 0.999), 0.5, crop=32)
    summary = train(network, HEADER, training, TrainRun(2, 2), make_tiny_split("denoise"), tmp_path / "m")
    assert set(summary.losses) == {"l1", "lsgan", "discriminator"}


def test_training_leaves_torchs_global_state_alone(make_tiny_split, tmp_path):
    before = torch.get_rng_state()
    train_ispl("isp_unet_pac", 1, TrainRun(1, 1), make_tiny_split("sr4"), tmp_path / "m")
    assert torch.equal(before, torch.get_rng_state())


def test_ispl_is_trained_at_the_size_of_the_split_and_every_weight_moves(make_tiny_split, tmp_path):
    split = make_tiny_split("sr4")
    for steps, name in ((1, "a"), (2, "b")):
        run = TrainRun(steps, 1)
        train_ispl("isp_unet_pac", 2, run, split, tmp_path / name / "m")
    assert checkpoint.load_header(tmp_path / "a" / "m")["network"]["size"] == 64
    one, two = weights(tmp_path / "a" / "m"), weights(tmp_path / "b" / "m")
    still = [key for key in one if torch.equal(one[key], two[key])]
    assert not still


def test_an_unknown_variant_and_an_unfit_size_are_one_sentence(make_tiny_split, tmp_path):
    split = make_tiny_split("sr4")
    with pytest.raises(InputError, match="did you mean 'isp_unet_pac'"):
        train_ispl("isp_unet_pak", 2, TrainRun(1, 1), split, tmp_path / "m")
    odd = replace(split, info=split.info | {"size": 80})
    with pytest.raises(InputError, match="no network for this split.*80"):
        train_ispl("isp_unet_pac", 2, TrainRun(1, 1), odd, tmp_path / "m")
    with pytest.raises(InputError, match="crop: expected a multiple of 4 at 64 px, got 30"):
        train_ispl("isp_unet_pac", 2, TrainRun(1, 1), split, tmp_path / "m", replace(ISPL_TRAINING, crop=30))


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
    train(network, HEADER, replace(PIXEL, levels=True), TrainRun(200, 1), make_tiny_split("sr4"), tmp_path / "m")
    drawn = [level for level in network.asked if level is not None]
    assert 80 < len(drawn) < 120 and min(drawn) < 0.3 and max(drawn) > 3.7
    assert abs(np.mean(drawn) - 2) < 0.4
    assert drawn_level(network, replace(PIXEL, levels=True), 0, 7) == network.asked[7]
    assert checkpoint.load_header(tmp_path / "m")["training"]["levels"] is True


def test_a_discriminator_that_stays_astray_stops_and_the_state_before_stays(make_tiny_split, tmp_path, monkeypatch):
    monkeypatch.setattr("ispl_model.train.PATIENCE", 4)
    healthy = GAN_LOSSES["lsgan"].healthy
    seen = []

    def loss(real, fake):
        seen.append(None)
        return _lsgan_discriminator(real, fake) + (2 * healthy[1] if len(seen) > 2 * 5 else 0)  # two scales a step

    monkeypatch.setitem(GAN_LOSSES, "lsgan", replace(GAN_LOSSES["lsgan"], discriminator=loss))
    with pytest.raises(InputError, match=r"stopped in step 9 because the discriminator's loss \(20\d.*for 4 steps"):
        train(tiny(), HEADER, ADVERSARIAL, TrainRun(20, 1, checkpoint_every=1), make_tiny_split("sr4"), tmp_path / "m")
    assert checkpoint.read_tensors(tmp_path / "state.safetensors")[1]["step"] == 5


def test_a_training_with_a_pretraining_goes_on_exactly_and_its_table_has_one_shape(make_tiny_split, tmp_path):
    split, training = make_tiny_split("sr4"), replace(ADVERSARIAL, pretraining=Pretraining(0.5, {"l1": 1.0}, 1e-3))
    run = TrainRun(4, 1)
    train(tiny(), HEADER, training, run, split, tmp_path / "whole" / "m")
    with pytest.raises(Interrupted):
        train(tiny({1: stop}), HEADER, training, run, split, tmp_path / "parts" / "m")
    train(tiny(), HEADER, training, run, split, tmp_path / "parts" / "m")
    assert (tmp_path / "parts" / "m").read_bytes() == (tmp_path / "whole" / "m").read_bytes()
    table = [line.split(",") for line in lines(tmp_path / "parts" / "m")]
    assert table[0] == ["step", "learning_rate", "l1", "lsgan", "feature_matching", "discriminator"]
    assert [[bool(cell) for cell in row[2:]] for row in table[1:]] == [[True, False, False, False]] * 2 + [
        [False, True, True, True]
    ] * 2


def test_samples_show_the_first_faces_and_change_nothing(make_tiny_split, tmp_path):
    split, training = make_tiny_split("denoise"), replace(ADVERSARIAL, ema=0.9)
    train(tiny(), HEADER, training, TrainRun(3, 1, samples_every=2), split, tmp_path / "seen" / "m")
    train(tiny(), HEADER, training, TrainRun(3, 1), split, tmp_path / "unseen" / "m")
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
    train_ispl("isp_unet_pac", 4, TrainRun(10, 2), split, tmp_path / "m")
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
        return lambda name: (split.degraded(name)[..., :1] > 0.5).astype(np.float32)

    network, training = Stacked(4), replace(ADVERSARIAL, condition=bright_red)
    train(network, HEADER, training, TrainRun(1, 1, redraw=False), make_tiny_split("denoise"), tmp_path / "m")
    assert torch.equal(network.seen[:, 3], (network.seen[:, 0] > 0.5).float()) and 0 < network.seen[:, 3].mean() < 1
    assert checkpoint.load_header(tmp_path / "m")["training"]["condition"] == "bright_red"


def test_label_maps_become_nineteen_channels(make_tiny_split, tmp_path, monkeypatch):
    split, maps, network = make_tiny_split("sr4"), tmp_path / "maps", Stacked(22)
    labels = np.arange(64 * 64).reshape(64, 64) % 19
    monkeypatch.setitem(sys.modules, "ispl_model.parsing", SimpleNamespace(label_map=lambda folder, name, size: labels))
    maps.mkdir()
    with pytest.raises(InputError, match="face_0.png: expected an existing file"):
        train(network, HEADER, PIXEL, TrainRun(1, 1, parsing=maps), split, tmp_path / "m")
    for name in split.names:
        (maps / f"{name}.png").write_bytes(b"")
    train(network, HEADER, PIXEL, TrainRun(1, 1, parsing=maps), split, tmp_path / "m")
    classes = network.seen[0, 3:].argmax(0).numpy()
    assert (network.seen[0, 3:].sum(0) == 1).all()
    assert (classes == labels).all() or (classes == labels[:, ::-1]).all()
    assert checkpoint.load_header(tmp_path / "m")["training"]["parsing"]
    with pytest.raises(InputError, match="label maps .* are for ep_map"):
        train_ispl("isp_unet_pac", 2, TrainRun(1, 1, parsing=maps), split, tmp_path / "n" / "m")
