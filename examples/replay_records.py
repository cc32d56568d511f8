"""face.png degraded by each task of the paper, and once more from the records: the same pixels."""

from degrade import degrade_image, list_recipes, read_image, replay_image

face = read_image("face.png")
for recipe in list_recipes()[:6]:
    degraded, records = degrade_image(face, recipe, seed=0, name="face")
    assert (replay_image(face, records) == degraded).all()
    print(recipe, degraded.shape, *(f"{record['op']} {record['drawn']}" for record in records))
