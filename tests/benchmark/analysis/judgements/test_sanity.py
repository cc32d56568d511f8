"""Expected orderings: which are asked for, and how each can come out."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmark.analysis.judgements.expectations import orderings
from benchmark.analysis.verdicts import CHANCE, FAILS, FAMILY, HOLDS, UNDECIDED
from benchmark.cli.main import benchmark
from benchmark.methods.registry import module_of
from benchmark.methods.table import METHODS
from benchmark.records.scores import SCHEMA, Score, scores_folder
from benchmark.reports.pages.expectations import COLUMNS
from tests.benchmark.made_scores import run_facts

RESULTS = Path(__file__).parents[4] / "results"
STAMP = "20250101T000000Z-0000000"
IMAGES = [f"face{place}" for place in range(12)]


@pytest.fixture
def scored(tmp_path):
    """Writes one run: a value for each image of a metric, the same ones every time but for `shift`."""
    count = iter(range(10))

    def write(protocol, method, metric, shift, split="a" * 64, spread=0.01):
        folder = scores_folder(tmp_path, "quick")
        folder.mkdir(parents=True, exist_ok=True)
        run = f"{STAMP}{next(count)}"
        key = ("quick", protocol, "sr4", "sr4-256-test-00000000", method, 0, None)
        lines = [
            Score(SCHEMA, run, *key, name, metric, shift + spread * (place % 3), "1", 0.0)
            for place, name in enumerate(IMAGES)
        ]
        (folder / f"{run}.jsonl").write_text("".join(line.line() + "\n" for line in lines))
        facts = run_facts(run, key[3], split_sha256=split, metrics={metric: "0"})
        (folder / f"{run}.json").write_text(json.dumps(facts))
        return tmp_path

    return write


def verdicts(results):
    return {(one.expected, one.metric): one.verdict for one in orderings("quick", results)}


def test_lower_lpips_and_higher_psnr_than_the_floor_hold_and_the_other_way_round_does_not(scored):
    for metric, own, floor in (("lpips.squeeze", 0.2, 0.3), ("psnr.rgb", 29.0, 28.0)):
        scored("S2S", "edsr", metric, own)
        results = scored("S2S", "bicubic_x4", metric, floor)
    both = [("S2S: EDSR before Bicubic 1/4 and back", metric) for metric in ("lpips.squeeze", "psnr.rgb")]
    assert verdicts(results) == dict.fromkeys(both, HOLDS)
    results = scored("S2S", "edsr", "lpips.squeeze", 0.4)  # the newer line counts
    assert verdicts(results) == {both[0]: FAILS, both[1]: HOLDS}


def test_psnr_is_not_expected_of_a_network_without_a_pixel_loss(scored):
    for metric in ("psnr.rgb", "lpips.squeeze"):
        scored("S2S", "ispl:isp_unet_pac", metric, 0.1)
        results = scored("S2S", "identity", metric, 0.2)
    assert verdicts(results) == {("S2S: ISPL before Degraded input", "lpips.squeeze"): HOLDS}


def test_psnr_is_expected_of_a_network_whose_pixel_loss_is_a_function_of_its_own(scored):
    scored("S2S", "waveletcnn", "psnr.rgb", 27.0)
    results = scored("S2S", "bicubic_x4", "psnr.rgb", 28.0)
    assert verdicts(results) == {("S2S: WaveletCNN before Bicubic 1/4 and back", "psnr.rgb"): FAILS}


# Losses that hold an output to the reference pixel by pixel: those of ispl_model by name, and a method's own functions.
PIXEL_LOSSES = {"l1", "mse", "l1_steps", "l1_pyramid"}
OWN_PIXEL_LOSSES = {
    "waveletcnn": "image",
    "waveletcnn:x16": "image",
    "vdnet": "likelihood",
    "deblurgan_v2": "normalised_mse",
    "deblurgan_v2:inception": "normalised_mse",
}


@pytest.mark.parametrize("method", [name for name, row in METHODS.items() if row.trainable])
def test_a_row_declares_a_pixel_loss_where_its_training_has_one(method):
    pytest.importorskip("torch")
    training = module_of(METHODS[method]).TRAINING
    losses = {*training.losses, *(training.pretraining.losses if training.pretraining else ())}
    own = OWN_PIXEL_LOSSES.get(method)
    assert own is None or own in losses & set(training.functions)
    assert METHODS[method].pixel_loss == bool(losses & PIXEL_LOSSES or own)


def test_a_method_that_is_not_trained_declares_no_pixel_loss():
    assert [name for name, row in METHODS.items() if row.pixel_loss and not row.trainable] == []


def test_training_on_the_real_domain_is_held_against_the_twin_and_only_on_one_split(scored):
    scored("S2R", "edsr", "psnr.rgb", 24.0)
    results = scored("R2R", "edsr", "psnr.rgb", 24.5)
    assert verdicts(results) == {("EDSR: R2R before S2R", "psnr.rgb"): HOLDS}
    scored("S2R", "ispl:isp_unet_pac", "gmsd", 0.2)
    results = scored("R2R", "ispl:isp_unet_pac", "gmsd", 0.1, split="b" * 64)
    (ordering,) = [one for one in orderings("quick", results) if one.expected.startswith("ISPL")]
    assert (ordering.verdict, ordering.why) == (UNDECIDED, "scored on different splits")


def test_a_difference_that_may_be_chance_is_called_so(scored):
    scored("S2S", "edsr", "psnr.rgb", 28.0)
    results = scored("S2S", "bicubic_x4", "psnr.rgb", 28.01, spread=0.0)  # better, equal and worse in turn
    assert verdicts(results) == {("S2S: EDSR before Bicubic 1/4 and back", "psnr.rgb"): CHANCE}


def test_the_command_reports_writes_and_ends_with_1_where_an_ordering_fails(scored, tmp_path):
    scored("S2S", "edsr", "psnr.rgb", 27.0)
    results = scored("S2S", "bicubic_x4", "psnr.rgb", 28.0)
    out = tmp_path / "sanity.csv"
    done = CliRunner().invoke(benchmark, ["sanity", "--results", str(results), "--out", str(out)])
    assert done.exit_code == 1 and "1 expected orderings: holds 0, does not hold 1" in done.output
    assert FAMILY in done.output
    header, row = csv.reader(out.read_text().splitlines())
    assert dict(zip(header, row, strict=True))["family"] == "1"
    assert tuple(header) == COLUMNS and row[:7] == [
        *("sr4", "S2S: EDSR before Bicubic 1/4 and back", "psnr.rgb", "12"),
        *("27.01", "28.01", "-1"),
    ]


FLOOR, INPUT = "Bicubic 1/4 and back", "Degraded input"
# Under "Orderings that fail" results/README.md says what each comes from; another one is to be looked into first.
EXPLAINED = {
    *(
        ("sr4", expected, "psnr.rgb")
        for method in ("SRGAN", "ESRGAN", "Super-FAN", "SRFBN", "WaveletCNN")
        for expected in (f"{method}: R2R before S2R", f"R2R: {method} before {FLOOR}")
    ),
    *(("sr4", f"{method}: R2R before S2R", "lpips.squeeze") for method in ("EDSR", "SRGAN", "SRFBN", "ISPL")),
    ("sr4", f"R2R: SRFBN before {FLOOR}", "lpips.squeeze"),
    *(("sr4", f"S2S: {method} before {FLOOR}", "psnr.rgb") for method in ("SRGAN", "Super-FAN")),
    *(
        ("dual_blind", f"S2S: {method} before {FLOOR}", "psnr.rgb")
        for method in ("ARCNN", "Super-FAN", "GFRNet", "DeblurGANv2")
    ),
    ("mosaic16", f"S2S: Super-FAN before {FLOOR}", "psnr.rgb"),
    *(("deblur", f"S2S: DeblurGANv2 before {other}", "psnr.rgb") for other in (FLOOR, INPUT)),
    ("jpeg", f"S2S: ARCNN before {INPUT}", "lpips.squeeze"),
}


def test_the_committed_scores_break_the_orderings_that_their_page_explains_and_no_other():
    found = orderings("lite", RESULTS)
    assert len(found) >= 12 and UNDECIDED not in {one.verdict for one in found}
    assert {(one.task, one.expected, one.metric) for one in found if one.verdict == FAILS} == EXPLAINED
