"""Printed names: nothing that a table holds is without one."""

from benchmark.metrics.table import METRICS
from benchmark.specs.tables import load_table
from benchmark.specs.titles import METHODS, TABLES, TASKS
from degrade.recipes.library import RECIPES
from degrade.recipes.library import TASKS as RECIPE_TASKS


def test_everything_in_the_table_files_has_a_title_and_a_definition():
    specs = [load_table(name) for name in TABLES]
    assert {method for spec in specs for row in spec.rows for method in row.methods} <= METHODS.keys()
    assert {metric for spec in specs for metric in spec.columns} <= METRICS.keys()
    assert tuple(TASKS) == RECIPE_TASKS and set(TASKS) <= RECIPES.keys()
