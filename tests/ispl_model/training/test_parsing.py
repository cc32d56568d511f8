"""Label maps of a folder, and facexlib's parser with random weights in place of the real ones, which are not here."""

import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from degrade.core.errors import InputError
from ispl_model.network.variants import CLASSES
from ispl_model.training import parsing
from ispl_model.training.parsing import (
    label_map,
    load_parser,
    mirrored,
    one_hot,
    parsing_condition,
    why_parser_unavailable,
)


@pytest.fixture
def folder(tmp_path):
    labels = np.arange(16, dtype=np.uint8).reshape(4, 4)
    Pillow.fromarray(labels).save(tmp_path / "grey.png")
    palette = Pillow.fromarray(labels, mode="P")
    palette.putpalette(range(48))
    palette.save(tmp_path / "palette.png")
    return tmp_path


@pytest.mark.parametrize("name", ["grey", "palette"])
def test_labels_are_read_as_they_are_stored_and_resized_by_taking_pixels(folder, name):
    labels = label_map(folder, name, 4)
    assert labels.dtype == np.uint8 and np.array_equal(labels, np.arange(16).reshape(4, 4))
    assert np.array_equal(label_map(folder, name, 8), labels.repeat(2, 0).repeat(2, 1))
    assert np.array_equal(label_map(folder, name, 2), labels[1::2, 1::2])


def test_one_hot_has_a_one_in_the_channel_of_the_class(folder):
    labels = label_map(folder, "grey", 4)
    channels = one_hot(labels)
    assert channels.shape == (4, 4, len(CLASSES)) == (4, 4, 19) and channels.dtype == np.float32
    assert np.array_equal(channels.argmax(2), labels) and np.array_equal(channels.sum(2), np.ones((4, 4)))


def test_in_a_mirror_left_and_right_change_places():
    labels = np.array([[CLASSES.index(name) for name in ("left_eye", "nose", "right_brow", "left_ear")]])
    seen = ["right_ear", "left_brow", "nose", "right_eye"]
    assert [CLASSES[label] for label in mirrored(labels)[0]] == seen
    every = np.arange(len(CLASSES))[None]
    assert np.array_equal(mirrored(mirrored(every)), every)
    condition = parsing_condition({"face": labels}.__getitem__)
    assert np.array_equal(condition("face", True), one_hot(mirrored(labels)))
    assert np.array_equal(condition("face", False), one_hot(labels))


@pytest.mark.parametrize(
    ("pixels", "sentence"),
    [
        (np.full((4, 4), 19, np.uint8), r"expected labels 0\.\.18, got also \[19\]"),
        (np.zeros((4, 4, 3), np.uint8), "expected a square 8-bit grey or palette image"),
        (np.zeros((4, 6), np.uint8), "expected a square 8-bit grey or palette image"),
    ],
)
def test_what_is_no_label_map_is_refused(tmp_path, pixels, sentence):
    Pillow.fromarray(pixels).save(tmp_path / "face.png")
    with pytest.raises(InputError, match=rf"face\.png: {sentence}"):
        label_map(tmp_path, "face", 4)


def test_a_missing_and_a_torn_map_are_one_sentence(folder):
    with pytest.raises(InputError, match=r"other\.png: expected the label map of other, got nothing"):
        label_map(folder, "other", 4)
    (folder / "other.png").write_bytes((folder / "grey.png").read_bytes()[:40])
    with pytest.raises(InputError, match=r"other\.png: not a readable label map"):
        label_map(folder, "other", 4)


def test_the_place_of_the_weights_is_torchs(monkeypatch):
    for home in ("/somewhere", None):
        monkeypatch.delenv("TORCH_HOME") if home is None else monkeypatch.setenv("TORCH_HOME", home)
        assert str(parsing._parser_file()).startswith(torch.hub.get_dir())


def test_a_parser_without_weights_or_package_says_so(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(InputError, match="face parsing: .*facexlib"):
        load_parser("cpu")
    monkeypatch.setattr(parsing.importlib.util, "find_spec", lambda name: None)
    assert why_parser_unavailable() == "facexlib is not installed; pip install facexlib"


@pytest.fixture
def random_weights(monkeypatch, tmp_path):
    """ParseNet with seeded random weights where the real ones would lie."""
    parsenet = pytest.importorskip("facexlib.parsing.parsenet", reason="facexlib is not installed")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(parsing, "check_published", lambda *_arguments: "random weights")
    path = tmp_path / "hub" / parsing.PARSER_FILE
    path.parent.mkdir(parents=True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        torch.save(parsenet.ParseNet(in_size=512, out_size=512, parsing_ch=19).state_dict(), path)
    return path


def test_the_parser_with_random_weights_labels_every_pixel_at_the_images_side(random_weights, monkeypatch):
    monkeypatch.setattr(parsing, "_PARSER_SIDE", 128)  # it is convolutional, and 512 px take seconds
    assert why_parser_unavailable() == ""
    image = np.random.default_rng(0).random((64, 64, 3), dtype=np.float32)
    labels = load_parser("cpu")(image)
    assert labels.shape == (64, 64) and labels.dtype == np.uint8 and labels.max() < 19


def test_a_file_of_something_else_is_refused_and_not_unpickled(random_weights):
    torch.save({"weight": torch.zeros(1)}, random_weights)
    with pytest.raises(InputError, match=r"parsing_parsenet\.pth: not the weights of facexlib's ParseNet"):
        load_parser("cpu")
