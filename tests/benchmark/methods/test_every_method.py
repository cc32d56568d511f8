"""Laws that every method of the table keeps, at 64 px with untrained weights."""

import subprocess
import sys
from dataclasses import asdict, replace

import numpy as np
import pytest
import torch

from benchmark.methods.networks.common import NetworkMethod
from benchmark.methods.registry import find_method, full_name, method_module, why_unavailable
from benchmark.methods.row import TUNED
from benchmark.methods.table import METHODS
from degrade.core.errors import InputError
from degrade.core.image import check_image
from degrade.core.random import rng_for
from degrade.core.resize import match_scale, resize_bicubic
from degrade.core.storage.files import write_json
from degrade.recipes.library import TASKS
from ispl_model.runtime.checkpoint import save
from ispl_model.runtime.device import seeded_build
from tests.benchmark.tabled import tabled_methods

SIZE = 64
HERE = sorted(name for name, row in METHODS.items() if not why_unavailable(row))


@pytest.fixture(scope="module")
def face():
    smooth = rng_for(0, "face").random((8, 8, 3)).astype(np.float32)
    return resize_bicubic(smooth, SIZE, SIZE)


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=pytest.mark.slow) if name == "bm3d" else name for name in HERE]
)
def method(request, tmp_path_factory):
    """Every method; a trainable one with the weights its network starts from, a tuned one with what it tries first."""
    module, row = method_module(request.param), METHODS[request.param]
    checkpoint = None
    if row.trainable:
        checkpoint = tmp_path_factory.mktemp("weights") / "model.safetensors"
        network = seeded_build(lambda: module.build(4, SIZE), 0)
        header = {"method": request.param, "network": asdict(module.configure(4, SIZE))}
        save(checkpoint, network.state_dict(), header | {"training": module.TRAINING.facts()})
    if row.kind == TUNED:
        checkpoint = tmp_path_factory.mktemp("chosen") / "parameters.json"
        write_json(checkpoint, {"method": request.param, "parameters": module.GRID[0]})
    try:
        return module.load("cpu", checkpoint, SIZE)
    except InputError as reason:  # weights that are not here
        if not row.weights:
            raise
        pytest.skip(str(reason))


@pytest.mark.parametrize("side", [SIZE, SIZE // 4])
def test_what_comes_out_is_a_contract_image_of_the_asked_side_whatever_was_stored(method, face, side):
    (restored,) = method.restore([resize_bicubic(face, side, side)])
    check_image(restored)
    assert restored.shape == (SIZE, SIZE, 3)


def test_restoring_leaves_the_input_and_the_global_random_state_alone_and_repeats(method, face):
    before, state = face.copy(), torch.random.get_rng_state()
    first, second = method.restore([face])[0], method.restore([face])[0]
    np.testing.assert_array_equal(face, before)
    np.testing.assert_array_equal(first, second)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_several_images_come_back_in_their_order(method, face):
    dark = face * np.float32(0.25)
    together = method.restore([face, dark])
    for alone, image in zip(together, [face, dark], strict=True):
        np.testing.assert_allclose(method.restore([image])[0], alone, atol=2e-2)
    assert len(together) == 2


def test_the_table_says_what_the_module_does(method):
    row = METHODS[method.name]
    assert method.scale == row.scale
    assert row.tasks and set(row.tasks) <= set(TASKS)
    assert row.source and row.licence
    assert method.needs_reference == (method.name in ("reference", "ispl:ep_map", "ispl:ep_map_parsed"))


@pytest.mark.parametrize("name", [name for name in HERE if METHODS[name].trainable])
def test_a_trainable_method_trains_at_its_scale_and_refuses_to_restore_without_weights(name):
    module = method_module(name)
    assert module.TRAINING.scale == METHODS[name].scale
    with pytest.raises(InputError, match="expected a checkpoint"):
        module.load("cpu", None, SIZE)


@pytest.mark.parametrize("name", [name for name in HERE if isinstance(method_module(name), NetworkMethod)])
def test_a_checkpoint_of_another_version_of_the_method_is_refused(name, tmp_path):
    module = method_module(name)
    header = {"method": name, "network": asdict(module.configure(4, SIZE))}
    version, earlier = module.TRAINING.version, module.TRAINING.version - 1
    training = replace(module.TRAINING, version=earlier).facts()
    save(tmp_path / "model.safetensors", module.build(4, SIZE).state_dict(), header | {"training": training})
    with pytest.raises(InputError, match=f"expected weights of version {version} of {name}, got those of .*{earlier}"):
        module.load("cpu", tmp_path / "model.safetensors", SIZE)


def test_identity_and_bicubic_agree_on_scale_1_and_differ_in_how_they_enlarge(face):
    identity, bicubic = (method_module(name).load("cpu", None, SIZE) for name in ("identity", "bicubic"))
    np.testing.assert_array_equal(identity.restore([face])[0], face)
    np.testing.assert_array_equal(bicubic.restore([face])[0], face)
    small = resize_bicubic(face, SIZE // 4, SIZE // 4)
    np.testing.assert_array_equal(identity.restore([small])[0][4:8, 8:12], np.broadcast_to(small[1, 2], (4, 4, 3)))
    np.testing.assert_array_equal(bicubic.restore([small])[0], resize_bicubic(small, SIZE, SIZE))


def test_bicubic_x4_loses_what_a_quarter_of_the_side_cannot_hold(face):
    floor = method_module("bicubic_x4").load("cpu", None, SIZE)
    stripes = np.zeros((SIZE, SIZE, 3), np.float32)
    stripes[:, ::2] = 1
    inside = floor.restore([stripes])[0][:, 8:-8]  # at the border the kernel is cut
    np.testing.assert_allclose(inside, 0.5, atol=0.02)
    small = match_scale(face, SIZE, 4)
    np.testing.assert_array_equal(floor.restore([small])[0], resize_bicubic(small, SIZE, SIZE))


def test_short_names_and_any_case_are_understood():
    assert full_name("ISPL") == "ispl:isp_unet_pac"
    assert full_name("EDSR") == "edsr"
    assert find_method("ispl") is METHODS["ispl:isp_unet_pac"]


def test_an_unknown_method_is_answered_with_the_nearest_and_every_row_of_the_tables_is_there():
    with pytest.raises(InputError, match="did you mean 'bicubic'"):
        find_method("bicubik")
    assert all(full_name(name) in METHODS for name in tabled_methods())


def test_the_table_is_read_without_torch_and_opencv():
    code = (
        "import sys, benchmark.methods, benchmark.cli.main; sys.exit(any(m in sys.modules for m in ('torch', 'cv2')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
