"""The loop: learns, stops and goes on exactly, keeps what is good, refuses what is not its own."""

import json
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from degrade.core.errors import InputError
from ispl_model.losses.gan import GAN_LOSSES, _lsgan_discriminator
from ispl_model.runtime import checkpoint
from ispl_model.training.config import TrainingConfig, TrainOptions
from ispl_model.training.ispl import ISPL_TRAINING, train_ispl
from ispl_model.training.loop import train
from ispl_model.training.resume import Interrupted
from tests.ispl_model.tiny import ADVERSARIAL, HEADER, PIXEL, lines, stop, tiny, weights


def test_training_lowers_the_loss(make_tiny_split, tmp_path):
    out = tmp_path / "a" / "m.safetensors"
    summary = train(tiny(), HEADER, PIXEL, TrainOptions(60, 2), make_tiny_split("sr4"), out)
    values = [float(line.split(",")[2]) for line in lines(out)[1:]]
    assert len(values) == 60 and np.mean(values[-10:]) < 0.5 * np.mean(values[:10])
    assert (summary.path, summary.steps, summary.images_seen) == (out, 60, 120)
    assert summary.losses["l1"] == pytest.approx(values[-1], rel=1e-4)


def test_the_checkpoint_and_the_report_say_what_made_them(make_tiny_split, tmp_path):
    out, split = tmp_path / "m.safetensors", make_tiny_split("sr4")
    train(tiny(), HEADER, ADVERSARIAL, TrainOptions(2, 1, seed=7), split, out)
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
        run = TrainOptions(4, 2, workers=workers)
        train(tiny(), HEADER, training, run, make_tiny_split("denoise"), tmp_path / name / "m")
    assert (tmp_path / "a" / "m").read_bytes() == (tmp_path / "b" / "m").read_bytes()
    train(tiny(), HEADER, training, TrainOptions(4, 2, seed=1), make_tiny_split("denoise"), tmp_path / "c" / "m")
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
    split, run = make_tiny_split("denoise"), TrainOptions(9, 1, checkpoint_every=4, accumulate=2)
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


def test_signals_are_answered_as_before_after_training(make_tiny_split, tmp_path):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted):
        train(tiny({1: stop}), HEADER, PIXEL, TrainOptions(3, 1), make_tiny_split("sr4"), tmp_path / "m")
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_a_finished_training_is_not_repeated(make_tiny_split, tmp_path):
    split, out = make_tiny_split("sr4"), tmp_path / "m"
    first = train(tiny(), HEADER, PIXEL, TrainOptions(2, 1), split, out)
    network = tiny()
    assert train(network, HEADER, PIXEL, TrainOptions(2, 1, workers=1, checkpoint_every=1), split, out) == first
    assert network.calls == 0


def test_a_folder_of_another_training_is_refused_and_left_alone(make_tiny_split, tmp_path):
    split, out = make_tiny_split("sr4"), tmp_path / "m"
    train(tiny(), HEADER, PIXEL, TrainOptions(2, 1), split, out)
    before = out.read_bytes()
    with pytest.raises(InputError, match=r"another training \(other training.seed, training.steps\)"):
        train(tiny(), HEADER, PIXEL, TrainOptions(3, 1, seed=1), split, out)
    with pytest.raises(InputError, match=rf"training.steps\); give another --out with --from {out} to train on"):
        train(tiny(), HEADER, PIXEL, TrainOptions(3, 1), split, out)
    with pytest.raises(InputError, match=r"other method.*folder of its own"):
        train(tiny(), {**HEADER, "method": "other"}, PIXEL, TrainOptions(2, 1), split, tmp_path / "n")
    with pytest.raises(InputError, match="recipe"):
        train(tiny(), HEADER, PIXEL, TrainOptions(2, 1), make_tiny_split("denoise"), out)
    assert out.read_bytes() == before


@pytest.mark.parametrize("name", ["state.safetensors", "train.json", "losses.csv", "losses.png", "samples"])
def test_the_checkpoint_is_none_of_the_files_beside_it(make_tiny_split, tmp_path, name):
    with pytest.raises(InputError, match=f"{name}: is the name of a file that a training writes"):
        train(tiny(), HEADER, PIXEL, TrainOptions(1, 1), make_tiny_split("sr4"), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["losses.csv", "losses.png", "samples/00000001.png"])
def test_files_of_no_training_stay(make_tiny_split, tmp_path, name):
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine")
    with pytest.raises(InputError, match=f"{name}: is there and is not of this training; give --out in a folder"):
        train(tiny(), HEADER, PIXEL, TrainOptions(1, 1), make_tiny_split("sr4"), tmp_path / "m")
    assert file.read_text() == "mine" and not (tmp_path / "train.json").exists()


def test_a_training_without_its_report_and_state_starts_anew(make_tiny_split, tmp_path):
    out, split = tmp_path / "m", make_tiny_split("sr4")
    train(tiny(), HEADER, PIXEL, TrainOptions(2, 1), split, out)
    (tmp_path / "losses.png").write_text("its plot")
    (tmp_path / "train.json").unlink()
    train(tiny(), HEADER, PIXEL, TrainOptions(2, 1), split, out)
    assert len(lines(out)) == 3


def test_a_state_of_another_network_is_refused(make_tiny_split, tmp_path):
    split, run = make_tiny_split("sr4"), TrainOptions(3, 1)
    with pytest.raises(Interrupted):
        train(tiny({1: stop}), HEADER, PIXEL, run, split, tmp_path / "m")
    with pytest.raises(InputError, match="does not fit this network"):
        train(nn.Conv2d(3, 3, 1), HEADER, PIXEL, run, split, tmp_path / "m")


def test_a_state_that_is_cut_off_is_to_be_deleted(make_tiny_split, tmp_path):
    split, out, state = make_tiny_split("sr4"), tmp_path / "m", tmp_path / "state.safetensors"
    with pytest.raises(Interrupted):
        train(tiny({1: stop}), HEADER, PIXEL, TrainOptions(2, 1), split, out)
    state.write_bytes(state.read_bytes()[:-100])
    with pytest.raises(InputError, match="it may be cut off, delete it to train from the start"):
        train(tiny(), HEADER, PIXEL, TrainOptions(2, 1), split, out)
    state.unlink()
    train(tiny(), HEADER, PIXEL, TrainOptions(2, 1), split, out)
    assert len(lines(out)) == 3


def test_a_split_without_references_is_refused_before_anything_is_written(make_tiny_split, tmp_path):
    split = make_tiny_split("denoise")
    split = replace(split, info=split.info | {"has_reference": False})
    with pytest.raises(InputError, match="has no references, from which a training learns; give a split with hq/"):
        train(tiny(), HEADER, PIXEL, TrainOptions(1, 1), split, tmp_path / "m")
    assert list(tmp_path.iterdir()) == []


def test_a_loss_that_is_not_a_number_stops_and_keeps_the_last_good_state(make_tiny_split, tmp_path):
    split, out = make_tiny_split("sr4"), tmp_path / "m"
    network = tiny({5: lambda output: output * float("nan")})
    with pytest.raises(InputError, match=r"stopped in step 5 because l1 = nan is not finite; the last good state"):
        train(network, HEADER, PIXEL, TrainOptions(9, 1, checkpoint_every=2), split, out)
    tensors, header = checkpoint.read_tensors(tmp_path / "state.safetensors")
    assert header["step"] == 4 and all(torch.isfinite(value).all() for value in tensors.values())
    assert not out.exists()


def test_weights_that_are_not_finite_never_replace_a_good_state(make_tiny_split, tmp_path):
    def spoil(output):
        network.layers[0].weight.register_hook(lambda gradient: gradient * float("nan"))
        return output

    network = tiny({4: spoil})
    with pytest.raises(InputError, match="stopped in step 4 because generator.layers.0.weight is not finite"):
        train(network, HEADER, PIXEL, TrainOptions(4, 1, checkpoint_every=2), make_tiny_split("sr4"), tmp_path / "m")
    assert checkpoint.read_tensors(tmp_path / "state.safetensors")[1]["step"] == 2
    assert not (tmp_path / "m").exists()


def test_a_network_of_another_output_size_is_a_fault_of_the_caller(make_tiny_split, tmp_path):
    with pytest.raises(ValueError, match=r"expected output \(1, 3, 64, 64\), got \(1, 3, 32, 32\)"):
        train(nn.Conv2d(3, 3, 2, stride=2), HEADER, PIXEL, TrainOptions(1, 1), make_tiny_split("sr4"), tmp_path / "m")


def test_a_super_resolution_network_is_trained_with_a_discriminator_too(make_tiny_split, tmp_path):
    network = nn.Sequential(nn.Conv2d(3, 48, 3, padding=1), nn.PixelShuffle(4))
    training = TrainingConfig(4, {"l1": 1.0, "lsgan": 0.1}, 1e-4, (0.9, 0.999), 0.5, crop=32)
    summary = train(network, HEADER, training, TrainOptions(2, 2), make_tiny_split("denoise"), tmp_path / "m")
    assert set(summary.losses) == {"l1", "lsgan", "discriminator"}


def test_training_leaves_torchs_global_state_alone(make_tiny_split, tmp_path):
    before = torch.get_rng_state()
    train_ispl("isp_unet_pac", 1, TrainOptions(1, 1), make_tiny_split("sr4"), tmp_path / "m")
    assert torch.equal(before, torch.get_rng_state())


def test_ispl_is_trained_at_the_size_of_the_split_and_every_weight_moves(make_tiny_split, tmp_path):
    split = make_tiny_split("sr4")
    for steps, name in ((1, "a"), (2, "b")):
        run = TrainOptions(steps, 1)
        train_ispl("isp_unet_pac", 2, run, split, tmp_path / name / "m")
    assert checkpoint.load_header(tmp_path / "a" / "m")["network"]["size"] == 64
    one, two = weights(tmp_path / "a" / "m"), weights(tmp_path / "b" / "m")
    still = [key for key in one if torch.equal(one[key], two[key])]
    assert not still


def test_an_unknown_variant_and_an_unfit_size_are_one_sentence(make_tiny_split, tmp_path):
    split = make_tiny_split("sr4")
    with pytest.raises(InputError, match="did you mean 'isp_unet_pac'"):
        train_ispl("isp_unet_pak", 2, TrainOptions(1, 1), split, tmp_path / "m")
    odd = replace(split, info=split.info | {"size": 80})
    with pytest.raises(InputError, match="no network for this split.*80"):
        train_ispl("isp_unet_pac", 2, TrainOptions(1, 1), odd, tmp_path / "m")
    with pytest.raises(InputError, match="crop: expected a multiple of 4 at 64 px, got 30"):
        train_ispl("isp_unet_pac", 2, TrainOptions(1, 1), split, tmp_path / "m", replace(ISPL_TRAINING, crop=30))
    with pytest.raises(InputError, match="crop: expected at most the 64 px of the split, got 128; leave it out"):
        train_ispl("isp_unet_pac", 2, TrainOptions(1, 1), split, tmp_path / "m", replace(ISPL_TRAINING, crop=128))


def test_a_discriminator_that_stays_astray_stops_and_the_state_before_stays(make_tiny_split, tmp_path, monkeypatch):
    monkeypatch.setattr("ispl_model.training.loop.PATIENCE", 4)
    healthy = GAN_LOSSES["lsgan"].healthy
    seen = []

    def loss(real, fake):
        seen.extend([None] * (real.numel() > 1))  # a map of scores
        return _lsgan_discriminator(real, fake) + (2 * healthy[1] if len(seen) > 2 * 5 else 0)  # two scales a step

    monkeypatch.setitem(GAN_LOSSES, "lsgan", replace(GAN_LOSSES["lsgan"], discriminator=loss))
    with pytest.raises(InputError, match=r"stopped in step 9 because the discriminator's loss \(20\d.*for 4 steps"):
        train(
            tiny(), HEADER, ADVERSARIAL, TrainOptions(20, 1, checkpoint_every=1), make_tiny_split("sr4"), tmp_path / "m"
        )
    assert checkpoint.read_tensors(tmp_path / "state.safetensors")[1]["step"] == 5


def test_a_discriminator_that_collapsed_is_told_in_the_report_of_an_interrupted_training_too(
    make_tiny_split, tmp_path, monkeypatch
):
    monkeypatch.setattr("ispl_model.training.health.COLLAPSE", 4)

    def almost_nothing(real, fake):  # for maps of scores; the single scores of an undecided one cost what they do
        return _lsgan_discriminator(real, fake) * (1e-3 if real.numel() > 1 else 1)

    split, run, out = make_tiny_split("sr4"), TrainOptions(6, 1), tmp_path / "m"
    assert train(tiny(), HEADER, ADVERSARIAL, run, split, tmp_path / "well" / "m").warning is None
    monkeypatch.setitem(GAN_LOSSES, "lsgan", replace(GAN_LOSSES["lsgan"], discriminator=almost_nothing))
    with pytest.raises(Interrupted):
        train(tiny({3: stop}), HEADER, ADVERSARIAL, run, split, out)
    summary = train(tiny(), HEADER, ADVERSARIAL, run, split, out)
    assert "the discriminator collapsed: from step 1 on its loss stayed below 0.01" in summary.warning
    assert json.loads((tmp_path / "train.json").read_text())["result"]["warning"] == summary.warning
