"""Every file of protocols/, and what the loaders refuse."""

import pytest

from benchmark.metrics.table import METRICS
from benchmark.specs import protocols
from benchmark.specs.tables import Row, load_table, parse_table, table_names
from degrade.core.errors import InputError
from degrade.recipes.library import TASKS

GOOD_PROTOCOL = """
version = 1
train_domain = "synthetic"
test_domain = "real"
task = ["sr4"]
metrics = ["psnr.rgb"]
"""
GOOD_PROFILE = """
size = 64
train = 2
val = 0
test = 2
width = 4
batch = 1
steps = 2
perceptual = "none"
seeds = [0]
"""
GOOD_TABLE = """
version = 1
protocols = ["S2S"]
columns = ["psnr.rgb"]
[[rows]]
task = "sr4"
methods = ["a_method_of_the_future", "bicubic"]
"""
PARSERS = [
    (protocols.parse_protocol, GOOD_PROTOCOL),
    (protocols.parse_profile, GOOD_PROFILE),
    (parse_table, GOOD_TABLE),
]


@pytest.mark.parametrize("name", protocols.protocol_names())
def test_every_protocol_names_known_tasks_and_metrics(name):
    loaded = protocols.load_protocol(name)
    assert loaded.name == name == name.upper()
    assert loaded.task and set(loaded.task) <= set(TASKS)
    assert loaded.metrics and set(loaded.metrics) <= set(METRICS)


@pytest.mark.parametrize("name", table_names())
def test_every_table_names_known_protocols_tasks_and_metrics(name):
    table = load_table(name)
    assert set(table.protocols) <= set(protocols.protocol_names())
    assert {row.task for row in table.rows} <= set(TASKS)
    assert set(table.columns) <= set(METRICS)


@pytest.mark.parametrize("name", protocols.profile_names())
def test_every_profile_has_a_side_that_every_task_can_be_had_at(name):
    profile = protocols.load_profile(name)
    assert profile.size % 32 == 0  # a mosaic block of at least two pixels: 16 px of 512
    assert profile.seeds and profile.perceptual


def test_the_three_protocols_are_what_their_letters_say():
    domains = {"S": "synthetic", "R": "real"}
    for name in ("S2S", "S2R", "R2R"):
        loaded = protocols.load_protocol(name)
        assert (loaded.train_domain, loaded.test_domain) == (domains[name[0]], domains[name[2]])


def test_names_are_taken_in_any_case_and_unknown_ones_answered_with_the_nearest():
    assert protocols.load_protocol("s2s") == protocols.load_protocol("S2S")
    with pytest.raises(InputError, match="did you mean 'S2S'"):
        protocols.load_protocol("S2SS")
    with pytest.raises(InputError, match="did you mean 'quick'"):
        protocols.load_profile("quik")
    with pytest.raises(InputError, match="did you mean 'table1'"):
        load_table("table11")


def test_a_table_may_list_methods_that_are_not_there_yet():
    assert parse_table("t.toml", GOOD_TABLE).rows == (Row("sr4", ("a_method_of_the_future", "bicubic")),)


@pytest.mark.parametrize("parse, text", PARSERS)
def test_an_unknown_key_is_an_error_that_names_file_and_key(parse, text):
    with pytest.raises(InputError, match=r"folder/x\.toml: unknown key 'stpes'"):
        parse("folder/x.toml", "stpes = 3\n" + text)


@pytest.mark.parametrize("parse, text", PARSERS)
def test_every_missing_key_is_an_error_that_names_file_and_key(parse, text):
    lines = text.strip().splitlines()
    for index, line in enumerate(lines):
        key = "rows" if line == "[[rows]]" else line.split(" = ")[0]
        without = lines[:index] if key == "rows" else lines[:index] + lines[index + 1 :]
        with pytest.raises(InputError, match=rf"x\.toml.*key '{key}' is missing"):
            parse("x.toml", "\n".join(without))


@pytest.mark.parametrize(
    "parse, text, old, new",
    [
        (protocols.parse_protocol, GOOD_PROTOCOL, "version = 1", 'version = "1"'),
        (protocols.parse_protocol, GOOD_PROTOCOL, '["sr4"]', '"sr4"'),
        (protocols.parse_protocol, GOOD_PROTOCOL, '"synthetic"', '"sinthetic"'),
        (protocols.parse_profile, GOOD_PROFILE, "batch = 1", "batch = true"),
        (protocols.parse_profile, GOOD_PROFILE, "steps = 2", "steps = 0"),
        (protocols.parse_profile, GOOD_PROFILE, "seeds = [0]", "seeds = []"),
        (protocols.parse_profile, GOOD_PROFILE, "seeds = [0]", "seeds = ["),
        (parse_table, GOOD_TABLE, 'task = "sr4"', "task = 4"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_the_file(parse, text, old, new):
    assert old in text
    with pytest.raises(InputError, match=r"x\.toml"):
        parse("x.toml", text.replace(old, new))
