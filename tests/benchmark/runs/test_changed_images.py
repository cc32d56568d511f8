"""The images of a split that were changed on disk: what is scored is what was recorded, or nothing."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image as Pillow

from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.settings import Settings
from benchmark.runs.splits import domain_split
from benchmark.specs.protocols import Profile, load_protocol

IDS = ("psnr.rgb", "ffd.dlib")
REFUSED = "expected the pixels that were recorded, got others; `degrade verify "


@pytest.fixture
def asked(tmp_path):
    profile = Profile("quick", 64, 2, 1, 3, 4, 1, 2, "none", (0,))
    settings = Settings(profile, work=tmp_path / "work", results=tmp_path / "results", device="cpu")
    return RunRequest(settings, load_protocol("S2S"), "bicubic", ("sr4",), metrics=IDS)


def files(asked, side) -> list[Path]:
    split = domain_split(asked.settings, "synthetic", "sr4", "test").split
    return [split.path / side / f"{name}.png" for name in split.names]


def values(summary):
    return [(score.image, score.metric, score.value, score.n) for score in summary.scores]


@pytest.mark.parametrize("side, state", [("lq", "not restored"), ("hq", "not computed")])
def test_changed_pixels_are_a_failed_score_that_names_the_file_and_is_made_good_by_the_next_run(asked, side, state):
    first, second, _ = files(asked, side)
    kept = first.read_bytes()
    first.write_bytes(second.read_bytes())
    changed = run(asked)
    (failed,) = (score for score in changed.scores if score.image == first.stem)
    assert failed.error.startswith(f"{state}: {first}: {REFUSED}")
    (of_set,) = (score for score in changed.scores if score.image is None)
    assert of_set.n == 2
    first.write_bytes(kept)
    again = run(asked)
    whole = run(replace(asked, settings=replace(asked.settings, results=asked.settings.results / "other"), anew=True))
    assert values(again) == values(whole) and all(score.value is not None for score in again.scores)


def test_a_set_with_a_changed_reference_is_a_failed_score(asked):
    first, second, _ = files(asked, "hq")
    first.write_bytes(second.read_bytes())
    (score,) = run(replace(asked, metrics=("ffd.dlib",))).scores
    assert score.value is None and score.error.startswith(f"not computed: {first}: {REFUSED}")


def test_a_re_encoded_image_is_scored_as_before(asked):
    before = run(asked)
    for file in (*files(asked, "lq"), *files(asked, "hq")):
        Pillow.open(file).save(file, compress_level=9)
    assert values(run(replace(asked, anew=True))) == values(before)
