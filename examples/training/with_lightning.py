"""Lightning: python examples/training/with_lightning.py FACES"""

import sys

import lightning
import torch
from torch.utils.data import DataLoader

from degrade.torch import DegradedPair, DegradedPairs

# Lightning asks for the loader of each epoch, and so the faces learn which epoch it is, also of a resumed training.
EVERY_EPOCH = {"reload_dataloaders_every_n_epochs": 1}


class Restorer(lightning.LightningModule):
    """A network and the pairs that it learns from."""

    def __init__(self, network: torch.nn.Module, pairs: DegradedPairs, workers: int = 2) -> None:
        super().__init__()
        self.network, self.pairs, self.workers = network, pairs, workers

    def train_dataloader(self) -> DataLoader:
        self.pairs.set_epoch(self.current_epoch)
        return DataLoader(self.pairs, batch_size=4, shuffle=True, num_workers=self.workers)

    def training_step(self, pair: DegradedPair, _: int) -> torch.Tensor:
        return (self.network(pair.degraded) - pair.reference).abs().mean()

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.network.parameters(), lr=1e-4)


if __name__ == "__main__":
    pairs = DegradedPairs(sys.argv[1], "gfpgan", seed=0, size=256)
    lightning.Trainer(max_epochs=2, **EVERY_EPOCH).fit(Restorer(torch.nn.Conv2d(3, 3, 3, padding=1), pairs))
