"""examples/training: what each loop shows a network is what the names and the epoch draw."""

import importlib.util
import types
from pathlib import Path

import pytest
import torch

from degrade.core.image import write
from degrade.portraits.paint import paint
from degrade.torch import DegradedPairs

ROOT = Path(__file__).parents[3]
FOLDER, PEERS = ROOT / "examples" / "training", ROOT / "tests" / "bench" / "peers"
FACES, SIZE, RECIPE = 6, 32, "denoise"


def example(name: str, folder: Path = FOLDER) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("clean")
    for seed in range(FACES):
        write(folder / f"face_{seed}.png", paint(seed, SIZE))
    return folder


@pytest.fixture
def pairs(faces) -> DegradedPairs:
    return DegradedPairs(faces, RECIPE, 1, size=SIZE)


class Witness(torch.nn.Module):
    """Keeps every image that it is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.seen = torch.nn.Parameter(torch.ones(())), []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen += [image.numpy().tobytes() for image in images]
        return images * self.weight


def drawn(pairs: DegradedPairs, epoch: int) -> list[bytes]:
    return sorted(pairs.pair(index, epoch).degraded.numpy().tobytes() for index in range(len(pairs)))


def epochs_seen(witness: Witness) -> list[list[bytes]]:
    return [sorted(witness.seen[start : start + FACES]) for start in range(0, len(witness.seen), FACES)]


@pytest.mark.parametrize("workers", [0, 2])
def test_plain_pytorch(pairs, workers, capsys):
    witness = Witness()
    example("plain_pytorch").train(witness, pairs, range(3, 5), workers)
    assert epochs_seen(witness) == [drawn(pairs, 3), drawn(pairs, 4)]
    assert "epoch 4: loss" in capsys.readouterr().out


def test_accelerate_when_its_loader_is_told_too(pairs):
    from accelerate import Accelerator
    from torch.utils.data import DataLoader

    loader = Accelerator(cpu=True).prepare(DataLoader(pairs, batch_size=4))
    witness = Witness()
    for epoch in range(3, 5):
        pairs.set_epoch(epoch)
        loader.set_epoch(epoch)
        for degraded, *_ in loader:
            witness(degraded)
    assert epochs_seen(witness) == [drawn(pairs, 3), drawn(pairs, 4)]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # of Lightning, on loaders and hardware
@pytest.mark.parametrize("workers", [0, 2])
def test_lightning_also_after_it_was_resumed(pairs, workers, tmp_path):
    lightning = pytest.importorskip("lightning", reason="needs lightning, of the extra dev")
    module = example("with_lightning")
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
    witness = Witness()
    first = lightning.Trainer(max_epochs=2, default_root_dir=tmp_path, **quiet, **module.EVERY_EPOCH)
    first.fit(module.Restorer(witness, pairs, workers))
    assert epochs_seen(witness) == [drawn(pairs, 0), drawn(pairs, 1)]
    first.save_checkpoint(tmp_path / "last.ckpt")
    witness = Witness()
    again = lightning.Trainer(max_epochs=4, default_root_dir=tmp_path, **quiet, **module.EVERY_EPOCH)
    again.fit(module.Restorer(witness, pairs, workers), ckpt_path=tmp_path / "last.ckpt")
    assert epochs_seen(witness) == [drawn(pairs, 2), drawn(pairs, 3)]


@pytest.fixture
def basicsr():
    example("gfpgan_faces", PEERS).with_stand_in()
    pytest.importorskip("basicsr", reason="needs basicsr 1.4.2, installed without what it depends on")
    from basicsr.utils.registry import DATASET_REGISTRY

    if "DegradedFaces" not in DATASET_REGISTRY:
        example("basicsr_dataset")
    return {"name": "faces", "type": "DegradedFaces", "phase": "train", "recipe": RECIPE, "seed": 1, "gt_size": SIZE}


@pytest.mark.parametrize("workers", [0, 2])
def test_basicsr_finds_it_by_name_and_every_position_has_its_pixels(basicsr, faces, pairs, workers):
    from basicsr.data import build_dataloader, build_dataset
    from basicsr.data.data_sampler import EnlargedSampler

    options = basicsr | {"dataroot_gt": str(faces), "draws": 3, "batch_size_per_gpu": 3, "num_worker_per_gpu": workers}
    found = build_dataset(options)
    seen = []
    for rank in range(2):
        sampler = EnlargedSampler(found, 2, rank)
        sampler.set_epoch(5)
        for batch in build_dataloader(found, options, num_gpu=1, sampler=sampler, seed=0):
            seen += [(path, image.numpy().tobytes()) for path, image in zip(batch["gt_path"], batch["lq"], strict=True)]
    wanted = [pairs.pair(index, epoch) for epoch in range(3) for index in range(FACES)]
    assert sorted(seen) == sorted((pair.name, pair.degraded.numpy().tobytes()) for pair in wanted)


def test_gfpgan_gets_what_its_own_data_set_gives(basicsr, faces):
    """Keys, shapes, types and range; theirs runs only with what tests/bench/peers/gfpgan_faces.py sets right."""
    pytest.importorskip("gfpgan.data", reason="needs gfpgan 1.3.8, installed without what it depends on")
    theirs = example("gfpgan_faces", PEERS).data_set(str(faces), SIZE)
    from basicsr.data import build_dataset

    half = {"mean": [0.5] * 3, "std": [0.5] * 3}
    own = theirs[0]  # in the order of the file system
    place = sorted(path.name for path in faces.iterdir()).index(Path(own["gt_path"]).name)
    item = build_dataset(basicsr | half | {"dataroot_gt": str(faces), "draws": 1})[place]
    assert own.keys() <= item.keys()
    for key in ("lq", "gt"):
        assert (item[key].shape, item[key].dtype) == (own[key].shape, own[key].dtype)
        assert item[key].min() < 0 and own[key].min() < 0 and max(item[key].max(), own[key].max()) <= 1
    mirrored = own["gt"].flip(2)
    assert any(torch.allclose(item["gt"], gt, atol=1e-6) for gt in (own["gt"], mirrored))
