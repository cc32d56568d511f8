"""`python -m degrade`: the command line without an installation."""

from degrade.cli.main import degrade

degrade(prog_name="degrade")
