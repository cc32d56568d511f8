"""Reasons of failures: each once, and no image unnamed."""

from degrade.cli.reasons import by_reason
from degrade.core.errors import InputError


def test_one_reason_is_told_once_with_its_images():
    torn = [(name, f"in/{name}.png: is torn at 0x7f0012345678") for name in "abc"]
    errors = [(name, str(InputError(sentence))) for name, sentence in torn]
    assert by_reason(errors) == ["3 images: is torn: a, b, c"]


def test_no_image_goes_unnamed_where_two_have_one_name():
    names, places = ("a/y", "b/y", "y", "y"), ("in/a/y", "in/b/y", "s/y.png", "t/y.png")
    torn = [(name, f"{place}: is torn") for name, place in zip(names, places, strict=True)]
    assert by_reason(torn) == ["4 images: is torn: a/y, b/y, s/y.png, t/y.png"]
    assert by_reason(torn[:1]) == ["in/a/y: is torn"]
    assert by_reason([("y", "is torn"), ("y", "is torn")]) == ["y: is torn"]
