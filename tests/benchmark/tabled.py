"""What the tables of protocols/tables list."""

from benchmark.specs.tables import load_table, table_names


def tabled_methods() -> set[str]:
    """The methods in the rows of the tables, whether they are there or not."""
    tables = [load_table(name) for name in table_names()]
    return {method for table in tables for row in table.rows for method in row.methods}
