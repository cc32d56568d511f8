"""Which faces are chosen: lists, FFHQ's numbers, hashed names, embedded portraits."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pillow

from degrade.core.choices import ROLES
from degrade.core.errors import InputError
from degrade.core.image import to_uint8
from degrade.splits.roles import collected_roles, portrait_sources, role_sources
from degrade.splits.sources import Source, folder_sources, read_list


def _touch(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


def _names(sources: list[Source]) -> list[str]:
    return [source.name for source in sources]


def _png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Pillow.fromarray(pixels).save(file, format="PNG")
    return file.getvalue()


def test_a_folder_gives_its_images_in_name_order(tmp_path: Path) -> None:
    _touch(tmp_path, "z/a.png", "b.jpg", "c.tar.png", "notes.txt")
    assert _names(folder_sources(tmp_path)) == ["a", "b", "c.tar"]


def test_two_images_with_one_stem_are_one_sentence_naming_both(tmp_path: Path) -> None:
    _touch(tmp_path, "a.png", "sub/a.jpg")
    with pytest.raises(InputError, match="got a.png and sub/a.jpg"):
        folder_sources(tmp_path)


def test_a_list_may_name_files_stems_or_paths_and_settles_equal_stems(tmp_path: Path) -> None:
    _touch(tmp_path, "a.png", "sub/a.jpg", "b.c.png", "d.png", "sub/e.png")
    chosen = folder_sources(tmp_path, ["sub/e", "a.jpg", "b.c", "d.png"])
    assert [source.path.relative_to(tmp_path).as_posix() for source in chosen] == [
        "sub/a.jpg",
        "b.c.png",
        "d.png",
        "sub/e.png",
    ]


def test_a_list_that_chooses_two_images_of_one_stem_is_refused(tmp_path: Path) -> None:
    _touch(tmp_path, "a.png", "sub/a.jpg")
    for names in (["a"], ["a.png", "sub/a"]):
        with pytest.raises(InputError, match="expected one image for each name"):
            folder_sources(tmp_path, names)


def test_an_image_that_a_list_has_twice_is_one(tmp_path: Path) -> None:
    _touch(tmp_path, "b.png", "sub/c.png")
    assert _names(folder_sources(tmp_path, ["b.png", "b", "c", "sub/c.png", "c"])) == ["b", "c"]


def test_a_listed_name_that_is_missing_is_named(tmp_path: Path) -> None:
    _touch(tmp_path, "a.png")
    with pytest.raises(InputError, match="holds no image b.png, c; correct"):
        folder_sources(tmp_path, ["a", "b.png", "c"])


def test_lists_are_read_with_any_line_ends_and_refused_when_empty_or_not_text(tmp_path: Path) -> None:
    (tmp_path / "list").write_bytes(b"\xef\xbb\xbfa.png\r\n\n b \n")
    assert read_list(tmp_path / "list") == ["a.png", "b"]
    for name, data in {"empty": b"\n", "binary": b"\xff\xfe\x00"}.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError, match=name):
            read_list(tmp_path / name)
    with pytest.raises(InputError, match="missing: cannot be read"):
        read_list(tmp_path / "missing")


@pytest.mark.parametrize("thousands", [True, False])
def test_ffhq_numbers_decide_the_role(tmp_path: Path, thousands: bool) -> None:
    expected = {"train": [0, 9999], "val": [60000, 60999], "test": [65000, 69999]}
    others = [10000, 59999, 61000, 64999]
    for number in sum(expected.values(), others):
        parent = f"{number // 1000 * 1000:05d}/" if thousands else ""
        _touch(tmp_path, f"{parent}{number:05d}.png")
    for role, numbers in expected.items():
        assert [int(name) for name in _names(role_sources(tmp_path, role))] == numbers
    assert len(role_sources(tmp_path, "all")) == 10


def test_ids_are_a_half_open_range_within_the_role(tmp_path: Path) -> None:
    _touch(tmp_path, *(f"{number:05d}.png" for number in (5, 6, 7, 65000)))
    assert _names(role_sources(tmp_path, "train", ids=range(5, 7))) == ["00005", "00006"]
    assert role_sources(tmp_path, "test", ids=range(5, 7)) == []


def test_ids_need_ffhq_names(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--ids selects FFHQ"):
        role_sources(_touch(tmp_path, "anna.png"), "all", ids=range(1))


def test_other_folders_are_split_by_name_80_10_10_whatever_else_is_there(tmp_path: Path) -> None:
    _touch(tmp_path, *(f"face{number}.png" for number in range(1000)))
    before = {role: set(_names(role_sources(tmp_path, role))) for role in ROLES}
    assert set.union(*before.values()) == set(_names(folder_sources(tmp_path)))
    assert sum(map(len, before.values())) == 1000
    # printf face0 | sha256sum: fe2d817808dacdff...; 0xfe2d817808dacdff mod 10 = 9; face1 gives 4, face4 gives 8
    assert ("face0" in before["test"], "face1" in before["train"], "face4" in before["val"]) == (True, True, True)
    for role, share in (("train", 800), ("val", 100), ("test", 100)):
        assert abs(len(before[role]) - share) < 4 * (share * (1 - share / 1000)) ** 0.5  # four binomial deviations
    _touch(tmp_path, "another.png")
    for role in ROLES:
        assert set(_names(role_sources(tmp_path, role))) - {"another"} == before[role]


def test_lists_in_the_folder_decide_before_numbers_do(tmp_path: Path) -> None:
    _touch(tmp_path, "00000.png", "00001.png", "00002.png")
    (tmp_path / "train.txt").write_text("00001.png\n")
    (tmp_path / "test.txt").write_text("00000\n")
    assert _names(role_sources(tmp_path, "train")) == ["00001"]
    assert _names(role_sources(tmp_path, "test")) == ["00000"]
    assert role_sources(tmp_path, "val") == []


def test_a_face_in_two_lists_is_refused(tmp_path: Path) -> None:
    _touch(tmp_path, "a.png")
    for role in ("train", "test"):
        (tmp_path / f"{role}.txt").write_text("a.png\n")
    with pytest.raises(InputError, match="a.png is in train.txt and in test.txt"):
        role_sources(tmp_path, "test")


@pytest.mark.parametrize(
    "listed", ["zo\u00eb", "zoe\u0308.png", "./sub/zo\u00eb", "sub/zo\u00eb.png", "sub\\zo\u00eb.png"]
)
def test_a_face_in_two_lists_is_refused_by_whichever_of_its_names(tmp_path: Path, listed: str) -> None:
    _touch(tmp_path, "sub/zo\u00eb.png", "b.png")
    (tmp_path / "train.txt").write_text("b\nzo\u00eb.png\nnot there\n")
    (tmp_path / "val.txt").write_text(f"{listed}\nnot there\n")
    for ask in (lambda: role_sources(tmp_path, "train"), lambda: collected_roles(tmp_path)):
        with pytest.raises(InputError, match="sub/zo\u00eb.png is in train.txt and in val.txt; keep it in one"):
            ask()


def test_a_list_file_and_a_limit_choose_the_first_of_the_listed(tmp_path: Path) -> None:
    _touch(tmp_path / "faces", "a.png", "b.png", "c.png")
    (tmp_path / "list").write_text("c\nb\n")
    assert _names(role_sources(tmp_path / "faces", "test", list_file=tmp_path / "list")) == ["b", "c"]
    assert _names(role_sources(tmp_path / "faces", "test", list_file=tmp_path / "list", limit=1)) == ["b"]


def test_an_unknown_role_suggests_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="did you mean 'train'"):
        role_sources(tmp_path, "trian")
    with pytest.raises(InputError, match="did you mean 'test'"):
        portrait_sources("tests")


def test_embedded_portraits_are_48_8_16_and_never_shared_however_many_are_asked_for() -> None:
    assert [len(portrait_sources(role)) for role in ROLES] == [48, 8, 16]
    many = {role: portrait_sources(role, 100) for role in ROLES}
    assert len({source.name for sources in many.values() for source in sources}) == 300
    assert many["val"][:8] == portrait_sources("val")
    assert portrait_sources("test", 2) == portrait_sources("test")[:2]


def test_a_portrait_source_is_a_png_of_the_asked_size() -> None:
    source = portrait_sources("train", 1)[0]
    data = source.encoded(48)
    assert data.startswith(b"\x89PNG")
    assert source.reference(data, 48).shape == (48, 48, 3)
    assert source.origin == "portrait:0"


def test_a_larger_reference_is_pillows_lanczos_on_8_bits() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (50, 50, 3), dtype=np.uint8)
    expected = np.asarray(Pillow.fromarray(pixels).resize((20, 20), Pillow.Resampling.LANCZOS))
    np.testing.assert_array_equal(to_uint8(Source("a").reference(_png(pixels), 20)), expected)


def test_a_reference_of_the_asked_size_is_untouched() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    np.testing.assert_array_equal(to_uint8(Source("a").reference(_png(pixels), 20)), pixels)


def test_center_crop_takes_the_middle_of_what_is_not_square() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (20, 31, 3), dtype=np.uint8)
    with pytest.raises(InputError, match="a: expected a square image, got 31 x 20 px; --crop center"):
        Source("a").reference(_png(pixels), 20)
    np.testing.assert_array_equal(to_uint8(Source("a").reference(_png(pixels), 20, "center")), pixels[:, 5:25])


def test_a_smaller_image_is_refused_before_it_could_be_enlarged() -> None:
    with pytest.raises(InputError, match="a: expected at least 21 px to a side, got 20"):
        Source("a").reference(_png(np.zeros((20, 20, 3), np.uint8)), 21)
