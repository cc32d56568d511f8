"""Faces whose rights are not known stand in no sheet, figure or page."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from benchmark.reports.figures.method_sheet import method_sheet
from benchmark.reports.html.sources import of_profile
from benchmark.reports.shown import why_domain_hidden, why_set_hidden
from benchmark.runs.request import RunRequest
from benchmark.runs.settings import DataFolders, Settings
from benchmark.specs.protocols import load_profile, load_protocol
from benchmark.specs.test_sets import load_sets
from degrade.core.errors import InputError
from tests.benchmark.made_scores import of_images, run_facts


def test_a_set_is_hidden_as_its_line_says_and_real_faces_of_the_users_own_are() -> None:
    assert {name: not why_domain_hidden(name, False) for name in load_sets()} == {
        name: chosen.shown for name, chosen in load_sets().items()
    }
    assert [bool(why_domain_hidden("real", own)) for own in (True, False)] == [True, False]
    assert not why_domain_hidden("synthetic", True)


def test_the_folder_of_a_set_may_be_named_below_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FACES_REAL", "~/faces")
    assert "LFW-Test" in why_set_hidden([tmp_path / "other", tmp_path / "faces" / "lfw" / "part"], None)
    assert not why_set_hidden([tmp_path / "other"], None)


@pytest.mark.parametrize("profile", ["lite", "paper"])
def test_no_sheet_of_real_faces_of_the_users_own(tmp_path: Path, profile: str) -> None:
    settings = Settings(load_profile(profile), DataFolders(facerenov=tmp_path), results=tmp_path)
    with pytest.raises(InputError, match=r"R2R: the faces of FaceRenov \(--facerenov\) may not be shown"):
        method_sheet(RunRequest(settings, load_protocol("R2R"), "bicubic", ("sr4",)), ("bicubic",), 1)


@pytest.mark.parametrize(
    "split, hidden", [("facerenov-256-test-00000000", True), ("facerenov_simulated-256-test-00000000", False)]
)
def test_no_pictures_of_them_in_the_page_of_a_profile(tmp_path: Path, split: str, hidden: bool) -> None:
    scores = [
        replace(score, profile="lite") for score in of_images("edsr", "gmsd", [0.1, 0.2], protocol="S2R", split=split)
    ]
    folder = tmp_path / "lite" / "scores"
    folder.mkdir(parents=True)
    (folder / f"{scores[0].run}.jsonl").write_text("".join(f"{score.line()}\n" for score in scores))
    facts = run_facts(scores[0].run, split, method="edsr")
    (folder / f"{scores[0].run}.json").write_text(json.dumps(facts))
    chapters = of_profile("lite", tmp_path, tmp_path / "work").chapters
    scored = [
        found for chapter in chapters for found in chapter.sets if "edsr" in found.runs and found.runs["edsr"].scores
    ]
    assert scored and all(("may not be shown" in found.hidden) == hidden for found in scored)
