"""How fast a network is trained here, and how large networks are: what the hours of a dry run are scaled from."""

import tempfile
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from benchmark.methods.registry import find_method, full_name, method_module
from benchmark.records.environment import environment
from benchmark.specs.strict_toml import checked, parsed, text_of
from degrade.core.errors import InputError
from degrade.recipes.library import find_recipe
from degrade.splits.make_split import SplitPlan, write_split
from degrade.splits.roles import portrait_sources
from degrade.splits.split import Split, load_split

_FIRST, _STEPS = 2, 10  # the first steps prepare; so many more are timed
_MEASURED = {"version": int, "measured": list[dict]}
_THROUGHPUT = {"machine": str, "device": str, "method": str, "width": int, "size": int, "batch": int}
_THROUGHPUT |= {"images_per_second": float}


@dataclass(frozen=True)
class Throughput:
    """How fast a method was trained once: width, side in px and batch say of what size it was."""

    machine: str
    device: str  # cpu or gpu
    method: str
    width: int
    size: int
    batch: int
    images_per_second: float


@dataclass(frozen=True)
class Network:
    """What one image costs: multiply-adds of the forward pass of a training image (its crop) and of a whole one.

    They are those of convolutions and matrix products, half of what torch's flop counter counts.
    """

    parameters: int
    trained: int
    restored: int


def load_throughput() -> tuple[Throughput, ...]:
    """Read protocols/throughput.toml: measured speeds of training; InputError as in load_protocol."""
    place = "protocols/throughput.toml"
    listed = checked(place, parsed(place, text_of("throughput.toml")), _MEASURED)["measured"]
    return tuple(
        Throughput(**checked(f"{place}: measured[{index}]", found, _THROUGHPUT)) for index, found in enumerate(listed)
    )


@cache
def network_of(method: str, width: int, size: int) -> Network:
    """The network of a trainable method, built without weights where its layers allow it."""
    training = method_module(method).TRAINING
    crop = min(training.crop or size, size)
    parameters, restored = _counted(method, width, size, size)
    return Network(parameters, restored if crop == size else _counted(method, width, size, crop)[1], restored)


def _counted(method: str, width: int, size: int, side: int) -> tuple[int, int]:
    """Parameters, and multiply-adds of one image of `side` px."""
    try:
        return _counted_on("meta", method, width, size, side)
    except RuntimeError:  # some layers cannot be without values
        return _counted_on("cpu", method, width, size, side)


def _counted_on(device: str, method: str, width: int, size: int, side: int) -> tuple[int, int]:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    module = method_module(method)
    with torch.device(device):
        network = module.build(width, size).eval()
        given = side // module.TRAINING.scale
        image = torch.zeros(1, getattr(getattr(network, "config", None), "inputs", 3), given, given)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(image)
    return sum(weight.numel() for weight in network.parameters()), counter.get_total_flops() // 2


def multiply_adds_per_second(measured: Throughput) -> float:
    """Those of the network alone, forward: backward, discriminator and perceptual loss take their time beside it."""
    return measured.images_per_second * network_of(measured.method, measured.width, measured.size).trained


def measure(method: str, width: int, size: int, batch: int, device: str, perceptual: str) -> Throughput:
    """Train a method for a few steps on embedded portraits, for real, and time them.

    Raises InputError for a method that is not trained here and as ispl_model.training.loop does.
    """
    if not find_method(method).trainable:
        raise InputError(f"method '{method}': is not trained; name one that is, such as ispl")
    with tempfile.TemporaryDirectory() as folder:
        split = _portraits(Path(folder), size)
        first, all_of_them = (
            _seconds(Path(folder) / str(steps), (method, width, perceptual), (steps, batch, device), split)
            for steps in (_FIRST, _FIRST + _STEPS)
        )
    rate = round(_STEPS * batch / (all_of_them - first), 3)
    return Throughput(*_machine(device), full_name(method), width, size, batch, rate)


def _machine(device: str) -> tuple[str, str]:
    """Its name, and cpu or gpu."""
    import torch

    from ispl_model.runtime.device import device_name, find_device, multiplies_in

    where = find_device(device)
    name, kind = device_name(where), "gpu"
    if where.type == "cpu":
        name, kind = f"{torch.get_num_threads()} threads of {environment((), 'cpu')['processor']}", "cpu"
    return f"{name}, {multiplies_in(where)}", kind


def block(measured: Throughput) -> str:
    """The lines of protocols/throughput.toml."""
    items = asdict(measured).items()
    values = (f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in items)
    return "\n".join(("[[measured]]", *values))


def _portraits(folder: Path, size: int) -> Split:
    path = folder / "split"
    write_split(path, portrait_sources("train", limit=2), SplitPlan(find_recipe("dual_blind"), "train", size))
    return load_split(path)


def _seconds(folder: Path, what: tuple[str, int, str], how: tuple[int, int, str], split: Split) -> float:
    """What a training takes; what: method, width and perceptual loss; how: steps, batch and device."""
    from ispl_model.runtime.device import seeded_build
    from ispl_model.training.config import TrainOptions
    from ispl_model.training.loop import train

    (method, width, perceptual), (steps, batch, device) = what, how
    module, size = method_module(method), split.info["size"]
    loss = perceptual if "perceptual" in module.TRAINING.losses else "none"
    network = seeded_build(lambda: module.build(width, size), 0)
    header = {"method": full_name(method), "network": asdict(module.configure(width, size))}
    run = TrainOptions(steps, batch, 0, loss, device)
    return train(network, header, module.TRAINING, run, split, folder / "model.safetensors").seconds
