"""Laws that hold for every operator of the table."""

from dataclasses import fields

import numpy as np
import pytest

from degrade.blur import GaussianBlur, MotionBlur
from degrade.compress import Jpeg, Quantize
from degrade.errors import InputError
from degrade.image import Image, check_image
from degrade.mosaic import Mosaic
from degrade.noise import GaussianNoise, LaplaceNoise, PoissonNoise, SensorNoise
from degrade.pipeline import OPERATORS, Operator, apply, from_record, trace
from degrade.resize import Resize
from degrade.tone import Fade, SharpenHalo

EXAMPLES = [
    Fade(20.0, 230.0, 0.5, 0.1),
    GaussianBlur(1.7),
    GaussianBlur(2.0, size=5),
    GaussianNoise(80.0, seed=3),
    Jpeg(40),
    Jpeg(40, "grey"),
    LaplaceNoise(80.0, seed=3),
    Mosaic(4),
    MotionBlur(7, 0.3, 40.0),
    PoissonNoise(60.5, seed=3),
    Quantize(),
    Resize("cv2", "cubic", factor=2.3),
    Resize("pil", "lanczos", height=50, width=31),
    SensorNoise(30.0, 5.0, seed=3),
    SharpenHalo(1.5, 1.2),
]
BAD = [
    (Fade, {"black": 200.0, "white": 100.0, "saturation": 1.0, "warmth": 0.0}),
    (Fade, {"black": 0.0, "white": 255.0, "saturation": 1.1, "warmth": 0.0}),
    (Fade, {"black": 0.0, "white": 255.0, "saturation": 1.0, "warmth": 0.6}),
    (GaussianBlur, {"sigma": 0.0}),
    (GaussianBlur, {"sigma": float("nan")}),
    (GaussianBlur, {"sigma": 1.0, "size": 4}),
    (GaussianNoise, {"sigma": -1.0, "seed": 0}),
    (GaussianNoise, {"sigma": 1.0, "seed": 2**63}),
    (Jpeg, {"quality": 0}),
    (Jpeg, {"quality": 50.0}),
    (Jpeg, {"quality": 50, "chroma": "411"}),
    (LaplaceNoise, {"scale": 256.0, "seed": 0}),
    (Mosaic, {"block": 1}),
    (Mosaic, {"block": 2.5}),
    (MotionBlur, {"k": 8, "direction": 0.5, "angle": 0.0}),
    (MotionBlur, {"k": 1, "direction": 0.5, "angle": 0.0}),
    (MotionBlur, {"k": 9, "direction": 1.5, "angle": 0.0}),
    (MotionBlur, {"k": 9, "direction": 0.5, "angle": float("inf")}),
    (PoissonNoise, {"lam": float("nan"), "seed": 0}),
    (Resize, {"library": "skimage", "filter": "cubic", "factor": 2.0}),
    (Resize, {"library": "pil", "filter": "cubic", "factor": 2.0}),
    (Resize, {"library": "pil", "filter": "box"}),
    (Resize, {"library": "pil", "filter": "box", "factor": 2.0, "height": 3, "width": 3}),
    (Resize, {"library": "pil", "filter": "box", "height": 3}),
    (SensorNoise, {"shot": 1.0, "read": -1.0, "seed": 0}),
    (SharpenHalo, {"amount": -1.0, "sigma": 1.0}),
    (SharpenHalo, {"amount": 1.0, "sigma": 0.0}),
]


@pytest.fixture(params=EXAMPLES, ids=repr)
def operator(request: pytest.FixtureRequest) -> Operator:
    return request.param


@pytest.fixture
def photo() -> Image:
    """Not square, no multiple of any block, reaching both ends of the range, different in each channel."""
    down, right = np.mgrid[0:45, 0:38].astype(np.float32)
    waves = [0.5 + 0.6 * np.sin(down / 5 + channel) * np.cos(right / (3 + channel)) for channel in range(3)]
    return np.clip(np.stack(waves, axis=2), 0, 1).astype(np.float32)


def test_every_operator_has_an_example() -> None:
    assert {type(example).__name__ for example in EXAMPLES} == set(OPERATORS)


def test_every_operator_is_found_under_its_own_name() -> None:
    assert all(kind.__name__ == name for name, kind in OPERATORS.items())


def test_every_field_is_explained_in_the_docstring() -> None:
    missing = [
        (name, field.name)
        for name, kind in OPERATORS.items()
        for field in fields(kind)
        if f"{field.name}:" not in kind.__doc__ and f"{field.name}," not in kind.__doc__
    ]
    assert missing == []


def test_the_image_contract_is_kept(operator: Operator, photo: Image) -> None:
    check_image(operator(photo))


def test_one_row_one_column_and_a_single_pixel_are_images_too(operator: Operator) -> None:
    for shape in ((1, 9, 3), (9, 1, 3), (1, 1, 3)):
        check_image(operator(np.full(shape, 0.25, np.float32)))


def test_something_changes(operator: Operator, photo: Image) -> None:
    degraded = operator(photo)
    assert degraded.shape != photo.shape or not np.array_equal(degraded, photo)


def test_the_input_is_left_alone(operator: Operator, photo: Image) -> None:
    before = photo.copy()
    photo.flags.writeable = False
    degraded = operator(photo)
    np.testing.assert_array_equal(photo, before)
    assert not np.shares_memory(degraded, photo)


def test_the_same_call_gives_the_same_bytes(operator: Operator, photo: Image) -> None:
    assert operator(photo).tobytes() == operator(photo).tobytes()


def test_the_layout_of_the_input_in_memory_does_not_matter(operator: Operator, photo: Image) -> None:
    view = np.asfortranarray(photo)[::-1][::-1]
    np.testing.assert_array_equal(operator(view), operator(photo))


def test_the_global_random_state_is_neither_read_nor_set(operator: Operator, photo: Image) -> None:
    np.random.seed(1)  # noqa: NPY002  # the global state is what is tested
    first, state = operator(photo), np.random.get_state()[1].tolist()  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    assert np.random.get_state()[1].tolist() == state  # noqa: NPY002
    np.random.seed(2)  # noqa: NPY002
    np.testing.assert_array_equal(operator(photo), first)


def test_a_record_rebuilds_the_operator_and_its_bytes(operator: Operator, photo: Image) -> None:
    degraded, (record,) = trace([operator], photo)
    assert set(record) == {"op", "drawn", "realised"}
    assert from_record(record) == operator
    assert from_record(record)(photo).tobytes() == degraded.tobytes()


@pytest.mark.parametrize(("kind", "parameters"), BAD, ids=repr)
def test_bad_parameters_are_refused_by_name(kind: type, parameters: dict) -> None:
    with pytest.raises(ValueError, match=f"^{kind.__name__}: "):
        kind(**parameters)


def test_every_operator_with_parameters_has_a_bad_example() -> None:
    assert {kind.__name__ for kind, _ in BAD} == {name for name, kind in OPERATORS.items() if fields(kind)}


def test_a_chain_is_applied_from_left_to_right_and_traced_alike(photo: Image) -> None:
    chain = (Mosaic(8), Jpeg(20), Quantize())
    degraded, records = trace(chain, photo)
    np.testing.assert_array_equal(degraded, Quantize()(Jpeg(20)(Mosaic(8)(photo))))
    np.testing.assert_array_equal(degraded, apply(chain, photo))
    assert [record["op"] for record in records] == ["Mosaic", "Jpeg", "Quantize"]


def test_an_image_that_breaks_the_contract_is_refused_at_the_door(photo: Image) -> None:
    for run in (apply, trace):
        with pytest.raises(TypeError, match="float32"):
            run((Quantize(),), photo.astype(np.float64))


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"op": "Mosaik", "drawn": "{}"}, "did you mean 'Mosaic'"),
        ({"op": "Mosaic", "drawn": '{"blocks": 4}'}, "record of Mosaic"),
        ({"op": "Mosaic", "drawn": '{"block": 1}'}, "record of Mosaic"),
        ({"op": "Mosaic", "drawn": "{"}, "record of Mosaic"),
        ({"op": "Mosaic", "drawn": "[]"}, "record of Mosaic"),
        ({"op": "Mosaic"}, "record of Mosaic"),
    ],
)
def test_a_damaged_record_is_answered_with_one_sentence(record: dict, words: str) -> None:
    with pytest.raises(InputError, match=words):
        from_record(record)


def test_an_operator_outside_the_table_cannot_be_traced(photo: Image) -> None:
    with pytest.raises(ValueError, match="not in OPERATORS"):
        trace((lambda image: image,), photo)
