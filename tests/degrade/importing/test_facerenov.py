"""FaceRenov from votes: the chosen restorations become references, and all that went otherwise is in the report."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image as Pillow

from degrade.cli.facerenov import degrade_facerenov
from degrade.core.errors import InputError
from degrade.core.image import read, to_uint8, write
from degrade.core.resize import resize_bicubic
from degrade.faces import detection
from degrade.faces.alignment import crop_affine, ffhq_affine
from degrade.importing.facerenov import Crop, import_votes, open_collection, write_sheets
from degrade.importing.import_pairs import ImagePair, ImportPlan, import_pairs
from degrade.portraits.paint import paint
from degrade.splits.replay import verify
from degrade.splits.split import load_split

PROGRAMS = ("remini", "nwdn", "retouch")


def _pixels(seed: int, side: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


def _save(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Pillow.fromarray(pixels).save(path)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Four faces of 32 px, restored at 64 px by three programs; lists give all but the last a role."""
    for number in range(4):
        _save(tmp_path / "lq" / f"face{number}.png", _pixels(number, 32))
        for place, program in enumerate(PROGRAMS):
            _save(tmp_path / program / f"face{number}.png", _pixels(10 * (place + 1) + number, 64))
    (tmp_path / "lq" / "train.txt").write_text("face0\nface1\n")
    (tmp_path / "lq" / "test.txt").write_text("face2.png\n")
    return tmp_path


def _open(photos: Path):
    return open_collection(photos / "lq", [photos / program for program in PROGRAMS])


def _vote(photos: Path, *lines: str) -> Path:
    (photos / "votes.csv").write_text("\n".join(["name,reviewer,choice", *lines]) + "\n")
    return photos / "votes.csv"


def test_the_chosen_restoration_is_the_reference(photos: Path) -> None:
    votes = _vote(photos, "face0,ann,nwdn", "face0,bob,nwdn", "face1,ann,remini", "face1,bob,nwdn", "face2,ann,retouch")
    summary = import_votes(_open(photos), [votes], photos / "out", Crop(size=64))
    assert {role: split.made for role, split in summary.splits.items()} == {"train": 2, "test": 1}
    train, test = load_split(photos / "out" / "train"), load_split(photos / "out" / "test")
    np.testing.assert_array_equal(to_uint8(train.reference("face0")), _pixels(20, 64))
    np.testing.assert_array_equal(to_uint8(test.reference("face2")), _pixels(32, 64))
    enlarged = Pillow.fromarray(_pixels(0, 32)).resize((64, 64), Pillow.Resampling.BICUBIC)
    np.testing.assert_array_equal(to_uint8(train.degraded("face0")), np.asarray(enlarged))
    assert [train.info[key] for key in ("recipe", "domain", "scale", "size")] == ["facerenov", "real", 1, 64]
    assert verify(photos / "out" / "train") == ()


def test_ties_missing_votes_and_agreement_are_reported(photos: Path) -> None:
    """Kappa by hand: images 0 and 1 have two votes, one of them agreed: 1/2; chances (3/4)^2 + (1/4)^2 = 5/8."""
    votes = _vote(photos, "face0,ann,nwdn", "face0,bob,nwdn", "face1,ann,remini", "face1,bob,nwdn", "face2,ann,retouch")
    report = import_votes(_open(photos), [votes], photos / "out", Crop(size=64)).report
    assert report == json.loads((photos / "out" / "facerenov.json").read_text())
    assert report["fleiss_kappa"] == pytest.approx((1 / 2 - 5 / 8) / (1 - 5 / 8), abs=1e-6)
    assert (report["kappa_images"], report["votes"], report["images"]) == (2, 5, 4)
    assert report["ties"] == {"face1": "overall"}
    assert report["missing_votes"] == {"face2": ["bob"], "face3": ["ann", "bob"]}
    assert (report["without_votes"], report["without_role"]) == (["face3"], ["face3"])
    assert report["chosen"] == {"remini": 0, "nwdn": 2, "retouch": 1}
    record = load_split(photos / "out" / "train").records[1]
    assert (record["choice"], record["decided_by"]) == ("nwdn", "overall")
    assert json.loads(record["votes"]) == {"remini": 1, "nwdn": 1, "retouch": 0}


def test_without_lists_the_hash_of_the_name_decides_the_role(photos: Path) -> None:
    """SHA-256 of face0..face3, its first eight bytes modulo 10: worked out here apart from the program."""
    import hashlib

    for listed in (photos / "lq").glob("*.txt"):
        listed.unlink()
    votes = _vote(photos, *(f"face{number},ann,nwdn" for number in range(4)))
    splits = import_votes(_open(photos), [votes], photos / "out", Crop(size=64)).splits
    expected: dict[str, set[str]] = {}
    for number in range(4):
        tenth = int(hashlib.sha256(f"face{number}".encode()).hexdigest()[:16], 16) % 10
        expected.setdefault({8: "val", 9: "test"}.get(tenth, "train"), set()).add(f"face{number}")
    assert {role: set(load_split(split.path).names) for role, split in splits.items()} == expected


def test_an_image_that_a_folder_lacks_is_named(photos: Path) -> None:
    (photos / "nwdn" / "face2.png").unlink()
    with pytest.raises(InputError, match="nwdn: expected one image for each of 4 names in .*lq; 1 missing: face2"):
        _open(photos)


def test_two_folders_of_one_name_and_a_single_candidate_are_refused(photos: Path) -> None:
    with pytest.raises(InputError, match="two folders are called 'nwdn'"):
        open_collection(photos / "lq", [photos / "nwdn", photos / "lq" / ".." / "nwdn"])
    with pytest.raises(InputError, match="expected 2 to 26 folders of restorations, got 1"):
        open_collection(photos / "lq", [photos / "nwdn"])


def test_a_reference_smaller_than_the_size_is_listed(photos: Path) -> None:
    votes = _vote(photos, "face0,ann,nwdn")
    summary = import_votes(_open(photos), [votes], photos / "out", Crop(size=96))
    assert "ask for a smaller --size" in dict(summary.splits["train"].errors)["face0"]


def test_sheets_hide_the_programs_and_their_votes_are_decoded(photos: Path) -> None:
    collection = _open(photos)
    assert write_sheets(collection, photos / "sheets", photos / "key.csv", seed=1) == 4
    assert sorted(path.name for path in (photos / "sheets").iterdir()) == [f"face{number}.png" for number in range(4)]
    with open(photos / "key.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    orders = [[row["candidate"] for row in rows if row["name"] == f"face{number}"] for number in range(4)]
    assert all(sorted(order) == sorted(PROGRAMS) for order in orders) and len(set(map(tuple, orders))) > 1
    sheet = to_uint8(read(photos / "sheets" / "face1.png"))
    places = [_place(sheet, _pixels(10 * (PROGRAMS.index(program) + 1) + 1, 64)) for program in orders[1]]
    assert places == sorted(places)  # A, B, C stand from left to right as the key says
    votes = _vote(photos, *(f"{row['name']},ann,{row['label']}" for row in rows if row["candidate"] == "retouch"))
    report = import_votes(collection, [votes], photos / "out", Crop(size=64), photos / "key.csv").report
    assert report["chosen"] == {"remini": 0, "nwdn": 0, "retouch": 4}


def test_sheets_that_cannot_all_be_made_leave_earlier_ones_and_their_key(photos: Path) -> None:
    write_sheets(_open(photos), photos / "sheets", photos / "key.csv", seed=0)
    before = [(photos / "key.csv").read_bytes(), *(path.read_bytes() for path in sorted((photos / "sheets").iterdir()))]
    (photos / "nwdn" / "face3.png").write_bytes(b"torn")
    with pytest.raises(InputError, match=r"face3\.png: not a readable"):
        write_sheets(_open(photos), photos / "sheets", photos / "key.csv", seed=1)
    after = [(photos / "key.csv").read_bytes(), *(path.read_bytes() for path in sorted((photos / "sheets").iterdir()))]
    assert after == before
    with pytest.raises(InputError, match=r"face3\.png: not a readable"):
        write_sheets(_open(photos), photos / "new", photos / "new.csv")
    assert not (photos / "new.csv").exists() and not list((photos / "new").iterdir())


@pytest.mark.parametrize("command", ["sheet", "page"])
@pytest.mark.parametrize("again", [[], ["--overwrite"]])
def test_no_picture_that_is_read_is_replaced(photos: Path, command: str, again: list[str]) -> None:
    read = [f"--candidates={photos / program}" for program in PROGRAMS]
    out = photos / "nwdn" if command == "sheet" else photos / "page"
    key = photos / "key.csv" if command == "sheet" else photos / "lq" / "face0.png"
    before = {path: path.read_bytes() for path in photos.rglob("*.png")}
    words = [command, "--lq", str(photos / "lq"), *read, "--out", str(out), "--key", str(key), *again]
    result = CliRunner().invoke(degrade_facerenov, words)
    assert result.exit_code == 2 and "would replace what is read; give another name" in result.output
    assert {path: path.read_bytes() for path in photos.rglob("*.png")} == before


def _place(sheet: np.ndarray, pixels: np.ndarray) -> int:
    """The column at which an image of 64 px stands in the sheet."""
    top = sheet.shape[0] - 64 - 6
    found = [left for left in range(sheet.shape[1] - 63) if (sheet[top : top + 64, left : left + 64] == pixels).all()]
    assert len(found) == 1
    return found[0]


def test_the_key_may_not_lie_among_the_sheets(photos: Path) -> None:
    with pytest.raises(InputError, match="where voters would see it"):
        write_sheets(_open(photos), photos / "sheets", photos / "sheets" / "key.csv")


def test_align_cuts_both_images_by_the_landmarks_of_the_reference(tmp_path: Path) -> None:
    """The degraded image is half as large; both come out as the same crop of the same face."""
    portrait = np.pad(paint(0, 192), ((0, 0), (24, 40), (0, 0)), mode="edge")
    noise = np.random.default_rng(0).random((192, 256, 3)).astype(np.float32)
    for folder, image in (("lq", resize_bicubic(portrait, 96, 128)), ("good", portrait), ("none", noise)):
        write(tmp_path / folder / "face.png", image)
    (tmp_path / "lq" / "train.txt").write_text("face\n")
    collection = open_collection(tmp_path / "lq", [tmp_path / "good", tmp_path / "none"])
    import_votes(collection, [_vote(tmp_path, "face,ann,good")], tmp_path / "out", Crop(size=96, align=True))
    split = load_split(tmp_path / "out" / "train")
    saved = read(tmp_path / "good" / "face.png")
    affine = ffhq_affine(detection.landmarks68(saved, detection.largest_face(saved)), 96)
    expected = to_uint8(crop_affine(saved, affine, 96))
    np.testing.assert_array_equal(to_uint8(split.reference("face")), expected)
    assert np.abs(split.degraded("face") - split.reference("face")).mean() < 0.03
    assert split.info["align"] == "ffhq"
    pair = ImagePair("face", tmp_path / "lq" / "face.png", tmp_path / "good" / "face.png")
    import_pairs(tmp_path / "half", [pair], ImportPlan("pairs", size=96, scale=2, align=True))
    half = load_split(tmp_path / "half")
    small = resize_bicubic(half.reference("face"), 48, 48)
    assert half.degraded("face").shape == (48, 48, 3) and np.abs(half.degraded("face") - small).mean() < 0.03
    votes = _vote(tmp_path, "face,ann,none")
    summary = import_votes(collection, [votes], tmp_path / "bare", Crop(size=96, align=True))
    assert "no face was found to align" in summary.splits["train"].errors[0][1]


def test_the_commands_lead_from_sheets_to_a_split(photos: Path) -> None:
    runner = CliRunner()
    given = ["--lq", str(photos / "lq")]
    for program in PROGRAMS:
        given += ["--candidates", str(photos / program)]
    result = runner.invoke(degrade_facerenov, ["sheet", *given, "--out", str(photos / "sheets")])
    assert result.exit_code == 0 and (photos / "sheets-key.csv").is_file(), result.output
    votes = _vote(photos, "face0,ann,B", "face0,bob,B", "face1,ann,A", "face1,bob,A")
    call = ["import", *given, "--votes", str(votes), "--out", str(photos / "out"), "--size", "64"]
    result = runner.invoke(degrade_facerenov, [*call, "--key", str(photos / "sheets-key.csv")])
    assert result.exit_code == 0 and "train: 2 pairs in" in result.output, result.output
    assert "4 images, 4 votes, Fleiss' kappa" in result.output and "2 left out without any" in result.output
    result = runner.invoke(degrade_facerenov, call)
    assert result.exit_code == 2 and "unknown candidate 'B'" in result.output and result.output.count("\n") == 1


def test_simulate_makes_the_stand_in_from_clean_faces(tmp_path: Path) -> None:
    call = ["simulate", "--out", str(tmp_path / "out"), "--size", "64", "--limit", "1"]
    result = CliRunner(env={"FACES_HQ": None}).invoke(degrade_facerenov, call)
    assert result.exit_code == 0 and "embedded portraits" in result.output, result.output
    infos = [load_split(tmp_path / "out" / role).info for role in ("train", "val", "test")]
    assert {(info["recipe"], info["domain"], info["count"]) for info in infos} == {("facerenov_simulated", "real", 1)}


def test_each_reviewer_may_give_a_file(photos: Path) -> None:
    """Two files count as one of all their lines; a reviewer who stands in both votes twice."""
    one, two = (photos / f"votes-{name}.csv" for name in ("ann", "bob"))
    one.write_text("name,reviewer,choice\nface0,ann,nwdn\nface1,ann,\n")
    two.write_text("name,reviewer,choice\nface0,bob,nwdn\nface1,bob,remini\n")
    command = ["import", "--lq", str(photos / "lq"), "--size", "64", "--out", str(photos / "out")]
    command += [word for program in PROGRAMS for word in ("--candidates", str(photos / program))]
    done = CliRunner().invoke(degrade_facerenov, [*command, "--votes", str(one), "--votes", str(two)])
    assert done.exit_code == 0 and "3 votes" in done.output, done.output
    chosen = {record["name"]: record["choice"] for record in load_split(photos / "out" / "train").records}
    assert chosen == {"face0": "nwdn", "face1": "remini"}
    two.write_text(one.read_text())
    done = CliRunner().invoke(degrade_facerenov, [*command, "--votes", str(one), "--votes", str(two)])
    assert done.exit_code == 2 and "ann votes for face0 a second time" in " ".join(done.output.split())
