"""BasicSR 1.4: import this file before train_pipeline, and name the data set in the options.

    datasets:
      train:
        name: faces
        type: DegradedFaces
        dataroot_gt: FACES
        recipe: gfpgan
        gt_size: 512
        draws: 100              # of each face; an epoch of BasicSR goes through all of them
        mean: [0.5, 0.5, 0.5]   # with std for networks that take [-1, 1], as GFPGAN does; else leave both out
        std: [0.5, 0.5, 0.5]
        io_backend: {type: disk}
        batch_size_per_gpu: 4
        num_worker_per_gpu: 4

BasicSR tells no data set which epoch it is, so its positions count faces and draws: every position has its own pixels,
whatever the workers, GPUs and resumption.
"""

import torch
from basicsr.utils.registry import DATASET_REGISTRY
from torchvision.transforms.functional import normalize

from degrade.torch import DegradedPairs


@DATASET_REGISTRY.register()
class DegradedFaces(torch.utils.data.Dataset):
    """Position p is face p mod n, as of epoch p // n."""

    def __init__(self, opt: dict) -> None:
        self.pairs = DegradedPairs(opt["dataroot_gt"], opt["recipe"], opt.get("seed", 0), size=opt["gt_size"])
        self.draws, self.mean, self.std = opt["draws"], opt.get("mean", [0.0] * 3), opt.get("std", [1.0] * 3)

    def __len__(self) -> int:
        return len(self.pairs) * self.draws

    def __getitem__(self, position: int) -> dict:
        epoch, index = divmod(position, len(self.pairs))
        degraded, reference, name = self.pairs.pair(index, epoch)
        lq, gt = (normalize(image, self.mean, self.std) for image in (degraded, reference))
        return {"lq": lq, "gt": gt, "lq_path": name, "gt_path": name}
