"""The data set of gfpgan 1.3.8 with the options of train_gfpgan_v1.yml, on libraries of today.

Three things stand in its way: basicsr 1.4.2 imports a module that torchvision 0.17 dropped, gfpgan itself imports face
detectors that the data set does not need, and it hands OpenCV a JPEG quality with a fraction, which OpenCV refuses
since 4.5.4.
"""

import importlib
import importlib.util
import sys
import types
from functools import cache

OPTIONS = {
    "io_backend": {"type": "disk"},
    "use_hflip": True,
    "mean": [0.5] * 3,
    "std": [0.5] * 3,
    "blur_kernel_size": 41,
    "kernel_list": ["iso", "aniso"],
    "kernel_prob": [0.5, 0.5],
    "blur_sigma": [0.1, 10],
    "downsample_range": [0.8, 8],
    "noise_range": [0, 20],
    "jpeg_range": [60, 100],
    "color_jitter_prob": 0.3,
    "color_jitter_shift": 20,
    "color_jitter_pt_prob": 0.3,
    "gray_prob": 0.01,
}


def with_stand_in() -> None:
    """basicsr can be imported: the module that torchvision dropped, with the one function that is used of it."""
    from torchvision.transforms.functional import rgb_to_grayscale

    gone = types.ModuleType("torchvision.transforms.functional_tensor")
    vars(gone)["rgb_to_grayscale"] = rgb_to_grayscale
    sys.modules.setdefault(gone.__name__, gone)


@cache
def module() -> types.ModuleType:
    """Where the data set is defined; ImportError where gfpgan or basicsr is not installed."""
    with_stand_in()
    found = importlib.util.find_spec("gfpgan")
    if found is None:
        raise ImportError("gfpgan is not installed")
    (place,) = found.submodule_search_locations
    for name, folder in (("gfpgan", place), ("gfpgan.data", f"{place}/data")):
        package = types.ModuleType(name)
        package.__path__ = [folder]
        sys.modules.setdefault(name, package)
    defined = importlib.import_module("gfpgan.data.ffhq_degradation_dataset")
    compress = defined.degradations.add_jpg_compression
    defined.degradations.add_jpg_compression = lambda image, quality=90: compress(image, int(quality))
    return defined


def data_set(folder: str, side: int):
    """Of the faces of a folder, which it takes at the size they have."""
    return module().FFHQDegradationDataset({**OPTIONS, "dataroot_gt": folder, "out_size": side})
