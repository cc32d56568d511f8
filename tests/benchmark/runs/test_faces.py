"""Where the faces of a run come from: options, the environment, lists, and a set of the user's own."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.settings import DataFolders, Settings
from benchmark.runs.splits import domain_split, face_sources, named_faces
from benchmark.specs.protocols import Profile, load_protocol
from degrade.core.errors import InputError
from degrade.core.image import write

TINY = Profile("quick", 64, 2, 1, 2, 4, 1, 2, "none", (0,))


def faces_folder(folder, count=12):
    rng = np.random.default_rng(0)
    for index in range(count):
        write(folder / f"face_{index}.png", rng.random((64, 64, 3)).astype(np.float32))
    for role, start in (("train", 0), ("test", 8)):
        (folder / f"{role}.txt").write_text("\n".join(f"face_{index}" for index in range(start, start + 4)))
    return folder


def test_lite_takes_faces_from_the_option_or_the_environment_and_paper_only_from_the_option(tmp_path, monkeypatch):
    folder = faces_folder(tmp_path / "faces")
    lite = replace(TINY, name="lite", train=0, test=3)
    assert len(face_sources(lite, DataFolders(ffhq=folder), "train")) == 4
    monkeypatch.setenv("FACES_HQ", str(folder))
    assert [source.name for source in face_sources(lite, DataFolders(), "test")] == ["face_10", "face_11", "face_8"]
    with pytest.raises(InputError, match="give --ffhq DIR$"):
        face_sources(replace(TINY, name="paper"), DataFolders(), "train")
    monkeypatch.delenv("FACES_HQ")
    with pytest.raises(InputError, match="give --ffhq DIR or set FACES_HQ"):
        face_sources(lite, DataFolders(), "train")


def test_faces_listed_for_the_test_are_kept_out_of_training(tmp_path):
    folder = faces_folder(tmp_path / "faces")
    (tmp_path / "mine.txt").write_text("face_0\nface_9\n")
    faces = DataFolders(ffhq=folder, names=tmp_path / "mine.txt")
    lite = replace(TINY, name="lite", train=0, test=0)
    assert [source.name for source in face_sources(lite, faces, "test")] == ["face_0", "face_9"]
    assert [source.name for source in face_sources(lite, faces, "train")] == ["face_1", "face_2", "face_3"]


def test_a_list_names_faces_of_a_folder(tmp_path):
    with pytest.raises(InputError, match="add --ffhq DIR"):
        Settings(TINY, DataFolders(names=tmp_path))
    assert Settings(TINY, DataFolders(ffhq=tmp_path, names=tmp_path)).real_domain == "facerenov_simulated"
    assert Settings(TINY, DataFolders(facerenov=tmp_path)).real_domain == "facerenov"


def test_paper_tests_the_real_domain_on_the_users_own_split(tmp_path, monkeypatch):
    monkeypatch.delenv("FACES_REAL", raising=False)
    made = domain_split(Settings(TINY, work=tmp_path / "work"), "real", "sr4", "test")
    (tmp_path / "real").mkdir()
    made.split.path.rename(tmp_path / "real" / "test")
    paper = replace(TINY, name="paper", test=0)
    settings = Settings(paper, DataFolders(facerenov=tmp_path / "real"), work=tmp_path / "work")
    found = domain_split(settings, "real", "sr4", "test")
    assert found.label == f"facerenov-64-test-{made.split.digest[:8]}" and found.names == made.names
    fewer = domain_split(replace(settings, profile=replace(paper, test=1)), "real", "sr4", "test")
    assert fewer.names == made.names[:1] and fewer.label.endswith("-first1")
    with pytest.raises(InputError, match="expected at least 128 px"):
        domain_split(replace(settings, profile=replace(paper, size=128)), "real", "sr4", "test")
    with pytest.raises(InputError, match="needs --facerenov DIR"):
        domain_split(Settings(paper), "real", "sr4", "test")


def test_a_bad_face_is_listed_and_the_others_are_scored(tmp_path):
    folder = faces_folder(tmp_path / "faces")
    (folder / "face_9.png").write_bytes(b"not an image")
    lite = replace(TINY, name="lite", test=0)
    settings = Settings(lite, DataFolders(ffhq=folder), tmp_path / "work", tmp_path / "results", "cpu")
    summary = run(RunRequest(settings, replace(load_protocol("S2S"), metrics=("psnr.rgb",)), "bicubic", ("sr4",)))
    assert [name for name, _ in summary.errors] == ["face_9"] and summary.scores_made == 3
    facts = json.loads(summary.places[0].with_suffix(".json").read_text())
    assert (facts["counts"]["faces_asked"], facts["counts"]["images"]) == (4, 3)


@pytest.mark.parametrize("folder, named", [("FFHQ/512", "FFHQ/512"), ("ffhq", "ffhq"), ("mine/faces", "faces")])
def test_the_run_file_names_the_folder_and_what_says_that_it_is_ffhq(folder: str, named: str) -> None:
    lite = Settings(replace(TINY, name="lite"), DataFolders(ffhq=Path("/data", folder)))
    assert named_faces(lite, "synthetic") == {"folder": named, "list": None}


@pytest.mark.parametrize("dots", [".", "../512"])
def test_a_folder_of_dots_is_named_as_it_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dots: str) -> None:
    (tmp_path / "FFHQ/512").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "FFHQ/512")
    lite = Settings(replace(TINY, name="lite"), DataFolders(ffhq=Path(dots)))
    assert named_faces(lite, "synthetic") == {"folder": "FFHQ/512", "list": None}
