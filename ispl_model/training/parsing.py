"""Face parsing maps, the explicit prior of EP-map (paper, Sec. 4.2): from a user's folder or facexlib's parser.

A label map is (S, S) uint8 with the 19 classes of CelebAMask-HQ; the network takes it one-hot, (S, S, 19).
Source: Lee et al., "MaskGAN: Towards Diverse and Interactive Facial Image Manipulation", CVPR 2020.
"""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from degrade.core.errors import InputError
from degrade.core.image import Image
from degrade.core.resize import resize_bicubic
from ispl_model.network.variants import CLASSES
from ispl_model.runtime.known_files import PARSENET_SHA256, check_published, torch_home
from ispl_model.training.data import Condition

_OTHER_SIDE = {"left": "right", "right": "left"}
_MIRRORED = np.array(
    [CLASSES.index("_".join(_OTHER_SIDE.get(word, word) for word in name.split("_"))) for name in CLASSES], np.uint8
)
PARSER_FILE = "checkpoints/parsing_parsenet.pth"  # below torch.hub.get_dir()
_PARSER_SIDE = 512  # px of the faces that facexlib's parser was trained on


def label_map(folder: Path, name: str, size: int) -> np.ndarray:
    """The labels of one image, FOLDER/NAME.png, (size, size) uint8 in 0..18; another side is brought there by nearest.

    Raises InputError when the file is missing, is no grey or palette image, is not square, or has other values.
    """
    path = Path(folder) / f"{name}.png"
    try:
        with Pillow.open(path) as picture:
            labels = np.asarray(picture) if picture.mode in ("L", "P") else None
    except FileNotFoundError as error:
        raise InputError(f"{path}: expected the label map of {name}, got nothing; every image needs one") from error
    except Exception as error:  # Pillow's decoders raise nearly every kind of exception on bad bytes
        raise InputError(f"{path}: not a readable label map ({error})") from error
    if labels is None or labels.shape[0] != labels.shape[1]:
        raise InputError(f"{path}: expected a square 8-bit grey or palette image of labels")
    if strange := sorted(set(np.unique(labels).tolist()) - set(range(len(CLASSES)))):
        raise InputError(f"{path}: expected labels 0..{len(CLASSES) - 1}, got also {strange[:5]}")
    return _nearest(labels, size)


def one_hot(labels: np.ndarray) -> np.ndarray:
    """(H, W) labels => (H, W, 19) float32, 1 in the channel of each pixel's class, else 0."""
    return np.eye(len(CLASSES), dtype=np.float32)[labels]


def mirrored(labels: np.ndarray) -> np.ndarray:
    """(H, W) labels => the labels of the mirrored image, where left and right change places."""
    return _MIRRORED[labels[:, ::-1]]


def parsing_condition(labels_of: Callable[[str], np.ndarray]) -> Condition:
    """One-hot label maps as a network's further channels, from the labels of an image by its name."""

    def channels(name: str, mirror: bool) -> np.ndarray:
        labels = labels_of(name)
        return one_hot(mirrored(labels) if mirror else labels)

    return channels


def why_parser_unavailable() -> str:
    """Why facexlib's parser cannot be used here, in one sentence; empty when it can."""
    if importlib.util.find_spec("facexlib") is None:
        return "facexlib is not installed; pip install facexlib"
    if not _parser_file().exists():
        return f"facexlib's face parser has no weights here; put {_parser_file().name} into {_parser_file().parent}"
    return ""


def load_parser(device: str) -> Callable[[Image], np.ndarray]:
    """facexlib's ParseNet: a contract image (S, S, 3) => its label map (S, S) uint8.

    Raises InputError when the package or its weights are missing, or the file holds something else.
    """
    if reason := why_parser_unavailable():
        raise InputError(f"face parsing: {reason}")
    import torch
    from facexlib.parsing.parsenet import ParseNet

    check_published(_parser_file(), PARSENET_SHA256, {})
    network = ParseNet(in_size=512, out_size=512, parsing_ch=len(CLASSES))
    try:
        network.load_state_dict(torch.load(_parser_file(), map_location="cpu", weights_only=True))
    except Exception as error:  # torch raises nearly every kind of exception on a bad file
        raise InputError(f"{_parser_file()}: not the weights of facexlib's ParseNet ({error})") from error
    network.eval().requires_grad_(False).to(device)

    def parse(image: Image) -> np.ndarray:
        fitting = np.ascontiguousarray(resize_bicubic(image, _PARSER_SIDE, _PARSER_SIDE).transpose(2, 0, 1))
        with torch.inference_mode():
            scores, _ = network(2 * torch.from_numpy(fitting)[None].to(device) - 1)
        return _nearest(scores[0].argmax(0).cpu().numpy().astype(np.uint8), len(image))

    return parse


def _parser_file() -> Path:
    return torch_home() / "hub" / PARSER_FILE


def _nearest(labels: np.ndarray, size: int) -> np.ndarray:
    places = ((np.arange(size) + 0.5) * len(labels) / size).astype(int)
    return labels[np.ix_(places, places)]
