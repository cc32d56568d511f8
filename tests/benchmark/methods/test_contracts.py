"""What is said of methods from outside: in the table, on the command line and in docs/methods.md."""

import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmark.cli.main import benchmark
from benchmark.methods.contracts import CONTRACTS
from benchmark.methods.table import ADAPTERS

DOCS = Path(__file__).parents[3] / "docs/methods.md"


@pytest.mark.parametrize("kind", CONTRACTS)
def test_a_kind_says_what_is_given_and_expected_on_the_command_line_and_in_the_docs(kind):
    assert kind in ADAPTERS and all(len(line) <= 120 for line in CONTRACTS[kind].splitlines())
    done = CliRunner().invoke(benchmark, ["methods", kind])
    assert done.exit_code == 0 and done.output.startswith(f"{kind}:") and CONTRACTS[kind] in done.output
    assert textwrap.dedent(CONTRACTS[kind]) in DOCS.read_text(encoding="utf-8")


def test_every_kind_that_is_not_a_search_over_a_generator_has_a_contract():
    assert ADAPTERS.keys() - CONTRACTS.keys() == {"pulse", "mganprior"}


def test_one_method_is_shown_by_its_name():
    done = CliRunner().invoke(benchmark, ["methods", "ispl:isp_unet"])
    assert [line.split()[0] for line in done.output.splitlines()] == ["ispl:isp_unet"]
    assert "did you mean" in CliRunner().invoke(benchmark, ["methods", "onx"]).output
