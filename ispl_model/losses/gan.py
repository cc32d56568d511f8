"""GAN losses as pairs of plain functions of the scores, and the discriminator's part of a training step."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import nn
from torch.nn import functional

from ispl_model.losses.pixel import added, l1

# One list of feature maps for each scale of the discriminator; the last map is the score.
ScaleFeatures = Sequence[Sequence[torch.Tensor]]
GeneratorLoss = Callable[[torch.Tensor | None, torch.Tensor], torch.Tensor]
Scores = TypeVar("Scores")  # those of the real images, which are None where a loss does not look at them
DiscriminatorLoss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class GanLoss:
    """What the generator and the discriminator minimise, both functions of (real scores, fake scores).

    relativistic: the generator's depends on the real scores, which are None otherwise. penalty: weight of
    the gradient penalty. healthy: the discriminator's loss between these two; see ispl_model.training.health.
    """

    generator: GeneratorLoss
    discriminator: DiscriminatorLoss
    relativistic: bool = False
    penalty: float = 0.0
    healthy: tuple[float, float] = (1e-4, 100.0)

    @property
    def certain(self) -> float | None:
        """Below this loss the discriminator separates all images: a hundredth of the loss where every score is 0.

        None where that is 0, as wgan-gp's, which has no floor.
        """
        undecided = self.discriminator(torch.zeros(1), torch.zeros(1)).item()
        return undecided / 100 or None


def _towards(score: torch.Tensor, target: float) -> torch.Tensor:
    return (score - target).square().mean()


def _lsgan_generator(_: torch.Tensor | None, fake: torch.Tensor) -> torch.Tensor:
    """mean (D(fake) - 1)^2."""
    return _towards(fake, 1)


def _lsgan_discriminator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """mean (D(real) - 1)^2 + mean D(fake)^2.

    Source: eq. 11 without its stray logarithms, which is Mao et al., "Least Squares GAN", ICCV 2017.
    """
    return _towards(real, 1) + _towards(fake, 0)


def _vanilla_generator(_: torch.Tensor | None, fake: torch.Tensor) -> torch.Tensor:
    """mean -log sigmoid(D(fake)), the form that does not saturate (Goodfellow et al., NeurIPS 2014)."""
    return functional.softplus(-fake).mean()


def _vanilla_discriminator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """mean -log sigmoid(D(real)) + mean -log(1 - sigmoid(D(fake)))."""
    return functional.softplus(-real).mean() + functional.softplus(fake).mean()


def _ragan_discriminator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Half the vanilla loss of D(real) - mean D(fake) and D(fake) - mean D(real).

    Source: Jolicoeur-Martineau, "The relativistic discriminator", ICLR 2019. That paper and ESRGAN's (eq. 1 and 2)
    print the sum; ESRGAN's program, whose weight of this loss is used here, halves it (open-mmlab/mmagic:
    codes/models/SRGAN_model.py, 0098663).
    """
    return _vanilla_discriminator(real - fake.mean(), fake - real.mean()) / 2


def _ragan_ls_discriminator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """Half of mean (D(real) - mean D(fake) - 1)^2 + mean (D(fake) - mean D(real) + 1)^2.

    DeblurGAN-v2's paper prints the sum, its program halves it (VITA-Group/DeblurGANv2: models/losses.py, c16bd9f).
    """
    return (_towards(real - fake.mean(), 1) + _towards(fake - real.mean(), -1)) / 2


def _wgan_generator(_: torch.Tensor | None, fake: torch.Tensor) -> torch.Tensor:
    return -fake.mean()


def _wgan_discriminator(real: torch.Tensor, fake: torch.Tensor) -> torch.Tensor:
    """mean D(fake) - mean D(real) (Gulrajani et al., "Improved training of Wasserstein GANs", NeurIPS 2017)."""
    return fake.mean() - real.mean()


def _exchanged(loss: DiscriminatorLoss) -> GeneratorLoss:
    """A relativistic generator minimises the discriminator's loss with real and fake exchanged."""

    def exchanged(real: torch.Tensor | None, fake: torch.Tensor) -> torch.Tensor:
        if real is None:
            raise ValueError("relativistic loss: expected the real images' scores, got none")
        return loss(fake, real)

    return exchanged


GAN_LOSSES = {
    "lsgan": GanLoss(_lsgan_generator, _lsgan_discriminator),
    "vanilla": GanLoss(_vanilla_generator, _vanilla_discriminator),
    "ragan": GanLoss(_exchanged(_ragan_discriminator), _ragan_discriminator, relativistic=True),
    "ragan-ls": GanLoss(_exchanged(_ragan_ls_discriminator), _ragan_ls_discriminator, relativistic=True),
    "wgan-gp": GanLoss(_wgan_generator, _wgan_discriminator, penalty=10.0, healthy=(-1e4, 1e4)),
}


class Adversary:
    """A discriminator and its GAN loss, averaged over the discriminator's scales.

    conditional: it judges (degraded, image) pairs, stacked to six channels, instead of images.
    Networks run in the caller's precision, the losses in float32.
    """

    def __init__(self, loss: str, discriminator: nn.Module, conditional: bool) -> None:
        self.name, self.loss = loss, GAN_LOSSES[loss]
        self.discriminator, self.conditional = discriminator, conditional

    def generator_losses(
        self, restored: torch.Tensor, batch: Mapping[str, torch.Tensor], matching: bool
    ) -> dict[str, torch.Tensor]:
        """The GAN loss by its name, and feature matching where asked; the discriminator gets no gradient."""
        with frozen(self.discriminator):
            fake = self._judge(restored, batch)
        real = None
        if matching or self.loss.relativistic:
            with torch.no_grad():
                real = self._judge(batch["reference"], batch)
        reals = _scores(real) if real is not None and self.loss.relativistic else [None] * len(fake)
        values = {self.name: _over_scales(self.loss.generator, reals, fake)}
        if matching and real is not None:
            values["feature_matching"] = feature_matching(real, fake)
        return values

    def discriminator_loss(self, restored: torch.Tensor, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """The discriminator's own loss on the generator's images, which get no gradient."""
        restored = restored.detach()
        fake = self._judge(restored, batch)
        real = self._judge(batch["reference"], batch)
        loss = _over_scales(self.loss.discriminator, _scores(real), fake)
        if self.loss.penalty:
            loss = loss + self.loss.penalty * self._gradient_penalty(restored, batch)
        return loss

    def _gradient_penalty(self, restored: torch.Tensor, batch: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """mean (|dD/dx| - 1)^2, x between an image and its reference at a share of its own; the norm is of all of x.

        So Gulrajani et al. have it. The programs of DeblurGAN and of Super-FAN's reimplementation take a norm over
        the colours for each pixel, and DeblurGAN's judges images in [-1, 1], where the same slope is half as steep.
        """
        share = torch.rand(len(restored), 1, 1, 1, device=restored.device)
        between = torch.lerp(restored, batch["reference"], share).requires_grad_()
        with torch.autocast(restored.device.type, enabled=False):
            scores = [features[-1].flatten(1).mean(dim=1).sum() for features in self._judge(between, batch)]
            (gradient,) = torch.autograd.grad(torch.stack(scores).mean(), between, create_graph=True)
        return (gradient.flatten(1).norm(dim=1) - 1).square().mean()

    def _judge(self, image: torch.Tensor, batch: Mapping[str, torch.Tensor]) -> ScaleFeatures:
        if not self.conditional:
            return self.discriminator(image)
        degraded = batch["degraded"]
        if degraded.shape[-2:] != image.shape[-2:]:  # of a super-resolution network
            degraded = functional.interpolate(degraded, image.shape[-2:], mode="bicubic", align_corners=False)
        return self.discriminator(torch.cat([degraded, image], dim=1))


def feature_matching(real: ScaleFeatures, fake: ScaleFeatures) -> torch.Tensor:
    """Sum over the intermediate maps of mean |real - fake|, averaged over the scales.

    Source: eq. 12 with the L1 distance of the authors' code instead of the printed squared L2.
    """
    scales = [
        added(l1(ours, theirs) for ours, theirs in zip(scale[:-1], wanted[:-1], strict=True))
        for scale, wanted in zip(fake, real, strict=True)
    ]
    return torch.stack(scales).mean()


@contextmanager
def frozen(module: nn.Module) -> Iterator[None]:
    """Weights get no gradient inside, which saves the generator's step a third of the discriminator's work."""
    module.requires_grad_(False)
    try:
        yield
    finally:
        module.requires_grad_(True)


def _scores(scales: ScaleFeatures) -> list[torch.Tensor]:
    return [features[-1].float() for features in scales]


def _over_scales(
    loss: Callable[[Scores, torch.Tensor], torch.Tensor], reals: Sequence[Scores], fake: ScaleFeatures
) -> torch.Tensor:
    return torch.stack([loss(*pair) for pair in zip(reals, _scores(fake), strict=True)]).mean()
