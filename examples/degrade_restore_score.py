"""face.png degraded by GFPGAN's recipe, restored by the network that comes with the package, and scored."""

from benchmark import score
from degrade import degrade_image, read_image
from ispl_model import load_restorer

face = read_image("face.png")  # (H, W, 3), RGB, float in [0, 1]; uint8 works too
degraded, records = degrade_image(face, "gfpgan", seed=0, name="face")
print(score(load_restorer()(degraded), face, metrics=["psnr.rgb", "ssim.gauss11.rgb"]))
