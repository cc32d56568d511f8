"""traiNNer-redux: save as traiNNer/data/degraded_faces_dataset.py, which it finds by the end of that name.

    datasets:
      train:
        name: faces
        type: DegradedFaces
        dataroot_gt: FACES
        lq_size: 512            # of a recipe of scale 1; gt_size / 4 with one of scale 4
        batch_size_per_gpu: 4
        num_worker_per_gpu: 4

Its options know neither recipes nor seeds (the-database/traiNNer-redux: traiNNer/utils/redux_options.py, commit
001f5a3, refuses unknown keys), so they stand here. Positions count faces and draws, as in basicsr_dataset.py. Written
against traiNNer/data/base_dataset.py of commit 0f1bc60, not run.
"""

from traiNNer.data.base_dataset import BaseDataset
from traiNNer.utils.redux_options import DatasetOptions
from traiNNer.utils.registry import DATASET_REGISTRY
from traiNNer.utils.types import DataFeed

from degrade.torch import DegradedPairs

RECIPE, SEED, DRAWS = "gfpgan", 0, 100


@DATASET_REGISTRY.register()
class DegradedFaces(BaseDataset):
    """Position p is face p mod n, as of epoch p // n."""

    label = "images"

    def __init__(self, opt: DatasetOptions) -> None:
        super().__init__(opt)
        folder = opt.dataroot_gt[0] if isinstance(opt.dataroot_gt, list) else opt.dataroot_gt
        self.pairs = DegradedPairs(folder, RECIPE, SEED, size=opt.gt_size)

    def __len__(self) -> int:
        return len(self.pairs) * DRAWS

    def __getitem__(self, position: int) -> DataFeed:
        epoch, index = divmod(position, len(self.pairs))
        degraded, reference, name = self.pairs.pair(index, epoch)
        return {"lq": degraded, "gt": reference, "lq_path": name, "gt_path": name}
