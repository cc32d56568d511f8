"""Restoring: contract images in and out, the same network as in training, files listed one by one."""

import numpy as np
import pytest
import torch
from torch import nn

from degrade.core.errors import InputError
from degrade.core.image import check_image
from degrade.core.storage.files import sha256_file
from ispl_model.network.ispl import Ispl
from ispl_model.network.variants import VARIANTS, IsplConfig
from ispl_model.restoration.fidelity.tone import keep_tone
from ispl_model.restoration.restorer import (
    VERSION,
    load_network,
    load_restorer,
    prepared,
    restore_images,
    shipped_checkpoint,
)
from ispl_model.runtime import checkpoint
from ispl_model.runtime.device import find_device, mixed_precision, own_randomness, seeded_build

CONFIG = {"variant": "isp_unet_pac", "width": 2, "size": 64, "projection": 4}
CPU = torch.device("cpu")


def photo(seed: int, size: int = 64) -> np.ndarray:
    return np.random.default_rng(seed).random((size, size, 3), dtype=np.float32)


def test_restored_images_keep_the_contract(network_file):
    network, header = load_network(network_file, "cpu")
    restored = restore_images(network, [photo(0), photo(1), photo(2)], 64, "cpu", batch=2)
    assert len(restored) == 3 and header["network"] == CONFIG
    for image in restored:
        check_image(image)
        assert image.shape == (64, 64, 3) and image.flags["C_CONTIGUOUS"]
    assert not np.array_equal(restored[0], restored[1])


@pytest.mark.parametrize("variant", [name for name, variant in VARIANTS.items() if variant.revision])
def test_weights_from_before_a_variant_computed_as_today_are_refused(variant, save_network):
    with pytest.raises(InputError, match=f"the weights are of {variant} in revision 0, .* train it again"):
        load_network(save_network(variant=variant), "cpu")  # its header knows no revision, as older ones
    revision = VARIANTS[variant].revision
    assert load_network(save_network(variant=variant, revision=revision), "cpu")[0].config.revision == revision


def test_outputs_beyond_the_range_are_clipped():
    class Beyond(nn.Module):
        def forward(self, degraded):
            return degraded * 4 - 1.5

    (restored,) = restore_images(Beyond(), [photo(0)], 64, CPU)
    np.testing.assert_allclose(restored, np.clip(photo(0) * 4 - 1.5, 0, 1), atol=1e-6)
    assert restored.min() == 0 and restored.max() == 1


def test_folded_spectral_norms_give_the_same_numbers(network_file):
    state, _ = checkpoint.load(network_file)
    plain = Ispl(IsplConfig(**CONFIG))
    plain.load_state_dict(state)
    plain.eval()
    folded, _ = load_network(network_file, "cpu")
    assert len(folded.state_dict()) < len(state)
    degraded = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(folded(degraded), plain(degraded), rtol=1e-4, atol=1e-5)


def test_mixed_precision_is_within_a_grey_level_of_float32_on_average(network_file):
    network, _ = load_network(network_file, "cpu")
    (mixed,) = restore_images(network, [photo(0)], 64, CPU)
    with torch.no_grad():
        plain = network(torch.from_numpy(photo(0).transpose(2, 0, 1)[None].copy()))[0].permute(1, 2, 0).numpy()
    assert np.abs(mixed - plain).mean() < 1 / 255


def test_an_image_does_not_depend_on_its_neighbours(network_file):
    network, _ = load_network(network_file, "cpu")
    together = restore_images(network, [photo(0), photo(1)], 64, CPU)
    alone = restore_images(network, [photo(1)], 64, CPU)
    np.testing.assert_array_equal(together[1], alone[0])


def test_another_output_size_is_a_fault_of_the_caller():
    with pytest.raises(ValueError, match=r"expected output \(3, 64, 64\), got \(3, 32, 32\)"):
        restore_images(nn.AvgPool2d(2), [photo(0)], 64, CPU)


def test_a_checkpoint_of_another_method_or_architecture_is_one_sentence(network_file, tmp_path):
    state, _ = checkpoint.load(network_file)
    checkpoint.save(tmp_path / "a", state, {"method": "edsr", "network": CONFIG})
    checkpoint.save(tmp_path / "b", state, {"method": "ispl:isp_unet_pac", "network": CONFIG | {"width": 4}})
    checkpoint.save(tmp_path / "c", state, {"method": "ispl:isp_unet_pac", "network": {"colour": 4}})
    for name, sentence in (("a", "got one of edsr"), ("b", "weights of another network"), ("c", "does not describe")):
        with pytest.raises(InputError, match=sentence):
            load_network(tmp_path / name, "cpu")


def test_a_restorer_says_what_its_results_depend_on(network_file):
    restorer = load_restorer(network_file, "cpu", batch=2, dtype="fp32")
    made = {"checkpoint": sha256_file(network_file), "dtype": "fp32", "level": None, "version": str(VERSION)}
    assert restorer.facts == made
    assert (restorer.size, restorer.batch) == (64, 2)
    network, _ = load_network(network_file, "cpu")
    (plain,) = restore_images(network, [photo(0)], 64, CPU, 1, "fp32")
    np.testing.assert_array_equal(restorer.plain([photo(0)])[0], plain)
    np.testing.assert_array_equal(restorer.restore_faces([photo(0)])[0], keep_tone(plain, photo(0)))


def test_each_level_of_a_network_with_levels_is_another_restoration(save_network):
    path = save_network(levels=True)
    low, high = (load_restorer(path, "cpu", dtype="fp32", level=level) for level in (0, 1))
    whole = load_restorer(path, "cpu", dtype="fp32")
    assert low.facts["level"] == 0
    results = [restorer.restore_faces([photo(0)])[0] for restorer in (low, high, whole, whole.at(0))]
    assert not np.array_equal(results[0], results[1]) and not np.array_equal(results[0], results[2])
    np.testing.assert_array_equal(results[0], results[3])


def test_a_level_that_a_network_does_not_have_is_one_sentence(network_file, save_network):
    with pytest.raises(InputError, match="was trained without levels, so it has one result only; leave out --level"):
        load_restorer(network_file, "cpu", level=0.5)
    top = IsplConfig(**CONFIG, levels=True).top_level
    for level in (-0.1, top + 0.1, float("nan")):
        with pytest.raises(InputError, match=f"expected a level from 0 to {top}, got"):
            load_restorer(save_network(levels=True), "cpu", level=level)


def test_float32_can_be_asked_for_and_bfloat16_too(network_file):
    network, _ = load_network(network_file, "cpu")
    exact, coarse = (restore_images(network, [photo(0)], 64, CPU, 1, dtype)[0] for dtype in ("fp32", "bf16"))
    with torch.no_grad():
        plain = network(torch.from_numpy(photo(0).transpose(2, 0, 1)[None].copy()))[0].permute(1, 2, 0).numpy()
    np.testing.assert_allclose(exact, plain, atol=1e-5)
    assert 0 < np.abs(coarse - plain).mean() < 1 / 255


def test_an_installation_without_weights_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr("ispl_model.restoration.restorer.resources.files", lambda package: tmp_path)
    with pytest.raises(InputError, match="comes without weights; give --checkpoint FILE"):
        shipped_checkpoint()
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "ispl-lite.safetensors").write_bytes(b"")
    assert shipped_checkpoint() == tmp_path / "weights" / "ispl-lite.safetensors"


def test_building_with_a_seed_repeats_and_leaves_the_global_state_alone():
    before = torch.get_rng_state()
    one, two, other = (seeded_build(lambda: nn.Linear(4, 4), seed).weight for seed in (0, 0, 1))
    assert torch.equal(one, two) and not torch.equal(one, other)
    with own_randomness(CPU) as reseed:
        reseed(5)
        first = torch.rand(3)
        reseed(5)
        assert torch.equal(first, torch.rand(3))
    assert torch.equal(before, torch.get_rng_state())


def test_devices_are_found_or_refused_by_name():
    assert find_device("cpu") == CPU
    assert find_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(InputError, match="expected one of auto, cpu, cuda"):
        find_device("gpu")
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match="no usable CUDA device"):
            find_device("cuda")


@pytest.mark.parametrize(
    ("amx", "has", "fast"),
    [
        (True, {"cpu_name": "Intel Xeon"}, True),
        (False, {"cpu_name": "AMD EPYC", "avx512_bf16": True}, True),
        (False, {"cpu_name": "AMD EPYC", "avx512_bf16": False}, False),
        (False, {"cpu_name": "Intel Xeon", "avx512_bf16": True}, False),
        (False, {}, False),
    ],
)
def test_mixed_precision_keeps_weights_in_float32_and_multiplies_in_fewer_bits_where_that_is_faster(
    amx, has, fast, monkeypatch
):
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has, raising=False)
    layer = nn.Linear(8, 8)
    with mixed_precision(CPU):
        output = layer(torch.rand(2, 8))
    assert output.dtype == (torch.bfloat16 if fast else torch.float32)
    assert layer.weight.dtype == torch.float32
    prepared(nn.Sequential(layer), CPU)
    assert not layer.weight.requires_grad
