"""Four painted portraits degraded into a split, as `degrade run` does with a folder; the first becomes face.png."""

from degrade import load_split, make_split, write_image

summary = make_split("runs/faces", None, "dual_blind", size=256, limit=4)
split = load_split(summary.path)
print(f"{summary.made} pairs made, {summary.reused} kept:", *split.names)
write_image("face.png", split.reference(split.names[0]))
