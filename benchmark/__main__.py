"""`python -m benchmark`: the command line without an installation."""

from benchmark.cli import benchmark

benchmark(prog_name="benchmark")
