"""Groups of images from a user's file, and the largest difference between them."""

import csv

import pytest

from benchmark.analysis.breakdown import breakdown
from benchmark.analysis.groups import largest_differences, read_groups
from degrade.core.errors import InputError
from tests.benchmark.analysis.test_breakdown import call, run_of, scored  # noqa: F401

NAMES = [f"face{place}" for place in range(18)]


def written(path, text):
    path.write_bytes(text.encode())
    return path


def test_words_are_groups_and_names_may_be_those_of_files_with_a_bom_and_crlf(tmp_path):
    lines = [f"{name}.png,{'left' if place < 8 else 'right'}" for place, name in enumerate(NAMES[:-1])]
    file = written(tmp_path / "g.csv", "\ufeffname,pose\r\n" + "\r\n".join([*lines, "other,left"]) + "\r\n")
    groups = read_groups(file, NAMES, 4)
    assert groups.column == "pose" and groups.without == 1
    assert [(part.label, len(part.images)) for part in groups.bins] == [("left", 8), ("right", 9)]


def test_a_name_with_a_space_at_an_end_is_itself_and_spaces_around_others_are_dropped(tmp_path):
    file = written(tmp_path / "g.csv", "name, pose\na .png,left\n b.png,right\n c , right\na,front\n")
    groups = read_groups(file, ["a ", " b", "c", "a"], 4)
    assert groups.column == "pose"
    assert {part.label: set(part.images) for part in groups.bins} == {
        "left": {"a "},
        "right": {" b", "c"},
        "front": {"a"},
    }


def test_numbers_are_parted_into_ranges_in_their_order(tmp_path):
    rows = "\n".join(f"{place},{name}" for place, name in enumerate(NAMES))
    groups = read_groups(written(tmp_path / "g.csv", f"age,name\n{rows}\n"), NAMES, 3)
    assert [part.label for part in groups.bins] == ["0 to 5", "6 to 11", "12 to 17"]


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "expected the columns 'name' and one other, got nothing"),
        ("name\nface0\n", "got name"),
        ("name,pose,age\nface0,left,3\n", "got name, pose, age"),
        ("file,pose\nface0,left\n", "got file, pose"),
        ("name,pose\nface0\n", "got 1 in line 2"),
        ("name,pose\nface0,left\nface0.png,right\n", "got two of 'face0'"),
        ("name,pose\nsomebody,left\n", "names no image of this split, such as 'face0'"),
    ],
)
def test_another_form_is_refused_in_a_sentence(tmp_path, text, words):
    with pytest.raises(InputError, match=words):
        read_groups(written(tmp_path / "g.csv", text), NAMES, 4)
    with pytest.raises(InputError, match="cannot be read"):
        read_groups(tmp_path / "none.csv", NAMES, 4)


def test_the_groups_furthest_apart_are_found_for_each_method(tmp_path):
    rows = "\n".join(f"{name},{'abc'[place // 6]}" for place, name in enumerate(NAMES))
    groups = read_groups(written(tmp_path / "g.csv", f"name,pose\n{rows}\n"), NAMES, 4)
    values = {"edsr": [1, 2] * 3 + [3, 4] * 3 + [8, 9] * 3, "ispl": [5, 6] * 3 + [7, 8] * 3 + [6, 7] * 3}
    runs = {method: run_of(dict(zip(NAMES, map(float, own), strict=True)), method) for method, own in values.items()}
    points = breakdown(runs, "gmsd", {groups.column: groups.bins}).points
    edsr, ispl = largest_differences(points, runs, "gmsd")
    assert (edsr.method, edsr.groups, edsr.value, edsr.images) == ("edsr", ("c", "a"), 7.0, (6, 6))
    assert (ispl.method, ispl.groups, ispl.value) == ("ispl", ("b", "a"), 2.0)
    assert 6.0 < edsr.interval.low < 7.0 < edsr.interval.high < 8.0


def test_the_command_shows_groups_and_refuses_them_with_parameters(scored, tmp_path):  # noqa: F811
    names = sorted(scored)
    rows = "\n".join(f"{name},{'low' if scored[name] < 12 else 'high'}" for name in names)
    file, table = written(tmp_path / "g.csv", f"name,pose\n{rows}\n"), tmp_path / "table.csv"
    shown = call(tmp_path, "--groups", file, "--out", table, "--plot", tmp_path / "figure.png")
    assert shown.exit_code == 0, shown.output
    last = list(csv.DictReader(table.read_text().splitlines()))[-1]
    assert (last["bin"], last["images"], float(last["mean"])) == ("high minus low", "24", 12.0)  # 12..23 less 0..11
    assert float(last["low"]) > 8 and "Largest difference between groups" in shown.output
    both = call(tmp_path, "--groups", file, "--by", "GaussianNoise.sigma")
    assert both.exit_code == 2 and "goes without --by" in both.output
