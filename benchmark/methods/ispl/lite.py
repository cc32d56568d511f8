"""The checkpoint that is shipped with ispl_model, which `ispl restore` uses without another one.

It is the network alone, without what `ispl restore` adds: the input's colours (ispl_model.restoration.fidelity),
blending, the photograph around. It is never retrained, and `ispl` never uses it. Licence CC BY-NC-SA 4.0, as the faces
it was trained on.
"""

from pathlib import Path

from benchmark.methods.ispl.checkpoint import restoring
from benchmark.methods.method import Method
from degrade.core.storage.files import sha256_file
from ispl_model.restoration.restorer import shipped_checkpoint


def load(device: str, checkpoint: Path | None, size: int) -> Method:
    """The shipped network; `checkpoint` is not used. At another side than its own, bicubic resizing in and out.

    Raises InputError where this installation comes without weights.
    """
    return restoring("ispl-lite", shipped_checkpoint(), device, size)


def digest(_argument: None) -> str:
    """SHA-256 of the shipped file."""
    return sha256_file(shipped_checkpoint())
