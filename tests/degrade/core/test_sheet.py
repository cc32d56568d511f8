"""Contact sheets: every image is there, whole, below its label."""

import numpy as np
import pytest

from degrade.core.contact_sheet import contact_sheet


def plain(side: int, colour: tuple[float, float, float]) -> np.ndarray:
    return np.full((side, side, 3), colour, np.float32)


def test_each_image_takes_its_area_and_a_smaller_one_is_enlarged_by_repeating_pixels():
    red, green = plain(40, (1, 0, 0)), plain(10, (0, 1, 0))
    sheet = contact_sheet([[(red, "a"), (green, "b")]])
    for colour in ((1, 0, 0), (0, 1, 0)):
        assert (sheet == np.array(colour, np.float32)).all(axis=2).sum() == 40 * 40


def test_a_row_without_labels_takes_no_room_for_them():
    image = plain(40, (0, 0, 1))
    labelled, bare = contact_sheet([[(image, "a")]]), contact_sheet([[(image, "")]])
    assert bare.shape[0] < labelled.shape[0] and bare.shape[1] == labelled.shape[1]


def test_the_label_is_written_in_black_above_the_image():
    sheet = contact_sheet([[(plain(40, (1, 1, 1)), "EDSR")], [(plain(40, (1, 1, 1)), "")]])
    dark = np.argwhere(sheet.max(axis=2) < 0.2)
    assert len(dark) > 20 and dark[:, 0].max() < sheet.shape[0] - 2 * 40


def test_no_image_is_a_fault_of_the_caller():
    with pytest.raises(ValueError, match="at least one image"):
        contact_sheet([[]])
