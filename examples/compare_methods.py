"""Two methods under protocol S2S on four painted portraits, and their mean scores (profile quick proves nothing)."""

from benchmark import load_scores, run_protocol

for method in ("bicubic", "lanczos"):
    run_protocol("S2S", method, ["sr4"], metrics=["psnr.rgb", "ssim.gauss11.rgb"], results="runs/results", limit=4)
scores = load_scores("quick", results="runs/results")
print(scores.groupby(["method", "metric"])["value"].mean())
