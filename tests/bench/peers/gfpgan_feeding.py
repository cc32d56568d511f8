"""gfpgan_feeding.py FOLDER SIDE: every face of the folder once, from its file to tensors, by GFPGAN's own data set."""

import sys

import cv2
import torch
from gfpgan_faces import data_set
from serve import serve

torch.set_num_threads(1)
cv2.setNumThreads(1)
faces = data_set(sys.argv[1], int(sys.argv[2]))
serve({"gfpgan": lambda: [faces[index] for index in range(len(faces))]})
