"""Test sets beside the domains: what they hold, what may be measured on them, where they appear in tables."""

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmark.metrics.registry import find_metric
from benchmark.metrics.table import METRICS
from benchmark.records.scores import read_scores
from benchmark.reports.figures.method_sheet import method_sheet
from benchmark.reports.figures.sheets import SheetSize
from benchmark.reports.tables.render import render
from benchmark.runs.reproduction import reproduce
from benchmark.runs.request import RunRequest
from benchmark.runs.run import run
from benchmark.runs.settings import DataFolders, Settings
from benchmark.runs.splits import domain_split
from benchmark.specs.protocols import Profile, load_protocol, parse_protocol, protocol_names
from benchmark.specs.tables import load_table
from benchmark.specs.test_sets import load_sets, parse_sets
from benchmark.specs.titles import COMPANIONS, TABLES
from degrade.core.errors import InputError
from degrade.core.image import to_uint8, write
from degrade.portraits.paint import paint

LITE = Profile("lite", 64, 2, 1, 3, 4, 1, 2, "none", (0,))
ON_SETS = [name for name in protocol_names() if load_protocol(name).test_domain in load_sets()]


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Clean faces with their lists, pairs of 128 px, and real faces of 128 px without references."""
    root = tmp_path_factory.mktemp("sets")
    for place in range(8):
        write(root / "hq" / f"face{place}.png", paint(place, 64))
    (root / "hq" / "train.txt").write_text("face0\nface1\n")
    (root / "hq" / "test.txt").write_text("face2\nface3\n")
    (root / "hq" / "test_photographs.txt").write_text("face5\nface6\n")
    for place in range(2):
        write(root / "pairs" / "hq" / f"p{place}.png", paint(20 + place, 128))
        write(root / "pairs" / "lq" / f"p{place}.png", (paint(20 + place, 128) * np.float32(0.5)))
        write(root / "real" / "lfw" / f"l{place}.png", paint(30 + place, 128))
    return root


@pytest.fixture
def settings(root, monkeypatch):
    for variable, folder in (("FACES_HQ", "hq"), ("FACES_PAIRS", "pairs"), ("FACES_REAL", "real")):
        monkeypatch.setenv(variable, str(root / folder))
    return Settings(LITE, DataFolders(), root / "work", root / "results", "cpu")


@pytest.mark.parametrize("name", ON_SETS)
def test_a_set_without_references_is_only_measured_by_what_needs_none_or_compares_sets(name):
    protocol = load_protocol(name)
    chosen = load_sets()[protocol.test_domain]
    if chosen.degraded and not chosen.references:
        assert all(find_metric(m).per == "set" or not find_metric(m).needs_reference for m in protocol.metrics)
    else:
        assert protocol.metrics == load_protocol("S2S").metrics
    twin = {"S": "R", "R": "S"}[name[0]] + name[1:]
    assert twin in ON_SETS or name == "S2P"


def test_every_set_is_tested_and_every_companion_table_is_of_sets_and_has_the_rows_of_its_table():
    assert {load_protocol(name).test_domain for name in ON_SETS} == set(load_sets())
    tables = {name: load_table(name) for name in COMPANIONS}
    assert {protocol for table in tables.values() for protocol in table.protocols} - {"S2S", "S2R"} == set(ON_SETS)
    assert tables["table2_photographs"].rows == load_table("table2").rows
    (row,), (true,) = load_table("table3").rows, tables["table3_true"].rows
    assert true.methods == ("identity", "bicubic_x4", *row.methods)
    for table in tables.values():
        assert {metric for name in table.protocols for metric in load_protocol(name).metrics} == set(table.columns)
        assert set(table.columns) <= set(METRICS)


def test_photographs_are_the_faces_of_their_list_degraded_by_the_task(settings):
    prepared = domain_split(settings, "photographs", "denoise", "test")
    assert prepared.names == ("face5", "face6") and prepared.label.startswith("denoise-64-photographs-")
    assert prepared.split.info["recipe"] == "denoise" and prepared.split.info["domain"] == "synthetic"
    assert not domain_split(settings, "photographs", "denoise", "test").made


def test_true_pairs_are_brought_to_the_side_of_the_profile_and_kept_together(settings):
    prepared = domain_split(settings, "true_pairs", "sr4", "test")
    assert prepared.names == ("p0", "p1") and prepared.split.info["scale"] == 1
    for name in prepared.names:
        half, whole = prepared.split.degraded(name), prepared.split.reference(name)
        assert half.shape == whole.shape == (64, 64, 3)
        assert np.abs(half * 2 - whole).mean() < 0.02
    again = domain_split(settings, "true_pairs", "sr4", "test")
    assert (again.label, again.made) == (prepared.label, False)
    fewer = domain_split(replace(settings, profile=replace(LITE, test=1)), "true_pairs", "sr4", "test")
    assert fewer.names == ("p0",) and fewer.label != prepared.label


def test_a_trained_method_is_tested_on_a_set_with_the_checkpoint_it_has(settings):
    protocols = {name: replace(load_protocol(name), metrics=("psnr.rgb",)) for name in ("S2S", "S2T", "R2T")}
    made = {name: run(RunRequest(settings, protocol, "edsr", ("sr4",))) for name, protocol in protocols.items()}
    assert [each.trainings_made for each in made.values()] == [1, 0, 1]
    first = {name: each.scores[0] for name, each in made.items()}
    assert first["S2S"].checkpoint == first["S2T"].checkpoint != first["R2T"].checkpoint
    assert first["S2T"].split == first["R2T"].split and first["S2T"].split.startswith("true_pairs-64-test-")


@pytest.mark.parametrize("name", ["S2LFW", "R2LFW"])
def test_sets_without_references_are_compared_with_the_clean_test_faces(settings, name):
    done = run(RunRequest(settings, load_protocol(name), "identity", ("sr4",), metrics=("ffd.dlib",)))
    facts = json.loads(done.places[0].with_suffix(".json").read_text())
    assert facts["set_references"] == domain_split(settings, "synthetic", "sr4", "test").label
    with pytest.raises(InputError, match=r"has no references, so psnr\.rgb cannot be computed"):
        run(RunRequest(settings, load_protocol(name), "identity", ("sr4",), metrics=("psnr.rgb",)))


def test_a_companion_table_is_written_once_its_set_has_scores(settings, tmp_path):
    elsewhere = replace(settings, results=tmp_path)
    s2s, s2t = (replace(load_protocol(name), metrics=("psnr.rgb",)) for name in ("S2S", "S2T"))
    lfw = replace(load_protocol("S2LFW"), metrics=("ffd.dlib",))
    run(RunRequest(elsewhere, s2s, "bicubic_x4", ("sr4",)))
    assert {path.stem for path in render("lite", tmp_path)} == set(TABLES)
    for protocol in (s2t, lfw):
        run(RunRequest(elsewhere, protocol, "bicubic_x4", ("sr4",)))
    assert {path.stem for path in render("lite", tmp_path)} == {*TABLES, "table3_true", "table_pretrained"}
    text = (tmp_path / "lite" / "table3_true.md").read_text()
    (value,) = {round(np.mean([s.value for s in read_scores(tmp_path, "lite") if s.protocol == "S2T"]), 3)}
    (line,) = [line for line in text.splitlines() if line.startswith("| Bicubic 1/4") and f"{value:.3f}" in line]
    assert "agreement with those restorers, not truth" in text and "(simulated to true pairs)" in text
    of_lfw = text[text.index("sr4 under S2LFW") :].splitlines()[5]
    assert of_lfw.split("|")[4].strip() == "-"  # PSNR, which has no value without references
    rows = (tmp_path / "lite" / "table3_true.csv").read_text().splitlines()
    assert not any(",S2LFW," in row and ",psnr.rgb," in row for row in rows)


def test_what_is_not_here_is_said_and_left_out_of_a_reproduction(settings, monkeypatch):
    monkeypatch.delenv("FACES_PAIRS")
    with pytest.raises(InputError, match="true pairs: set FACES_PAIRS to the folder that holds lq"):
        domain_split(settings, "true_pairs", "sr4", "test")
    jobs, absent = reproduce.jobs_of(settings, [load_table("table3_true")])
    assert {job.protocol for job in jobs} == {"S2LFW", "R2LFW"}  # its folder is there, those of WebPhoto and WIDER not
    assert "S2T sr4 ispl: not run, true pairs: set FACES_PAIRS to the folder that holds lq" in absent
    assert "R2WIDER sr4 edsr: not run, WIDER-Test: set FACES_REAL to the folder that holds wider" in absent
    quick = Settings(replace(LITE, name="quick"))
    assert reproduce.jobs_of(quick, [load_table("table3_true")])[0] == []


def test_faces_that_may_not_be_shown_are_not_drawn(settings):
    for name in ON_SETS:
        request = RunRequest(settings, load_protocol(name), "bicubic_x4", ("sr4",))
        if load_sets()[request.protocol.test_domain].shown:
            assert method_sheet(request, ("bicubic_x4",), SheetSize(1)).name == "sr4-s2p.png"
        else:
            with pytest.raises(InputError, match="the faces of .* may not be shown"):
                method_sheet(request, ("bicubic_x4",), SheetSize(1))


SET = """
version = 1
[[sets]]
name = "x"
title = "X"
note = "x"
variable = "FACES_X"
list = "a.txt"
degraded = ""
references = ""
shown = true
"""


def test_a_set_is_a_list_or_a_folder_and_a_protocol_names_one_that_is_there():
    assert list(parse_sets("x/sets.toml", SET)) == ["x"]
    for wrong in (SET.replace('"a.txt"', '""'), SET.replace('degraded = ""', 'degraded = "lq"')):
        with pytest.raises(InputError, match="either a list or a folder"):
            parse_sets("x/sets.toml", wrong)
    with pytest.raises(InputError, match=r"shown: expected bool, got 'yes'"):
        parse_sets("x/sets.toml", SET.replace("true", '"yes"'))
    text = 'version = 1\ntrain_domain = "synthetic"\ntest_domain = "moon"\ntask = ["sr4"]\nmetrics = ["gmsd"]'
    with pytest.raises(InputError, match="test_domain: expected one of synthetic, real, photographs"):
        parse_protocol("x/y.toml", text)
    with pytest.raises(InputError, match="train_domain: expected one of synthetic, real, got 'lfw'"):
        parse_protocol("x/y.toml", text.replace('"synthetic"', '"lfw"'))


def test_the_degraded_image_of_a_set_is_taken_as_it_is_where_the_side_fits(settings):
    wide = replace(settings, profile=replace(LITE, size=128))
    split = domain_split(wide, "lfw", "sr4", "test").split
    np.testing.assert_array_equal(to_uint8(split.degraded("l0")), to_uint8(paint(30, 128)))


def test_the_gain_of_training_on_the_real_domain_is_told_for_every_set(settings, tmp_path):
    elsewhere = replace(settings, results=tmp_path)
    for name, ids in (("S2T", "psnr.rgb,gmsd"), ("R2T", "psnr.rgb,gmsd"), ("S2LFW", "ffd.dlib"), ("R2LFW", "ffd.dlib")):
        protocol = replace(load_protocol(name), metrics=tuple(ids.split(",")))
        run(RunRequest(elsewhere, protocol, "edsr", ("sr4",)))
        run(RunRequest(elsewhere, protocol, "identity", ("sr4",)))
    render("lite", tmp_path)
    means = {
        name: np.mean([s.value for s in read_scores(tmp_path, "lite") if (s.protocol, s.metric) == (name, "gmsd")
                       and s.method == "edsr"])
        for name in ("S2T", "R2T")
    }  # fmt: skip
    gained = 100 * (means["S2T"] - means["R2T"]) / means["S2T"]
    text = (tmp_path / "lite" / "table3_true.md").read_text()
    header, _, *rows = text[text.index("## Gain by training") :].split("\n\n")[1].splitlines()
    columns = [cell.strip() for cell in header.strip("|").split("|")]
    assert columns == ["Method", "true pairs, GMSD", "LFW-Test, FFD-dlib"]
    (edsr,) = [row for row in rows if row.startswith("| EDSR")]
    assert edsr.strip("|").split("|")[1].split()[0] == f"{gained:.1f}"
    assert not any(row.startswith("| Degraded input") for row in rows)  # which nothing is trained for
    table = (tmp_path / "lite" / "table3_true.csv").read_text().splitlines()
    (line,) = [line for line in table if line.startswith("3_true,sr4,R2T,edsr,gain_percent:gmsd,")]
    assert float(line.split(",")[5]) == pytest.approx(gained)
