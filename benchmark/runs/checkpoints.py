"""Checkpoints under --work: trained once, and reused only when everything that went into them is the same."""

from dataclasses import asdict
from pathlib import Path

from benchmark.methods.registry import canonical, method_module
from benchmark.runs.splits import Settings, checkpoint_file
from degrade.core.files import digest_of, locked
from degrade.splits.split import Split


def trained(settings: Settings, method: str, seed: int, recipe: str, split: Split) -> tuple[Path, bool]:
    """The finished checkpoint of a method on a train split, and whether it was trained just now.

    The folder's hash covers the network's config, the method's TRAINING, the profile's share of the
    training and the content of the split; `recipe` is only a name in it. Raises InputError when the
    file there is damaged, Interrupted when training is stopped (the same call goes on from there). Of two
    processes that want one checkpoint the second waits for it.
    """
    # Imported here: `benchmark methods` and runs of methods without weights need no torch.
    from ispl_model.losses.perceptual import perceptual_label
    from ispl_model.runtime.checkpoint import load_header
    from ispl_model.runtime.device import seeded_build
    from ispl_model.training.config import TrainRun
    from ispl_model.training.loop import train

    profile, name, module = settings.profile, canonical(method), method_module(method)
    config = asdict(module.configure(profile.width, profile.size))
    perceptual = profile.perceptual if "perceptual" in module.TRAINING.losses else "none"
    shape = {key: value for key, value in config.items() if value}  # without what older versions did not know
    facts = {"method": name, "network": shape, "training": module.TRAINING.facts(), "split": split.digest}
    facts |= {
        "steps": profile.steps,
        "batch": profile.batch,
        "seed": seed,
        "perceptual": perceptual_label(perceptual, module.TRAINING.perceptual),
    }
    path = checkpoint_file(settings.work, name, recipe, seed, digest_of(facts))
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path.parent):
        if path.exists():
            load_header(path)  # raises when the file is cut off or something else
            return path, False
        network = seeded_build(lambda: module.build(profile.width, profile.size), seed)
        run = TrainRun(profile.steps, profile.batch, seed, perceptual, settings.device, settings.workers - 1)
        train(network, {"method": name, "network": config}, module.TRAINING, run, split, path)
        return path, True


def training_warning(checkpoint: Path) -> str | None:
    """What train.json beside a finished checkpoint warns of, such as a collapsed discriminator; None for nothing."""
    from ispl_model.training.resume import read_report

    report = read_report(checkpoint.with_name("train.json"))
    return report["result"].get("warning") if report and report["result"] else None
