"""Laws that hold for every operator of the table."""

import re
from dataclasses import fields, replace

import numpy as np
import pytest

from degrade.core.image import Image, check_image, from_uint8, to_uint8
from degrade.operators.blur.gaussian import GaussianBlur, SharpenHalo
from degrade.operators.blur.kernels import AnisotropicBlur, DefocusBlur, GeneralisedBlur, PlateauBlur, SincBlur
from degrade.operators.blur.motion import MotionBlur, ShakeBlur
from degrade.operators.chain import OPERATORS, Operator, from_record, trace
from degrade.operators.digital.compression import DoubleJpeg, Jpeg, Quantize, Webp
from degrade.operators.digital.mosaic import Mosaic
from degrade.operators.digital.resize import Resize
from degrade.operators.film import FilmGrain, Scratches
from degrade.operators.lengths import lengths_of
from degrade.operators.noise.additive import CorrelatedNoise, GaussianNoise, GreyNoise, LaplaceNoise, PoissonNoise
from degrade.operators.noise.signal_dependent import SaltPepperNoise, SensorNoise, ShotNoise, SpeckleNoise
from degrade.operators.photometric import ColourCast, ColourJitter, Fade, LowLight, Vignette
from degrade.operators.weather import Haze, Rain
from degrade.operators.words import words_of
from degrade.recipes.parse_steps import Reader
from degrade.recipes.steps import DrawContext

EXAMPLES = [
    AnisotropicBlur(2.0, 0.7, 30.0),
    ColourCast(20.0, -15.0, 4.5),
    ColourJitter(1.2, 0.7, 1.4, -0.1),
    CorrelatedNoise(30.0, 40.0, 20.0, 0.5, -0.2, 0.3, seed=3),
    DefocusBlur(2.5),
    DoubleJpeg(60, 40, down=3, right=5),
    Fade(20.0, 230.0, 0.5, 0.1),
    GaussianBlur(1.7),
    GaussianBlur(2.0, size=5),
    GaussianNoise(80.0, seed=3),
    GeneralisedBlur(1.5, 0.8, 70.0, beta=0.6, size=9),
    GreyNoise(80.0, seed=3),
    FilmGrain(30.0, 0.9, seed=3),
    Haze(0.8, 0.4, airlight=220.0),
    Jpeg(40),
    Jpeg(40, "grey"),
    LaplaceNoise(80.0, seed=3),
    LowLight(1.5),
    Mosaic(4),
    Mosaic(4, 0.2, 0.1, 0.5, 0.9),
    MotionBlur(7, 0.3, 40.0),
    PlateauBlur(1.5, 0.8, 70.0, beta=1.6, size=9),
    PoissonNoise(60.5, seed=3),
    Quantize(),
    Rain(0.5, 7, 1.5, 20.0, 90.0, seed=3),
    Resize("cv2", "cubic", factor=2.3),
    Resize("pil", "lanczos", height=50, width=31),
    Resize("cv2", "nearest", factor=1.4),
    Resize("matlab", "bicubic", factor=2.3, linear_light=True),
    SaltPepperNoise(0.2, 0.3, seed=3),
    Scratches(3, 6, 1.4, 0.8, seed=3),
    SensorNoise(30.0, 5.0, seed=3),
    ShakeBlur(6.0, 30.0, seed=3),
    SharpenHalo(1.5, 1.2),
    ShotNoise(3.0, seed=3),
    ShotNoise(0.5, seed=3, grey=True),
    SincBlur(1.2, 7),
    SpeckleNoise(60.0, seed=3),
    Vignette(0.6, 0.4, 0.5),
    Webp(40),
]
CHANNELS = {"red": 9.0, "green": 9.0, "blue": 9.0, "seed": 0}
ELLIPSE = {"sigma_x": 1.0, "sigma_y": 2.0, "angle": 0.0}
BAD = [
    (AnisotropicBlur, {"sigma_x": 0.0, "sigma_y": 1.0, "angle": 0.0}),
    (AnisotropicBlur, {"sigma_x": 1.0, "sigma_y": 1.0, "angle": 0.0, "size": 4}),
    (ColourCast, {"red": 256.0, "green": 0.0, "blue": 0.0}),
    (ColourJitter, {"contrast": -1.0}),
    (ColourJitter, {"hue": 0.6}),
    (CorrelatedNoise, {**CHANNELS, "red_green": 1.5, "red_blue": 0.0, "green_blue": 0.0}),
    (CorrelatedNoise, {**CHANNELS, "red_green": 0.9, "red_blue": 0.9, "green_blue": -0.9}),
    (DefocusBlur, {"radius": float("inf")}),
    (DoubleJpeg, {"first": 50, "second": 50, "down": 16}),
    (DoubleJpeg, {"first": 50, "second": 50, "chroma": "411"}),
    (FilmGrain, {"sigma": 1.0, "size": -1.0, "seed": 0}),
    (Fade, {"black": 200.0, "white": 100.0, "saturation": 1.0, "warmth": 0.0}),
    (Fade, {"black": 0.0, "white": 255.0, "saturation": 1.1, "warmth": 0.0}),
    (Fade, {"black": 0.0, "white": 255.0, "saturation": 1.0, "warmth": 0.6}),
    (GaussianBlur, {"sigma": 0.0}),
    (GaussianBlur, {"sigma": float("nan")}),
    (GaussianBlur, {"sigma": 1.0, "size": 4}),
    (GaussianNoise, {"sigma": -1.0, "seed": 0}),
    (GaussianNoise, {"sigma": 1.0, "seed": 2**63}),
    (GeneralisedBlur, {**ELLIPSE, "beta": 0.0, "size": 7}),
    (GeneralisedBlur, {**ELLIPSE, "beta": 1.0, "size": 0}),
    (GreyNoise, {"sigma": -1.0, "seed": 0}),
    (Haze, {"near": 0.0, "far": 0.5, "airlight": 200.0}),
    (Jpeg, {"quality": 0}),
    (Jpeg, {"quality": 50.0}),
    (Jpeg, {"quality": 50, "chroma": "411"}),
    (LaplaceNoise, {"scale": 256.0, "seed": 0}),
    (LowLight, {"stops": -1.0}),
    (Mosaic, {"block": 1}),
    (Mosaic, {"block": 4, "top": -0.1}),
    (Mosaic, {"block": 4, "width": 0.0}),
    (Mosaic, {"block": 2.5}),
    (MotionBlur, {"k": 8, "direction": 0.5, "angle": 0.0}),
    (MotionBlur, {"k": 1, "direction": 0.5, "angle": 0.0}),
    (MotionBlur, {"k": 9, "direction": 1.5, "angle": 0.0}),
    (MotionBlur, {"k": 9, "direction": 0.5, "angle": float("inf")}),
    (PlateauBlur, {**ELLIPSE, "beta": float("nan"), "size": 7}),
    (PoissonNoise, {"lam": float("nan"), "seed": 0}),
    (Rain, {"coverage": 0.1, "length": 8, "width": 1.0, "angle": 0.0, "strength": 50.0, "seed": 0}),
    (Resize, {"library": "skimage", "filter": "cubic", "factor": 2.0}),
    (Resize, {"library": "pil", "filter": "cubic", "factor": 2.0}),
    (Resize, {"library": "pil", "filter": "box"}),
    (Resize, {"library": "pil", "filter": "box", "factor": 2.0, "height": 3, "width": 3}),
    (Resize, {"library": "pil", "filter": "box", "height": 3}),
    (Resize, {"library": "pil", "filter": "box", "factor": 2.0, "linear_light": "no"}),
    (SaltPepperNoise, {"share": 1.1, "salt": 0.5, "seed": 0}),
    (Scratches, {"scratches": 2.5, "dust": 0, "width": 1.0, "opacity": 0.5, "seed": 0}),
    (SensorNoise, {"shot": 1.0, "read": -1.0, "seed": 0}),
    (SharpenHalo, {"amount": -1.0, "sigma": 1.0}),
    (SharpenHalo, {"amount": 1.0, "sigma": 0.0}),
    (ShakeBlur, {"length": 0.0, "turn": 10.0, "seed": 0}),
    (ShotNoise, {"gain": 0.0, "seed": 0}),
    (ShotNoise, {"gain": 1.0, "seed": 0, "grey": "yes"}),
    (SincBlur, {"cutoff": 3.5, "size": 7}),
    (SpeckleNoise, {"sigma": 1.0, "seed": -1}),
    (Vignette, {"loss": 1.0}),
    (Webp, {"quality": 101}),
]


# Fields whose description speaks of pixels and that a recipe does not scale.
NO_LENGTHS = {
    "ColourJitter": ("saturation",),
    "DoubleJpeg": ("down", "right"),
    "Mosaic": ("height", "width"),
    "Resize": ("library", "filter", "height", "width", "rounding"),
}


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


def test_every_field_is_explained_in_the_docstring() -> None:
    missing = [
        (name, field.name)
        for name, kind in OPERATORS.items()
        for field in fields(kind)
        if f"{field.name}:" not in kind.__doc__ and f"{field.name}," not in kind.__doc__
    ]
    assert missing == []


def test_every_field_in_pixels_is_marked_as_a_length() -> None:
    in_pixels = {
        (name, field.name)
        for name, kind in OPERATORS.items()
        for field in fields(kind)
        for part in re.split(r"\n    (?=\S)", kind.__doc__)
        if "pixel" in part and field.name in part.partition(":")[0].split(", ")
    }
    marked = {(name, field) for name, kind in OPERATORS.items() for field in lengths_of(kind)}
    assert in_pixels - marked == {(name, field) for name, found in NO_LENGTHS.items() for field in found}
    assert marked <= in_pixels


def test_what_gives_8_bit_values_says_so(operator: Operator, photo: Image) -> None:
    said = getattr(operator, "eight_bit", False)
    assert not said or np.array_equal(operator(photo), from_uint8(to_uint8(operator(photo))))
    assert said == (type(operator) in (DoubleJpeg, Jpeg, Quantize, Webp))


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


def test_a_step_of_a_recipe_draws_the_operator_and_scales_its_lengths_alone(operator: Operator) -> None:
    name = type(operator).__name__
    values = {field.name: getattr(operator, field.name) for field in fields(operator) if field.name != "seed"}
    step = Reader(0, 0).step("step", {"operator": name, **values})
    seed = {"seed": operator.seed} if hasattr(operator, "seed") else {}
    whole, half = (step.draw(DrawContext(np.random.default_rng(0), size, size / 512, ()))[0] for size in (512, 256))
    assert replace(whole, **seed) == operator
    changed = {field for field, value in values.items() if value != getattr(half, field)}
    assert changed <= set(lengths_of(type(operator)))


def test_every_operator_with_parameters_has_a_bad_example() -> None:
    assert {kind.__name__ for kind, _ in BAD} == {name for name, kind in OPERATORS.items() if fields(kind)}


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_every_field_but_the_seed_has_words_and_every_length_its_unit(name):
    words = words_of(OPERATORS[name])
    assert {field.name for field in fields(OPERATORS[name])} - {"seed"} <= set(words)
    assert len({str(one) for one in words.values()}) == len(words)
    made = [one for one in EXAMPLES if type(one) is OPERATORS[name] and hasattr(one, "realised")]
    assert {key for one in made for key in one.realised(40, 30)} <= set(words)
    assert all(words[field].unit == length.unit for field, length in lengths_of(OPERATORS[name]).items())
