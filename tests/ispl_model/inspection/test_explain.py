"""Explaining: the columns are what the generator makes of the levels they name."""

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from degrade.core.image import check_image, read, write
from ispl_model.cli.main import ispl
from ispl_model.inspection.explain import decoded, explain
from ispl_model.restoration.restorer import load_network

FACE = np.random.default_rng(0).random((64, 64, 3), dtype=np.float32)


@pytest.fixture(scope="module")
def network(network_file):
    return load_network(network_file, "cpu")[0]


def parts(network):
    degraded = torch.from_numpy(FACE.transpose(2, 0, 1)[None].copy())
    maps = network.encode(degraded)
    return network.start(degraded, maps), network.guides(maps), network(degraded)


def test_all_levels_together_are_the_restoration(network):
    start, guides, restored = parts(network)
    whole = decoded(network, start, guides, set(range(len(guides))))
    np.testing.assert_allclose(whole, restored[0].permute(1, 2, 0).numpy(), atol=1e-6)


def test_a_level_alone_depends_on_its_own_guide_only(network):
    start, guides, _ = parts(network)
    for level in range(len(guides)):
        others = [guide if i == level else torch.rand_like(guide) for i, guide in enumerate(guides)]
        alone = decoded(network, start, guides, {level})
        elsewhere = torch.rand_like(start) if level else start
        np.testing.assert_array_equal(decoded(network, elsewhere, others, {level}), alone)
        changed = [guide + 0.1 * torch.rand_like(guide) for guide in guides]
        assert not np.array_equal(decoded(network, start, changed, {level}), alone)


def test_without_any_level_there_is_no_picture_but_a_plain_ground(network):
    """Constant guides and start leave nothing but what the borders of the convolutions make."""
    start, guides, _ = parts(network)
    plain = decoded(network, start, guides, set())
    assert plain[24:40, 24:40].std(axis=(0, 1)).max() < 0.02 < FACE[24:40, 24:40].std()


def test_the_sheet_holds_the_image_the_restoration_and_every_level_twice(network):
    sheet = explain(network, FACE)
    check_image(sheet)
    columns = len(network.config.channels) + 1
    cell = 256 + 6
    assert sheet.shape[1] == columns * cell + 6
    shown = FACE.repeat(4, axis=0).repeat(4, axis=1)
    top = next(row for row in range(60) if np.abs(sheet[row : row + 256, 6:262] - shown).max() < 0.5 / 255 + 1e-6)
    restored = parts(network)[2][0].permute(1, 2, 0).numpy().repeat(4, axis=0).repeat(4, axis=1)
    lower = slice(top + 256, None)
    for left in (6, sheet.shape[1] - cell):
        strip = sheet[lower, left : left + 256]
        assert any(np.abs(strip[row : row + 256] - restored).max() < 1 / 255 for row in range(len(strip) - 255))


def test_the_command_writes_the_figure_and_refuses_what_is_no_square_face(network_file, tmp_path):
    write(tmp_path / "face.png", FACE[::2, ::2])
    write(tmp_path / "wide.png", FACE[:32])
    options = ["--checkpoint", str(network_file), "--out", str(tmp_path / "out.png"), "--device", "cpu"]
    result = CliRunner().invoke(ispl, ["explain", str(tmp_path / "face.png"), *options])
    assert result.exit_code == 0 and "3 levels of face.png" in result.output, result.output
    assert "plain grey, or a plain tint, is where that level adds nothing" in result.output
    assert read(tmp_path / "out.png").shape[1] == 4 * 262 + 6
    result = CliRunner().invoke(ispl, ["explain", str(tmp_path / "wide.png"), *options, "--overwrite"])
    assert result.exit_code == 2 and "expected a square face, got 64 x 32 px" in result.output
