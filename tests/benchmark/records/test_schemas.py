"""The JSON schemas of score lines and run files: what the program writes fits, what is wrong does not."""

import copy
import dataclasses
import json
from importlib.resources import files

import jsonschema
import pytest
from msgspec.structs import replace

from benchmark.records.scores import GROUPS, SCHEMA, Score
from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.settings import Settings
from benchmark.specs.protocols import Profile, load_protocol

SCORE = Score(
    schema=SCHEMA, run="20250101T000000Z-00000000", profile="quick", protocol="S2S", task="sr4",
    split="sr4-256-test-00000000", method="edsr", seed=0, checkpoint="0" * 64, image="a", metric="psnr.rgb",
    value=1.0, unit="dB", seconds=0.0,
)  # fmt: skip
OF_SET = replace(SCORE, image=None, metric="kid.inception", n=40, replicates=(0.1,) * GROUPS, deviation=0.01)


def validator(name):
    schema = json.loads((files("benchmark.records") / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A run of two tiny images by the program itself: (contents of <run>.json, score lines)."""
    folder = tmp_path_factory.mktemp("run")
    settings = Settings(
        Profile("quick", 64, 1, 1, 2, 4, 1, 1, "none", (0,)), work=folder / "work", results=folder / "results"
    )
    protocol = dataclasses.replace(load_protocol("S2S"), metrics=("psnr.rgb", "msssim.rgb"))
    (path,) = run(RunRequest(settings, protocol, "bicubic", ("sr4",))).places
    return json.loads(path.with_suffix(".json").read_text()), path.read_text().splitlines()


def test_the_schema_of_a_score_line_has_the_fields_of_a_score():
    schema = validator("score").schema
    assert set(schema["properties"]) == set(Score.__struct_fields__)
    assert schema["properties"]["schema"]["const"] == SCHEMA
    assert schema["properties"]["replicates"]["maxItems"] == GROUPS


def test_what_a_run_writes_fits_its_schemas(made):
    facts, lines = made
    assert len(lines) == 4 and any(json.loads(line)["error"] for line in lines)  # MS-SSIM has no value at 64 px
    for line in lines:
        validator("score").validate(json.loads(line))
    validator("run").validate(facts)


@pytest.mark.parametrize("score", [SCORE, OF_SET, replace(SCORE, value=None, error="+inf"), replace(SCORE, seed=None)])
def test_scores_of_every_kind_fit(score):
    validator("score").validate(json.loads(score.line()))


@pytest.mark.parametrize(
    "score, change",
    [
        (SCORE, {"value": "1.0"}),
        (SCORE, {"value": None}),
        (SCORE, {"error": "no face found"}),
        (SCORE, {"schema": SCHEMA + 1}),
        (SCORE, {"checkpoint": "abc"}),
        (SCORE, {"seconds": -1}),
        (SCORE, {"n": 3}),
        (SCORE, {"comment": "a key of somebody else's"}),
        (OF_SET, {"n": 0}),
        (OF_SET, {"replicates": [0.1] * (GROUPS + 1)}),
        (OF_SET, {"value": None, "error": "nan"}),
    ],
)
def test_a_wrong_score_line_does_not_fit(score, change):
    assert not validator("score").is_valid(json.loads(score.line()) | change)


@pytest.mark.parametrize("key", Score.__struct_fields__[:15])
def test_a_score_line_that_lacks_a_key_does_not_fit(key):
    values = json.loads(SCORE.line())
    del values[key]
    assert not validator("score").is_valid(values)


@pytest.mark.parametrize(
    "place, value",
    [
        (("split_sha256",), "short"),
        (("counts", "images"), -1),
        (("counts", "scored"), "all"),
        (("metrics", "psnr.rgb"), None),
        (("sessions",), []),
        (("sessions", 0, "command"), "benchmark run"),
        (("sessions", 0, "commit"), "main"),
        (("weights",), {"path": "x"}),
        (("somebody",), "else's"),
    ],
)
def test_a_wrong_run_file_does_not_fit(made, place, value):
    facts = copy.deepcopy(made[0])
    inner = facts
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    assert not validator("run").is_valid(facts)
