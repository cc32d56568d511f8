"""`python -m benchmark`: the command line without an installation."""

from benchmark.cli.main import benchmark

benchmark(prog_name="benchmark")
