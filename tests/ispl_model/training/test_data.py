"""Training pairs depend on (seed, epoch, name) and on nothing else."""

import dataclasses
from itertools import islice

import numpy as np
import pytest
import torch

from degrade.recipes.degrade_image import degrade_image
from degrade.recipes.library import find_recipe
from ispl_model.training import data
from ispl_model.training.data import BatchShard, TrainingPairs, batches, epoch_order

COUNT = 5


def pairs_of(split, scale=1, crop=None, seed=0, redraw=True) -> TrainingPairs:
    return TrainingPairs(split, scale, crop, seed, redraw)


def passes(pairs, batch, steps, workers):
    """The only pass of each step."""
    return (only for (only,) in batches(pairs, BatchShard(batch), steps, workers))


def same(one, other) -> bool:
    return all(torch.equal(*parts) for parts in zip(one, other, strict=True))


def as_image(tensor: torch.Tensor) -> np.ndarray:
    return tensor.permute(1, 2, 0).numpy()


def test_every_epoch_shows_every_name_once_in_an_order_of_its_own():
    names = tuple("abcdefgh")
    orders = [tuple(epoch_order(names, 0, epoch)) for epoch in range(4)]
    assert all(sorted(order) == list(names) for order in orders)
    assert len(set(orders)) == 4


def test_leaving_an_image_out_moves_no_other():
    names = tuple("abcdefgh")
    without = [name for name in epoch_order(names, 0, 3) if name != "c"]
    assert epoch_order(tuple(name for name in names if name != "c"), 0, 3) == without


@pytest.mark.parametrize(
    ("recipe", "scale", "sides"), [("sr4", 1, (64, 64)), ("sr4", 4, (16, 64)), ("denoise", 4, (16, 64))]
)
def test_the_degraded_side_is_what_the_network_takes(make_tiny_split, recipe, scale, sides):
    degraded, reference = pairs_of(make_tiny_split(recipe), scale=scale)[0]
    assert degraded.shape == (3, sides[0], sides[0]) and reference.shape == (3, sides[1], sides[1])
    assert degraded.dtype == reference.dtype == torch.float32
    assert degraded.min() >= 0 and degraded.max() <= 1


def test_a_redrawn_pair_is_the_recipe_drawn_for_seed_name_and_epoch(make_tiny_split):
    split = make_tiny_split("denoise")
    pairs = pairs_of(split, seed=3)
    position = COUNT + 2  # epoch 1
    name = epoch_order(split.names, 3, 1)[2]
    wanted, _ = degrade_image(split.reference(name), find_recipe("denoise"), 3, name, 1)
    degraded, reference = (as_image(part) for part in pairs[position])
    flipped = not np.array_equal(reference, split.reference(name))
    np.testing.assert_array_equal(degraded[:, ::-1] if flipped else degraded, wanted)
    np.testing.assert_array_equal(reference[:, ::-1] if flipped else reference, split.reference(name))


def test_redrawing_differs_between_epochs_and_stored_images_do_not(make_tiny_split):
    split = make_tiny_split("denoise")
    for redraw, versions in ((True, 4), (False, 1)):
        pairs, seen = pairs_of(split, redraw=redraw), set()
        for epoch in range(4):
            position = epoch * COUNT + epoch_order(split.names, 0, epoch).index("face_0")
            degraded, reference = (as_image(part) for part in pairs[position])
            mirrored = not np.array_equal(reference, split.reference("face_0"))
            seen.add((degraded[:, ::-1] if mirrored else degraded).tobytes())
        assert len(seen) == versions


def test_about_half_of_the_pairs_are_mirrored(make_tiny_split):
    split = make_tiny_split("sr4")
    pairs = pairs_of(split)
    names = [name for epoch in range(40) for name in epoch_order(split.names, 0, epoch)]
    as_stored = [np.array_equal(as_image(pairs[i][1]), split.reference(name)) for i, name in enumerate(names)]
    assert 70 <= sum(as_stored) <= 130  # 200 fair coins: 100 +- 4 deviations


@pytest.mark.parametrize("info", [{"recipe": "collected"}, {"recipe_version": 99}])
def test_a_split_of_an_unknown_recipe_gives_its_stored_images(make_tiny_split, info):
    split = make_tiny_split("denoise")
    unknown = dataclasses.replace(split, info=split.info | info)
    assert data.split_recipe(split) is not None and data.split_recipe(unknown) is None
    assert same(pairs_of(unknown)[0], pairs_of(split, redraw=False)[0])


def test_a_crop_is_the_same_window_of_both_and_lies_on_the_grid_of_the_scale(make_tiny_split):
    split = make_tiny_split("sr4")
    windows = set()
    for position in range(3 * COUNT):
        degraded, reference = pairs_of(split, scale=4, crop=32)[position]
        whole_degraded, whole_reference = pairs_of(split, scale=4)[position]
        assert degraded.shape == (3, 8, 8) and reference.shape == (3, 32, 32)
        places = [
            (top, left)
            for top in range(9)
            for left in range(9)
            if torch.equal(whole_degraded[:, top : top + 8, left : left + 8], degraded)
        ]
        assert len(places) == 1
        top, left = (4 * start for start in places[0])
        assert torch.equal(whole_reference[:, top : top + 32, left : left + 32], reference)
        windows.add(places[0])
    assert len(windows) > 5


def test_a_crop_of_the_whole_image_or_more_is_no_crop(make_tiny_split):
    split = make_tiny_split("sr4")
    for crop in (64, 128):
        assert same(pairs_of(split, crop=crop)[1], pairs_of(split)[1])


def test_sizes_off_the_scale_are_a_fault_of_the_caller(make_tiny_split):
    for scale, crop in ((4, 30), (3, None)):
        with pytest.raises(ValueError, match="multiples of the scale"):
            pairs_of(make_tiny_split("sr4"), scale=scale, crop=crop)


def test_batches_are_the_same_for_any_number_of_workers_and_from_any_start(make_tiny_split):
    pairs = pairs_of(make_tiny_split("denoise"), crop=32)
    alone = list(passes(pairs, 2, range(0, 6), workers=0))
    shared = list(passes(pairs, 2, range(0, 6), workers=2))
    later = list(passes(pairs, 2, range(4, 6), workers=1))
    assert len(alone) == 6 and alone[0][0].shape == (2, 3, 32, 32)
    assert all(same(*both) for both in zip(alone, shared, strict=True))
    assert all(same(*both) for both in zip(alone[4:], later, strict=True))


def test_a_split_too_large_to_keep_gives_the_same_pairs(make_tiny_split, monkeypatch):
    split = make_tiny_split("denoise")
    kept = [pairs_of(split, redraw=False)[i] for i in range(3)]
    monkeypatch.setattr(data, "_KEPT_BYTES", 0)
    pairs = pairs_of(split, redraw=False)
    assert pairs.kept is None
    assert all(same(kept[i], pairs[i]) for i in range(3))


def test_loading_leaves_the_global_random_states_alone(make_tiny_split):
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    list(islice(batches(pairs_of(make_tiny_split("denoise")), BatchShard(1), range(3), workers=0), 3))
    assert torch.equal(torch_state, torch.get_rng_state())
    np.testing.assert_array_equal(numpy_state, np.random.get_state()[1])  # noqa: NPY002


def test_shares_of_a_step_are_its_images_without_gap_or_overlap():
    whole = list(BatchShard(batch=6).positions(range(2, 4)))
    parts = [list(BatchShard(batch=1, passes=3, index=index, count=2).positions(range(2, 4))) for index in (0, 1)]
    assert whole == list(range(12, 24))
    assert parts == [[12, 13, 14, 18, 19, 20], [15, 16, 17, 21, 22, 23]]
    assert BatchShard(batch=1, passes=3, count=2).images == 6


def test_the_passes_of_a_step_hold_its_images_in_order(make_tiny_split):
    pairs = pairs_of(make_tiny_split("denoise"))
    (whole,) = next(batches(pairs, BatchShard(4), range(1, 2), workers=0))
    parts = next(batches(pairs, BatchShard(2, passes=2), range(1, 2), workers=0))
    assert same([torch.cat(sides) for sides in zip(*parts, strict=True)], whole)


def test_a_condition_goes_behind_the_degraded_image_mirrored_and_cropped_alike(make_tiny_split):
    split = make_tiny_split("denoise")
    pairs = TrainingPairs(
        split, 1, 32, 0, redraw=False, condition=lambda name, mirrored: split.degraded(name)[:, :: 1 - 2 * mirrored, :2]
    )
    for position in range(COUNT):
        degraded, _ = pairs[position]
        assert degraded.shape == (5, 32, 32) and torch.equal(degraded[:2], degraded[3:])
    assert pairs.stored("face_0")[0].shape == (5, 64, 64)
