"""Fuzzed inputs: whatever bytes, sizes, recipes and votes come in, the contract holds or one InputError says why."""

import io
import subprocess
import sys
import warnings
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image as Pillow

from degrade.cli.main import degrade
from degrade.core.errors import InputError
from degrade.core.image import check_image, decode, from_uint8, read, to_uint8, write
from degrade.core.random import rng_for
from degrade.importing.votes import read_key, read_votes
from degrade.operators.chain import apply
from degrade.portraits.paint import paint
from degrade.recipes.library import RECIPES
from degrade.recipes.parse_recipe import read_recipe
from degrade.splits.make_split import SplitPlan, write_split
from degrade.splits.sources import folder_sources
from degrade.splits.split import load_split

MODES = {
    "PNG": ("1", "L", "P", "LA", "RGB", "RGBA", "I;16", "RGB;16"),
    "JPEG": ("L", "RGB", "CMYK"),
    "WEBP": ("RGB", "RGBA"),
    "TIFF": ("1", "L", "P", "LA", "RGB", "RGBA", "I;16", "CMYK", "RGB;16"),
    "BMP": ("1", "L", "P", "RGB"),
}
KINDS = [(kind, mode) for kind, modes in MODES.items() for mode in modes]
SIDES = st.integers(1, 300)


def fuzzed(count: int) -> settings:
    checks = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=count, deadline=None, derandomize=True, database=None, suppress_health_check=checks)


def encoded(kind: str, mode: str, height: int, width: int, seed: int = 0) -> bytes:
    rng = np.random.default_rng(seed)
    if mode == "RGB;16":
        deep = rng.integers(0, 65536, (height, width, 3), dtype=np.uint16)
        return cv2.imencode(f".{kind.lower()}", deep)[1].tobytes()
    if mode == "I;16":
        photo = Pillow.fromarray(rng.integers(0, 65536, (height, width), dtype=np.uint16))
    else:
        photo = Pillow.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8)).convert(mode)
    file = io.BytesIO()
    photo.save(file, format=kind, **({"compression": "tiff_lzw"} if (kind, mode) == ("TIFF", "RGB") else {}))
    return file.getvalue()


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A valid file of any kind and mode, cut off at any place or with some bits flipped, most often near its head."""
    data = bytearray(encoded(*draw(st.sampled_from(KINDS)), draw(SIDES), draw(SIDES), draw(st.integers(0, 9))))
    if draw(st.booleans()):
        return bytes(data[: draw(st.integers(0, len(data)))])
    last = len(data) - 1 if draw(st.booleans()) else min(len(data) - 1, 200)
    for place in draw(st.lists(st.integers(0, last), min_size=1, max_size=8)):
        data[place] ^= 1 << draw(st.integers(0, 7))
    return bytes(data)


def image_or_sentence(data: bytes, background: str | None = None) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            image = decode(data, "photo", background)
        except InputError as error:
            assert str(error).startswith("photo: ")
        else:
            check_image(image)
    assert not [str(warning.message) for warning in caught]


@fuzzed(60)
@given(st.binary(max_size=300), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"BM", b"RIFF"]))
def test_any_bytes_are_an_image_or_one_input_error(data: bytes, magic: bytes) -> None:
    image_or_sentence(magic + data)


@fuzzed(150)
@given(damaged(), st.sampled_from([None, "white", "black"]))
@example(encoded("PNG", "RGB;16", 1, 1)[:41], None)
@example(encoded("PNG", "RGB;16", 40, 40)[:-200], None)
@example(encoded("TIFF", "RGB;16", 40, 40)[:-200], None)
@example(encoded("TIFF", "RGB", 40, 40).replace(b"\0", b"\x7f", 60), None)
@example(encoded("TIFF", "RGB", 40, 40)[:-9], None)
def test_a_damaged_file_is_an_image_or_one_input_error_and_prints_nothing(
    capfd: pytest.CaptureFixture, data: bytes, background: str | None
) -> None:
    capfd.readouterr()
    image_or_sentence(data, background)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("kind", "mode"), KINDS)
@fuzzed(3)
@given(height=SIDES, width=SIDES)
@example(height=1, width=1)
def test_a_whole_file_of_every_mode_is_read_at_its_size(kind: str, mode: str, height: int, width: int) -> None:
    data = encoded(kind, mode, height, width)
    if mode == "CMYK":
        with pytest.raises(InputError, match="CMYK"):
            decode(data, "photo", "white")
    else:
        assert decode(data, "photo", "white").shape == (height, width, 3)


@fuzzed(30)
@given(pixels=arrays.arrays(np.uint8, st.tuples(st.integers(1, 40), st.integers(1, 40), st.just(3))))
def test_what_is_written_is_read_back_exactly(tmp_path: Path, pixels: np.ndarray) -> None:
    write(tmp_path / "photo.png", from_uint8(pixels))
    np.testing.assert_array_equal(read(tmp_path / "photo.png"), from_uint8(pixels))
    np.testing.assert_array_equal(to_uint8(read(tmp_path / "photo.png")), pixels)


@pytest.mark.parametrize("name", sorted(RECIPES))
@fuzzed(3)
@given(size=st.integers(16, 200), seed=st.integers(0, 10**6))
@example(size=17, seed=0)
def test_a_recipe_at_any_size_keeps_the_contract_or_refuses_the_size(name: str, size: int, seed: int) -> None:
    reference = from_uint8(np.random.default_rng(seed).integers(0, 256, (size, size, 3), dtype=np.uint8))
    try:
        chain = RECIPES[name](rng_for(seed, RECIPES[name].key), size, "photo")
    except InputError as error:
        assert str(error)
    else:
        check_image(apply(chain, reference))


def left_over(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.name.startswith((".degrade-unfinished-", ".parts"))]


@fuzzed(8)
@given(bad=st.lists(damaged() | st.binary(max_size=60), min_size=1, max_size=3), seed=st.integers(0, 10**6))
def test_a_folder_with_damaged_files_gives_a_pair_or_an_error_for_each(
    tmp_path_factory: pytest.TempPathFactory, bad: list[bytes], seed: int
) -> None:
    folder = tmp_path_factory.mktemp("faces")
    write(folder / "in" / "good.png", paint(0, 64))
    for place, data in enumerate(bad):
        (folder / "in" / f"bad{place}.png").write_bytes(data)
    plan = SplitPlan(RECIPES["jpeg"], "test", 32, seed, "center")
    summary = write_split(folder / "out", folder_sources(folder / "in"), plan, progress=False)
    assert summary.made + len(summary.errors) == 1 + len(bad)
    split = load_split(folder / "out")
    assert "good" in split.names and len(split.names) == summary.made
    assert sorted([*split.names, *(name for name, _ in summary.errors)]) == sorted(
        ["good", *(f"bad{place}" for place in range(len(bad)))]
    )
    assert not left_over(folder)


@fuzzed(60)
@given(
    st.binary(max_size=200)
    | st.sampled_from([b"name = 'mine'\nsteps = ", b"base = "]).flatmap(
        lambda head: st.one_of(
            st.integers(1, 3000).map(lambda depth: head + b"[" * depth + b"]" * depth),
            st.sampled_from([b"nan", b"inf", b"-inf", b"9" * 400, b"9" * 5000, b"1e999", b"1979-05-27"]).map(
                head.__add__
            ),
            st.binary(max_size=60).map(head.__add__),
        )
    )
)
def test_any_bytes_are_a_recipe_or_one_input_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "mine.toml").write_bytes(data)
    with pytest.raises(InputError, match="mine.toml: "):
        read_recipe(tmp_path / "mine.toml")


@fuzzed(40)
@given(st.binary(max_size=200))
@example(b"name,label,candidate\n" + b"x" * 200_000)
def test_any_bytes_are_a_key_or_votes_or_one_input_error(tmp_path: Path, data: bytes) -> None:
    for head, door in (
        (b"name,label,candidate\n", read_key),
        (b"name,reviewer,choice\n", lambda path: read_votes([path], ("face0",), ("remini",))),
    ):
        (tmp_path / "file.csv").write_bytes(head + data)
        try:
            door(tmp_path / "file.csv")
        except InputError as error:
            assert str(error)


@fuzzed(3)
@given(bad=st.binary(max_size=60))
def test_the_command_names_a_bad_file_and_exits_with_one(tmp_path_factory: pytest.TempPathFactory, bad: bytes) -> None:
    folder = tmp_path_factory.mktemp("faces")
    write(folder / "in" / "good.png", paint(0, 64))
    (folder / "in" / "bad.png").write_bytes(bad)
    words = ["run", str(folder / "in"), str(folder / "out"), "--task", "jpeg", "--size", "32", "--workers", "1"]
    result = CliRunner().invoke(degrade, words)
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
    assert "2 faces in, 1 pair in" in result.output and "1 failed" in result.output
    assert "Traceback" not in result.output and not left_over(folder)


_MEASURED = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.slow
def test_a_jpeg_of_8192_px_is_degraded_in_less_than_4_gb(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    face = Pillow.fromarray(to_uint8(paint(0, 256))).resize((8192, 8192))
    face.save(tmp_path / "in" / "large.jpg", quality=90)
    command = [sys.executable, "-c", "from degrade.cli.main import degrade; degrade()", "run", str(tmp_path / "in")]
    command += [str(tmp_path / "out"), "--task", "jpeg", "--size", "512", "--workers", "1"]
    # A process of its own between, because RUSAGE_CHILDREN would hold the largest child of any earlier test.
    done = subprocess.run([sys.executable, "-c", _MEASURED, *command], capture_output=True, text=True, check=True)
    code, kilobytes = map(int, done.stdout.split()[-2:])
    assert code == 0, done.stderr
    assert kilobytes * 1024 < 4e9, f"{kilobytes / 1e6:.2f} GB"
    assert load_split(tmp_path / "out").names == ("large",)


def test_errors_that_pillow_logs_are_not_printed_in_a_program_without_logging() -> None:
    code = "import logging, degrade.core.image; logging.getLogger('PIL.TiffImagePlugin').error('told')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
