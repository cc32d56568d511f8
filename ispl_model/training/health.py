"""Whether a discriminator still gives the generator a useful gradient."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ispl_model.losses.gan import GanLoss

PATIENCE = 500  # unhealthy steps in a row after which a training is stopped
COLLAPSE = 100  # steps in a row with a loss of about 0 after which it counts as collapsed


@dataclass(frozen=True)
class Health:
    """Of a discriminator after some steps.

    unhealthy_steps: for how many steps in a row its loss has been outside of GanLoss.healthy. certain: for how many it
    has been below GanLoss.certain. collapsed: the step, from 1 on, with which the first COLLAPSE certain ones in a row
    began.
    """

    unhealthy_steps: int = 0
    certain: int = 0
    collapsed: int | None = None

    @classmethod
    def from_saved(cls, saved: Mapping[str, Any]) -> "Health":
        """From a state file; an older one calls unhealthy_steps `astray`."""
        return cls(**{"unhealthy_steps" if key == "astray" else key: value for key, value in saved.items()})

    def after(self, step: int, gan: GanLoss, loss: float) -> "Health":
        """The health after step 1, 2, ... in which the discriminator had that loss."""
        low, high = gan.healthy
        unhealthy_steps = 0 if low <= loss <= high else self.unhealthy_steps + 1
        certain = self.certain + 1 if gan.certain is not None and loss < gan.certain else 0
        health = replace(self, unhealthy_steps=unhealthy_steps, certain=certain)
        if certain == COLLAPSE and self.collapsed is None:
            return replace(health, collapsed=step - COLLAPSE + 1)
        return health

    def warning(self, gan: GanLoss) -> str | None:
        """What a reader of the results should know, None when there is nothing."""
        if self.collapsed is None:
            return None
        return (
            f"the discriminator collapsed: from step {self.collapsed} on its loss stayed below {gan.certain:.3g} for "
            f"{COLLAPSE} steps, so its GAN loss no longer says which images are better"
        )
