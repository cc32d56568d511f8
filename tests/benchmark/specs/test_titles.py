"""Printed names: nothing that a table holds is without one."""

from benchmark.methods.registry import method_title
from benchmark.metrics.table import METRICS
from benchmark.specs.tables import load_table
from benchmark.specs.titles import TABLES, TASKS
from degrade.recipes.library import RECIPES
from degrade.recipes.library import TASKS as RECIPE_TASKS


def test_everything_in_the_table_files_has_a_title_and_a_definition():
    specs = [load_table(name) for name in TABLES]
    methods = {method for spec in specs for row in spec.rows for method in row.methods}
    assert [method for method in methods if method_title(method) == method] == []
    assert {metric for spec in specs for metric in spec.columns} <= METRICS.keys()
    assert tuple(TASKS) == RECIPE_TASKS and set(TASKS) <= RECIPES.keys()


def test_a_method_is_printed_by_the_name_it_was_asked_for():
    assert method_title("ispl") == method_title("ISPL") == "ISPL"
    assert method_title("ispl:isp_unet_pac") == "ISP-unet, PAC"
    assert method_title("folder:mine") == "folder:mine"
