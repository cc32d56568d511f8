"""onnx: layouts, number types, ranges and sides of tiny networks; and what is refused in one sentence."""

import sys

import numpy as np
import pytest

from degrade.core.errors import InputError
from degrade.core.storage.files import sha256_file
from ispl_model.adapters import onnx
from tests.ispl_model.adapters.models import write_onnx

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def image(height=24, width=20):
    return np.random.default_rng(0).random((height, width, 3), dtype=np.float32)


def repeated(given, scale):
    return given.repeat(scale, axis=0).repeat(scale, axis=1)


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("dtype, tolerance", [("float", 1e-7), ("half", 1e-3), ("uint8", 1.01 / 255)])
@pytest.mark.parametrize("scale", [1, 2, 4])
def test_layout_type_and_scale_are_read_from_the_file(tmp_path, last, dtype, tolerance, scale):
    path = write_onnx(tmp_path / "net.onnx", scale=scale, last=last, dtype=dtype)
    model = onnx.load(str(path))
    assert (model.scale, model.side, model.multiple) == (scale, None, 1)
    np.testing.assert_allclose(model.restore(image()), repeated(image(), scale) / 2, atol=tolerance)


@pytest.mark.parametrize(
    "text, expected", [("", 0.5), (",range=0..1", 0.5), (",range=-1..1", 0.75), (",range=0..255", 0.5)]
)
def test_the_range_is_what_black_and_white_become(tmp_path, text, expected):
    path = write_onnx(tmp_path / "net.onnx", scale=1)
    restored = onnx.load(f"{path}{text}").restore(np.ones((8, 8, 3), np.float32))
    np.testing.assert_allclose(restored, expected, atol=1e-6)  # the network halves: in -1..1, 1 becomes 0.5 of it


def test_a_fixed_side_is_kept_in_tiles_or_for_the_whole_face(tmp_path):
    enlarging = onnx.load(str(write_onnx(tmp_path / "x2.onnx", (16, 16))))
    assert (enlarging.scale, enlarging.side, enlarging.takes_faces) == (2, 16, False)
    np.testing.assert_allclose(enlarging.restore(image()), repeated(image(), 2) / 2, atol=1e-7)
    face = onnx.load(str(write_onnx(tmp_path / "face.onnx", (32, 32), scale=1)))
    assert face.takes_faces and face.restore(image()).shape == (24, 20, 3)
    assert onnx.load(f"{write_onnx(tmp_path / 'free.onnx', scale=1)},size=48").side == 48


def test_sides_that_must_be_multiples_are_found(tmp_path):
    model = onnx.load(str(write_onnx(tmp_path / "net.onnx", keep=8)))
    assert model.multiple == 8 and model.restore(image(21, 35)).shape == (42, 70, 3)


def test_its_checksum_covers_weights_beside_it(tmp_path):
    import onnx as package

    path = write_onnx(tmp_path / "net.onnx")
    assert onnx.digest(f"{path},range=0..255") == sha256_file(path)
    model = package.load(path)
    apart = tmp_path / "apart.onnx"
    package.save(model, apart, save_as_external_data=True, location="weights.bin", size_threshold=0)
    first = onnx.digest(str(apart))
    assert first != sha256_file(apart)
    weights = tmp_path / "weights.bin"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\x01")
    assert onnx.digest(str(apart)) != first


@pytest.mark.parametrize(
    "options, sentence",
    [
        (",range=1..0", "range: expected LOW..HIGH"),
        (",range=0..x", "range: expected LOW..HIGH"),
        (",size=0", "size: expected a side of 8 to 4096 px, got '0'"),
        (",size=64", "the model takes 16 px alone, got 64"),
        (",scale=2", "expected the options range, size; 'scale' is not known"),
        (",size=16,size=16", "'size' is given twice"),
    ],
)
def test_options_that_do_not_fit_are_refused(tmp_path, options, sentence):
    path = write_onnx(tmp_path / "net.onnx", (16, 16))
    with pytest.raises(InputError, match=sentence):
        onnx.load(f"{path}{options}")


def test_a_network_of_8_bits_has_no_other_range_than_theirs(tmp_path):
    path = write_onnx(tmp_path / "net.onnx", scale=1, dtype="uint8")
    for text in ("-1..1", "0..1", "0..254"):
        with pytest.raises(InputError, match=f"the model takes uint8, which is 0..255, got {text}; leave it out"):
            onnx.load(f"{path},range={text}")
    assert onnx.load(f"{path},range=0..255").restore(np.ones((8, 8, 3), np.float32)).max() < 0.51


def with_a_second_input(path):
    """As CodeFormer is exported at times."""
    import onnx as package

    model = package.load(write_onnx(path))
    model.graph.input.append(package.helper.make_tensor_value_info("w", package.TensorProto.DOUBLE, [1]))
    package.save(model, path)
    return path


def test_models_of_another_kind_are_refused(tmp_path):
    cases = {
        "two inputs": (with_a_second_input(tmp_path / "two.onnx"), "expected one input, .* got x .*, w "),
        "not square": (write_onnx(tmp_path / "wide.onnx", (16, 24)), "expected an input of free or square size"),
        "not a model": (tmp_path / "text.onnx", "cannot be loaded as an ONNX model"),
        "nothing": (tmp_path / "none.onnx", "expected a file, got nothing there"),
    }
    (tmp_path / "text.onnx").write_text("not a model")
    for path, sentence in cases.values():
        with pytest.raises(InputError, match=sentence) as caught:
            onnx.load(str(path))
        assert "\n" not in str(caught.value)


def test_a_missing_package_is_one_sentence(tmp_path, monkeypatch):
    path = write_onnx(tmp_path / "net.onnx")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(InputError, match="pip install onnxruntime"):
        onnx.load(str(path))
