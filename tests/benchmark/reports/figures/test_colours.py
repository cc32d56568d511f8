"""One colour for a method, and names that never cover one another."""

from itertools import combinations

import numpy as np
import pytest

from benchmark.methods.registry import full_name
from benchmark.reports.figures.colours import PALETTE, colours
from benchmark.reports.figures.labels import Box, boxes, leader
from benchmark.specs.tables import load_table, table_names


@pytest.mark.parametrize("name", table_names())
def test_methods_of_one_block_of_a_table_differ_in_colour(name):
    for row in load_table(name).rows:
        methods = list(dict.fromkeys(map(full_name, row.methods)))
        assert len(set(colours(methods).values())) == len(methods)


def test_a_method_has_the_same_colour_beside_others_and_under_its_short_name():
    alone = colours(["ispl"])["ispl"]
    assert colours(["edsr", "ispl:isp_unet_pac", "bicubic"])["ispl:isp_unet_pac"] == alone
    assert colours(["Ours"])["Ours"] == colours(["identity", "Ours"])["Ours"]


def test_as_many_methods_as_colours_differ_and_more_are_coloured_all_the_same():
    names = [f"method {number}" for number in range(len(PALETTE))]
    assert len(set(colours(names).values())) == len(PALETTE)
    assert len(colours([*names, "one", "more"])) == len(PALETTE) + 2


@pytest.mark.parametrize("seed", range(20))
def test_names_stand_inside_over_no_point_and_no_other_name(seed):
    rng, bounds = np.random.default_rng(seed), Box(0, 0, 400, 300)
    points = [(x, y) for x, y in rng.normal((200, 150), (60, 20), (12, 2))]
    sizes = [(float(width), 14.0) for width in rng.uniform(30, 120, 12)]
    found = [box for box in boxes(points, sizes, bounds) if box]
    assert len(found) >= 9, "most names have room here"
    for one, other in combinations(found, 2):
        assert not one.overlaps(other)
    for box in found:
        assert box.inside(bounds)
        assert not any(box.left < x < box.right and box.top < y < box.bottom for x, y in points)


def test_a_lone_name_stands_to_the_right_above_its_point():
    (box,) = boxes([(100.0, 50.0)], [(40.0, 14.0)], Box(0, 0, 400, 100))
    assert (box.left, box.right, box.top, box.bottom) == pytest.approx((105.6, 145.6, 30.4, 44.4))


def test_a_name_stands_clear_of_bars_where_it_can():
    bars = [Box(0, 20, 400, 46)]
    (box,) = boxes([(100.0, 50.0)], [(40.0, 14.0)], Box(0, 0, 400, 100), bars)
    assert box.top > 50
    everywhere = [Box(0, 0, 400, 100)]
    assert boxes([(100.0, 50.0)], [(40.0, 14.0)], Box(0, 0, 400, 100), everywhere) != [None]


def test_without_room_there_is_no_name():
    assert boxes([(10.0, 10.0)], [(400.0, 14.0)], Box(0, 0, 100, 100)) == [None]


def test_a_name_far_from_its_point_has_a_line_to_its_nearest_place_and_one_beside_it_none():
    box = Box(100, 20, 160, 34)
    assert leader((50.0, 60.0), box) == (100, 34)
    assert leader((120.0, 80.0), box) == (120.0, 34)
    assert leader((90.0, 40.0), box) is None
