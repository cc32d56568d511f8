"""Claims of the paper: what its own numbers say of them, and how ours are checked on them."""

import csv

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from benchmark.analysis.judgements.claim_numbers import Number, ours
from benchmark.analysis.judgements.claims import checks, judge
from benchmark.analysis.runs import Runs
from benchmark.analysis.verdicts import CHANCE, FAILS, HOLDS, UNDECIDED, UNKNOWN
from benchmark.cli.main import benchmark
from benchmark.methods.registry import full_name
from benchmark.metrics.table import METRICS
from benchmark.records.run_file import RunFiles
from benchmark.records.scores import SCHEMA, Score, scores_folder
from benchmark.reports.pages.claims import COLUMNS, to_text
from benchmark.specs.claims import QUANTITIES, Claim, load_claims, parse_claims
from benchmark.specs.protocols import protocol_names
from degrade.core.errors import InputError
from degrade.recipes.library import TASKS
from tests.benchmark.tabled import tabled_methods

ISPL = "ispl:isp_unet_pac"
BASE = Score(
    schema=SCHEMA, run="20250101T000000Z-00000000", profile="quick", protocol="S2S", task="sr4",
    split="sr4-256-test-00000000", method="edsr", seed=None, checkpoint=None, image="a", metric="psnr.rgb", value=1.0,
    unit="1", seconds=0.0,
)  # fmt: skip
GOOD = """
version = 1
[[claims]]
section = "4.3"
sentence = "a sentence"
reading = "what it says"
table = 2
protocol = "S2S"
tasks = ["sr4"]
metrics = ["psnr.rgb"]
methods = ["ispl"]
over = ["edsr"]
quantity = "better"
stated = []
"""


@pytest.fixture
def judged(tmp_path):
    """Judges all claims beside some score lines; gives the judgement of the claim whose reading begins so."""

    def find(reading, source, *scores):
        folder = scores_folder(tmp_path, "quick")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{BASE.run}.jsonl").write_text("".join(score.line() + "\n" for score in scores))
        (found,) = [
            judgement
            for judgement in judge("quick", tmp_path)
            if judgement.source == source and judgement.claim.reading.startswith(reading)
        ]
        return found

    return find


# What the paper's numbers say, worked out by hand from its tables: (reading, printed, recomputed, words of both).
BY_HAND = [
    ("PSNR of 4x", HOLDS, HOLDS, "3.690 better"),
    ("FID of 4x", HOLDS, HOLDS, "45.82 % lower"),
    ("PSNR of denoising, over VDNet", HOLDS, HOLDS, "4.110 better"),
    ("first in every column of the block: 4x", FAILS, FAILS, "LLE: ISPL 2.071 > EDSR 2.003"),
    ("first in every column of the block: 16x", FAILS, FAILS, "PSNR: ISPL 23.705 < WaveletCNN 23.810"),
    ("first in every column of the block: denoising", HOLDS, HOLDS, "PSNR: ISPL 31.828 > VDNet 27.718"),
    ("first in every column of the block: deblurring", HOLDS, HOLDS, "LLE: ISPL 2.156 < DeblurGANv2 3.036"),
    ("first in every column of the block: JPEG", FAILS, FAILS, "PSNR: ISPL 31.611 < ARCNN 33.021"),
    ("first in every column of the block: dual-blind", FAILS, FAILS, "SSIM: ISPL 0.674 < GFRNet 0.686"),
    ("each of the five implicit models before both", FAILS, FAILS, "FID: ISP-concat 17.485 > EP-16x 14.365"),
    ("each of the five implicit models before EP-map", HOLDS, HOLDS, "FID: ISP-concat 17.485 < EP-map 52.701"),
    ("ISP-unet before ISP-Y0", FAILS, FAILS, "MS-SSIM: ISP-unet 0.817 < ISP-Y0 0.818"),
    ("ISP-unet with PAC", HOLDS, HOLDS, "NIQE: ISP-unet, PAC 6.767 < ISP-unet 7.000"),
    ("ISP-matrix before ISP-concat", HOLDS, HOLDS, "MS-SSIM: ISP-matrix 0.821 > ISP-concat 0.820"),
    ("FID of every baseline", FAILS, FAILS, "ISPL 1.898, ESRGAN 3.503: 1.85 times"),
    ("NIQE below that of the references", HOLDS, HOLDS, "deblur NIQE: ISPL 7.426 < Reference 7.796"),
    ("gap of the GAN-based methods", FAILS, FAILS, "Super-FAN 3.0"),
    ("gap of the other methods", HOLDS, HOLDS, "WaveletCNN 3.3"),
    ("mean gain of the GAN-based methods, Super-FAN among them", FAILS, FAILS, ""),
    ("mean gain of the GAN-based methods without Super-FAN", HOLDS, FAILS, "ISPL 44."),
    ("ISPL is first in gain", HOLDS, FAILS, "ESRGAN 44."),
]


@pytest.mark.parametrize("reading, printed, recomputed, words", BY_HAND)
def test_the_papers_own_numbers_say_so(judged, reading, printed, recomputed, words):
    found = [judged(reading, source) for source in ("printed", "recomputed")]
    assert [judgement.verdict for judgement in found] == [printed, recomputed]
    assert all(words in judgement.evidence for judgement in found)


def test_the_cases_in_which_recomputing_matters_show_both_numbers(judged):
    assert judged("ISPL is first in gain", "printed").evidence == "sr4 gain %: ISPL 44.4 > ESRGAN 44.1"
    assert "ISPL 44.39 < ESRGAN 44.65" in judged("ISPL is first in gain", "recomputed").evidence
    larger = "every GAN-based method has a larger gap"
    assert "Super-FAN 3.0 < WaveletCNN 3.3" in judged(larger, "printed").evidence
    assert "Super-FAN 3.05 < WaveletCNN 3.36" in judged(larger, "recomputed").evidence
    assert "mean 43.57" in judged("mean gain of the GAN-based methods without", "printed").evidence
    assert "mean 43.76" in judged("mean gain of the GAN-based methods without", "recomputed").evidence


def test_every_judgement_shows_numbers_or_says_what_is_not_measured(tmp_path):
    judgements = judge("quick", tmp_path)
    assert len(judgements) == 3 * len(load_claims())
    for judgement in judgements:
        assert (judgement.verdict == UNKNOWN) == (judgement.source == "ours")
        assert any(sign.isdigit() for sign in judgement.evidence) or "no " in judgement.evidence


HARD = [0.002 * (place - 9.5) for place in range(20)]  # what sets each of 20 images apart from their mean


def score(metric, value, method, images=20, apart=HARD, **changed):
    """Lines of one method: for each image the value and what it is apart, or one of the set with replicates alike."""
    base = replace(BASE, metric=metric, value=value, method=method, **changed)
    if METRICS[metric].per == "set":
        return [replace(base, image=None, n=images, replicates=tuple(value * (1 + one) for one in apart))]
    return [replace(base, image=f"{place:03}", value=value + one) for place, one in enumerate(apart)]


def alternating(size):
    """Differences around 0 of both signs, larger than their mean."""
    return [own + size * (-1) ** place for place, own in enumerate(HARD)]


def test_ours_are_not_measured_until_all_are_and_one_counterexample_is_enough(judged):
    reading = "first in every column of the block: 4x"
    ahead = judged(reading, "ours", *score("psnr.rgb", 30.0, ISPL), *score("psnr.rgb", 29.0, "edsr"))
    assert ahead.verdict == UNKNOWN and "sr4 PSNR: ISPL 30.000 ±0.005 > EDSR 29.000 ±0.005" in ahead.evidence
    assert "no PSNR of SRGAN / ESRGAN" in ahead.evidence
    behind = judged(reading, "ours", *score("psnr.rgb", 28.0, ISPL), *score("psnr.rgb", 29.0, "edsr"))
    assert behind.verdict == FAILS and "ISPL 28.000 ±0.005 < EDSR 29.000 ±0.005" in behind.evidence


@pytest.mark.parametrize(
    "own, apart, verdict", [(29.2, HARD, HOLDS), (28.8, HARD, FAILS), (29.01, alternating(0.1), CHANCE)]
)
def test_ours_are_judged_image_by_image_and_not_by_their_means(judged, own, apart, verdict):
    """A small steady advantage holds though the intervals of the means overlap; one that comes and goes is chance."""
    lines = [*score("psnr.rgb", own, "ispl:isp_matrix", task="mosaic16", apart=apart)]
    lines += [
        line
        for name in ("y0", "unet", "unet_pac")
        for line in score("psnr.rgb", 29.0, f"ispl:isp_{name}", task="mosaic16")
    ]
    lines += score("psnr.rgb", 40.0, "ispl:isp_concat", task="mosaic16")
    found = judged("both dense models", "ours", *lines)
    (decisive,) = [check for check in found.checks if check.text.startswith("mosaic16 PSNR: ISP-matrix")]
    assert decisive.verdict == verdict
    assert ("(within chance)" in found.evidence) == (verdict == CHANCE)


def test_the_comparison_that_decides_is_the_one_that_came_out_worst_and_not_the_closest(judged):
    """Ahead of EDSR by little but steadily, ahead of SRGAN by more and within chance."""
    lines = [
        *score("lpips.squeeze", 0.300, ISPL, protocol="R2R"),
        *score("lpips.squeeze", 0.301, "edsr", protocol="R2R"),
    ]
    lines += score("lpips.squeeze", 0.302, "srgan", protocol="R2R", apart=alternating(0.1))
    found = judged("first in FID and LPIPS under R2R", "ours", *lines)
    (decisive,) = [check for check in found.checks if "LPIPS" in check.text]
    assert decisive.verdict == CHANCE and "SRGAN" in decisive.text and "EDSR" not in decisive.text


def test_ours_on_other_images_than_the_newest_are_not_measured():
    lines = [*score("psnr.rgb", 30.0, ISPL, run="older"), *score("psnr.rgb", 29.0, "edsr")]
    (claim,) = parse_claims("a claim", GOOD)
    for content, verdict in (("1", HOLDS), ("2", UNKNOWN)):
        files = RunFiles(splits={"older": (BASE.split, content), BASE.run: (BASE.split, "1")})
        assert [check.verdict for check in checks(claim, ours(Runs(lines, files)))] == [verdict]


def test_images_that_two_methods_do_not_share_tell_nothing(judged):
    lines = score("niqe.y", 5.0, ISPL)
    lines += [
        replace(line, image=f"other{line.image}") for line in score("niqe.y", 6.0, "reference", task="dual_blind")
    ]
    found = judged("NIQE below that of the references", "ours", *lines)
    assert "(cannot be told)" in found.evidence and found.checks[-1].verdict in (UNKNOWN, UNDECIDED)


def test_sets_are_judged_by_their_replicates_and_without_an_interval_cannot_be_told(judged):
    def verdict(own, other, **changed):
        lines = score("ffd.dlib", own, ISPL, 100, protocol="R2R") + score(
            "ffd.dlib", other, "edsr", 100, protocol="R2R"
        )
        found = judged("first in FID and LPIPS under R2R", "ours", *(replace(line, **changed) for line in lines))
        return next(check for check in found.checks if "FFD" in check.text).verdict

    assert [verdict(0.1, 0.2), verdict(0.2, 0.1), verdict(0.1, 0.2, replicates=None)] == [HOLDS, FAILS, UNDECIDED]
    assert verdict(0.1, 0.1) == CHANCE  # a tie is no win
    noisy_sets = [
        *score("ffd.dlib", 0.100, ISPL, 3000, protocol="R2R", apart=alternating(2.0)),
        *score("ffd.dlib", 0.101, "edsr", 3000, protocol="R2R"),
    ]
    found = judged("first in FID and LPIPS under R2R", "ours", *noisy_sets)
    assert next(check for check in found.checks if "FFD" in check.text).verdict == CHANCE


@pytest.mark.parametrize(
    "advantage, apart, verdict",
    [
        (3.68, HARD, FAILS), (3.686, HARD, HOLDS), (5.0, HARD, HOLDS),
        (3.72, alternating(0.5), CHANCE), (5.0, alternating(0.5), HOLDS), (3.0, alternating(0.5), FAILS),
    ],
)  # fmt: skip
def test_a_stated_number_has_to_be_reached_by_ours(judged, advantage, apart, verdict):
    lines = [*score("psnr.rgb", 25.0 + advantage, ISPL, apart=apart), *score("psnr.rgb", 25.0, "esrgan")]
    assert judged("PSNR of 4x", "ours", *lines).verdict == verdict


def test_a_stated_number_of_the_papers_has_to_come_out_to_its_digits():
    claim = Claim("", "", "", 2, "S2S", ("sr4",), ("psnr.rgb",), ("ispl",), ("esrgan",), "difference", ("3.69",))
    for value, agrees in ((28.69, True), (28.6949, True), (28.696, False), (30.0, False)):
        numbers = {"ispl": Number(value, "", ""), "esrgan": Number(25.0, "", "")}
        (check,) = checks(claim, lambda claim, task, method, metric, found=numbers: found[method])
        assert check.verdict == (HOLDS if agrees else FAILS)


def test_other_metrics_stand_in_for_a_ranking_but_not_for_a_stated_number(judged):
    lines = [*score("ffd.dlib", 0.1, ISPL, 100), *score("ffd.dlib", 0.2, "esrgan", 100)]
    ranked = judged("first in FID, LPIPS and NIQE", "ours", *lines)
    assert "sr4 FFD-dlib: ISPL 0.1000" in ranked.evidence and "< ESRGAN 0.2000" in ranked.evidence
    stated = judged("FID of 4x", "ours", *lines)
    assert stated.verdict == UNKNOWN and ": 50.00" in stated.evidence
    assert "% lower, on other metrics than the paper's" in stated.evidence
    few = [replace(line, n=99) for line in lines]
    assert "FFD-dlib" not in judged("first in FID, LPIPS and NIQE", "ours", *few).evidence


def test_methods_measured_with_different_stand_ins_are_never_compared(judged):
    lines = [*score("fid.inception", 9.0, ISPL, 3000), *score("ffd.dlib", 0.2, "esrgan", 3000)]
    found = judged("first in FID, LPIPS and NIQE", "ours", *lines)
    assert found.verdict == UNKNOWN and "0.2000" not in found.evidence


def test_our_gaps_are_those_of_table_3(judged):
    lines = []
    for protocol, value in (("S2S", 0.1), ("S2R", 0.3), ("R2R", 0.33)):
        lines += score("lpips.squeeze", value, "edsr", protocol=protocol, split=f"{protocol[1:]}-split")
    lines = [replace(line, split="real") if line.protocol != "S2S" else line for line in lines]
    found = judged("every gain is above 0", "ours", *lines)
    assert found.verdict == FAILS and "gain % (LPIPS-squeeze): EDSR -10.0" in found.evidence
    assert "gap (LPIPS-squeeze): EDSR 3.0" in judged("every gap is above 1", "ours", *lines).evidence


def test_the_command_writes_what_it_prints(tmp_path):
    for ending in ("md", "csv", "txt"):
        out = tmp_path / f"claims.{ending}"
        shown = CliRunner().invoke(benchmark, ["claims", "--results", str(tmp_path), "--out", str(out)])
        assert (shown.exit_code == 0) == (ending != "txt") == out.exists(), shown.output
    assert shown.output.count("ending in .md or .csv") == 1
    assert (tmp_path / "claims.md").read_text() == to_text(judge("quick", tmp_path), "quick")
    rows = list(csv.DictReader((tmp_path / "claims.csv").read_text().splitlines()))
    assert tuple(rows[0]) == COLUMNS and len(rows) == 3 * len(load_claims())


def test_every_claim_names_what_there_is():
    methods = tabled_methods()
    for claim in load_claims():
        assert claim.table in (1, 2, 3) and claim.protocol in protocol_names() and set(claim.tasks) <= set(TASKS)
        assert set(claim.metrics) <= {*METRICS, "gap", "gain_percent"}
        assert {*claim.methods, *claim.over} - {"others"} <= methods
        assert not {*map(full_name, claim.methods)} & {*map(full_name, claim.over)}
    assert {claim.quantity for claim in load_claims()} == set(QUANTITIES)
    assert "CLAIMS" not in protocol_names()


@pytest.mark.parametrize(
    "old, new, words",
    [
        ('quantity = "better"', 'quantity = "beter"', "did you mean 'better'"),
        ('quantity = "better"', 'quantity = "ratio"', "expected 2 numbers"),
        ('quantity = "better"\nstated = []', 'quantity = "difference"\nstated = ["much"]', "expected 1 numbers"),
        ('over = ["edsr"]', "over = []", "over: expected methods"),
        ('quantity = "better"\nstated = []', 'quantity = "mean"\nstated = ["1"]', "over: expected no methods"),
        ("table = 2", 'table = "2"', "table: expected int"),
        ("table = 2\n", "", "key 'table' is missing"),
        ("table = 2", "tabel = 2", "unknown key 'tabel'"),
    ],
)
def test_a_wrong_file_is_an_error_that_names_file_and_claim(old, new, words):
    assert parse_claims("x.toml", GOOD)[0].methods == ("ispl",) and old in GOOD
    with pytest.raises(InputError, match=words) as caught:
        parse_claims("x.toml", GOOD.replace(old, new))
    assert str(caught.value).startswith("x.toml: claims[0]: ")
