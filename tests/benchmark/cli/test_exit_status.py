"""0: all was done. 1: some images or scores failed. 2: the request was refused. 130: interrupted."""

import sys

import click
import numpy as np
import pytest
from click.testing import CliRunner

from benchmark.cli.main import benchmark
from benchmark.methods.fixed import identity
from benchmark.methods.method import Method
from degrade.cli.console import Command, fitting
from degrade.core.errors import InputError
from degrade.core.image import write

PROGRAM = """
import os, sys
from PIL import Image
if os.environ.get("BROKEN") == "empty": open(sys.argv[2], "wb").close()
elif os.environ.get("BROKEN"): sys.exit(f"CUDA error: out of memory at {id(sys):#x}")
else: Image.open(sys.argv[1]).resize((256, 256), Image.BICUBIC).save(sys.argv[2])
"""


@pytest.fixture
def call(tmp_path):
    """`benchmark run` of a program that fails while $BROKEN is set, and any other command."""
    (tmp_path / "program.py").write_text(PROGRAM)
    program = f"cmd:{sys.executable} {tmp_path / 'program.py'} {{input}} {{output}}"
    places = ["--work", str(tmp_path / "work"), "--results", str(tmp_path / "results"), "--limit", "2"]

    def invoke(*words, broken="", method=program):
        run = ["run", "--protocol", "S2S", "--task", "sr4", "--method", method, *places]
        command = [*(run if words[0].startswith("-") else ()), *map(str, words)]
        return CliRunner().invoke(benchmark, command, env={"BROKEN": broken})

    return invoke


def test_images_that_failed_end_with_1_one_reason_and_are_tried_again(call):
    failed = call("--metrics", "psnr.rgb,gmsd,ffd.dlib", broken="yes")
    assert failed.exit_code == 1 and "none (2 failed)" in failed.output
    assert failed.output.count("not restored: ") == 1
    assert "CUDA error: out of memory (2 images)" in failed.output and "0x" not in failed.output
    fixed = call("--metrics", "psnr.rgb,gmsd,ffd.dlib")
    assert fixed.exit_code == 0 and " failed" not in fixed.output and "5 made, 0 reused" in fixed.output
    assert "0 made, 5 reused" in call("--metrics", "psnr.rgb,gmsd,ffd.dlib").output


def test_images_that_failed_for_a_set_alone_are_told(call):
    failed = call("--metrics", "ffd.dlib", broken="yes")
    assert failed.exit_code == 1 and "left out: 2 images: not restored: " in failed.output


def test_a_reason_has_no_address_no_temporary_path_and_no_option_that_the_command_lacks(call, tmp_path):
    first = call("--metrics", "psnr.rgb", broken="empty").output
    assert "{output}: not a readable" in first and "/restore-" not in first and " at 0x" not in first
    write(tmp_path / "faces" / "a.png", np.zeros((32, 64, 3), np.float32))
    write(tmp_path / "faces" / "b.png", np.zeros((256, 256, 3), np.float32))
    (tmp_path / "faces" / "test.txt").write_text("a\nb\n")
    oblong = call("--metrics", "psnr.rgb", "--profile", "lite", "--ffhq", tmp_path / "faces", method="bicubic")
    assert oblong.exit_code == 1 and "expected a square image, got 64 x 32 px\n" in oblong.output, oblong.output


def test_a_metric_without_weights_fails_where_it_was_named_alone(call, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    named = call("--metrics", "psnr.rgb,lpips.alex", method="bicubic")
    assert named.exit_code == 1 and "unavailable" in named.output
    of_the_protocol = call("--workers", "1", method="bicubic")
    assert of_the_protocol.exit_code == 0 and "unavailable" in of_the_protocol.output


def test_what_has_no_value_is_not_a_failure(call):
    small = call("--metrics", "psnr.rgb,fed.author", method="bicubic_x4")
    assert small.exit_code == 0, small.output


def test_a_named_metric_without_one_number_is_a_failure(call, tmp_path):
    for name in "ab":
        write(tmp_path / "faces" / f"{name}.png", np.full((64, 64, 3), 0.4, np.float32))
    asked = ("--method", "identity", "--work", tmp_path / "work", "--out")
    small = ("evaluate", tmp_path / "faces", *asked, tmp_path / "out", "--metrics", "niqe.y")
    assert call(*small).exit_code == 1, "a face of 64 px has no whole block"
    folder = ("score", tmp_path / "faces", "--out", tmp_path / "s.csv", "--overwrite")
    assert call(*folder, "--metrics", "niqe.y").exit_code == 1
    assert call(*folder).exit_code == 0, "nobody named it"
    same = call("score", tmp_path / "faces", tmp_path / "faces", "--metrics", "psnr.rgb", "--out", tmp_path / "t.csv")
    assert same.exit_code == 0 and "psnr.rgb           inf        n=2" in same.output


def test_scores_of_folders_that_failed_end_with_1_and_their_reason(call, tmp_path):
    for folder in "ab":
        write(tmp_path / folder / "x.png", np.zeros((64, 64, 3), np.float32))
    asked = ("score", tmp_path / "a", tmp_path / "b", "--metrics", "gmsd,ffd.dlib", "--out", tmp_path / "s.csv")
    (tmp_path / "a" / "x.png").write_bytes(b"x")
    failed = call(*asked)
    assert failed.exit_code == 1 and "gmsd, ffd.dlib: not computed: " in failed.output
    assert call("score", tmp_path / "a", tmp_path / "none", "--out", tmp_path / "s.csv").exit_code == 2


def test_a_refused_request_ends_with_2_and_an_interrupted_one_with_130(call, monkeypatch):
    assert call("--metrics", "psnr.rgb,nothing").exit_code == 2
    assert call("export", "--results", "nowhere", "--out", "x.txt").exit_code == 2

    def interrupted(_images):
        raise KeyboardInterrupt

    monkeypatch.setattr(identity, "load", lambda *_: Method("identity", interrupted, 1))
    stopped = call("--metrics", "psnr.rgb", method="identity")
    assert stopped.exit_code == 130 and "the same command goes on from there" in stopped.output
    anew = call("--metrics", "psnr.rgb", "--anew", method="identity")
    assert anew.exit_code == 130 and "begins again, without --anew it adds what is missing" in anew.output


def test_advice_names_no_option_that_the_command_lacks():
    @click.command(cls=Command)
    @click.option("--size")
    def some(size):
        click.echo(fitting("too small; ask for a smaller --size"))
        click.echo(fitting("oblong; --crop center cuts it; see `degrade run --crop`"))
        raise InputError("clear; choose a --background")

    told = CliRunner().invoke(some).output.splitlines()
    assert told == ["too small; ask for a smaller --size", "oblong; see `degrade run --crop`", "Error: clear"]
