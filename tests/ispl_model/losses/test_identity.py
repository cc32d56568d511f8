import json
from base64 import b64encode
from dataclasses import replace

import numpy as np
import pytest
import torch
from numpy.lib.stride_tricks import sliding_window_view

from degrade.core.errors import InputError
from ispl_model.losses.identity import Identity
from ispl_model.losses.tfjs import OPERATIONS, GraphModel, model_files
from ispl_model.runtime import checkpoint
from ispl_model.training.config import TrainOptions
from ispl_model.training.loop import train
from tests.ispl_model.tiny import HEADER, PIXEL, tiny

RNG = np.random.default_rng(5)
SHAPES = {"kernel": (3, 3, 3, 4), "depth": (3, 3, 4, 1), "bias": (4,), "slope": (4,), "dense": (27 * 28 * 4, 6)}
CONSTANTS = {name: RNG.normal(size=shape).astype(np.float32) for name, shape in SHAPES.items()} | {
    "zero": np.array(0, np.float32),
    "middle": np.array(127.5, np.float32),
    "scale": np.array(1 / 128, np.float32),
    "sides": np.array([[0, 0], [0, 1], [1, 2], [0, 0]], np.int32),
    "flat": np.array([-1, 27 * 28 * 4], np.int32),
}


def node(name, op, *inputs, step=None, padding=b"VALID"):
    stride = {"strides": {"list": {"i": ["1", str(step), str(step), "1"]}}}
    attributes = {"padding": {"s": b64encode(padding).decode()}} | stride if step else {}
    return {"name": name, "op": op, "input": list(inputs), "attr": attributes}


NODES = [
    node("descriptor", "MatMul", "row", "dense"),  # out of order, as such files may be
    node("image", "Placeholder"),
    node("centred", "Sub", "image", "middle"),
    node("scaled", "Mul", "centred", "scale"),
    node("padded", "Pad", "scaled", "sides"),
    node("convolved", "Conv2D", "padded", "kernel", step=2),
    node("biased", "AddV2", "convolved", "bias"),
    node("positive", "Maximum", "zero", "biased"),
    node("negative", "Minimum", "zero", "biased"),
    node("sloped", "Mul", "slope", "negative"),
    node("activated", "AddV2", "positive", "sloped"),
    node("apart", "DepthwiseConv2dNative", "activated", "depth", step=2),
    node("row", "Reshape", "apart", "flat"),
]


def write_graph(folder, nodes=NODES, cut=0, **weight):
    facts = [
        {"name": name, "shape": list(v.shape), "dtype": str(v.dtype), **weight} for name, v in sorted(CONSTANTS.items())
    ]
    stored = b"".join(value.tobytes() for _, value in sorted(CONSTANTS.items()))
    (folder / "r.bin").write_bytes(stored[: len(stored) - cut])
    constants = [{"name": name, "op": "Const"} for name in CONSTANTS]
    model = {
        "modelTopology": {"node": nodes + constants},
        "weightsManifest": [{"paths": ["r.bin"], "weights": facts}],
    }
    (folder / "r.json").write_text(json.dumps(model))
    return folder / "r.json"


def by_hand(images):
    """The network of NODES in numpy, images (N, H, W, 3)."""
    scaled = (images - 127.5) / 128
    padded = np.pad(scaled, ((0, 0), (0, 1), (1, 2), (0, 0)))
    windows = sliding_window_view(padded, (3, 3), axis=(1, 2))[:, ::2, ::2]  # (N, h, w, channels, 3, 3)
    biased = np.einsum("nyxcij,ijco->nyxo", windows, CONSTANTS["kernel"]) + CONSTANTS["bias"]
    activated = np.where(biased > 0, biased, CONSTANTS["slope"] * biased)
    windows = sliding_window_view(activated, (3, 3), axis=(1, 2))[:, ::2, ::2]
    apart = np.einsum("nyxcij,ijc->nyxc", windows, CONSTANTS["depth"][..., 0])
    return apart.reshape(len(images), -1) @ CONSTANTS["dense"]


def test_every_operation_is_computed_as_the_graph_says(tmp_path):
    assert {one["op"] for one in NODES} == {*OPERATIONS, "Placeholder"}
    images = 255 * np.random.default_rng(1).random((2, 112, 112, 3)).astype(np.float32)
    got = GraphModel(write_graph(tmp_path))(torch.from_numpy(images).permute(0, 3, 1, 2))
    np.testing.assert_allclose(got.numpy(), by_hand(images), rtol=1e-3, atol=1e-2)


def test_the_loss_is_one_minus_the_cosine_of_the_inner_faces_descriptors(tmp_path):
    loss = Identity(write_graph(tmp_path))
    faces = torch.rand(2, 3, 256, 256)
    a, b = 255 * torch.nn.functional.interpolate(
        faces[..., 28:228, 28:228], size=(112, 112), mode="bilinear", antialias=True
    )
    network = GraphModel(tmp_path / "r.json")
    one, other = (network(image[None]).numpy()[0].astype(float) for image in (a, b))
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    assert float(loss(faces[:1], faces[1:])) == pytest.approx(1 - cosine, abs=1e-5)
    assert float(loss(faces, faces)) == pytest.approx(0, abs=1e-5)


def test_the_loss_moves_the_restored_face_alone_and_only_where_the_recogniser_looks(tmp_path):
    restored, reference = (torch.rand(1, 3, 64, 64, requires_grad=True) for _ in range(2))
    Identity(write_graph(tmp_path))(restored, reference).backward()
    assert reference.grad is None
    seen = restored.grad[0].abs().sum(0) > 0
    assert seen[7:57, 7:57].float().mean() > 0.9 and not seen[:7].any() and not seen[:, 57:].any()


def test_a_training_with_the_loss_records_its_recogniser(make_tiny_split, tmp_path):
    split, training = make_tiny_split("sr4"), replace(PIXEL, losses={"identity": 1.0})
    run = TrainOptions(1, 1, identity=write_graph(tmp_path))
    assert 0 < train(tiny(), HEADER, training, run, split, tmp_path / "m").losses["identity"] < 2
    labels = checkpoint.load_header(tmp_path / "m")["training"]["identity"]
    assert [label.split(" sha256:")[0] for label in labels] == ["r.json", "r.bin"]


def test_the_loss_is_refused_without_its_recogniser_and_on_windows(make_tiny_split, tmp_path):
    split, file = make_tiny_split("sr4"), write_graph(tmp_path)
    weighed = replace(PIXEL, losses={"identity": 1.0})
    for training, run in ((weighed, TrainOptions(1, 1)), (PIXEL, TrainOptions(1, 1, identity=file))):
        with pytest.raises(InputError, match="got one without the other"):
            train(tiny(), HEADER, training, run, split, tmp_path / "m")
    with pytest.raises(InputError, match="got windows of 32 px"):
        train(tiny(), HEADER, replace(weighed, crop=32), TrainOptions(1, 1, identity=file), split, tmp_path / "m")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"cut": 4}, "expected a TensorFlow.js graph model"),
        ({"quantization": {"dtype": "uint8"}}, "is quantised"),
        ({"nodes": [*NODES, node("more", "Softmax", "descriptor")]}, r"got \['Softmax'\]"),
        ({"nodes": [*NODES, node("more", "Sub", "image", "zero")]}, "one output"),
        ({"nodes": [one for one in NODES if one["name"] != "scaled"]}, "'scaled'"),
    ],
)
def test_files_that_are_no_such_model_are_refused(tmp_path, change, sentence):
    with pytest.raises(InputError, match=sentence):
        GraphModel(write_graph(tmp_path, **change))


def test_a_file_without_its_weights_or_with_padding_convolutions_is_refused(tmp_path):
    nodes = [
        one if one["name"] != "convolved" else node("convolved", "Conv2D", "padded", "kernel", step=2, padding=b"SAME")
        for one in NODES
    ]
    with pytest.raises(InputError, match="pads nothing"):
        GraphModel(write_graph(tmp_path, nodes))(torch.rand(1, 3, 112, 112))
    (tmp_path / "r.bin").unlink()
    with pytest.raises(InputError, match=r"r\.bin"):
        GraphModel(tmp_path / "r.json")


@pytest.mark.parametrize("name", ["../weights.bin", "/etc/hostname", "sub/weights.bin"])
def test_a_model_names_no_weights_outside_its_folder(tmp_path, name):
    (tmp_path / "model.json").write_text(
        json.dumps({"modelTopology": {"node": []}, "weightsManifest": [{"paths": [name], "weights": []}]})
    )
    for read in (model_files, GraphModel):
        with pytest.raises(InputError, match="expected files beside it"):
            read(tmp_path / "model.json")
