"""The network: PAC against plain convolution and unfolding, bf16 against fp32, training and its memory."""

import copy
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator

import torch
from torch import nn
from torch.nn import functional

from ispl_model.device import mixed_precision, seeded_build
from ispl_model.discriminator import DISCRIMINATORS
from ispl_model.gan import Adversary
from ispl_model.generator import Ispl, IsplConfig
from ispl_model.pac import PixelAdaptiveConv2d
from ispl_model.restore import prepared
from tests.bench.timing import milliseconds, reached

CHANNELS, SIDE, PROJECTION = 64, 512, 32
TRAINING = """
from tests.bench.network import peak_gigabytes, seconds_a_step
print(seconds_a_step(16, 256, 2), peak_gigabytes())
"""


def lines() -> Iterator[str]:
    """The report, line by line; on CUDA as well where there is one."""
    native = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    yield f"{torch.get_num_threads()} threads; bfloat16 {'native' if native else 'not native'} on this processor"
    with torch.inference_mode():
        yield from _pac(1)
        yield from _pac(2)
    yield from _saved()
    yield from _restoring()
    seconds, memory = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", TRAINING], capture_output=True, text=True, check=True
    ).stdout.split()
    yield f"training, width 16, 256 px, batch 2: {1 / float(seconds):.2f} steps/s, peak {float(memory):.2f} GB"
    if not torch.cuda.is_available():
        yield "CUDA: not here"


def _pac(stride: int) -> Iterator[str]:
    plain, adaptive, image = _layers(stride)
    convolved = milliseconds(lambda: plain(image))
    ours = milliseconds(lambda: adaptive(image))
    unfolded = milliseconds(lambda: by_unfolding(adaptive, image), repeats=2)
    name = f"PAC 3x3, {CHANNELS} channels, {SIDE} px, stride {stride}, forward, fp32"
    yield f"{name}: {ours:.0f} ms, convolution {convolved:.0f} ms, unfolding {unfolded:.0f} ms"
    yield reached("  against a plain convolution", ours / convolved, 2.5, at_most=True)
    yield reached("  unfold, multiply, einsum against PAC", unfolded / ours, 3.0)


def by_unfolding(layer: PixelAdaptiveConv2d, image: torch.Tensor) -> torch.Tensor:
    """The same layer as it is usually written: all windows at once, three times over."""
    stride, channels = layer.conv.stride[0], image.shape[1]
    projected = layer.project(image)
    windows = functional.unfold(projected, 3, padding=1, stride=stride).unflatten(1, (PROJECTION, 9))
    centres = projected[..., ::stride, ::stride].flatten(2)[:, :, None]
    factors = torch.tanh((windows * centres).sum(1, keepdim=True))
    features = functional.unfold(image, 3, padding=1, stride=stride).unflatten(1, (channels, 9))
    weight = layer.conv.weight.flatten(2)
    return torch.einsum("nckp,ock->nop", features * factors, weight) + layer.conv.bias[:, None]


def _saved() -> Iterator[str]:
    plain, adaptive, image = _layers(1)
    image = image.requires_grad_()
    ours, convolved = saved_bytes(lambda: adaptive(image)), saved_bytes(lambda: plain(image))
    projected = saved_bytes(lambda: adaptive.project(image))
    yield reached(
        "kept for backward / convolution's and projection's", ours / (convolved + projected), 1.5, at_most=True
    )


def saved_bytes(work: Callable[[], object]) -> int:
    """Bytes of the tensors that autograd keeps, memory that several share counted once."""
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        work()
    return sum(kept.values())


def _restoring() -> Iterator[str]:
    plain = seeded_build(lambda: Ispl(IsplConfig(width=64, size=SIDE)), 0).eval()
    ready = prepared(copy.deepcopy(plain), torch.device("cpu"))
    image = torch.rand(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(0))

    def fast() -> torch.Tensor:
        with mixed_precision(image.device):
            return ready(image.to(memory_format=torch.channels_last)).float()

    with torch.inference_mode():
        difference = 255 * (fast() - plain(image)).abs().mean().item()
        slow_ms, fast_ms = milliseconds(lambda: plain(image), repeats=2), milliseconds(fast, repeats=2)
    yield f"restore, width 64, {SIDE} px: {fast_ms / 1e3:.2f} s, plain fp32 module {slow_ms / 1e3:.2f} s"
    yield reached("  plain fp32 module against restore", slow_ms / fast_ms, 2.0)
    yield reached("  mean difference in grey levels", difference, 1.0, at_most=True)


def seconds_a_step(width: int, size: int, batch: int) -> float:
    """Of ISPL's training without its perceptual network: generator, discriminator, both updates."""
    network = seeded_build(lambda: Ispl(IsplConfig(width=width, size=size)), 0).to(memory_format=torch.channels_last)
    judge = seeded_build(lambda: DISCRIMINATORS["multi_scale"](6, width, size), 0)
    adversary = Adversary("lsgan", judge.to(memory_format=torch.channels_last), True)
    optimisers = [torch.optim.Adam(part.parameters(), lr=1e-4, fused=True) for part in (network, judge)]
    image = torch.rand(batch, 3, size, size).to(memory_format=torch.channels_last)
    given = {"degraded": image, "reference": image}

    def step() -> None:
        with mixed_precision(image.device):
            restored = network(image)
            losses = adversary.generator_losses(restored, given, True)
        _update(optimisers[0], sum(losses.values()))
        with mixed_precision(image.device):
            loss = adversary.discriminator_loss(restored, given)
        _update(optimisers[1], loss)

    return milliseconds(step, repeats=3) / 1e3


def _update(optimiser: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def peak_gigabytes() -> float:
    """Largest resident memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def _layers(stride: int) -> tuple[nn.Module, PixelAdaptiveConv2d, torch.Tensor]:
    plain = nn.Conv2d(CHANNELS, CHANNELS, 3, stride=stride, padding=1).to(memory_format=torch.channels_last)
    adaptive = PixelAdaptiveConv2d(CHANNELS, CHANNELS, PROJECTION).to(memory_format=torch.channels_last)
    adaptive.conv.stride = (stride, stride)
    image = torch.randn(1, CHANNELS, SIDE, SIDE).contiguous(memory_format=torch.channels_last)
    return plain, adaptive, image
