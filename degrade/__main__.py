"""`python -m degrade`: the command line without an installation."""

from degrade.cli import degrade

degrade(prog_name="degrade")
