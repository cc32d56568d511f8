"""On the fly: the same pixels as the command line, whatever the workers, ranks, epochs before and global seeds."""

import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch.utils.data import DataLoader

from degrade.cli.console import SIDE
from degrade.cli.main import degrade as command
from degrade.core.errors import InputError
from degrade.core.image import read, to_uint8, write
from degrade.core.storage.files import sha256
from degrade.portraits.paint import paint
from degrade.recipes.degrade_image import degrade_image
from degrade.recipes.library import list_recipes
from degrade.splits.make_split import make_split
from degrade.splits.split import Split, open_split
from degrade.torch import Degrade, DegradedPairs

FACES, SIZE, RECIPE, SEED = 5, 64, "dual_blind", 7
RANK = """
import sys
from torch.utils.data import DataLoader
from torch.utils.data.distributed import DistributedSampler
from degrade.core.storage.files import sha256
from degrade.torch import DegradedPairs

if __name__ == "__main__":
    pairs = DegradedPairs(sys.argv[1], "dual_blind", 7, size=64)
    pairs.set_epoch(3)
    sampler = DistributedSampler(pairs, num_replicas=2, rank=int(sys.argv[2]))
    for pair in DataLoader(pairs, batch_size=None, sampler=sampler, num_workers=2):
        print(pair.name, sha256(pair.degraded.numpy().tobytes()))
"""


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    for seed in range(FACES):
        write(folder / f"face_{seed}.png", paint(seed, SIZE + seed))  # all but the first are reduced
    return folder


def degraded_to_disk(faces: Path, out: Path, recipe: str = RECIPE) -> Split:
    options = ["--task", recipe, "--size", SIZE, "--seed", SEED, "--workers", 1]
    shown = CliRunner().invoke(command, ["run", *map(str, [faces, out, *options])])
    assert shown.exit_code == 0, shown.output
    return open_split(out)


@pytest.fixture(scope="module")
def split(faces, tmp_path_factory) -> Split:
    return degraded_to_disk(faces, tmp_path_factory.mktemp("split") / "out")


def as_pixels(tensor: torch.Tensor) -> np.ndarray:
    return to_uint8(np.ascontiguousarray(tensor.permute(1, 2, 0).numpy()))


def on_disk(split: Split, name: str) -> list[np.ndarray]:
    return [to_uint8(read(path)) for path in reversed(split.files(name))]


@pytest.mark.parametrize("workers", [0, 2, 4])
def test_the_pixels_are_those_of_the_command_line_whatever_the_workers(faces, split, workers):
    pairs = DegradedPairs(faces, RECIPE, SEED, size=SIZE)
    names = []
    for batch in DataLoader(pairs, batch_size=2, shuffle=True, num_workers=workers):
        for degraded, reference, name in zip(*batch, strict=True):
            names.append(name)
            for tensor, wanted in zip((degraded, reference), on_disk(split, name), strict=True):
                np.testing.assert_array_equal(as_pixels(tensor), wanted)
    assert sorted(names) == list(split.names)


@pytest.mark.parametrize("recipe", list_recipes())
def test_every_recipe_gives_float_tensors_the_pixels_of_the_file(faces, tmp_path, recipe):
    """Values of 8 bits, so that nothing is lost between a float and a file."""
    split = degraded_to_disk(faces, tmp_path / "out", recipe)
    for degraded, reference, name in (DegradedPairs(faces, recipe, SEED, size=SIZE)[index] for index in range(2)):
        wanted = torch.from_numpy(read(split.files(name)[1])).permute(2, 0, 1)
        assert torch.equal(degraded, wanted)
        assert degraded.dtype == reference.dtype == torch.float32


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_that_live_on_see_the_epoch(faces, method):
    pairs = DegradedPairs(faces, RECIPE, SEED, size=SIZE)
    loader = DataLoader(pairs, None, num_workers=2, persistent_workers=True, multiprocessing_context=method)
    seen = set()
    for epoch in (0, 1, 0):
        pairs.set_epoch(epoch)
        for degraded, reference, name in loader:
            wanted, _ = degrade_image(reference.permute(1, 2, 0).numpy(), RECIPE, SEED, name, epoch)
            np.testing.assert_array_equal(degraded.permute(1, 2, 0).numpy(), wanted)
            seen.add((name, epoch, sha256(wanted.tobytes())))
    assert len(seen) == len({digest for *_, digest in seen}) == 2 * FACES


def test_two_processes_draw_what_one_draws(faces):
    pairs = DegradedPairs(faces, RECIPE, SEED, size=SIZE)
    pairs.set_epoch(3)
    wanted = {pair.name: sha256(pair.degraded.numpy().tobytes()) for pair in map(pairs.__getitem__, range(FACES))}
    ranks = [
        subprocess.Popen([sys.executable, "-c", RANK, str(faces), rank], stdout=subprocess.PIPE, text=True)
        for rank in "01"
    ]
    lines = [line.split() for rank in ranks for line in rank.communicate(timeout=120)[0].splitlines()]
    assert len(lines) == FACES + 1 and dict(lines) == wanted  # the sampler fills up the last round


def test_no_global_random_state_is_read_or_set(faces):
    pairs = DegradedPairs(faces, RECIPE, SEED, size=SIZE)
    first = pairs[0].degraded
    np.random.seed(1)  # noqa: NPY002 - the global state is what this is about
    torch.manual_seed(1)
    before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    assert torch.equal(pairs[0].degraded, first)
    assert np.array_equal(before[0], np.random.get_state()[1]) and torch.equal(before[1], torch.get_rng_state())  # noqa: NPY002


@pytest.mark.parametrize("seed", [None, -1, 0.0, "0", True, 2**63])
def test_a_seed_that_draws_otherwise_than_it_looks_is_refused_everywhere(faces, tmp_path, seed):
    face = np.zeros((64, 64, 3), np.uint8)
    for ask in (
        lambda: degrade_image(face, RECIPE, seed, "x"),
        lambda: make_split(tmp_path / "out", faces, RECIPE, size=64, seed=seed),
        lambda: DegradedPairs(faces, RECIPE, seed, size=64),
        lambda: Degrade(RECIPE, seed),
    ):
        with pytest.raises(InputError, match="seed: expected a whole number from 0 to 9223372036854775807, got"):
            ask()
    assert not (tmp_path / "out").exists()
    for key in (5, None, Path("x")):
        with pytest.raises(InputError, match="name: expected a text"):
            Degrade(RECIPE)(face, key)
    assert make_split(tmp_path / "out", faces, "sr4", size=np.int64(64), seed=np.int64(3)).made == FACES
    same = [Degrade(RECIPE, kind(7))(face, "x") for kind in (int, np.int64, np.uint8)]
    assert all(np.array_equal(same[0], other) for other in same)


def test_every_kind_of_image_comes_back_in_kind_with_the_same_pixels(split):
    wanted, clean = on_disk(split, "face_3")
    degrade = Degrade(RECIPE, SEED)
    tensor = torch.from_numpy(clean).permute(2, 0, 1)
    kinds = (clean, clean / np.float32(255), clean / 255, tensor, tensor / 255, tensor.double() / 255)
    for image in kinds:
        given = image.copy() if isinstance(image, np.ndarray) else image.clone()
        degraded = degrade(image, "face_3")
        assert type(degraded) is type(image) and degraded.dtype == image.dtype
        assert (image == given).all(), "the image given was changed"
        array = degraded if isinstance(degraded, np.ndarray) else degraded.permute(1, 2, 0).numpy()
        pixels = array if array.dtype == np.uint8 else np.rint(array * 255).astype(np.uint8)
        np.testing.assert_array_equal(pixels, wanted)


def test_what_cannot_be_is_one_sentence(faces, tmp_path):
    with pytest.raises(InputError, match="tensor of shape \\(3, H, W\\), got \\(64, 64, 3\\)"):
        Degrade("sr4")(torch.zeros(64, 64, 3), "x")
    with pytest.raises(InputError, match="unknown recipe 'nothing'"):
        DegradedPairs(faces, "nothing")
    with pytest.raises(InputError, match="multiple of 4, got 66"):
        DegradedPairs(faces, "sr4", size=66)
    for size in (0, 8):
        for make in (DegradedPairs, partial(make_split, tmp_path / "out")):  # as --size of the command line
            with pytest.raises(InputError, match=f"size: expected at least {SIDE.min} px, got {size}"):
                make(faces, "sr4", size=size)
    for epoch in (-1, 1.5, "1", True):
        with pytest.raises(InputError, match="epoch: expected a whole number from 0 to"):
            DegradedPairs(faces, "sr4", size=64).set_epoch(epoch)
        with pytest.raises(InputError, match="epoch: expected a whole number from 0 to"):
            DegradedPairs(faces, "sr4", size=64).pair(0, epoch)
    for tensor in (torch.zeros(3, 64, 64, dtype=torch.bfloat16), torch.zeros(3, 64, 64, device="meta")):
        with pytest.raises(InputError, match=f"got {tensor.dtype} on {tensor.device}; convert it"):
            Degrade("sr4")(tensor, "x")
    (tmp_path / "train.txt").write_text("torn\n")
    (tmp_path / "torn.png").write_bytes(b"no image")
    with pytest.raises(InputError, match="at least one face of role 'val', got none"):
        DegradedPairs(tmp_path, "sr4", role="val")
    with pytest.raises(InputError) as alone:
        DegradedPairs(tmp_path, "sr4", size=64)[0]
    with pytest.raises(InputError) as in_a_worker:
        list(DataLoader(DegradedPairs(tmp_path, "sr4", size=64), num_workers=1))
    assert in_a_worker.value.args == alone.value.args and "torn.png: not a readable" in str(alone.value)


WRONG = {
    "recipe": (["sr4"], None, 5, b"sr4", "nothing", Path("nothing.toml")),
    "size": (0, -64, "64", 64.0, None, True, 10**9),
    "role": ("x", None, 5, ["train"]),
    "crop": ("x", None, True),
    "background": ("red", 5),
    "faces": (5, b"faces", "", ["faces"], "no such folder", Path(__file__)),
}
OF_A_SPLIT = {"limit": (0, -1, 1.5, "x"), "workers": (0, -1, "x"), "out": (None, 5, "")}


@pytest.mark.parametrize(
    ("argument", "value"), [(key, value) for key, values in (WRONG | OF_A_SPLIT).items() for value in values]
)
def test_an_argument_that_can_be_none_is_one_sentence_that_says_what_was_given(faces, tmp_path, argument, value):
    given = {"faces": faces, "recipe": "denoise", "size": 64} | {argument: value}
    said = re.escape(str(value)) if argument != "size" else "size|px"
    makers = [lambda: make_split(**{"out": tmp_path / "out", **given})]
    makers += [lambda: DegradedPairs(**given)[0]] if argument in WRONG else []
    makers += [lambda: Degrade(value)] if argument == "recipe" else []
    for make in makers:
        try:
            made = make()
        except InputError as error:
            assert re.search(said, str(error)) or "at least one face" in str(error)
            assert argument not in ("limit", "workers") or str(error).startswith(f"{argument}: expected a whole number")
        else:  # what no face can be is said of each
            assert len(made.errors) == FACES and f"at least {value} px" in made.errors[0][1]
    assert not (tmp_path / "out" / "split.json").exists()


@pytest.mark.parametrize(
    "image",
    [
        None,
        "face.png",
        np.zeros((64, 64), np.uint8),
        np.zeros((3, 64, 64), np.uint8),
        np.zeros((64, 64, 4), np.uint8),
        np.zeros((0, 64, 3), np.uint8),
        np.zeros((64, 64, 3), int),
        np.full((64, 64, 3), 255.0),
        np.full((64, 64, 3), np.nan),
        torch.zeros(1, 3, 64, 64),
        torch.zeros(3, 0, 0),
        torch.full((3, 64, 64), -1.0),
        torch.zeros(3, 64, 64, dtype=torch.int64),
        torch.zeros(3, 64, 64).to_sparse(),
        torch.zeros(3, 64, 64, dtype=torch.cfloat).conj(),
    ],
    ids=lambda image: f"{type(image).__name__} {getattr(image, 'dtype', '')} {tuple(getattr(image, 'shape', ()))}",
)
def test_what_is_no_image_is_one_sentence(image):
    with pytest.raises(InputError, match="(array|image): expected .*, got "):
        Degrade("denoise")(image, "x")
