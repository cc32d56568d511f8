"""gfpgan_memory.py IMAGE DRAWS: GFPGAN's own data set.

Image in memory to tensors in memory: reading and decoding the file are left out.
"""

import sys
import types

import cv2
import gfpgan_faces
import numpy as np
import torch
from serve import serve

torch.set_num_threads(1)
cv2.setNumThreads(1)
image, draws = cv2.imread(sys.argv[1]).astype(np.float32) / 255, int(sys.argv[2])
module = gfpgan_faces.module()
module.FileClient = lambda *_, **__: types.SimpleNamespace(get=lambda _: b"")
module.imfrombytes = lambda *_, **__: image.copy()
faces = gfpgan_faces.data_set(sys.argv[1].rsplit("/", 1)[0], len(image))
serve({"gfpgan": lambda: [faces[0] for _ in range(draws)]})
