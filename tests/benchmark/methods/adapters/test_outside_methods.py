"""Methods from anywhere: a folder, a program, a function, a file of weights; and what is wrong with each in one
sentence."""

import sys
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest

from benchmark.methods.adapters import command
from benchmark.methods.registry import adapter_argument, find_method, full_name, method_module
from benchmark.runs.run import run
from degrade.core.errors import InputError
from degrade.core.image import read, write
from degrade.core.resize import resize_bicubic
from tests.benchmark.methods.adapters.small_runs import request, split_of

COPY = f"cmd:{sys.executable} -c 'import shutil, sys; shutil.copy(*sys.argv[1:])' {{input}} {{output}}"


@pytest.fixture
def outputs(tmp_path):
    """Degraded images as if restored, and the split they are of."""
    prepared = split_of(tmp_path)
    for name in prepared.names:
        write(tmp_path / "outputs" / f"{name}.png", prepared.split.degraded(name))
    return tmp_path / "outputs", prepared


def psnr(scores):
    return [score.value for score in scores if score.metric == "psnr.rgb"]


def test_a_folder_a_program_and_a_function_score_as_the_method_they_repeat(outputs, tmp_path, monkeypatch):
    folder, _ = outputs
    (tmp_path / "same_again.py").write_text("def restore(image):\n    return image\n")
    monkeypatch.chdir(tmp_path)
    expected = psnr(run(request(tmp_path, "identity")).scores)
    for name in (f"folder:{folder}", COPY, "python:same_again:restore"):
        summary = run(request(tmp_path, name))
        assert psnr(summary.scores) == expected
        assert {score.method for score in summary.scores} == {name}
        assert all(len(score.checkpoint) == 64 for score in summary.scores)


def test_the_checkpoint_of_a_folder_changes_with_its_contents_and_names(outputs):
    folder, prepared = outputs
    digest = method_module(f"folder:{folder}").digest
    first = digest(str(folder))
    assert digest(str(folder)) == first
    path = folder / f"{prepared.names[0]}.png"
    content = path.read_bytes()
    write(path, read(path)[::-1].copy())
    assert digest(str(folder)) != first
    path.rename(folder / "other.png")
    (folder / "other.png").write_bytes(content)
    assert digest(str(folder)) != first


@pytest.mark.parametrize(
    "fault, sentence",
    [
        (lambda folder, name: (folder / f"{name}.png").unlink(), "1 missing: {name}"),
        (lambda folder, name: write(folder / "stranger.png", np.zeros((64, 64, 3), np.float32)), "1 extra: stranger"),
        (
            lambda folder, name: write(folder / f"{name}.png", np.zeros((32, 48, 3), np.float32)),
            r"references' size, got others: {name} \(32x48 for 64x64\)",
        ),
        (lambda folder, name: write(folder / f"{name}.bmp", np.zeros((64, 64, 3), np.float32)), "one image for each"),
    ],
)
def test_a_folder_that_does_not_match_is_refused_before_anything_is_scored(outputs, tmp_path, fault, sentence):
    folder, prepared = outputs
    fault(folder, prepared.names[0])
    with pytest.raises(InputError, match=sentence.format(name=prepared.names[0])):
        run(request(tmp_path, f"folder:{folder}"))
    assert not list((tmp_path / "results").rglob("*.jsonl"))


def test_a_corrupt_image_in_a_folder_is_a_score_line_and_the_others_are_scored(outputs, tmp_path):
    folder, prepared = outputs
    path = folder / f"{prepared.names[0]}.png"
    path.write_bytes(path.read_bytes()[:200])
    bad, good = run(request(tmp_path, f"folder:{folder}")).scores
    assert bad.value is None and bad.error.startswith("not restored:") and path.name in bad.error
    assert good.value is not None


def test_a_folder_belongs_to_one_task_which_must_be_named(outputs, tmp_path):
    with pytest.raises(InputError, match="name one of these with --task"):
        run(replace(request(tmp_path, f"folder:{outputs[0]}"), tasks=()))


def program(code):
    return f"cmd:{sys.executable} -c '{code}' {{input}} {{output}}"


@pytest.mark.parametrize(
    "code, sentence",
    [
        ('import sys; print("first", file=sys.stderr); sys.exit("out of luck")', "ended with exit code 1: out of luck"),
        ("pass", "ended with exit code 0 but wrote no {output}"),
        ('import sys; open(sys.argv[2], "w").write("x")', "not a readable PNG"),
        ("import time; time.sleep(60)", "took more than 1 s for one image"),
    ],
)
def test_a_program_that_fails_says_why_in_its_score_line(tmp_path, monkeypatch, code, sentence):
    monkeypatch.setattr(command, "TIMEOUT", 1)
    scores = run(request(tmp_path, program(code))).scores
    assert len(scores) == 2 and all(score.value is None and sentence in score.error for score in scores)


@pytest.mark.parametrize("kind", ["spandrel", "pulse", "mganprior", "folder", "python"])
def test_an_argument_that_is_no_possible_name_is_a_sentence(kind, tmp_path, trusting):
    for argument in ("x" * 300, "x" * 300 + "/y"):
        with pytest.raises(InputError):
            method_module(f"{kind}:{argument}").load("cpu", argument, 64)


@pytest.mark.parametrize(
    "name, sentence",
    [
        ("cmd:restore {input}", "{output} is missing"),
        ("cmd:no-such-program {input} {output}", "there is no program 'no-such-program'"),
        ("cmd:cp '{input} {output}", "cannot be split into words"),
        ("python:no_such_module:restore", "no_such_module cannot be imported"),
        ("python:json:restore", "expected a function 'restore' in json"),
        ("python:json", "expected PACKAGE.MODULE:FUNCTION"),
        pytest.param(
            "spandrel:no-such-file.pth",
            "expected a file of weights",
            marks=pytest.mark.skipif(find_spec("spandrel") is None, reason="needs spandrel"),
        ),
        ("folder:no-such-folder", "expected a folder of images, got nothing there"),
        ("folder:", "expected more after a colon"),
        ("spandrel", "expected more after a colon"),
    ],
)
def test_what_cannot_be_found_is_refused_before_anything_is_scored(tmp_path, name, sentence):
    with pytest.raises(InputError, match=sentence.replace("{", r"\{").replace("}", r"\}")):
        run(request(tmp_path, name))
    assert not list((tmp_path / "results").rglob("*.jsonl"))


def test_a_label_belongs_to_evaluate_which_the_refusal_says():
    with pytest.raises(InputError, match="'Mine=bicubic_x4': labels are for `benchmark evaluate`.*; leave out 'Mine='"):
        find_method("Mine=bicubic_x4")


def test_the_kind_is_understood_in_any_case_and_what_follows_is_left_as_it_is():
    assert full_name("FOLDER:My/Results") == "folder:My/Results"
    assert adapter_argument("python:a.b:c") == "a.b:c" and adapter_argument("ispl:isp_unet") is None


def renamed(folder, pattern):
    for path in list(folder.iterdir()):
        path.rename(folder / pattern.replace("{name}", path.stem))


@pytest.mark.parametrize("pattern", ["{name}_out.png", "{name}_00.png", "{name}x4.png", "x4_{name}.png"])
def test_a_folder_of_other_names_needs_its_pattern_and_is_told_which(outputs, tmp_path, pattern):
    folder, _ = outputs
    expected = psnr(run(request(tmp_path, f"folder:{folder}")).scores)
    renamed(folder, pattern)
    spelled = pattern.removesuffix(".png")
    with pytest.raises(InputError, match=f"called so with ,pattern={spelled}$".replace("{", r"\{")):
        run(request(tmp_path, f"folder:{folder}"))
    scores = run(request(tmp_path, f"folder:{folder},pattern={spelled}")).scores
    assert psnr(scores) == expected and {score.method for score in scores} == {f"folder:{folder},pattern={spelled}"}


def test_a_folder_of_other_sizes_needs_resize_and_is_told_so(outputs, tmp_path):
    folder, prepared = outputs
    for name in prepared.names:
        write(folder / f"{name}.png", resize_bicubic(prepared.split.degraded(name), 128, 128))
    with pytest.raises(InputError, match="128x128 for 64x64.*add ,resize=yes"):
        run(request(tmp_path, f"folder:{folder}"))
    assert all(score.value > 15 for score in run(request(tmp_path, f"folder:{folder},resize=yes")).scores)
    write(folder / f"{prepared.names[0]}.png", np.zeros((64, 48, 3), np.float32))
    bad, good = run(request(tmp_path, f"folder:{folder},resize=yes")).scores
    assert "expected a square image to resize to 64 px, got 48 x 64" in bad.error and good.value


@pytest.mark.parametrize(
    "options, sentence",
    [
        (",pattern=out", "expected {name} in it once"),
        (",pattern={name}_no", "expected images called {name}_no, got none"),
        (",resize=maybe", "expected yes or no, got 'maybe'"),
        (",size=3", "expected the options pattern, resize; 'size' is not known"),
    ],
)
def test_options_of_a_folder_that_do_not_fit_are_refused(outputs, tmp_path, options, sentence):
    with pytest.raises(InputError, match=sentence.replace("{", r"\{")):
        run(request(tmp_path, f"folder:{outputs[0]}{options}"))


def test_a_function_may_take_and_give_8_bits_or_give_any_float(outputs, tmp_path, monkeypatch):
    (tmp_path / "kinds.py").write_text(
        "import numpy as np\n"
        "def bytes_too(image):\n    assert image.dtype == np.uint8\n    return image\n"
        "def wide(image):\n    assert image.dtype == np.float32\n    return image.astype(np.float64)\n"
        "def tensor(image):\n    return [image]\n"
        "def bright(image):\n    return image + 2\n"
    )
    monkeypatch.chdir(tmp_path)
    expected = psnr(run(request(tmp_path, "identity")).scores)
    for name in ("python:kinds:bytes_too,dtype=uint8", "python:kinds:wide"):
        assert psnr(run(request(tmp_path, name)).scores) == expected
    for name, sentence in (
        ("tensor", "expected a numpy array, got list"),
        ("bright", r"expected float values in \[0, 1\]"),
    ):
        scores = run(request(tmp_path, f"python:kinds:{name}")).scores
        assert all(score.value is None for score in scores)
        with pytest.raises(InputError, match=sentence):
            method_module("python:x:y").load("cpu", f"kinds:{name}", 64).restore([np.zeros((8, 8, 3), np.float32)])
    with pytest.raises(InputError, match="dtype: expected float or uint8, got 'int'"):
        run(request(tmp_path, "python:kinds:wide,dtype=int"))
