"""gfpgan_memory.py IMAGE DRAWS: the data set of gfpgan 1.3.8 with the options of train_gfpgan_v1.yml.

Image in memory to tensors in memory: reading and decoding the file are left out.
"""

import importlib
import importlib.util
import sys
import types

import cv2
import numpy as np
import torch
import torchvision.transforms.functional as functional
from serve import serve

# basicsr 1.4.2 imports a module that torchvision has no more.
old = types.ModuleType("torchvision.transforms.functional_tensor")
old.rgb_to_grayscale = functional.rgb_to_grayscale
sys.modules[old.__name__] = old
# gfpgan itself imports face detectors that the data set does not need.
(place,) = importlib.util.find_spec("gfpgan").submodule_search_locations
for name, folder in (("gfpgan", place), ("gfpgan.data", f"{place}/data")):
    package = types.ModuleType(name)
    package.__path__ = [folder]
    sys.modules[name] = package
module = importlib.import_module("gfpgan.data.ffhq_degradation_dataset")

torch.set_num_threads(1)
cv2.setNumThreads(1)
image, draws = cv2.imread(sys.argv[1]).astype(np.float32) / 255, int(sys.argv[2])
module.FileClient = lambda *_, **__: types.SimpleNamespace(get=lambda _: b"")
module.imfrombytes = lambda *_, **__: image.copy()
# An integer quality, which OpenCV insists on by now.
compress = module.degradations.add_jpg_compression
module.degradations.add_jpg_compression = lambda picture, quality: compress(picture, int(quality))
OPTIONS = {
    "dataroot_gt": sys.argv[1].rsplit("/", 1)[0],
    "io_backend": {"type": "disk"},
    "use_hflip": True,
    "mean": [0.5] * 3,
    "std": [0.5] * 3,
    "out_size": len(image),
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
faces = module.FFHQDegradationDataset(OPTIONS)
serve({"gfpgan": lambda: [faces[0] for _ in range(draws)]})
