"""Tables as they are asked for: rows under some of the protocols, and what is refused."""

import pytest

from benchmark.methods.registry import full_name
from benchmark.methods.table import METHODS
from benchmark.specs.protocols import load_protocol
from benchmark.specs.tables import load_table, parse_table, table_names
from degrade.core.errors import InputError

TABLE = """
version = 1
protocols = ["S2S", "S2R"]
columns = ["gmsd"]

[[rows]]
task = "sr4"
methods = ["bicubic"]

[[rows]]
task = "jpeg"
methods = ["identity"]
protocols = ["S2S"]
"""


def test_a_row_stands_under_all_protocols_of_the_table_or_under_those_it_names():
    table = parse_table("x/own.toml", TABLE)
    assert [table.protocols_of(row) for row in table.rows] == [("S2S", "S2R"), ("S2S",)]
    with pytest.raises(InputError, match=r"rows\[1\]: protocols: expected some of the table's, got R2R"):
        parse_table("x/own.toml", TABLE.replace('protocols = ["S2S"]', 'protocols = ["R2R"]'))
    with pytest.raises(InputError, match="unknown key"):
        parse_table("x/own.toml", TABLE.replace('protocols = ["S2S"]', "protocol = 1"))


@pytest.mark.parametrize("name", table_names())
def test_every_row_of_our_tables_is_of_a_task_that_its_protocols_test(name):
    table = load_table(name)
    for row in table.rows:
        assert table.protocols_of(row)
        for protocol in table.protocols_of(row):
            assert row.task in load_protocol(protocol).task


def test_nothing_is_trained_for_the_table_of_published_restorers_and_every_one_is_in_it():
    listed = {full_name(method) for row in load_table("table_pretrained").rows for method in row.methods}
    assert not [method for method in listed if METHODS[method].trainable]
    assert {name for name, row in METHODS.items() if row.module.startswith("benchmark.methods.adapters.")} <= listed
