"""Every file committed below results/: readable, whole, and what the program would write again from the score lines."""

import fnmatch
import json
import re
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest

from benchmark.analysis.judgements.claims import judge
from benchmark.methods.table import METHODS
from benchmark.metrics.table import METRICS
from benchmark.records.order import current
from benchmark.records.scores import PACKED, content, newest, read_file
from benchmark.reports.pages.claims import to_text
from benchmark.reports.tables.render import render
from benchmark.specs.protocols import load_profile, profile_names, protocol_names
from benchmark.specs.titles import COMPANIONS, TABLES
from degrade.core.image import read

ROOT = Path(__file__).parents[3] / "results"
PAGES = ("README.md", "LICENSES.md")
DERIVED = [f"{name}{ending}" for name in TABLES for ending in (".md", ".csv", ".tex")]
BESIDE = [f"{name}{ending}" for name in COMPANIONS for ending in (".md", ".csv", ".tex")]


def committed():
    """The files of results/ that git knows; all of them where there is no git."""
    done = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=False)
    if done.returncode:
        return sorted(path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return sorted(Path(line) for line in done.stdout.splitlines() if (ROOT / line).exists())


FILES = committed()
PROFILES = sorted({path.parts[0] for path in FILES if len(path.parts) > 1})
RUNS = [path.with_name(path.name.removesuffix(PACKED)) for path in FILES if ".jsonl" in path.suffixes]
FIGURES = [path for path in FILES if path.suffix in (".png", ".jpg")]


def of_kind(path):
    """Whether a file has a place in results/."""
    profile, *rest = path.parts
    inside = Path(*rest).as_posix() if rest else ""
    patterns = ("scores/*.json", "scores/*.jsonl*", "figures/*.png", "figures/*.jpg", "claims.md", "claims.csv")
    return (
        path.as_posix() in PAGES
        or inside in DERIVED + BESIDE
        or any(fnmatch.fnmatch(inside, kind) for kind in patterns)
    )


def test_every_file_has_its_place():
    assert [path for path in FILES if not of_kind(path)] == []
    assert {Path(name) for name in PAGES} <= set(FILES)
    assert set(PROFILES) <= set(profile_names()) and "lite" in PROFILES and "quick" not in PROFILES


@pytest.mark.parametrize("path", RUNS, ids=str)
def test_every_run_fits_its_schemas_and_its_description(path):
    import jsonschema

    of_score, of_run = (
        jsonschema.Draft202012Validator(
            json.loads((files("benchmark.records") / "schemas" / f"{name}.json").read_text())
        )
        for name in ("score", "run")
    )
    text = content(ROOT / path).decode()
    assert text.endswith("\n")
    for line in text.splitlines():
        of_score.validate(json.loads(line))
    facts = json.loads((ROOT / path).with_suffix(".json").read_text(encoding="utf-8"))
    of_run.validate(facts)
    scores = current(newest(read_file(ROOT / path)))
    key = ("run", "profile", "protocol", "task", "split", "method", "seed", "checkpoint")
    assert {tuple(getattr(score, name) for name in key) for score in scores} == {tuple(facts[name] for name in key)}
    assert (facts["run"], facts["profile"]) == (path.stem, path.parts[0])
    failed = sum(score.value is None and score.error != "+inf" for score in scores)
    assert (facts["counts"]["scored"], facts["counts"]["failed"]) == (len(scores) - failed, failed)
    images = {score.image for score in scores} - {None}
    assert len(images) == facts["counts"]["images"] <= facts["counts"]["faces_asked"]
    assert {score.metric for score in scores} <= set(facts["metrics"])


def test_every_run_is_of_something_there_is():
    for path in RUNS:
        facts = json.loads((ROOT / path).with_suffix(".json").read_text(encoding="utf-8"))
        assert facts["protocol"] in protocol_names() and set(facts["metrics"]) <= set(METRICS)
        assert facts["method"] in METHODS or ":" in facts["method"]
    described = {
        path.with_suffix(".jsonl") for path in FILES if path.parent.name == "scores" and path.suffix == ".json"
    }
    assert described == set(RUNS)


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES)
def test_tables_and_claims_are_what_the_score_lines_give_byte_for_byte(profile, tmp_path):
    load_profile(profile)
    assert {ROOT / profile / name for name in DERIVED} <= {ROOT / path for path in FILES}
    (tmp_path / profile).mkdir()
    (tmp_path / profile / "scores").symlink_to(ROOT / profile / "scores", target_is_directory=True)
    for path in render(profile, tmp_path):
        assert path.read_bytes() == (ROOT / profile / path.name).read_bytes(), path.name
    judged = ROOT / profile / "claims.md"
    if judged.exists():
        assert judged.read_text(encoding="utf-8") == to_text(judge(profile, tmp_path), profile)


@pytest.mark.parametrize("path", FIGURES, ids=str)
def test_every_figure_can_be_opened_and_is_named_with_a_licence(path):
    assert read(ROOT / path, background="white").std() > 0.01
    licences = (ROOT / "LICENSES.md").read_text(encoding="utf-8")
    assert any(fnmatch.fnmatch(path.as_posix(), named) for named in re.findall(r"`([^`]+)`", licences)), path


def test_links_of_the_pages_lead_somewhere():
    for page in PAGES:
        for link in re.findall(r"\]\(([^)]+)\)", (ROOT / page).read_text(encoding="utf-8")):
            assert "://" in link or (ROOT / link.partition("#")[0]).exists(), f"{page}: {link}"
