"""Score lines on disk: strict, append only, newest counts, torn ends dropped."""

import gzip
import json
import math

import pytest
from msgspec.structs import replace

from benchmark.records.run_file import open_run_file
from benchmark.records.scores import Score, ScoreFile, newest, read_file, read_scores, scores_folder, split_value
from degrade.core.errors import InputError

KEYS = ["schema", "run", "profile", "protocol", "task", "split", "method", "seed", "checkpoint", "image"]
KEYS += ["metric", "value", "unit", "seconds", "error"]
SCORE = Score(
    1, "r1", "quick", "S2S", "sr4", "sr4-64-test-0", "bicubic", None, None, "face", "psnr.rgb", 30.5, "dB", 0.1
)


def write(path, *scores):
    with ScoreFile(path) as file:
        for score in scores:
            file.append(score)


def test_a_line_has_the_agreed_keys_in_order_and_a_set_score_its_n_as_well():
    assert list(json.loads(SCORE.line())) == KEYS
    assert list(json.loads(replace(SCORE, image=None, n=2).line())) == [*KEYS, "n"]


def test_scores_come_back_as_they_were_written(tmp_path):
    scores = [SCORE, replace(SCORE, image="Zoë", value=None, error="+inf"), replace(SCORE, image=None, n=2)]
    write(tmp_path / "a.jsonl", *scores)
    assert read_file(tmp_path / "a.jsonl") == scores


def test_a_number_that_json_cannot_hold_is_never_written():
    with pytest.raises(ValueError):
        replace(SCORE, value=math.nan).line()


def test_non_finite_values_become_null_with_their_name():
    assert [split_value(value) for value in (1.5, math.inf, -math.inf, math.nan)] == [
        (1.5, ""), (None, "+inf"), (None, "-inf"), (None, "nan"),
    ]  # fmt: skip


def test_the_newest_line_of_a_key_counts_within_a_file_and_across_files(tmp_path):
    folder = scores_folder(tmp_path, "quick")
    write(folder / "20260102T000000Z-b.jsonl", replace(SCORE, value=3.0))
    write(folder / "20260101T000000Z-a.jsonl", replace(SCORE, value=1.0), replace(SCORE, value=2.0))
    assert [score.value for score in read_scores(tmp_path, "quick")] == [3.0]


def pack(path):
    packed = path.with_name(f"{path.name}.gz")
    packed.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    path.unlink()
    return packed


def test_packed_lines_are_read_in_the_order_of_their_names_and_go_on_unpacked(tmp_path):
    folder = scores_folder(tmp_path, "quick")
    first, second = folder / "20260101T000000Z-aaaaaaaa.jsonl", folder / "20260102T000000Z-aaaaaaaa.jsonl"
    write(first, replace(SCORE, value=1.0))
    write(second, replace(SCORE, value=2.0))
    plain = second.read_bytes()
    pack(second)
    assert [score.value for score in read_scores(tmp_path, "quick")] == [2.0]
    assert open_run_file(folder, "aaaaaaaa") == second
    assert second.read_bytes() == plain and sorted(path.suffix for path in folder.iterdir() if path.is_file()) == [
        ".jsonl", ".jsonl",
    ]  # fmt: skip


def test_damaged_packed_lines_are_named(tmp_path):
    write(tmp_path / "a.jsonl", SCORE)
    packed = pack(tmp_path / "a.jsonl")
    for damaged in (packed.read_bytes()[:-9], b"no gzip"):
        packed.write_bytes(damaged)
        with pytest.raises(InputError, match=r"a\.jsonl\.gz: is damaged .*take it from its source again"):
            read_file(tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    "field", ["profile", "protocol", "task", "split", "method", "seed", "checkpoint", "image", "metric"]
)
def test_lines_that_differ_in_one_field_of_the_key_are_different_scores(field):
    assert len(newest([SCORE, replace(SCORE, **{field: 7})])) == 2


@pytest.mark.parametrize("field", ["run", "value", "seconds", "error", "unit"])
def test_lines_that_differ_elsewhere_are_two_tries_at_one_score(field):
    assert len(newest([SCORE, replace(SCORE, **{field: "x"})])) == 1


def test_unavailable_holds_until_an_image_has_been_scored():
    missing = replace(SCORE, image=None, value=None, error="unavailable: no weights")
    assert newest([missing]) == [missing]
    assert newest([missing, SCORE]) == [SCORE]
    assert newest([missing, replace(SCORE, metric="gmsd")]) == [missing, replace(SCORE, metric="gmsd")]


@pytest.mark.parametrize("torn", ['{"schema": 1, "run', SCORE.line(), "\x00\x00"])
def test_what_follows_the_last_line_end_is_dropped_when_reading_and_cut_when_appending(tmp_path, torn):
    path = tmp_path / "a.jsonl"
    write(path, SCORE)
    path.write_text(path.read_text() + torn)
    assert read_file(path) == [SCORE]
    write(path, replace(SCORE, image="next"))
    assert [score.image for score in read_file(path)] == ["face", "next"]


@pytest.mark.parametrize(
    "line", ["not json", "[]", '{"schema": 1}', SCORE.line().replace('"unit"', '"units"'),
             SCORE.line().replace('"schema": 1', '"schema": 0')],
)  # fmt: skip
def test_a_damaged_line_in_the_middle_is_an_error_that_names_file_and_line(tmp_path, line):
    path = tmp_path / "a.jsonl"
    path.write_text(f"{SCORE.line()}\n{line}\n{SCORE.line()}\n")
    with pytest.raises(InputError, match=r"a\.jsonl: line 2 "):
        read_file(path)


def test_a_newer_schema_is_one_sentence_that_names_both(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text(SCORE.line().replace('"schema": 1', '"schema": 2, "confidence": 0.9') + "\n")
    with pytest.raises(InputError, match=r"a\.jsonl: written in schema 2 by a newer version, this one knows 1; update"):
        read_file(path)


@pytest.mark.parametrize("opened", [read_file, lambda path: ScoreFile(path).close()])
def test_a_torn_last_line_is_left_out_with_a_word(tmp_path, capsys, opened):
    path = tmp_path / "a.jsonl"
    write(path, SCORE)
    opened(path)
    assert capsys.readouterr().err == ""
    path.write_text(path.read_text() + '{"schema"')
    opened(path)
    assert capsys.readouterr().err.count("a.jsonl: its last line is torn") == 1


def test_no_scores_are_an_empty_list(tmp_path):
    assert read_scores(tmp_path, "quick") == []


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        ScoreFile(tmp_path / "file" / "a.jsonl")
