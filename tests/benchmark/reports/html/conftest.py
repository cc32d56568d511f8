"""One evaluation of painted faces for all tests of pages, a page of it, and a hostile copy."""

import json
import shutil

import pytest

from benchmark.records.run_folder import run_folder
from benchmark.reports.evaluation.results import Results
from benchmark.reports.evaluation.write import write_tables
from benchmark.reports.html.sources import of_evaluation
from benchmark.reports.html.write import write
from benchmark.runs.evaluation.run_evaluation import run_evaluation, settings_of
from benchmark.specs.evaluation import Evaluation, write_evaluation
from degrade import load_split, make_split
from degrade.core.image import write as write_image
from degrade.core.storage.files import sha256
from degrade.splits.split import open_split

METRICS = ("psnr.rgb", "ssim.gauss11.rgb", "gmsd")
HOSTILE = "<script>pwned()</script>\"'`\n../{{ 7 * 7 }}</title><img src=x onerror=pwned()>"
IN_A_PATH = HOSTILE.replace("/", "\\")


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory):
    """Folder with out/ and work/: two test sets of twelve faces at 64 px, three methods, of which one failed once."""
    root = tmp_path_factory.mktemp("evaluated")
    first = load_split(make_split(root / "blurred", None, "dual_blind", size=64, limit=12).path)
    second = make_split(root / "small", None, "sr4", size=64, limit=12)
    for name in first.names:
        for split in ("blurred", "small"):
            write_image(root / "outs" / split / f"{name}.png", 0.9 * first.reference(name))
    methods = ("bicubic", "bicubic_x4", f"Ours=folder:{root / 'outs'}/{{split}}")
    evaluation = Evaluation(methods, (str(first.path), str(second.path)), METRICS)
    run_evaluation(evaluation, settings_of(root / "out", root / "work", "cpu", 1))
    _fail(root, first.names[0], "Ours")
    write_tables(root / "out")
    return root


def _fail(root, image, label):
    """As if a method had failed on an image of the first test set."""
    (run,) = {score.run for score in Results(root / "out").test_sets[0].runs[label].scores}
    path = root / "out" / "scores" / f"{run}.jsonl"
    scores = [json.loads(line) for line in path.read_text().splitlines()]
    for score in (score for score in scores if score["image"] == image):
        score.update(value=None, error="not restored: out of luck")
    path.write_text("".join(json.dumps(score) + "\n" for score in scores))
    facts = json.loads(path.with_suffix(".json").read_text())
    (run_folder(root / "work", "restored", facts) / f"{image}.png").unlink()


@pytest.fixture(scope="session")
def page(evaluated):
    """The page of it, in a folder."""
    return write(of_evaluation(evaluated / "out", evaluated / "work"), evaluated / "page").page


@pytest.fixture
def opened(browser, page):
    """The browser at that page."""
    browser.open(page)
    return browser


@pytest.fixture(scope="session")
def hostile(evaluated, tmp_path_factory):
    """The page of an evaluation whose names, labels, errors and records are a stranger's, and mean harm."""
    root = tmp_path_factory.mktemp("hostile")
    split = _hostile_split(evaluated / "blurred", root / IN_A_PATH)
    out = root / f"out {IN_A_PATH}"
    (out / "scores").mkdir(parents=True)
    methods = []
    for path in sorted((evaluated / "out" / "scores").glob("*.json")):
        facts = json.loads(path.read_text())
        if facts["task"] == "blurred":
            label = f"{HOSTILE.replace('=', '')}{len(methods)}"
            methods.append(f"{label}=folder:{label}")
            now = _hostile_run(path, facts, out, split, f"folder:{label}")
            _hostile_images(
                run_folder(evaluated / "work", "restored", facts), run_folder(root / "work", "restored", now)
            )
    write_evaluation(out, Evaluation(tuple(methods), (str(split),), METRICS))
    for folder in (root, root / "work"):  # where the names of images of a score line could lead
        shutil.copy(next((evaluated / "outs" / "small").iterdir()), folder / "secret.png")
    content = of_evaluation(out, root / "work")
    return write(content, root / "page").page


def renamed(name):
    """A hostile name of an image, which stays one file in its folder."""
    return name and f"{IN_A_PATH}{name}"


def _hostile_split(source, target):
    """A split in which each image has a hostile name and a hostile operator."""
    for kind in ("hq", "lq"):
        (target / kind).mkdir(parents=True)
        for path in (source / kind).iterdir():
            shutil.copy(path, target / kind / f"{renamed(path.stem)}.png")
    records = [json.loads(line) for line in (source / "metadata.jsonl").read_text().splitlines()]
    for number, record in enumerate(records):
        drawn = json.dumps({HOSTILE: number, "said": HOSTILE})
        record["operators"].append({"op": HOSTILE, "drawn": drawn, "realised": "{}"})
        record["name"] = renamed(record["name"])
    lines = "".join(json.dumps(record) + "\n" for record in records).encode()
    (target / "metadata.jsonl").write_bytes(lines)
    info = json.loads((source / "split.json").read_text()) | {"metadata_sha256": sha256(lines)}
    (target / "split.json").write_text(json.dumps(info))
    return target


def _hostile_run(path, facts, out, split, method):
    """The run file and the score lines of a run as a stranger could have written them; the contents of the former."""
    asked = {"method": method, "task": IN_A_PATH, "split": IN_A_PATH}
    now = facts | asked | {"split_sha256": open_split(split).digest, "split_folder": str(split)}
    (out / "scores" / path.name).write_text(json.dumps(now))
    scores = [json.loads(line) for line in path.with_suffix(".jsonl").read_text().splitlines()]
    for score in scores:
        score.update(asked, image=renamed(score["image"]), error=score["error"] and HOSTILE)
    scores += [scores[0] | {"image": f"../../{name}"} for name in (HOSTILE, "secret")]
    text = "".join(json.dumps(score) + "\n" for score in scores)
    (out / "scores" / path.name).with_suffix(".jsonl").write_text(text)
    return now


def _hostile_images(source, target):
    target.mkdir(parents=True)
    for restored in source.glob("*.png"):
        shutil.copy(restored, target / f"{renamed(restored.stem)}.png")
