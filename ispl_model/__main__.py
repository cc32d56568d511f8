"""`python -m ispl_model` from the tree, not installed."""

from ispl_model.cli.main import ispl

ispl(prog_name="ispl")
