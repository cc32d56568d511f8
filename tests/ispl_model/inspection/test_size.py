"""Parameters and multiply-adds at the paper's scale, and `ispl info`."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from degrade.core.errors import InputError
from ispl_model.cli.main import ispl
from ispl_model.inspection.complexity import network_size
from ispl_model.network.ispl import Ispl
from ispl_model.network.spade import ModulatedBlock, Modulation
from ispl_model.network.variants import IsplConfig

ROOT = Path(__file__).parents[3]

# Parameters at width 64 and 512 px, as counted on the authors' code and on sketches of the paper, without the three RGB
# heads that the code never uses; multiply-adds in G, as counted on the sketches (which enlarge small maps before they
# convolve them), None where there was none.
FULL_SCALE = {
    "ep_map": (92_432_195, None),
    "ep_16x": (91_962_179, None),
    # 28,672 make the image at 16x16 a part of y_0, ours alone; 1.4 G is what the sketch's adaptive convolutions cost
    "isp_y0": (128_225_603 + 28_672, 1_629 - 1.4),
    "isp_unet": (117_940_547, 649),
    "isp_unet_pac": (118_009_475, 651),
    "isp_concat": (168_291_971, 3_727),
    "isp_matrix": (110_616_999, 681 + 4.19),  # 4.19 G are the 1x1 alignments, which the sketch left out
    "released": (130_543_811, 697),
}


@pytest.mark.slow
@pytest.mark.parametrize("variant", FULL_SCALE)
def test_parameters_and_multiply_adds_at_full_scale(variant):
    size = network_size(variant, width=64, size=512)
    parameters, giga = FULL_SCALE[variant]
    assert sum(size.parameters) == parameters
    if giga is not None:
        saved, shortcuts = _saved_by_stacks(variant) / 1e9, _saved_in_shortcuts(variant) / 1e9
        assert sum(size.multiply_adds) / 1e9 == pytest.approx(giga - saved - shortcuts, abs=0.6)
        assert saved > giga / 2 or variant not in ("isp_y0", "isp_concat")


def _saved_by_stacks(variant: str) -> int:
    """Multiply-adds that a convolution of the enlarged maps would take more than the matrices of
    ispl_model.network.guides.
    """
    with torch.device("meta"):
        network = Ispl(IsplConfig(variant, width=64, size=512))
    mapped = {"isp_y0": network.encoder.map_channels[:1], "isp_concat": network.encoder.map_channels}.get(variant, ())
    saved = 0
    for level, blocks in enumerate(network.generator.levels):
        side = 16 * 2**level
        far = [(channels, 16 * 2**index) for index, channels in enumerate(mapped) if index <= level - 2]
        for outputs in (m.shared.out_channels for m in blocks.modules() if isinstance(m, Modulation)):
            for channels, small in far:
                taps, columns, rows = 9 * small**2 * channels, 3 * small * 3 * small * side, 3 * small * side**2
                saved += outputs * (9 * side**2 * channels - taps - columns - rows)
    return saved


def _saved_in_shortcuts(variant: str) -> int:
    """Multiply-adds that beta of a shortcut would take more in all its channels than in those behind the 1x1
    convolution, whose product with beta's kernel comes on top.
    """
    with torch.device("meta"):
        network = Ispl(IsplConfig(variant, width=64, size=512))
    saved = 0
    for level, blocks in enumerate(network.generator.levels):
        for block in (m for m in blocks.modules() if isinstance(m, ModulatedBlock) and m.has_shortcut):
            outputs, inputs = block.conv_s.weight.shape[:2]
            taps, side = 9 * block.norm_s.beta.in_channels, 16 * 2**level
            saved += taps * (side**2 * (inputs - outputs) - inputs * outputs)
    return saved


def test_counts_of_a_small_network_are_those_of_its_weights_and_convolutions():
    size = network_size("isp_unet", width=1, size=64)
    network = Ispl(IsplConfig("isp_unet", width=1, size=64))
    assert sum(size.parameters) == sum(weight.numel() for weight in network.parameters())
    head, first, second = 64 * 64 * 9 * 3, 32 * 32 * 9 * 2, 16 * 16 * 9 * 2 * 4
    assert size.multiply_adds[:2] == (head + first + second, 0)
    assert size.channels == ((4, 4, 4), (2, 2, 2), (1, 1, 1))


def test_counting_leaves_the_random_state_alone_and_refuses_what_cannot_be_built():
    before = torch.get_rng_state()
    network_size("released", width=2, size=64)
    assert torch.equal(before, torch.get_rng_state())
    with pytest.raises(InputError, match="size must be one of"):
        network_size("released", width=2, size=65)


def test_info_prints_levels_channels_parameters_and_multiply_adds():
    result = CliRunner().invoke(ispl, ["info", "--variant", "isp_matrix", "--width", "2", "--size", "128"])
    assert result.exit_code == 0, result.output
    lines = [line.split() for line in result.output.splitlines()]
    assert "isp_matrix, width 2, 128 px: levels 0 to 3" in result.output
    assert ["3", "128", "2", "4", "2"] in lines  # level, side, encoder, guide, generator
    size = network_size("isp_matrix", 2, 128)
    counted = (*size.parameters, sum(size.parameters))
    assert ["parameters", *(f"{count:,}" for count in counted)] in lines
    assert result.output.count(" G") == 4


def test_info_says_what_is_wrong_in_one_sentence_and_its_help_needs_no_torch():
    result = CliRunner().invoke(ispl, ["info", "--variant", "isp_unets"])
    assert result.exit_code == 2 and "did you mean 'isp_unet'" in result.output
    code = (
        "import sys; from click.testing import CliRunner; from ispl_model.cli.main import ispl; "
        "sys.exit(CliRunner().invoke(ispl, ['info', '--help']).exit_code or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0
