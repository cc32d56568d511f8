"""One call for any network from elsewhere: sizes it does not take, tiles without seams, whole faces."""

import numpy as np
import pytest

from degrade.core.errors import InputError
from degrade.core.image import check_image
from degrade.core.resize import resize_bicubic
from ispl_model.adapters import model as adapters
from ispl_model.adapters.model import ImageModel, found_by_trying, tiles
from ispl_model.adapters.spelling import need_file, split_options


def image(height, width):
    return np.random.default_rng(0).random((height, width, 3), dtype=np.float32)


def repeated(given, scale=2):
    return given.repeat(scale, axis=0).repeat(scale, axis=1)


@pytest.mark.parametrize("length", [5, 64, 65, 100, 512, 1000])
@pytest.mark.parametrize("tile", [8, 64, 200])
def test_tiles_cover_an_axis_once_and_lie_inside_it(length, tile):
    found = list(tiles(length, tile))
    assert [place for _, part in found for place in range(part.start, part.stop)] == list(range(length))
    for start, part in found:
        assert 0 <= start <= part.start and part.stop <= start + tile
        assert len(found) == 1 or start + tile <= length


@pytest.mark.parametrize("size", [(40, 40), (64, 100), (131, 70)])
def test_what_a_tiled_network_of_one_side_gives_is_what_a_large_one_would(size):
    seen = []

    def run(given):
        seen.append(given.shape)
        return repeated(given)

    given = image(*size)
    restored = ImageModel(run, scale=2, side=64).restore(given)
    np.testing.assert_array_equal(restored, repeated(given))
    assert set(seen) == {(64, 64, 3)}


def test_the_sides_are_mirrored_up_to_a_multiple_and_cut_back():
    shapes = []

    def run(given):
        shapes.append(given.shape)
        return given

    given = image(30, 33)
    np.testing.assert_array_equal(ImageModel(run, multiple=16).restore(given), given)
    assert shapes == [(32, 48, 3)]


def test_a_large_image_goes_in_tiles_unless_the_network_may_not_be_cut(monkeypatch):
    monkeypatch.setattr(adapters, "LARGEST", 128)
    for tiled, expected in ((True, 16), (False, 1)):
        calls = []

        def run(given, calls=calls):
            calls.append(given.shape)
            return repeated(given)

        given = image(150, 140)
        np.testing.assert_array_equal(ImageModel(run, scale=2, tiled=tiled).restore(given), repeated(given))
        assert len(calls) == expected


def test_a_network_of_whole_faces_gets_them_at_its_side_and_gives_them_back_at_theirs():
    sides = []

    def darker(given):
        sides.append(given.shape)
        return given / 2

    model = ImageModel(darker, side=64)
    given = image(40, 32)
    restored = model.restore(given)
    square = np.pad(given, ((0, 0), (0, 8), (0, 0)), mode="symmetric")
    expected = resize_bicubic(resize_bicubic(square, 64, 64) / 2, 40, 40)[:, :32]
    assert model.takes_faces and sides == [(64, 64, 3)]
    np.testing.assert_allclose(restored, expected, atol=1e-6)


def test_what_leaves_the_range_is_clipped():
    restored = ImageModel(lambda given: given * 3 - 1).restore(image(8, 8))
    check_image(restored)
    assert restored.min() == 0 and restored.max() == 1


@pytest.mark.parametrize("needed", [1, 2, 8, 64])
def test_scale_and_multiple_are_found_by_trying(needed):
    def run(given):
        if given.shape[0] % needed or given.shape[1] % needed:
            raise InputError("odd sides")
        return repeated(given, 3)

    model = found_by_trying("net", run, None)
    assert (model.scale, model.multiple, model.side) == (3, needed, None)
    assert model.restore(image(50, 41)).shape == (150, 123, 3)


@pytest.mark.parametrize("run", [lambda given: given[:32], lambda given: given[:, :, :1], lambda given: given[0, 0]])
def test_what_is_not_one_image_to_another_is_refused(run):
    with pytest.raises(InputError, match="net: expected a whole multiple of the 64 x 64 x 3"):
        found_by_trying("net", run, None)


@pytest.mark.parametrize(
    "later, sentence",
    [
        (lambda given: given[:-2, :-2], "net: expected 64 x 64 x 3, its 1 times, got 62 x 62 x 3"),
        (lambda given: given / np.float32(0), "net: the network gave NaN or infinite values"),
    ],
)
def test_what_is_an_image_only_of_grey_is_refused_when_it_comes(later, sentence):
    """Infinite values are not clipped to white, and an image of another size is no crash where it is laid back."""
    model = found_by_trying("net", lambda given: later(given) if given.std() else given, 64)
    with pytest.raises(InputError, match=sentence), np.errstate(divide="ignore"):
        model.restore(image(64, 64) + np.float32(0.01))


@pytest.mark.parametrize("times", [255, -255])
def test_values_of_another_range_are_told_before_a_face_is_white(times):
    with pytest.raises(InputError, match=f"net: makes {times * 0.5:.3g} of grey, .* correct its range="):
        found_by_trying("net", lambda given: given * times, 64)


def test_a_network_of_one_side_that_does_not_say_so_is_told_to_name_it():
    def only_64(given):
        if given.shape[:2] != (64, 64):
            raise InputError("net: another size")
        return repeated(given, 8)  # as a face network that gives 512 px whatever it is given

    def never(given):
        raise InputError("net: fails")

    with pytest.raises(InputError, match="takes 64 x 64 px, but no wider image; .* add ,size=SIDE"):
        found_by_trying("net", only_64, None)
    with pytest.raises(InputError, match="net: fails; .* add ,size=SIDE"):
        found_by_trying("net", never, None)
    with pytest.raises(InputError, match="net: fails$"):
        found_by_trying("net", never, 128)


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "~no-such-user/net", "a\nb", "."])
@pytest.mark.parametrize("options", ["", ",size=64"])
def test_what_cannot_be_a_file_is_one_sentence(name, options):
    path, found = split_options("onnx", name + options, ("size",))
    assert (str(path), bool(found)) == (name, bool(options))
    with pytest.raises(InputError, match="expected a file, got nothing there"):
        need_file("onnx", path)
