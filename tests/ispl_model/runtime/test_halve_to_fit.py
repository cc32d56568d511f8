"""A graphics card with too little memory: less at a time, else one sentence, and the other images go on."""

import json

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from benchmark.records.words import NOT_RESTORED
from benchmark.runs.scoring.image_scores import reason
from degrade.cli.console import COUNT, DEVICE, Command
from degrade.core.errors import InputError, out_of_memory
from degrade.core.image import write
from degrade.portraits.paint import paint
from ispl_model.adapters.model import ImageModel
from ispl_model.cli.main import ispl
from ispl_model.restoration.restorer import Restorer, restore_images
from ispl_model.runtime.halve_to_fit import halved_to_fit

SAID = "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 11.76 GiB."
SENTENCE = "the graphics card has too little free memory"


def test_an_amount_is_halved_until_it_fits_and_not_below_the_least():
    tried = []

    def run(amount):
        tried.append(amount)
        if amount > 3:
            raise torch.OutOfMemoryError(SAID)
        return amount

    assert halved_to_fit(run, 12, 1, "images") == 3 and tried == [12, 6, 3]
    tried.clear()
    with pytest.raises(InputError, match=f"^{SENTENCE}; use --device cpu$"):
        halved_to_fit(run, 12, 5, "images")
    assert tried == [12, 6, 5]


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError(SAID),
        RuntimeError("CUDA error: out of memory"),  # where other programs hold all of it
        RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
        RuntimeError("MPS backend out of memory (MPS allocated: 17.9 GB)"),
    ],
)
def test_every_kind_of_it_is_known(error):
    assert SENTENCE in str(out_of_memory(error))


def test_too_little_memory_of_the_machine_is_no_graphics_card_s():
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**60, dtype=torch.uint8)
    assert str(out_of_memory(raised.value)) == "this machine has too little free memory; take smaller images"


@pytest.mark.parametrize("error", [RuntimeError("shapes do not fit"), ValueError("out of memory")])
def test_other_errors_stay(error):
    assert out_of_memory(error) is None
    with pytest.raises(type(error)):
        halved_to_fit(lambda _: (_ for _ in ()).throw(error), 4, 1, "images")


def test_a_batch_is_halved_and_gives_the_same_images():
    passes = []

    def network(stack):
        passes.append(len(stack))
        if len(stack) > 2:
            raise torch.OutOfMemoryError(SAID)
        return stack * 0.5

    faces = [paint(seed, 64) for seed in range(5)]
    restored = restore_images(network, faces, 64, "cpu", batch=5, dtype="fp32")
    assert passes == [5, 2, 2, 1]
    for face, one in zip(faces, restored, strict=True):
        np.testing.assert_allclose(one, face / 2, atol=1e-6)


@pytest.mark.parametrize("multiple", [1, 24])
def test_tiles_are_halved_and_give_the_same_image(multiple):
    seen = set()

    def run(image):
        seen.add(max(image.shape))
        if max(image.shape) > 300:
            raise torch.OutOfMemoryError(SAID)
        assert not (image.shape[0] % multiple or image.shape[1] % multiple)
        return image.repeat(2, axis=0).repeat(2, axis=1)

    image = np.random.default_rng(0).random((410, 700, 3), dtype=np.float32)
    restored = ImageModel(run, scale=2, multiple=multiple).restore(image)
    np.testing.assert_array_equal(restored, image.repeat(2, axis=0).repeat(2, axis=1))
    assert min(seen) in (256, 240)


@pytest.mark.parametrize("model", [{"side": 64}, {"side": 64, "scale": 2}, {"tiled": False}, {}])
def test_what_cannot_be_halved_is_a_sentence(model):
    def run(_image):
        raise torch.OutOfMemoryError(SAID)

    with pytest.raises(InputError, match=SENTENCE):
        ImageModel(run, **model).restore(paint(0, 128))


def test_one_image_that_is_too_much_leaves_the_others_of_the_command(tmp_path, network_file, monkeypatch):
    whole = Restorer.restore_faces

    def restore_faces(self, images):
        if any(image.mean() > 0.9 for image in images):
            raise out_of_memory(torch.OutOfMemoryError(SAID))
        return whole(self, images)

    monkeypatch.setattr(Restorer, "restore_faces", restore_faces)
    for name, image in (("a", paint(0, 64)), ("b", np.ones((64, 64, 3), np.float32)), ("c", paint(1, 64))):
        write(tmp_path / "in" / f"{name}.png", image)
    asked = ["restore", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--kind", "face", "--batch", "3"]
    done = CliRunner().invoke(ispl, [*asked, "--checkpoint", str(network_file), "--device", "cpu"])
    assert done.exit_code == 1, done.output
    assert f"b.png: {SENTENCE}; use --device cpu\n" in done.output
    lines = [json.loads(line) for line in (tmp_path / "out" / "restored.jsonl").read_text().splitlines()]
    assert [line["file_name"] for line in lines] == ["a.png", "c.png"]


def test_a_training_is_told_what_helps_it():
    import click

    @click.command(cls=Command)
    @click.option("--device", type=DEVICE)
    @click.option("--batch", type=COUNT)
    @click.option("--accumulate", type=COUNT)
    def training(**_):
        raise torch.OutOfMemoryError(SAID)

    done = CliRunner().invoke(training, [])
    assert done.exit_code == 2 and done.output == (
        f"Error: {SENTENCE}; use --device cpu; or a smaller --batch with more --accumulate\n"
    )


def test_a_benchmark_says_it_of_the_image():
    assert reason(NOT_RESTORED, torch.OutOfMemoryError(SAID)) == f"not restored: {SENTENCE}; use --device cpu"
