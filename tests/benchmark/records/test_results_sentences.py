"""What results/README.md says is better, or within chance, on the committed scores: by the rule of `compare`."""

from pathlib import Path

import pytest

from benchmark.analysis.compare import compare
from benchmark.analysis.runs import Runs
from benchmark.analysis.verdicts import CHANCE, FAILS, HOLDS
from benchmark.records.scores import read_scores

RESULTS = Path(__file__).parents[3] / "results"
ISPL, UNET = "ispl:isp_unet_pac", "ispl:isp_unet"
SR4 = ("edsr", "srgan", "esrgan", "srfbn", "superfan", "waveletcnn")  # the other networks of that block
OTHERS = tuple(name for name in SR4 if name != "superfan")
NINE = {
    *("psnr.rgb", "ssim.gauss11.rgb", "msssim.rgb", "fed.dlib", "lle.dlib68", "found.dlib"),
    *("niqe.y", "lpips.squeeze", "gmsd"),
}
# (task, first, second as protocol and method, metrics): HOLDS where the page says that the first is better.
STATED = [
    *(("sr4", f"S2S {ISPL}", f"S2S {name}", {"lpips.squeeze"}, HOLDS) for name in (*SR4, "bicubic_x4")),
    *(("sr4", f"S2S {name}", f"S2S {ISPL}", {"psnr.rgb"}, HOLDS) for name in (*OTHERS, "bicubic_x4")),
    ("sr4", f"S2S {ISPL}", "S2S superfan", {"psnr.rgb", "fed.dlib"}, HOLDS),
    ("sr4", f"S2S {ISPL}", "S2S bicubic_x4", {"fed.dlib"}, HOLDS),
    *(("sr4", f"S2S {ISPL}", f"S2S {name}", {"fed.dlib"}, CHANCE) for name in ("esrgan", "identity")),
    *(("sr4", f"S2S {name}", f"S2S {ISPL}", {"fed.dlib"}, HOLDS) for name in ("edsr", "srgan", "srfbn", "waveletcnn")),
    *(
        ("sr4", "S2S edsr", f"S2S {name}", {"psnr.rgb", "ssim.gauss11.rgb", "msssim.rgb", "gmsd"}, HOLDS)
        for name in ("srgan", "esrgan", "srfbn", "superfan", "waveletcnn", ISPL, "bicubic_x4")
    ),
    *(("sr4", "S2S waveletcnn", f"S2S {name}", {"fed.dlib"}, HOLDS) for name in ("edsr", "srgan", ISPL)),
    ("sr4", "S2S waveletcnn", "S2S srgan", {"niqe.y"}, CHANCE),
    ("sr4", "S2S waveletcnn", f"S2S {ISPL}", {"niqe.y"}, HOLDS),
    ("sr4", "S2S waveletcnn", "S2S bicubic_x4", {"psnr.rgb"}, CHANCE),
    *(("sr4", f"S2S {name}", "S2S bicubic_x4", {"psnr.rgb"}, FAILS) for name in ("srgan", "superfan")),
    *(
        ("sr4", f"S2S {name}", "S2S bicubic_x4", {"lpips.squeeze", "niqe.y"}, HOLDS)
        for name in ("srgan", "superfan", "waveletcnn")
    ),
    *(("sr4", f"S2R {ISPL}", f"S2R {name}", {"lpips.squeeze"}, HOLDS) for name in SR4),
    *(("sr4", f"R2R {name}", f"S2R {name}", {"lpips.squeeze"}, HOLDS) for name in ("waveletcnn", "esrgan")),
    *(("sr4", f"R2R {name}", f"S2R {name}", {"lpips.squeeze"}, FAILS) for name in ("edsr", "srgan", "srfbn", ISPL)),
    ("sr4", "R2R superfan", "S2R superfan", {"lpips.squeeze"}, CHANCE),
    ("sr4", f"R2R {ISPL}", "R2R superfan", {"lpips.squeeze"}, CHANCE),
    ("sr4", f"R2R {ISPL}", f"S2R {ISPL}", {"psnr.rgb", "ssim.gauss11.rgb", "msssim.rgb", "gmsd"}, HOLDS),
    *(("sr4", f"R2R {name}", f"S2R {name}", {"fed.dlib"}, FAILS) for name in SR4),
    ("sr4", f"R2R {ISPL}", f"S2R {ISPL}", {"fed.dlib"}, CHANCE),
    *(("sr4", f"R2R {name}", f"S2R {name}", {"psnr.rgb"}, FAILS) for name in SR4 if name != "edsr"),
    ("sr4", "R2R edsr", "S2R edsr", {"psnr.rgb"}, CHANCE),
    *(("sr4", f"R2R {name}", "R2R bicubic_x4", {"psnr.rgb"}, FAILS) for name in SR4 if name != "edsr"),
    ("sr4", "R2R srfbn", "R2R bicubic_x4", {"lpips.squeeze"}, FAILS),
    *(("sr4", f"R2T {name}", f"S2T {name}", {"lpips.squeeze"}, HOLDS) for name in ("waveletcnn", "esrgan", "superfan")),
    *(("sr4", f"R2T {name}", f"S2T {name}", {"lpips.squeeze"}, FAILS) for name in ("srfbn", "srgan", ISPL)),
    ("sr4", "R2T edsr", "S2T edsr", {"lpips.squeeze"}, CHANCE),
    *(("sr4", f"R2T {name}", f"S2T {name}", {"fed.dlib"}, FAILS) for name in ("superfan", "srfbn", "esrgan")),
    *(("sr4", f"R2T {name}", f"S2T {name}", {"fed.dlib"}, CHANCE) for name in (ISPL, "edsr", "srgan", "waveletcnn")),
    *(
        ("sr4", f"R2{where} {name}", f"S2{where} {name}", {"niqe.y"}, verdict)
        for where in ("LFW", "WEBPHOTO", "WIDER")
        for name, verdict in (("esrgan", HOLDS), ("superfan", HOLDS), ("edsr", FAILS), ("srfbn", FAILS))
    ),
    ("sr4", f"R2WIDER {ISPL}", f"S2WIDER {ISPL}", {"niqe.y"}, FAILS),
    *(("sr4", f"R2{where} {ISPL}", f"S2{where} {ISPL}", {"niqe.y"}, CHANCE) for where in ("LFW", "WEBPHOTO")),
    ("sr4", "S2P srgan", "S2P superfan", {"lpips.squeeze"}, HOLDS),
    ("sr4", "S2S superfan", "S2S srgan", {"lpips.squeeze"}, HOLDS),
    ("sr4", "S2P superfan", f"S2P {ISPL}", {"niqe.y"}, HOLDS),
    ("sr4", "S2P waveletcnn", "S2P bicubic_x4", {"psnr.rgb"}, HOLDS),
    *(("jpeg", f"S2S {ISPL}", f"S2S {name}", {"lpips.squeeze", "niqe.y"}, HOLDS) for name in ("epgan", "arcnn")),
    ("jpeg", "S2S identity", f"S2S {ISPL}", {"psnr.rgb", "msssim.rgb", "gmsd", "fed.dlib"}, HOLDS),
    ("jpeg", "S2P identity", f"S2P {ISPL}", {"fed.dlib"}, HOLDS),
    ("deblur", f"S2S {ISPL}", "S2S deblurgan", {"psnr.rgb", "ssim.gauss11.rgb", "msssim.rgb"}, HOLDS),
    ("deblur", "S2S deblurgan", f"S2S {ISPL}", {"lpips.squeeze", "niqe.y"}, HOLDS),
    ("deblur", "S2S identity", f"S2S {ISPL}", {"fed.dlib"}, HOLDS),
    *(
        ("denoise", f"S2S {ISPL}", f"S2S {name}", {"lpips.squeeze", "niqe.y"}, HOLDS)
        for name in ("nlm", "total_variation", "ridnet", "vdnet", "waveletcnn")
    ),
    ("denoise", "S2S nlm", f"S2S {ISPL}", {"psnr.rgb"}, HOLDS),
    *(("denoise", f"S2S {ISPL}", f"S2S {name}", {"psnr.rgb"}, HOLDS) for name in ("ridnet", "vdnet", "waveletcnn")),
    ("deblur", f"S2S {ISPL}", "S2S deblurgan_v2", {"psnr.rgb"}, HOLDS),
    ("deblur", "S2S wiener", f"S2S {ISPL}", {"psnr.rgb"}, HOLDS),
    ("denoise", "S2S total_variation", f"S2S {ISPL}", {"fed.dlib"}, CHANCE),
    ("denoise", "S2P total_variation", f"S2P {ISPL}", {"fed.dlib"}, HOLDS),
    *(
        ("mosaic16", f"S2S ispl:{name}", "S2S ispl:ep_map", NINE - {"found.dlib"}, HOLDS)
        for name in ("isp_unet", "isp_unet_pac", "isp_concat", "isp_matrix")
    ),
    *(
        ("mosaic16", f"S2S ispl:{name}", "S2S ispl:ep_map", NINE - {"found.dlib", "niqe.y"}, HOLDS)
        for name in ("ep_16x", "isp_y0")
    ),
    ("mosaic16", "S2S ispl:ep_16x", "S2S ispl:ep_map", {"niqe.y"}, CHANCE),
    ("mosaic16", "S2S ispl:isp_y0", "S2S ispl:ep_map", {"niqe.y"}, FAILS),
    ("dual_blind", f"S2P {ISPL}", "S2P identity", {"fed.dlib"}, FAILS),
    ("dual_blind", "S2P arcnn", "S2P bicubic_x4", {"fed.dlib"}, CHANCE),
    *(
        ("dual_blind", f"S2S {ISPL}", f"S2S {name}", {"lpips.squeeze"}, HOLDS)
        for name in ("superfan", "gfrnet", "esrgan", "waveletcnn", "edsr", "deblurgan_v2", "bicubic_x4", "arcnn")
    ),
    *(
        ("dual_blind", f"S2S {name}", f"S2S {ISPL}", {"psnr.rgb"}, HOLDS)
        for name in ("edsr", "esrgan", "waveletcnn", "bicubic_x4")
    ),
    ("dual_blind", "S2S waveletcnn", f"S2S {ISPL}", {"ssim.gauss11.rgb", "msssim.rgb", "gmsd"}, HOLDS),
    ("dual_blind", "S2S gfrnet", f"S2S {ISPL}", {"niqe.y"}, HOLDS),
    *(
        ("dual_blind", f"S2S {name}", "S2S identity", {"fed.dlib"}, CHANCE)
        for name in ("waveletcnn", "esrgan", "bicubic_x4", "edsr", "deblurgan_v2", ISPL)
    ),
    *(("dual_blind", f"S2S {name}", "S2S identity", {"fed.dlib"}, FAILS) for name in ("superfan", "gfrnet")),
    ("dual_blind", "S2S deblurgan_v2", "S2S identity", {"psnr.rgb"}, CHANCE),
    ("dual_blind", "S2S arcnn", "S2S identity", {"fed.dlib"}, HOLDS),
    ("dual_blind", "S2S arcnn", "S2S bicubic_x4", {"fed.dlib"}, CHANCE),
    ("dual_blind", "S2S esrgan", "S2S waveletcnn", {"lpips.squeeze"}, CHANCE),
    ("dual_blind", "S2P waveletcnn", "S2P esrgan", {"lpips.squeeze"}, HOLDS),
    *(("jpeg", f"S2S {name}", "S2S identity", {"psnr.rgb"}, HOLDS) for name in ("arcnn", "epgan")),
    *(("jpeg", f"S2S {name}", "S2S identity", {"fed.dlib"}, CHANCE) for name in ("arcnn", "epgan")),
    ("jpeg", "S2S epgan", "S2S identity", {"lpips.squeeze"}, HOLDS),
    ("jpeg", "S2S arcnn", "S2S identity", {"lpips.squeeze"}, FAILS),
    *(
        ("deblur", f"S2S {name}", "S2S identity", {"psnr.rgb", "fed.dlib"}, HOLDS)
        for name in ("wiener", "richardson_lucy")
    ),
    *(
        ("denoise", "S2S nlm", f"S2S {name}", {"psnr.rgb", "lpips.squeeze"}, HOLDS)
        for name in ("total_variation", "ridnet", "vdnet", "waveletcnn", "identity")
    ),
    *(
        ("denoise", "S2S total_variation", f"S2S {name}", {"fed.dlib"}, HOLDS)
        for name in ("nlm", "ridnet", "vdnet", "waveletcnn", "identity")
    ),
    ("deblur", "S2S deblurgan", "S2S identity", {"lpips.squeeze", "niqe.y", "fed.dlib"}, HOLDS),
    ("deblur", "S2S deblurgan", "S2S deblurgan_v2", NINE - {"found.dlib"}, HOLDS),
    *(("deblur", "S2S deblurgan", f"S2S {name}", {"fed.dlib"}, CHANCE) for name in ("wiener", "richardson_lucy")),
    *(
        ("deblur", "S2S deblurgan", f"S2S {name}", {"lpips.squeeze", "niqe.y"}, HOLDS)
        for name in ("wiener", "richardson_lucy")
    ),
    ("deblur", "S2S deblurgan_v2", "S2S identity", {"fed.dlib"}, FAILS),
    ("mosaic16", f"S2S {ISPL}", "S2S identity", NINE, HOLDS),
    (
        "mosaic16",
        f"S2S {ISPL}",
        "S2S bicubic_x4",
        {"lpips.squeeze", "niqe.y", "msssim.rgb", "lle.dlib68", "gmsd"},
        HOLDS,
    ),
    ("mosaic16", f"S2S {ISPL}", "S2S bicubic_x4", {"ssim.gauss11.rgb"}, FAILS),
    ("mosaic16", f"S2S {ISPL}", "S2S bicubic_x4", {"psnr.rgb", "fed.dlib"}, CHANCE),
    (
        *("mosaic16", "S2S waveletcnn", f"S2S {ISPL}"),
        *({"fed.dlib", "ssim.gauss11.rgb", "msssim.rgb", "lle.dlib68", "gmsd"}, HOLDS),
    ),
    *(("mosaic16", "S2S waveletcnn", f"S2S {name}", {"psnr.rgb"}, CHANCE) for name in (ISPL, "bicubic_x4")),
    ("mosaic16", "S2S esrgan", f"S2S {ISPL}", {"psnr.rgb"}, CHANCE),
    *(
        ("mosaic16", f"S2S {ISPL}", f"S2S {name}", {"lpips.squeeze"}, HOLDS)
        for name in ("esrgan", "superfan", "waveletcnn")
    ),
    *(("mosaic16", f"S2S {name}", "S2S bicubic_x4", {"fed.dlib"}, FAILS) for name in ("superfan", "esrgan")),
    *(("mosaic16", "S2P waveletcnn", f"S2P {name}", {"fed.dlib"}, HOLDS) for name in (ISPL, "identity", "bicubic_x4")),
    ("mosaic16", f"S2P {ISPL}", "S2P identity", {"fed.dlib"}, HOLDS),
    *(("mosaic16", "S2P waveletcnn", f"S2P {name}", {"fed.dlib"}, HOLDS) for name in ("superfan", "esrgan")),
    *(
        ("mosaic16", "S2P esrgan", f"S2P {name}", {"psnr.rgb"}, HOLDS)
        for name in (ISPL, "superfan", "waveletcnn", "bicubic_x4")
    ),
    ("mosaic16", f"S2P {ISPL}", "S2P esrgan", {"fed.dlib"}, CHANCE),
    ("mosaic16", f"S2P {ISPL}", "S2P bicubic_x4", {"fed.dlib"}, CHANCE),
    (
        *("mosaic16", f"S2S {UNET}", f"S2S {ISPL}"),
        *({"psnr.rgb", "ssim.gauss11.rgb", "msssim.rgb", "fed.dlib", "lle.dlib68", "niqe.y"}, HOLDS),
    ),
    ("mosaic16", f"S2S {UNET}", f"S2S {ISPL}", {"lpips.squeeze", "gmsd"}, CHANCE),
    *(("mosaic16", "S2S ispl:isp_matrix", f"S2S {name}", {"psnr.rgb", "gmsd"}, CHANCE) for name in (ISPL, UNET)),
    *(("mosaic16", "S2S ispl:isp_matrix", f"S2S {name}", {"lpips.squeeze"}, HOLDS) for name in (ISPL, UNET)),
    *(("mosaic16", "S2S ispl:isp_matrix", f"S2S {name}", {"ssim.gauss11.rgb"}, FAILS) for name in (ISPL, UNET)),
    ("mosaic16", "S2S ispl:isp_matrix", f"S2S {ISPL}", {"fed.dlib", "lle.dlib68"}, HOLDS),
    ("mosaic16", "S2S ispl:isp_matrix", f"S2S {UNET}", {"msssim.rgb", "niqe.y"}, FAILS),
    ("mosaic16", f"S2S {UNET}", "S2S ispl:ep_16x", {"ssim.gauss11.rgb", "msssim.rgb", "niqe.y", "gmsd"}, HOLDS),
    ("mosaic16", f"S2S {UNET}", "S2S ispl:ep_16x", {"fed.dlib", "lle.dlib68", "lpips.squeeze", "psnr.rgb"}, CHANCE),
    *(("mosaic16", "S2S ispl:ep_16x", f"S2S {name}", {"psnr.rgb"}, HOLDS) for name in (ISPL, "ispl:isp_matrix")),
    *(
        ("mosaic16", f"S2S {name}", "S2S ispl:isp_concat", NINE - {"found.dlib"}, HOLDS)
        for name in (ISPL, UNET, "ispl:isp_matrix")
    ),
    ("mosaic16", "S2S ispl:ep_16x", "S2S ispl:isp_concat", NINE - {"found.dlib", "niqe.y"}, HOLDS),
    ("mosaic16", "S2S ispl:ep_16x", "S2S ispl:isp_concat", {"niqe.y"}, FAILS),
    ("mosaic16", "S2S ispl:ep_16x", "S2S ispl:isp_y0", NINE - {"found.dlib"}, HOLDS),
    ("mosaic16", "S2S ispl:isp_y0", "S2S identity", {"psnr.rgb"}, FAILS),
    *(("dual_blind", f"{name} ispl-lite", f"{name} identity", NINE, HOLDS) for name in ("S2S", "S2P")),  # its card
    ("dual_blind", "S2S ispl-lite", "S2S bicubic_x4", NINE, HOLDS),
    ("dual_blind", "S2P ispl-lite", "S2P bicubic_x4", NINE - {"fed.dlib", "lle.dlib68", "found.dlib"}, HOLDS),
    ("dual_blind", "S2P ispl-lite", "S2P bicubic_x4", {"fed.dlib", "lle.dlib68", "found.dlib"}, CHANCE),
]


@pytest.fixture(scope="module")
def runs():
    return Runs(read_scores(RESULTS, "lite"))


@pytest.mark.parametrize("task, first, second, metrics, verdict", STATED)
def test_a_sentence_on_two_methods_agrees_with_compare(runs, task, first, second, metrics, verdict):
    sides = {name: runs.find(name.split()[0], task, name.split()[1]) for name in (first, second)}
    pairs = compare(sides, sorted(metrics))
    assert {pair.verdict for pair in pairs} == {verdict}, pairs


def test_every_row_of_the_tables_was_run_on_the_images_of_the_others():
    for table in sorted(Path(RESULTS, "lite").glob("table*.md")):
        text = table.read_text()
        assert "| not run" not in text and "not comparable, score it again" not in text, table.name
