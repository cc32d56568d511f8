"""Where the arithmetic runs, how many bits it uses, and seeds that do not leak."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import nn

from degrade.core.choices import DTYPES
from degrade.core.errors import InputError

DEVICES = ("auto", "cpu", "cuda", "cuda:N", "mps")
Built = TypeVar("Built", bound=nn.Module)


def find_device(name: str) -> torch.device:
    """The device called "cpu", "cuda", "cuda:1", "mps" (Apple's) or "auto", which is CUDA where there is one.

    Raises InputError for one that this machine does not have.
    """
    cuda = torch.cuda.is_available()
    if name == "auto":
        return torch.device("cuda" if cuda else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(f"device '{name}': expected one of {', '.join(DEVICES)}") from error
    if device.type == "cuda" and not cuda:
        raise InputError(f"device '{name}': this machine has no usable CUDA device; use --device cpu")
    if device.type == "cuda" and device.index is not None and device.index >= torch.cuda.device_count():
        last = torch.cuda.device_count() - 1
        raise InputError(f"device '{name}': expected cuda:0 to cuda:{last}, as this machine has no more")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise InputError(f"device '{name}': this machine has no usable MPS device; use --device cpu")
    return device


def device_name(device: torch.device) -> str:
    """Such as "cpu" or "cuda NVIDIA H100"."""
    return f"cuda {torch.cuda.get_device_name(device)}" if device.type == "cuda" else device.type


def multiplies_in(device: torch.device, dtype: str = "auto") -> str:
    """The type of products, "bf16" or "fp32"; "auto" is bfloat16 where it is the faster of the two.

    Among processors, where there is AMX, or AVX-512's bfloat16 on AMD's: there a training step of width 16 took 2.4 s
    instead of 3.9 (one core of a Zen 4). On Intel's with AVX-512 alone it took 3.1 s instead of 1.9, and restoring was
    no faster (two cores of a Xeon, torch 2.14). Raises InputError for another dtype.
    """
    if dtype not in DTYPES:
        raise InputError(f"dtype: expected one of {', '.join(DTYPES)}, got {dtype!r}")
    if dtype != "auto":
        return dtype
    if device.type == "cpu":
        return "bf16" if _processor_has_fast_bf16() else "fp32"
    return "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"


def _processor_has_fast_bf16() -> bool:
    if torch.cpu._is_amx_tile_supported():
        return True
    has: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()  # missing in older torch
    return "AMD" in has.get("cpu_name", "") and has.get("avx512_bf16", False)


def mixed_precision(device: torch.device, dtype: str = "auto") -> torch.autocast:
    """Autocast to bfloat16, or plain float32, as `multiplies_in` says.

    Weights stay float32; only convolutions and matrix products run in bfloat16.
    """
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=multiplies_in(device, dtype) == "bf16")


def seeded_build(build: Callable[[], Built], seed: int) -> Built:
    """`build()` with torch's CPU generator seeded; the global state is as before afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.random.default_generator.manual_seed(seed)
        return build()


@contextmanager
def own_randomness(device: torch.device) -> Iterator[Callable[[int], None]]:
    """Gives a function that seeds torch on CPU and `device`; the global state returns afterwards."""
    cuda = [device] if device.type == "cuda" else []

    def seed(number: int) -> None:
        torch.random.default_generator.manual_seed(number)
        if cuda:
            torch.cuda.manual_seed(number)

    with torch.random.fork_rng(devices=cuda):
        yield seed
