"""`python -m degrade`: the command line without an installation."""

from degrade.cli.run import degrade

degrade(prog_name="degrade")
