"""Newest means last written, whatever the clock says, and versions of one method's outputs are never mixed."""

import json
import os
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner

from benchmark.analysis.runs import Runs
from benchmark.cli.main import benchmark
from benchmark.methods import table as methods
from benchmark.metrics import table as metrics
from benchmark.records import run_file
from benchmark.records.load_scores import load_scores
from benchmark.records.order import current, highest_order, order_of
from benchmark.records.scores import read_file, read_scores
from benchmark.reports.tables.render import render
from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.settings import DataFolders, Settings
from benchmark.runs.splits import domain_split
from benchmark.specs.protocols import Profile, load_protocol
from degrade.core.errors import InputError
from degrade.core.image import write
from tests.benchmark.made_scores import BASE, of_images, of_set, run_facts

IDS = ("psnr.rgb", "gmsd")


@pytest.fixture
def asked(tmp_path):
    profile = Profile("quick", 64, 2, 1, 3, 4, 1, 2, "none", (0,))
    settings = Settings(profile, work=tmp_path / "work", results=tmp_path / "results", device="cpu")
    return RunRequest(settings, load_protocol("S2S"), "bicubic", ("sr4",), metrics=IDS)


def with_version(monkeypatch, table, name, version):
    monkeypatch.setitem(table, name, replace(table[name], version=version))


def read(asked):
    return read_scores(asked.settings.results, "quick")


def facts(path):
    return json.loads(path.with_suffix(".json").read_text())


def a_day_behind(monkeypatch):
    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) - timedelta(days=1)

    monkeypatch.setattr(run_file, "datetime", Clock)


def test_a_run_begun_later_is_newer_though_the_clock_went_back(asked, monkeypatch):
    (first,) = run(asked).places
    a_day_behind(monkeypatch)
    (second,) = run(replace(asked, anew=True)).places
    assert second.name < first.name and (facts(first)["order"], facts(second)["order"]) == (1, 2)
    assert {score.run for score in read(asked)} == {second.stem}
    assert run(asked).places == [second], "what is resumed is the newest"
    run(replace(asked, method="identity"))
    added = run(replace(asked, metrics=(*IDS, "ssim.gauss11.rgb")))
    assert added.places == [second] and facts(second)["order"] == 4, "a session that writes is the newest"


def test_run_files_without_an_order_are_older_by_their_start(tmp_path):
    folder = tmp_path / "quick" / "scores"
    folder.mkdir(parents=True)
    for name, order, value in (
        ("20250103T000000Z-0", None, 3.0),
        ("20250102T000000Z-0", 1, 2.0),
        ("20250104T000000Z-0", None, 4.0),
    ):
        (folder / f"{name}.jsonl").write_text(msgspec.structs.replace(BASE, run=name, value=value).line() + "\n")
        known = run_facts(name, metrics={"psnr.rgb": name})
        (folder / f"{name}.json").write_text(json.dumps(known | ({"order": order} if order else {})))
    assert [score.value for score in read_scores(tmp_path, "quick")] == [2.0]
    (folder / "20250102T000000Z-0.jsonl").unlink()
    assert [score.value for score in read_scores(tmp_path, "quick")] == [4.0]
    assert list(run_file.read_run_files(tmp_path, "quick").definitions)[-1] == "20250102T000000Z-0"
    (folder / "20250104T000000Z-0.json").write_text("[")
    with pytest.raises(InputError, match="expected the description of a run"):
        read_scores(tmp_path, "quick")


def test_what_another_version_of_a_method_restored_is_restored_again_and_not_mixed(asked, monkeypatch):
    first = run(asked)
    with_version(monkeypatch, methods.METHODS, "bicubic", 2)
    second = run(replace(asked))
    assert (second.scores_made, second.scores_reused) == (6, 0) and first.places != second.places
    assert {score.method_version for score in second.scores} == {2} and facts(second.places[0])["method_version"] == 2
    assert {score.run for score in read(asked)} == {second.places[0].stem}


def test_a_run_cut_off_between_two_versions_of_a_metric_is_shown_in_one(asked, monkeypatch):
    (path,) = run(asked).places
    with_version(monkeypatch, metrics.METRICS, "psnr.rgb", 2)
    again = run(asked)
    assert again.places == [path] and (again.scores_made, again.scores_reused) == (3, 3)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-2]))
    shown = [score for score in read(asked) if score.metric == "psnr.rgb"]
    assert [score.metric_version for score in shown] == [2] and len(read_file(path)) == 7
    assert run(asked).scores_made == 2


def test_lines_of_the_first_version_are_as_they_always_were():
    assert (
        "version" not in BASE.line() and '"metric_version": 2' in msgspec.structs.replace(BASE, metric_version=2).line()
    )


def test_a_folder_of_images_that_changed_is_shown_as_it_is_now_and_all_of_it_on_demand(asked, tmp_path):
    names = domain_split(asked.settings, "synthetic", "sr4", "test").names
    for value in (0.25, 0.5):
        for name in names:
            write(tmp_path / "mine" / f"{name}.png", np.full((64, 64, 3), value, np.float32))
        (path,) = run(replace(asked, method=f"folder:{tmp_path / 'mine'}", metrics=("psnr.rgb",))).places
    assert [score.run for score in read(asked)] == [path.stem] * 3
    assert len(load_scores("quick", asked.settings.results)) == 3
    assert len(load_scores("quick", asked.settings.results, every=True)) == 6
    for options, rows in (((), 3), (("--all",), 6)):
        words = [
            "export",
            "--results",
            asked.settings.results,
            "--out",
            tmp_path / "scores.csv",
            "--overwrite",
            *options,
        ]
        assert CliRunner().invoke(benchmark, list(map(str, words))).exit_code == 0
        head, *lines = (tmp_path / "scores.csv").read_text().splitlines()
        assert len(lines) == rows and {"checkpoint", "method_version", "metric_version"} <= set(head.split(","))
        assert len({line.split(",")[head.split(",").index("checkpoint")] for line in lines}) == rows // 3


def test_a_metric_of_older_outputs_alone_is_not_shown_beside_one_of_newer():
    old = list(of_images("edsr", "psnr.rgb", [1.0, 2.0], checkpoint="old"))
    new = list(of_images("edsr", "gmsd", [3.0, 4.0], checkpoint="new"))
    assert current(old + new) == new and current(new + old) == old and current(old) == old


def test_the_header_says_split_folder_and_list_and_not_ffhq_over_other_faces(asked, tmp_path):
    rng = np.random.default_rng(0)
    for number in range(4):
        write(tmp_path / "my photos" / f"face{number}.png", rng.random((64, 64, 3), dtype=np.float32))
    (tmp_path / "mine.txt").write_text("face1\nface3\n")
    faces = DataFolders(ffhq=tmp_path / "my photos", names=tmp_path / "mine.txt")
    paper = replace(asked.settings, profile=replace(asked.settings.profile, name="paper"), faces=faces)
    (path,) = run(replace(asked, settings=paper, method="bicubic_x4")).places
    assert facts(path)["faces"] == {"folder": "my photos", "list": "mine.txt"}
    page = table2("paper", asked)
    assert "- Test faces: folder my photos, list mine.txt" in page and f"; split {facts(path)['split']}\n" in page
    assert page.count("FFHQ") == page.count("The paper's numbers are of FFHQ at 512 px and do not stand") == 1
    run(replace(asked, method="bicubic_x4"))
    assert "- Test faces: the embedded portraits" in table2("quick", asked)


def table2(profile, asked):
    return next(made for made in render(profile, asked.settings.results) if made.name == "table2.md").read_text()


def test_an_older_run_file_names_the_faces_by_its_command(tmp_path):
    folder = tmp_path / "quick" / "scores"
    folder.mkdir(parents=True)
    session = {"command": ["benchmark", "run", "--ffhq", "runs/faces-256", "--limit", "2"], "packages": {}}
    for name, domain in (("a", "synthetic"), ("b", "photographs")):
        known = run_facts(name, protocol_values={"test_domain": domain}, sessions=[session])
        (folder / f"{name}.json").write_text(json.dumps(known))
    assert run_file.read_run_files(tmp_path, "quick").faces == {"a": "folder faces-256", "b": ""}


def test_of_test_splits_the_one_of_most_images_counts_and_a_set_is_not_an_image():
    of_six = [*of_images("edsr", "psnr.rgb", [1.0] * 6, split="six"), of_set("edsr", "ffd.dlib", 1.0, 6, split="six")]
    of_seven = list(of_images("edsr", "psnr.rgb", [2.0] * 7, split="seven"))
    for scores in (of_six + of_seven, of_seven + of_six):
        assert Runs(scores).find("S2S", "sr4", "edsr").split == "seven"
    of_sets = [of_set("edsr", "ffd.dlib", 1.0, 8, split="sets")]
    assert Runs(of_sets + of_seven).find("S2S", "sr4", "edsr").split == "sets"
    equal = list(of_images("edsr", "psnr.rgb", [3.0] * 6, split="other"))
    assert Runs(equal + of_six).find("S2S", "sr4", "edsr").split == "six"
    assert Runs(of_six + equal).find("S2S", "sr4", "edsr").split == "other"


@pytest.mark.parametrize("content", [b'{"order": "3"}', b'{"order": 1.5}', b"[" * 100_000, b"[]", b'{"order": true}'])
def test_a_run_file_that_is_none_is_a_sentence(tmp_path, content):
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(InputError, match="run.json: expected the description of a run"):
        order_of(tmp_path / "run.jsonl")


def test_pipes_among_score_lines_are_never_opened(tmp_path):
    os.mkfifo(tmp_path / "run.json")
    assert order_of(tmp_path / "run.jsonl") == (0, "run")
    os.mkfifo(tmp_path / "run.jsonl")
    with pytest.raises(InputError, match="expected a file, got a pipe"):
        read_file(tmp_path / "run.jsonl")


@pytest.mark.parametrize("copy", ["{}.bak", "{}.old", "{}.1", "{}~", "._{}", ".{}.swp"])
def test_copies_beside_score_lines_and_hidden_files_are_left_alone(asked, copy):
    """They are neither read, and then perhaps last, nor numbered, nor given new lines."""
    (path,) = run(asked).places
    right, order = {score.key: score.value for score in read(asked)}, highest_order(path.parent)
    for file in (path, path.with_suffix(".json")):
        old = file.with_name(copy.format(file.name))
        old.write_text(file.read_text().replace('"value":', '"value":9') if file == path else "no run file")
    copies = {old: old.read_bytes() for old in path.parent.iterdir() if old not in (path, path.with_suffix(".json"))}
    assert {score.key: score.value for score in read(asked)} == right and highest_order(path.parent) == order
    assert set(run_file.read_run_files(asked.settings.results, "quick").splits) == {path.stem}
    assert run_file.open_run_file(path.parent, path.stem.rpartition("-")[2]) == path
    run(replace(asked, metrics=(*IDS, "ssim.gauss11.rgb")))
    assert all(old.read_bytes() == before for old, before in copies.items())
