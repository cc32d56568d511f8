"""What the table of methods says of one."""

from dataclasses import dataclass

FIXED = "fixed"  # nothing is to be made before it restores
TUNED = "tuned"  # its parameters are chosen on the validation split (benchmark.runs.checkpoints)
TRAINED = "trained"  # a network that is trained on the train split (benchmark.runs.checkpoints)
PRETRAINED = "pretrained"  # a network with weights from elsewhere

OURS = "Apache-2.0"


@dataclass(frozen=True)
class MethodRow:
    """All that is known about a method without importing it: one row of benchmark.methods.table.

    module: its dotted name; after a colon the object in it that is used as the module.
    source: paper. deviation: from the paper's method, in one sentence.
    kind: FIXED, TUNED, TRAINED or PRETRAINED.
    tasks: those of the paper that it runs when none is named; any other may be named, and recipes beside the paper's
        are run as well. Empty: unknown, as of a folder.
    title: how tables print it; its name when empty.
    short_name, short_title: another name for it, which the tables print in another way.
    scale: side of the restored image / side of what the network is given.
    licence: of the code and the weights this method uses.
    weights: files it needs and does not make: as benchmark.assets.weights names them, or shipped in ispl_model/.
    packages: that it needs and the project does not.
    pixel_loss: trained, if only at first, to come close to the reference in pixels.
    mixed_precision: its network multiplies in bfloat16 where that is faster (ispl_model.runtime.device.multiplies_in).
    version: of what restores, raised with every change of its pixels: what another version restored is restored again.
        A change of the training alone is TrainingConfig.version, and of what weights mean Variant.revision: these make
        another checkpoint, or refuse one.
    ends_in: of a kind from outside: what its argument ends in, where names of the table begin as it does.
    """

    module: str
    source: str
    kind: str
    tasks: tuple[str, ...]
    title: str = ""
    short_name: str = ""
    short_title: str = ""
    scale: int = 1
    licence: str = OURS
    weights: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    deviation: str = ""
    pixel_loss: bool = False
    mixed_precision: bool = False
    version: int = 1
    ends_in: str = ""

    @property
    def trainable(self) -> bool:
        """Whether the benchmark trains it, once for each training seed."""
        return self.kind == TRAINED

    @property
    def has_network(self) -> bool:
        """Whether it computes on the device that the user names."""
        return self.kind in (TRAINED, PRETRAINED)
