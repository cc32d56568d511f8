"""The network: pixel-adaptive against plain convolution, training, and restoring in bf16 against fp32.

Every part runs in a process of its own, so that a peak of memory is its own. Weights are untrained. Where there is a
CUDA device all is measured there too.
"""

import resource
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import torch

from degrade.core.image import Image
from degrade.portraits.paint import paint
from ispl_model.losses.discriminators import DISCRIMINATORS
from ispl_model.losses.gan import Adversary
from ispl_model.losses.objective import Objective
from ispl_model.network.ispl import Ispl
from ispl_model.network.variants import IsplConfig
from ispl_model.restoration.restorer import prepared, restore_images
from ispl_model.runtime.device import device_name, multiplies_in, seeded_build
from ispl_model.runtime.distributed import Processes
from ispl_model.runtime.tensors import to_images, to_tensor
from ispl_model.training.ispl import ISPL_TRAINING
from ispl_model.training.trainer import Trainer
from tests.bench.timing import interleaved, milliseconds, own_process, reached
from tests.ispl_model.network.test_pac import layer_with, saved_bytes, unfolded

CHANNELS, SIDE, PROJECTION = 64, 512, 32  # of the layer
LAYERS = {1: 64, 2: 128}  # stride and output channels: the layer of eqs. 8 and 9, and the first of the encoder
RESTORING = IsplConfig(width=64, size=512)
TRAINING = {"width": 16, "size": 256}
BATCH = 2
MOST_TIMES = 1.8  # a plain convolution's
LOSSES = {name: weight for name, weight in ISPL_TRAINING.losses.items() if name != "perceptual"}


def lines() -> Iterator[str]:
    """The report, line by line."""
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        yield f"on {device_name(torch.device(device))}, torch's threads: {torch.get_num_threads()}"
        for threads in (1, 2) if device == "cpu" else (1,):
            for stride in LAYERS:
                yield from own_process(_layer, device, threads, stride)
        for stride in LAYERS:
            yield from own_process(_saved, device, stride)
        yield from _training(device)
        yield from _restoring(device)
    if not torch.cuda.is_available():
        yield "CUDA: left out, this machine has no such device"


def peak_megabytes(device: str) -> float:
    """Of this process, or of what it held on its GPU."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


def _finished(work: Callable[[], Any], device: str) -> Callable[[], None]:
    """`work`, and then wait for the GPU."""

    def run() -> None:
        work()
        if device == "cuda":
            torch.cuda.synchronize()

    return run


def _layer(device: str, threads: int, stride: int) -> list[str]:
    """A pixel-adaptive layer, its projection included, against its plain convolution and against unfolding."""
    torch.set_num_threads(threads)
    layer = layer_with(stride, CHANNELS, LAYERS[stride], PROJECTION).to(device)
    features = torch.rand(1, CHANNELS, SIDE, SIDE, device=device).to(memory_format=torch.channels_last)
    ways = {"plain": layer.conv, "adaptive": layer, "unfolded": partial(unfolded, layer)}

    def backward(way: Callable[[torch.Tensor], torch.Tensor]) -> None:
        output = way(features.detach().requires_grad_())
        output.backward(torch.ones_like(output))

    with torch.no_grad():
        spent = interleaved({name: _finished(partial(way, features), device) for name, way in ways.items()})
    del ways["unfolded"]
    both = interleaved({name: _finished(partial(backward, way), device) for name, way in ways.items()})
    name = f"PAC stride {stride}, {threads} thread{'s' * (threads > 1)}"
    times = ", ".join(f"{way} {time:.0f}" for way, time in spent.items())
    return [
        f"{name}, {CHANNELS} to {LAYERS[stride]} channels, {SIDE} px, forward in ms: {times}",
        reached(f"{name}: times a plain convolution", spent["adaptive"] / spent["plain"], MOST_TIMES, at_most=True),
        reached(f"{name}: faster than unfold, multiply, einsum", spent["unfolded"] / spent["adaptive"], 3.0),
        f"{name}, forward and backward: {both['adaptive'] / both['plain']:.2f} times a plain convolution",
    ]


def _saved(device: str, stride: int) -> list[str]:
    """What autograd keeps for the backward pass."""
    layer = layer_with(stride, CHANNELS, LAYERS[stride], PROJECTION).to(device)
    features = torch.rand(1, CHANNELS, SIDE, SIDE, device=device, requires_grad=True)
    plain = saved_bytes(lambda: (layer.conv(features), layer.project(features)))
    ours, windows = saved_bytes(lambda: layer(features)), saved_bytes(lambda: unfolded(layer, features))
    kept = f"{ours / 1e6:.0f} MB, by unfolding {windows / 1e6:.0f} MB"
    return [
        f"PAC stride {stride} keeps for its backward pass {kept}, convolution and projection {plain / 1e6:.0f} MB",
        reached(f"PAC stride {stride}: kept, times those of both", ours / plain, 1.5, at_most=True),
    ]


def _training(device: str) -> Iterator[str]:
    for variant in ("isp_unet_pac", "isp_unet"):
        spent, peak = own_process(_train, device, variant)
        setting = f"{variant}, width {TRAINING['width']}, {TRAINING['size']} px, batch {BATCH}, no perceptual loss"
        yield f"training {setting}: {1e3 / spent:.3f} steps a second, peak {peak:,.0f} MB"


def _train(device: str, variant: str) -> tuple[float, float]:
    """ms of one update of generator and discriminator as `ispl train` makes it, and the peak."""
    config = IsplConfig(variant, **TRAINING)
    discriminator = seeded_build(lambda: DISCRIMINATORS[ISPL_TRAINING.discriminator](6, config.width, config.size), 0)
    network = seeded_build(lambda: Ispl(config), 0)
    for module in (network, discriminator):
        module.to(device=device, memory_format=torch.channels_last)
    objective = Objective({}, {}, Adversary("lsgan", discriminator, True))
    trainer = Trainer(network, objective, ISPL_TRAINING, Processes(device))
    images = torch.rand(2, BATCH, 3, config.size, config.size, device=device)
    degraded, reference = (image.to(memory_format=torch.channels_last) for image in images)
    batch = {"input": degraded, "degraded": degraded, "reference": reference}
    spent = milliseconds(_finished(lambda: trainer.step([batch], 1e-4, LOSSES), device), repeats=3)
    return spent, peak_megabytes(device)


def _restoring(device: str) -> Iterator[str]:
    setting = f"restoring, {RESTORING.variant}, width {RESTORING.width}, {RESTORING.size} px"
    measured = {way: own_process(_restore, device, way) for way in ("plain", "fp32", "bf16")}
    for way, (spent, peak, _) in measured.items():
        yield f"{setting}, {way}: {1e3 / spent:.3f} a second, peak {peak:,.0f} MB"
    best = multiplies_in(torch.device(device))
    (plain, _, expected), (ours, _, restored) = measured["plain"], measured[best]
    yield reached(f"restoring in {best} against the plain fp32 module", plain / ours, 2.4)
    difference = 255 * float(np.abs(restored - expected).mean())
    yield reached(f"mean difference of {best} and fp32 in grey levels", difference, 1.0, at_most=True)


def _restore(device: str, way: str) -> tuple[float, float, Image]:
    """ms for one image, the peak, and the image; `plain` is the module as it is built, called in fp32."""
    network, portrait, results = seeded_build(lambda: Ispl(RESTORING), 0).eval(), paint(3, RESTORING.size), []

    def plain() -> list[Image]:
        with torch.no_grad():
            return to_images(network(to_tensor(portrait)[None].to(device)))

    def ours() -> list[Image]:
        return restore_images(network, [portrait], RESTORING.size, device, dtype=way)

    network = network.to(device) if way == "plain" else prepared(network, torch.device(device))
    restore = plain if way == "plain" else ours
    spent = milliseconds(_finished(lambda: results.append(restore()), device), repeats=2)
    return spent, peak_megabytes(device), results[-1][0]
