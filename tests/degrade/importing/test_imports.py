"""Sets that others made become splits: what is kept, what is refused, and sets without references."""

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image as Pillow

from degrade.cli.main import degrade
from degrade.core.errors import InputError
from degrade.core.image import to_uint8
from degrade.importing.import_pairs import ImagePair, ImportPlan, import_pairs
from degrade.importing.known_sets import KNOWN_SETS, folder_pairs, known_pairs, listed_pairs, stacked_pairs
from degrade.splits.replay import replay, verify
from degrade.splits.split import load_split

PAIRS = ImportPlan("pairs", "synthetic")


def _pixels(seed: int, height: int, width: int | None = None) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width or height, 3), dtype=np.uint8)


def _save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(pixels).save(path)


def _folders(root: Path, small: int = 16) -> tuple[Path, Path]:
    for number in range(3):
        _save(root / "hq" / f"face{number}.png", _pixels(number, 64))
        _save(root / "lq" / f"face{number}.bmp", _pixels(number + 10, small))
    return root / "hq", root / "lq"


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_pair_becomes_a_split_with_its_pixels_and_its_scale(tmp_path: Path) -> None:
    import_pairs(tmp_path / "out", folder_pairs(*_folders(tmp_path)), PAIRS)
    split = load_split(tmp_path / "out")
    given = [split.info[key] for key in ("recipe", "domain", "role", "size", "scale", "count", "seed", "has_reference")]
    assert given == ["pairs", "synthetic", "test", 64, 4, 3, None, True] and split.has_reference
    np.testing.assert_array_equal(to_uint8(split.reference("face1")), _pixels(1, 64))
    np.testing.assert_array_equal(to_uint8(split.degraded("face1")), _pixels(11, 16))
    assert verify(tmp_path / "out") == ()


def test_a_record_notes_what_was_not_read_of_a_file(tmp_path: Path) -> None:
    hq, lq = _folders(tmp_path)
    pages = [Pillow.fromarray(_pixels(seed, 16)) for seed in (11, 12)]
    (lq / "face1.bmp").unlink()
    pages[0].save(lq / "face1.tif", save_all=True, append_images=pages[1:])
    import_pairs(tmp_path / "out", folder_pairs(hq, lq), PAIRS)
    noted = {record["name"]: record.get("note") for record in load_split(tmp_path / "out").records}
    assert noted == {"face0": None, "face1": "holds 2 pictures, the first is read", "face2": None}


def test_the_same_import_again_writes_the_same_bytes_also_over_an_unfinished_one(tmp_path: Path) -> None:
    pairs = folder_pairs(*_folders(tmp_path))
    import_pairs(tmp_path / "out", pairs, PAIRS)
    whole = _contents(tmp_path / "out")
    (tmp_path / "out" / ".parts").mkdir()
    (tmp_path / "out" / "lq" / ".degrade-unfinished-abcdef12").write_bytes(b"?")
    (tmp_path / "out" / "hq" / "face2.png").unlink()
    with pytest.raises(InputError, match="expected a finished split"):
        load_split(tmp_path / "out")
    import_pairs(tmp_path / "out", pairs[::-1], PAIRS)
    assert _contents(tmp_path / "out") == whole


def test_what_was_collected_cannot_be_replayed_and_says_so(tmp_path: Path) -> None:
    import_pairs(tmp_path / "out", folder_pairs(*_folders(tmp_path)), PAIRS)
    (tmp_path / "out" / "lq" / "face0.png").unlink()
    ((file, sentence),) = replay(tmp_path / "out").errors
    assert file == "lq/face0.png" and "import the set again" in sentence


def test_the_card_of_what_was_collected_does_not_offer_to_replay_it(tmp_path: Path) -> None:
    import_pairs(tmp_path / "out", folder_pairs(*_folders(tmp_path)), PAIRS)
    card = (tmp_path / "out" / "README.md").read_text()
    assert "Imported by `degrade import`" in card and "`degrade verify FOLDER`" in card and "replay" not in card


def test_an_image_that_lacks_its_partner_is_named(tmp_path: Path) -> None:
    hq, lq = _folders(tmp_path)
    (hq / "face1.png").unlink()
    with pytest.raises(InputError, match="hq: expected one image for each of 3 names in .*lq; 1 missing: face1"):
        folder_pairs(hq, lq)
    _save(hq / "face1.png", _pixels(1, 64))
    (lq / "face2.bmp").unlink()
    with pytest.raises(InputError, match="hq: expected one image for each of 2 names in .*lq; 1 extra: face2"):
        folder_pairs(hq, lq)


def test_bad_images_are_listed_and_the_others_are_kept(tmp_path: Path) -> None:
    hq, lq = _folders(tmp_path)
    _save(hq / "face1.png", _pixels(1, 48))
    (lq / "face2.bmp").write_bytes(b"no image")
    summary = import_pairs(tmp_path / "out", folder_pairs(hq, lq), PAIRS)
    assert summary.made == 1 and [name for name, _ in summary.errors] == ["face1", "face2"]
    assert "expected 64 px to a side like the first image, got 48" in summary.errors[0][1]
    assert load_split(tmp_path / "out").names == ("face0",)


def test_a_size_brings_both_to_one_side_and_keeps_the_scale(tmp_path: Path) -> None:
    plan = ImportPlan("pairs", "synthetic", size=32)
    import_pairs(tmp_path / "out", folder_pairs(*_folders(tmp_path)), plan)
    split = load_split(tmp_path / "out")
    assert split.info["scale"] == 4
    lanczos = Pillow.fromarray(_pixels(0, 64)).resize((32, 32), Pillow.Resampling.LANCZOS)
    bicubic = Pillow.fromarray(_pixels(10, 16)).resize((8, 8), Pillow.Resampling.BICUBIC)
    np.testing.assert_array_equal(to_uint8(split.reference("face0")), np.asarray(lanczos))
    np.testing.assert_array_equal(to_uint8(split.degraded("face0")), np.asarray(bicubic))


def test_sides_without_a_whole_scale_and_other_proportions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="whole number of times as large, got 64 and 24 px"):
        import_pairs(tmp_path / "out", folder_pairs(*_folders(tmp_path, small=24)), PAIRS)
    (tmp_path / "hq" / "face0.png").write_bytes(b"torn")
    with pytest.raises(InputError, match="lq/face1.bmp: expected a reference a whole number"):  # that which was read
        import_pairs(tmp_path / "out", folder_pairs(tmp_path / "hq", tmp_path / "lq"), PAIRS)
    with pytest.raises(InputError, match="hq/../hq: expected a folder of references and .*, got one folder twice"):
        folder_pairs(tmp_path / "hq", tmp_path / "hq" / ".." / "hq")
    _save(tmp_path / "wide" / "face.png", _pixels(0, 32, 48))
    wide = [ImagePair("face", tmp_path / "wide" / "face.png")]
    summary = import_pairs(tmp_path / "none", wide, PAIRS)
    assert "--crop center cuts it" in summary.errors[0][1] and not (tmp_path / "none" / "split.json").exists()
    import_pairs(tmp_path / "cut", wide, ImportPlan("pairs", crop="center"))
    cut = load_split(tmp_path / "cut")
    np.testing.assert_array_equal(to_uint8(cut.degraded("face")), _pixels(0, 32, 48)[:, 8:40])


def test_a_folder_of_the_images_themselves_is_not_written_to(tmp_path: Path) -> None:
    hq, lq = _folders(tmp_path)
    for out in (tmp_path, lq, lq / "out"):
        with pytest.raises(InputError, match="write to a folder beside it"):
            import_pairs(out, folder_pairs(hq, lq), PAIRS)


def test_stacked_images_are_degraded_above_reference(tmp_path: Path) -> None:
    _save(tmp_path / "both" / "face.png", np.concatenate([_pixels(1, 32), _pixels(2, 32)]))
    _save(tmp_path / "both" / "square.png", _pixels(3, 32))
    plan = ImportPlan("stacked", "synthetic")
    summary = import_pairs(tmp_path / "out", stacked_pairs(tmp_path / "both"), plan)
    assert "expected two squares, degraded above reference, got 32 x 32 px" in summary.errors[0][1]
    split = load_split(tmp_path / "out")
    assert split.names == ("face",) and split.info["scale"] == 1
    np.testing.assert_array_equal(to_uint8(split.degraded("face")), _pixels(1, 32))
    np.testing.assert_array_equal(to_uint8(split.reference("face")), _pixels(2, 32))


def test_both_forms_of_a_meta_info_list_are_read(tmp_path: Path) -> None:
    hq, lq = _folders(tmp_path)
    _save(lq / "face 3 (1).png", _pixels(0, 16))
    _save(hq / "face 3 (1).png", _pixels(0, 64))
    listed = tmp_path / "list.txt"
    listed.write_text("face 3 (1).png (64, 64, 3) 1\n")
    assert listed_pairs(listed, hq, lq) == [ImagePair("face 3 (1)", lq / "face 3 (1).png", hq / "face 3 (1).png")]
    listed.write_text("hq/face1.png, lq/face0.bmp\nhq/face2.png,lq/face2.bmp\n")
    pairs = listed_pairs(listed, tmp_path, tmp_path)
    assert [(pair.name, pair.lq.name) for pair in pairs] == [("face1", "face0.bmp"), ("face2", "face2.bmp")]
    listed.write_text("hq/face1.png, lq/face0.bmp\n" * 2)
    assert listed_pairs(listed, tmp_path, tmp_path) == pairs[:1]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("face0.png, lq/face0.bmp, 3", "expected 'NAME .H,W,C.' or 'HQ_PATH, LQ_PATH' in a line"),
        ("face0.png,", "expected 'NAME .H,W,C.' or 'HQ_PATH, LQ_PATH' in a line"),
        ("face9.png", "expected .*face9.png for the line 'face9.png', got no such file"),
        ("face0.png, face0.bmp\nface0.png, face1.bmp", "names two pairs 'face0'"),
    ],
)
def test_a_bad_meta_info_list_is_refused_in_a_sentence(tmp_path: Path, line: str, sentence: str) -> None:
    hq, lq = _folders(tmp_path)
    (tmp_path / "list.txt").write_text(line)
    with pytest.raises(InputError, match=sentence):
        listed_pairs(tmp_path / "list.txt", hq, lq)


@pytest.mark.parametrize("line", ["../secret.png", "sub/../../secret.png", "/etc/secret.png", "ABOVE/secret.png"])
def test_a_meta_info_list_names_nothing_outside_the_two_folders(tmp_path: Path, line: str) -> None:
    hq, lq = _folders(tmp_path)
    _save(tmp_path / "secret.png", _pixels(0, 64))
    (tmp_path / "list.txt").write_text(line.replace("ABOVE", str(tmp_path)))
    with pytest.raises(InputError, match="secret.png for the line .* got no such file below"):
        listed_pairs(tmp_path / "list.txt", hq, lq)


def test_a_meta_info_list_is_compared_in_nfc_and_may_be_of_windows(tmp_path: Path) -> None:
    hq, lq = _folders(tmp_path)
    for folder, side in ((hq, 64), (lq, 16)):
        _save(folder / "cafe\N{COMBINING ACUTE ACCENT}.png", _pixels(0, side))
    (tmp_path / "list.txt").write_bytes("./caf\N{LATIN SMALL LETTER E WITH ACUTE}.png\r\n".encode("utf-16"))
    assert [pair.name for pair in listed_pairs(tmp_path / "list.txt", hq, lq)] == ["caf\u00e9"]


@pytest.mark.parametrize("name", sorted(KNOWN_SETS))
def test_every_known_set_is_found_by_each_of_its_folders(name: str, tmp_path: Path) -> None:
    known = KNOWN_SETS[name]
    for number, below in enumerate(known.lq):
        root = tmp_path / str(number)
        _save(root / below / "00000000.png", _pixels(1, 32))
        for reference in known.hq[-1:]:
            _save(root / reference / "00000000.png", _pixels(2, 32))
        (pair,) = known_pairs(name, root)
        assert pair.lq == root / below / "00000000.png" and (pair.hq is not None) == bool(known.hq)


def test_a_set_without_references_has_no_hq_and_says_so(tmp_path: Path) -> None:
    for number in range(2):
        _save(tmp_path / "lfw_cropped_faces" / f"Aaron_{number}_00.png", _pixels(number, 32))
    given = CliRunner().invoke(degrade, ["import", "set", "LFW-Test", str(tmp_path), str(tmp_path / "out")])
    assert given.exit_code == 0 and "2 in, 2 images without references in" in given.output
    assert "lfw-test is published with 1711 images, found: 2" in given.output
    split = load_split(tmp_path / "out")
    assert not (tmp_path / "out" / "hq").exists() and not split.has_reference
    assert json.loads((tmp_path / "out" / "split.json").read_text())["has_reference"] is False
    assert split.info["domain"] == "real" and verify(tmp_path / "out") == ()
    np.testing.assert_array_equal(to_uint8(split.degraded("Aaron_1_00")), _pixels(1, 32))
    with pytest.raises(InputError, match="has no references"):
        split.reference("Aaron_1_00")
    (tmp_path / "out" / "lq" / "Aaron_1_00.png").unlink()
    with pytest.raises(InputError, match="is missing"):
        load_split(tmp_path / "out")


def test_celeba_test_without_its_references_is_refused(tmp_path: Path) -> None:
    _save(tmp_path / "celeba_512_validation_lq" / "00000000.png", _pixels(0, 32))
    with pytest.raises(InputError, match="expected two folders of celeba-test"):
        known_pairs("celeba-test", tmp_path)


def test_every_layout_has_a_command(tmp_path: Path) -> None:
    hq, lq = _folders(tmp_path)
    _save(tmp_path / "both" / "face.png", np.concatenate([_pixels(1, 32), _pixels(2, 32)]))
    (tmp_path / "list.txt").write_text("hq/face1.png, lq/face1.bmp\n")
    out, root = str(tmp_path / "out"), str(tmp_path)
    calls = [
        ["pairs", str(hq), str(lq), f"{out}1", "--domain", "real", "--role", "train"],
        ["meta-info", str(tmp_path / "list.txt"), root, root, f"{out}2"],
        ["stacked", str(tmp_path / "both"), f"{out}3", "--size", "16"],
    ]
    for call in calls:
        given = CliRunner().invoke(degrade, ["import", *call])
        assert given.exit_code == 0, given.output
    kinds = [load_split(Path(f"{out}{number}")).info for number in (1, 2, 3)]
    assert [(info["recipe"], info["domain"], info["role"], info["size"]) for info in kinds] == [
        ("pairs", "real", "train", 64),
        ("meta-info", "synthetic", "test", 64),
        ("stacked", "synthetic", "test", 16),
    ]
    given = CliRunner().invoke(degrade, ["import", "set", "lwf-test", root, f"{out}4"])
    assert given.exit_code == 2 and "did you mean 'lfw-test'" in given.output


def test_hugging_face_datasets_loads_an_imported_split(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets", reason="the extra `dev` brings Hugging Face datasets")
    import_pairs(tmp_path / "out", folder_pairs(*_folders(tmp_path)), PAIRS)
    rows = datasets.load_dataset(
        "imagefolder", data_dir=str(tmp_path / "out"), split="train", cache_dir=str(tmp_path / "cache")
    )
    assert rows["name"] == ["face0", "face1", "face2"] and rows[0]["hq"].size == (64, 64)
