"""Whether a discriminator still gives the generator a useful gradient."""

from dataclasses import dataclass, replace

from ispl_model.losses.gan import GanLoss

PATIENCE = 500  # steps astray after which a training is stopped
COLLAPSE = 100  # steps in a row with a loss of about 0 after which it counts as collapsed


@dataclass(frozen=True)
class Health:
    """Of a discriminator after some steps.

    astray: for how many steps in a row its loss has been outside of GanLoss.healthy. certain: for how many it has been
    below GanLoss.certain. collapsed: the step, from 1 on, with which the first COLLAPSE certain ones in a row began.
    """

    astray: int = 0
    certain: int = 0
    collapsed: int | None = None

    def after(self, step: int, gan: GanLoss, loss: float) -> "Health":
        """The health after step 1, 2, ... in which the discriminator had that loss."""
        low, high = gan.healthy
        astray = 0 if low <= loss <= high else self.astray + 1
        certain = self.certain + 1 if gan.certain is not None and loss < gan.certain else 0
        health = replace(self, astray=astray, certain=certain)
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
