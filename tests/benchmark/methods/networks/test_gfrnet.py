"""GFRNet's guides: another image of the same person, never the image's own reference."""

import numpy as np
import pytest
import torch

from benchmark.methods.method import Method
from benchmark.methods.networks import gfrnet
from degrade.core.errors import InputError
from degrade.recipes.library import find_recipe
from degrade.splits.make_split import SplitPlan, write_split
from degrade.splits.roles import portrait_sources
from degrade.splits.split import load_split
from ispl_model.training.data import TrainingPairs


@pytest.fixture
def split(tmp_path):
    """Three portraits; the first two are said to be of one person."""
    plan = SplitPlan(find_recipe("mosaic16"), "train", 64, 0)
    write_split(tmp_path / "split", portrait_sources("train", limit=3), plan, progress=False)
    made = load_split(tmp_path / "split")
    first, second, third = made.names
    (made.path / gfrnet.IDENTITIES).write_text(f"{first}.png 7\n{second} 7\n\n{third} 8\nsomeone 7\n")
    return made


def test_the_guide_is_another_image_of_the_person_or_the_degraded_image_itself(split):
    guide = gfrnet.guides(split)
    first, second, third = split.names
    np.testing.assert_array_equal(guide(first, False), split.reference(second))
    np.testing.assert_array_equal(guide(second, False), split.reference(first))
    np.testing.assert_array_equal(guide(third, False), split.degraded(third))


def test_without_the_file_there_is_no_guide(split):
    (split.path / gfrnet.IDENTITIES).unlink()
    assert gfrnet.guides(split) is None


def test_an_own_reference_is_never_a_guide_not_even_under_another_name():
    names = [f"{number:02}" for number in range(40)]
    draw = np.random.default_rng(0)
    people = {name: str(draw.integers(8)) for name in names[:-3]}
    images = {name: str(draw.integers(12)) for name in names}
    guide = gfrnet.guide_names(people, images)
    assert len(guide) > 20 and not set(names[-3:]) & set(guide)
    for name, other in guide.items():
        assert other != name and images[other] != images[name] and people[other] == people[name]


def test_training_and_restoring_see_the_same_guide(split):
    name = split.names[0]
    given, _ = TrainingPairs(split, 1, None, 0, False, gfrnet.guides(split)).stored(name)
    seen = []
    method = Method("gfrnet", lambda images: seen.extend(images) or images, 1, condition=gfrnet.TRAINING.condition)
    method.restored(split, name)
    np.testing.assert_array_equal(seen[0], given.permute(1, 2, 0))
    assert given.shape == (6, 64, 64)


def test_three_channels_are_their_own_guide():
    network = gfrnet.build(4, 64).eval()
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(network(image), network(torch.cat([image, image], dim=1)))
        assert not torch.equal(network(image), network(torch.cat([image, 1 - image], dim=1)))


def test_a_grid_of_pixel_centres_gives_the_guide_itself_and_outside_is_black(monkeypatch):
    """The grid's corners -1 and 1 are the centres of the corner pixels."""
    network, image = gfrnet.build(4, 64), torch.rand(1, 3, 64, 64)
    along = torch.linspace(-1, 1, 64)
    grid = torch.stack(torch.meshgrid(along, along, indexing="xy"), dim=2)[None]
    monkeypatch.setattr(network.warp, "forward", lambda pair: grid)
    outputs = network(image)
    torch.testing.assert_close(outputs["warped"], image, atol=1e-5, rtol=0)
    batch = {"reference": image}
    assert gfrnet.places(outputs, batch).item() == pytest.approx(0, abs=1e-12)
    monkeypatch.setattr(network.warp, "forward", lambda pair: grid + 2)
    assert network(image)["warped"][..., 1:, 1:].abs().max() < 1e-5


def test_dropout_stands_in_the_three_innermost_levels():
    levels = gfrnet.RecNet(4, 8).up
    assert [any(isinstance(layer, torch.nn.Dropout) for layer in level) for level in levels] == [True] * 3 + [False] * 5


def test_a_line_that_is_no_name_and_identity_is_one_sentence(split):
    (split.path / gfrnet.IDENTITIES).write_text("a 1\nb\n")
    gfrnet._guide_names.cache_clear()
    with pytest.raises(InputError, match="line 2: expected the name of an image and an identity"):
        gfrnet.guides(split)
