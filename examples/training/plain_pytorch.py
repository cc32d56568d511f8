"""PyTorch alone: python examples/training/plain_pytorch.py FACES"""

import sys

import torch
from torch.utils.data import DataLoader

from degrade.torch import DegradedPairs


def train(network: torch.nn.Module, pairs: DegradedPairs, epochs: range, workers: int = 2) -> None:
    """A training that is resumed gives its first epoch to come: range(3, 10)."""
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
    loader = DataLoader(pairs, batch_size=4, shuffle=True, num_workers=workers, persistent_workers=workers > 0)
    for epoch in epochs:
        pairs.set_epoch(epoch)  # re-degrades every face
        for degraded, reference, _ in loader:
            loss = (network(degraded) - reference).abs().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        print(f"epoch {epoch}: loss {loss.item():.3f}")


if __name__ == "__main__":
    train(torch.nn.Conv2d(3, 3, 3, padding=1), DegradedPairs(sys.argv[1], "gfpgan", seed=0, size=256), range(2))
